"""Social links of accounts: a provider's user is one account's way in, or nobody's yet."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.ids import new_id
from app.db.tables.accounts import Account
from app.db.tables.social import SocialLink, SocialTicket
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.social import SocialProvider, SocialUser
from app.services.audit import AuditEntry, record
from app.services.one_time import OneTimeTokens
from app.services.order_events import account_actor

TICKET_LIFETIME: Final = timedelta(minutes=10)
_EMAIL = "social_links.email"


@dataclass(frozen=True, slots=True)
class SocialIdentity:
    """A provider's user as the database knows it."""

    provider: SocialProvider
    subject_index: bytes = field(repr=False)
    email: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AddedLink:
    """`is_new`: it was not the account's before."""

    id: UUID
    is_new: bool


class SocialLinks:
    """Every method works in the caller's transaction, which sees all rows."""

    def __init__(self, vault: Vault, tokens: OneTimeTokens) -> None:
        self._vault = vault
        self._tokens = tokens

    def identity(self, user: SocialUser) -> SocialIdentity:
        index = self._vault.index(f"social:{user.provider}", user.subject)
        return SocialIdentity(user.provider, index, user.email)

    async def account_of(self, session: AsyncSession, identity: SocialIdentity) -> UUID | None:
        """Whose way in it is. Raises `account_suspended` for an account that is."""
        found = await session.execute(
            select(Account.id, Account.status)
            .join(SocialLink, SocialLink.account_id == Account.id)
            .where(
                SocialLink.provider == str(identity.provider),
                SocialLink.subject_index == identity.subject_index,
            )
        )
        row = found.one_or_none()
        if row is None:
            return None
        if row.status != "ACTIVE":
            raise DomainError("account_suspended")
        return UUID(str(row.id))

    def offer_ticket(self, session: AsyncSession, identity: SocialIdentity, now: datetime) -> str:
        """A ticket with which this user may sign up within ten minutes."""
        token, token_hash = self._tokens.make()
        session.add(
            SocialTicket(
                id=new_id(),
                provider=str(identity.provider),
                subject_index=identity.subject_index,
                email=self._sealed(identity.email),
                token_hash=token_hash,
                expires_at=now + TICKET_LIFETIME,
                created_at=now,
            )
        )
        return token

    async def take_ticket(
        self, session: AsyncSession, ticket: str, now: datetime
    ) -> SocialIdentity:
        """The user of a ticket, once. Raises `social_ticket_invalid`, whatever is wrong with it."""
        taken = await session.execute(
            delete(SocialTicket)
            .where(
                SocialTicket.token_hash == self._tokens.hash(ticket),
                SocialTicket.expires_at > now,
            )
            .returning(SocialTicket.provider, SocialTicket.subject_index, SocialTicket.email)
        )
        row = taken.one_or_none()
        if row is None:
            raise DomainError("social_ticket_invalid", "/social_ticket")
        email = self._vault.open(_EMAIL, row.email) if row.email else None
        return SocialIdentity(SocialProvider(row.provider), row.subject_index, email)

    async def add(
        self, session: AsyncSession, account_id: UUID, identity: SocialIdentity, now: datetime
    ) -> AddedLink:
        """The link, its own if it is there already.

        Raises `social_account_already_linked` where it is another account's, and
        `social_provider_already_linked` where this account has another user of the provider.
        """
        link_id = new_id()
        added = await session.execute(
            insert(SocialLink)
            .values(
                id=link_id,
                account_id=account_id,
                provider=str(identity.provider),
                subject_index=identity.subject_index,
                email=self._sealed(identity.email),
                created_at=now,
            )
            .on_conflict_do_nothing()
            .returning(SocialLink.id)
        )
        if added.one_or_none() is None:
            link_id = await self._there_already(session, account_id, identity)
            return AddedLink(link_id, is_new=False)
        record(
            session,
            AuditEntry(
                company_id=None,
                account_id=account_id,
                actor=account_actor(account_id),
                action=AuditAction.SOCIAL_LINKED,
                at=now,
                subject=str(link_id),
                details={"provider": str(identity.provider)},
            ),
        )
        return AddedLink(link_id, is_new=True)

    @staticmethod
    async def _there_already(
        session: AsyncSession, account_id: UUID, identity: SocialIdentity
    ) -> UUID:
        found = await session.execute(
            select(SocialLink.id, SocialLink.account_id).where(
                SocialLink.provider == str(identity.provider),
                SocialLink.subject_index == identity.subject_index,
            )
        )
        row = found.one_or_none()
        if row is None:
            raise DomainError("social_provider_already_linked")
        if row.account_id != account_id:
            raise DomainError("social_account_already_linked")
        return UUID(str(row.id))

    def _sealed(self, email: str | None) -> bytes | None:
        return None if email is None else self._vault.seal(_EMAIL, email)

    def opened(self, email: bytes | None) -> str | None:
        """What the provider said the address was."""
        return None if email is None else self._vault.open(_EMAIL, email)
