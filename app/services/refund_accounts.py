"""환불 계좌: set by whoever may, checked with the bank, used after 72 hours.

The former account stays the one that is paid to until the new one may be used. A job then lets go
what has waited for an account.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import Job, enqueue
from app.db.tables.companies import Company
from app.db.tables.refund_accounts import RefundAccount
from app.db.tables.refunds import Refund
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.banks import BANKS, bank_name
from app.domain.errors import DomainError
from app.domain.provider_errors import ProviderRefused, Refusal
from app.domain.provider_payments import PaidBackTo
from app.domain.refund_accounts import (
    USABLE_AFTER,
    holder_matches,
    mask_account,
    mask_holder,
)
from app.domain.refunds import RefundState, step_refund
from app.services.account_mails import spoken_time
from app.services.audit import AuditEntry, operator_actor, record
from app.services.company_contacts import CompanyContacts
from app.services.emails import Emails
from app.services.mails import Mails, NewMail
from app.services.ports import AccountHolders
from app.services.principals import Access, Principal
from app.services.refunds import NO_ACCOUNT, SEND_REFUND

LET_REFUNDS_GO: Final = "let_refunds_go"
_UNKNOWN = frozenset({Refusal.REJECTED, Refusal.INVALID, Refusal.NOT_FOUND})


@dataclass(frozen=True, slots=True)
class ShownAccount:
    """Masked. `bank` is the provider's code."""

    bank: str
    number_masked: str
    holder_masked: str
    created_at: datetime
    usable_at: datetime


@dataclass(frozen=True, slots=True)
class RefundAccountView:
    """`current` is paid to now; `pending` will be from its `usable_at` on."""

    revision: int
    current: ShownAccount | None
    pending: ShownAccount | None


@dataclass(frozen=True, slots=True)
class WantedAccount:
    """`number`: digits only."""

    bank: str
    number: str


