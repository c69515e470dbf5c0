"""Who calls: one statement, and the role that follows from it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import wire_now
from app.db.engine import Database
from app.db.principals import CompanyRef, PrincipalFacts, find_and_read, find_principal
from app.db.reads import Found, Read, run_within
from app.domain.errors import DomainError
from app.domain.roles import AccountKind, Permission, Role, RoleFacts, derive_role, require
from app.tokens import AccessClaims

TransactionSession = AsyncSession
"""What routers hand from an access to a service, without knowing what it is."""
STEP_UP_LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Principal:
    """An account in its session. `role` and `company` are null where several could be meant."""

    account_id: UUID
    session_id: UUID
    login_id: str | None
    """Null for whoever signs in by a social provider only."""
    kind: AccountKind
    role: Role | None
    company: CompanyRef | None
    companies: tuple[CompanyRef, ...]
    client_type: str
    now: datetime
    """Business time, read in the principal's statement."""
    reauthenticated_at: datetime
    owner_has_individual: bool

    @property
    def company_id(self) -> UUID:
        """Of a principal whose permission needs a company."""
        assert self.company is not None
        return self.company.id

    def require_step_up(self) -> None:
        """Raises `reauthentication_required` unless the password was given ten minutes ago."""
        if wire_now() - self.reauthenticated_at > STEP_UP_LASTS:
            raise DomainError("reauthentication_required")


async def read_within(
    session: AsyncSession, principal: Principal, read: Read[Found], **values: object
) -> Found:
    """A read inside the principal's transaction, for instance of what it has just written."""
    company_id = principal.company.id if principal.company else None
    return await run_within(session, principal.account_id, company_id, principal.now, read, values)


class PaperReader(Protocol):
    """Whoever reads papers of one company: somebody signed in, or the mail that carries them."""

    async def read(self, read: Read[Found], **values: object) -> tuple[object, Found]: ...


@dataclass(frozen=True, slots=True)
class ForAMail:
    """Reads as the account that asked for a mail, in the transaction that makes its paper."""

    session: AsyncSession
    account_id: UUID
    company_id: UUID
    now: datetime

    async def read(self, read: Read[Found], **values: object) -> tuple[object, Found]:
        account, company = self.account_id, self.company_id
        return None, await run_within(self.session, account, company, self.now, read, values)


class Access:
    """A verified token and what it wants to do; opening the transaction says whether it may."""

    def __init__(
        self,
        database: Database,
        claims: AccessClaims,
        company_id: UUID | None,
        permission: Permission,
    ) -> None:
        self._database = database
        self._claims = claims
        self._company_id = company_id
        self._permission = permission

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[tuple[AsyncSession, Principal]]:
        """One transaction that sees the principal's rows.

        Raises `not_authenticated`, `permission_denied` and its like, `company_not_found` for a
        company that is not the caller's, and `company_selection_required`.
        """
        async with self._database.sessions.begin() as session:
            facts = await find_principal(
                session, self._claims.session_id, self._company_id, wire_now()
            )
            yield session, self._admit(facts)

    async def principal(self) -> Principal:
        """Who calls, for what has transactions of its own. Raises what `transaction` raises."""
        async with self.transaction() as (_, principal):
            return principal

    def company_meant(self, principal: Principal) -> UUID | None:
        """The company of the operation; under /v1/me the one that was named, if any."""
        if self._permission.startswith("me."):
            return self._company_id
        return principal.company.id if principal.company else None

    async def read(self, read: Read[Found], **values: object) -> tuple[Principal, Found]:
        """The principal and what it asks for, by one statement: the way of hot reads.

        Raises what `transaction` raises, then without having looked at what was read.
        """
        found = await find_and_read(
            self._database, self._claims.session_id, self._company_id, wire_now(), read, values
        )
        principal = self._admit(None if found is None else found[0])
        assert found is not None
        return principal, read.decode(found[1])

    def _admit(self, facts: PrincipalFacts | None) -> Principal:
        if facts is None or facts.account_id != self._claims.account_id:
            raise DomainError("not_authenticated")
        role = _role(facts)
        if not self._permission.startswith("me."):
            found = facts.company.id if facts.company else None
            if self._company_id not in (None, found):
                raise DomainError("company_not_found")
            if role is None:
                choice = [{"id": str(c.id), "name": c.name} for c in facts.companies]
                raise DomainError("company_selection_required", companies=choice)
        if role is not None:
            require(role, self._permission)
        return Principal(
            account_id=facts.account_id,
            session_id=self._claims.session_id,
            login_id=facts.login_id,
            kind=facts.kind,
            role=role,
            company=facts.company,
            companies=facts.companies,
            client_type=facts.client_type,
            now=facts.business_now,
            reauthenticated_at=facts.reauthenticated_at,
            owner_has_individual=facts.owner_has_individual,
        )


def _role(facts: PrincipalFacts) -> Role | None:
    """None for an individual of several companies who named none."""
    individual = facts.kind is AccountKind.INDIVIDUAL
    if individual and facts.company is None and len(facts.companies) > 1:
        return None
    return derive_role(
        RoleFacts(
            kind=facts.kind,
            has_company=facts.company is not None,
            open_sites=facts.open_sites,
            closed_sites=facts.closed_sites,
            is_company_admin=individual and facts.company is not None,
        )
    )