class RefundAccounts:
    """One use case a method, and the job of one account."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        holders: AccountHolders,
        mails: Mails,
        emails: Emails,
        contacts: CompanyContacts,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._holders = holders
        self._mails = mails
        self._emails = emails
        self._contacts = contacts

    async def get(self, session: AsyncSession, principal: Principal) -> RefundAccountView:
        """The company's, masked."""
        return await self._view(session, principal.company_id, principal.now)

    async def put(
        self, access: Access, wanted: WantedAccount, seen_revision: int | None
    ) -> RefundAccountView:
        """The holder has to be the company or its 대표자; everybody of the company is told.

        Raises `reauthentication_required`, `company_unproven`, `precondition_failed`,
        `refund_account_unknown`, `refund_account_holder_mismatch`, and ProviderError.
        """
        async with access.transaction() as (session, principal):
            principal.require_step_up()
            company = await self._company(session, principal)
            before = await self._view(session, principal.company_id, principal.now)
        if before.revision != seen_revision:
            raise DomainError("precondition_failed")
        holder = await self._ask(wanted)
        sealed = company.representative
        representative = self._vault.opened("companies.representative", sealed)
        if not holder_matches(holder, company.legal_name, representative):
            raise DomainError("refund_account_holder_mismatch", "/number")
        async with self._database.system_session("refund account set") as session:
            return await self._keep(session, principal, wanted, holder, before.revision)

    async def set_by_operator(
        self,
        session: AsyncSession,
        company_id: UUID,
        account: PaidBackTo,
        asked_by: UUID,
        operator: str,
        now: datetime,
    ) -> ShownAccount:
        """One that an operator accepted on the company's bank book, whose row is locked.

        It waits and is told as one that was set by the company. Raises `company_not_registered`.
        """
        company = await session.get_one(Company, company_id)
        if company.withdrawn_at is not None:
            raise DomainError("company_not_registered")
        row = self._add(session, company_id, account, asked_by, now)
        record(
            session,
            AuditEntry(
                company_id=company_id,
                account_id=None,
                actor=operator_actor(operator),
                action=AuditAction.REFUND_ACCOUNT_SET,
                at=now,
                subject=str(row.id),
            ),
        )
        await session.flush()
        await self._tell(session, company_id, asked_by, account, now)
        return self._shown(row)

    async def let_go(self, account_id: UUID) -> None:
        """The job: refunds that waited for an account are looked at, now that there is one."""
        async with self._database.system_session("refund account usable") as session:
            now = await self._clock.now(session)
            row = await session.get(RefundAccount, account_id, with_for_update=True)
            if row is None or row.due_at is None or row.due_at > now:
                return
            row.due_at = None
            waiting = await session.scalars(
                select(Refund)
                .where(
                    Refund.company_id == row.company_id,
                    Refund.state == "MANUAL_REQUIRED",
                    Refund.failure == NO_ACCOUNT,
                )
                .with_for_update()
            )
            jobs = []
            for refund in waiting:
                refund.state = str(step_refund(RefundState(refund.state), RefundState.REQUESTED))
                refund.failure, refund.due_at, refund.updated_at = None, now, now
                jobs.append(Job(SEND_REFUND, refund.id))
            await session.flush()
            await enqueue(session, jobs)

    async def _company(self, session: AsyncSession, principal: Principal) -> Company:
        company = await session.get_one(Company, principal.company_id)
        if company.proven_at is None:
            raise DomainError("company_unproven")
        return company

    async def _ask(self, wanted: WantedAccount) -> str:
        if wanted.bank not in BANKS:
            raise DomainError("refund_account_unknown", "/bank")
        try:
            return await self._holders.holder(wanted.bank, wanted.number)
        except ProviderRefused as refused:
            if refused.code in _UNKNOWN:
                raise DomainError("refund_account_unknown", "/number") from refused
            raise

    async def _keep(
        self,
        session: AsyncSession,
        principal: Principal,
        wanted: WantedAccount,
        holder: str,
        seen: int,
    ) -> RefundAccountView:
        now = principal.now
        await session.get_one(Company, principal.company_id, with_for_update=True)
        if await _count(session, principal.company_id) != seen:
            raise DomainError("precondition_failed")
        account = PaidBackTo(wanted.bank, wanted.number, holder)
        row = self._add(session, principal.company_id, account, principal.account_id, now)
        record(
            session,
            AuditEntry.of_company(principal, AuditAction.REFUND_ACCOUNT_SET, subject=str(row.id)),
        )
        await session.flush()
        await self._tell(session, principal.company_id, principal.account_id, account, now)
        return await self._view(session, principal.company_id, now)

    def _add(
        self,
        session: AsyncSession,
        company_id: UUID,
        account: PaidBackTo,
        set_by: UUID,
        now: datetime,
    ) -> RefundAccount:
        row = RefundAccount(
            id=new_id(),
            company_id=company_id,
            bank=account.bank,
            number=self._vault.seal("refund_accounts.number", account.number),
            holder=self._vault.seal("refund_accounts.holder", account.holder),
            set_by=set_by,
            created_at=now,
            usable_at=now + USABLE_AFTER,
            due_at=now + USABLE_AFTER,
        )
        session.add(row)
        return row

    async def _tell(
        self,
        session: AsyncSession,
        company_id: UUID,
        set_by: UUID,
        account: PaidBackTo,
        now: datetime,
    ) -> None:
        """Everybody who could notice: who did it, the company's own account, its administrators."""
        addresses = set(await self._contacts.of(session, company_id))
        company = await session.get_one(Company, company_id)
        for account_id in {set_by, company.corporate_account_id} - {None}:
            assert account_id is not None
            address = await self._emails.of(session, account_id)
            if address is not None:
                addresses.add(address)
        told = {
            "at": spoken_time(now),
            "bank": bank_name(account.bank).ko,
            "number": mask_account(account.number),
            "usable_at": spoken_time(now + USABLE_AFTER),
        }
        jobs = [
            self._mails.queue(
                session,
                NewMail("refund_account_set", address, told, "ko", company_id),
                now,
            )
            for address in sorted(addresses)
        ]
        await session.flush()
        await enqueue(session, jobs)

    async def _view(
        self, session: AsyncSession, company_id: UUID, now: datetime
    ) -> RefundAccountView:
        rows = (
            await session.scalars(
                select(RefundAccount)
                .where(RefundAccount.company_id == company_id)
                .order_by(RefundAccount.created_at.desc(), RefundAccount.id.desc())
            )
        ).all()
        current = next((row for row in rows if row.usable_at <= now), None)
        newest = rows[0] if rows else None
        pending = newest if newest is not current else None
        return RefundAccountView(
            len(rows),
            self._shown(current) if current else None,
            self._shown(pending) if pending else None,
        )

    def _shown(self, row: RefundAccount) -> ShownAccount:
        opened = opened_account(self._vault, row)
        return ShownAccount(
            row.bank,
            mask_account(opened.number),
            mask_holder(opened.holder),
            row.created_at,
            row.usable_at,
        )


async def usable_account(
    session: AsyncSession, company_id: UUID, now: datetime
) -> RefundAccount | None:
    """The one that is paid to."""
    found: RefundAccount | None = await session.scalar(
        select(RefundAccount)
        .where(RefundAccount.company_id == company_id, RefundAccount.usable_at <= now)
        .order_by(RefundAccount.usable_at.desc(), RefundAccount.id.desc())
        .limit(1)
    )
    return found


def opened_account(vault: Vault, row: RefundAccount) -> PaidBackTo:
    """In clear: for the provider and for whoever pays by hand."""
    return PaidBackTo(
        row.bank,
        vault.open("refund_accounts.number", row.number),
        vault.open("refund_accounts.holder", row.holder),
    )


async def _count(session: AsyncSession, company_id: UUID) -> int:
    found = await session.scalar(
        select(func.count())
        .select_from(RefundAccount)
        .where(RefundAccount.company_id == company_id)
    )
    return int(found or 0)
