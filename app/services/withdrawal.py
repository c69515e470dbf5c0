"""고객포털 탈퇴하기: an account ends, and its person is erased (PRODUCT.md section 15).

Who may leave at once, and whose company must settle first, is each role's rule. The person is
erased in the transaction that ends the account; a job does it once more after four days, for what a
request wrote at the same moment and for the farewell mail. By law that is within five.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.accounts import Account, RetiredLoginId
from app.db.tables.companies import Company
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.roles import Role, check_withdrawal
from app.domain.terminations import WITHDRAWN_AFTER
from app.services.account_mails import AccountMails
from app.services.audit import AuditEntry, record
from app.services.erasure import FAREWELL, erase_company_people, erase_person
from app.services.order_events import SYSTEM
from app.services.principals import Access, Principal

ERASE_ACCOUNT: Final = "erase_account"
ERASED_AGAIN_AFTER: Final = timedelta(days=4)
WITHDRAW_COMPANY: Final = "withdraw_company"
LOOKED_AT_AGAIN_AFTER: Final = timedelta(days=1)

_OPEN_ORDERS = text(
    "SELECT EXISTS (SELECT 1 FROM orders WHERE company_id = :company"
    " AND status IN ('PENDING_PAYMENT', 'PAID', 'PROVISIONING', 'PROVISIONING_FAILED'))"
)
_CLOSED = text(
    "SELECT EXISTS (SELECT 1 FROM sites WHERE company_id = :company AND state = 'OPEN')"
    "   AS has_site,"
    " EXISTS (SELECT 1 FROM refunds WHERE company_id = :company AND state <> 'DONE')"
    "   AS refunds_due,"
    " EXISTS (SELECT 1 FROM orders WHERE company_id = :company AND status IN"
    "   ('PENDING_PAYMENT', 'PAID', 'PROVISIONING', 'PROVISIONING_FAILED')) AS open_order,"
    " (SELECT max(done_at) FROM refunds WHERE company_id = :company) AS last_refund"
)
_REFUNDS_DUE = text(
    "SELECT EXISTS (SELECT 1 FROM refunds WHERE company_id = :company AND state <> 'DONE')"
)


class Withdrawal:
    """Leaving, and the job that comes after it."""

    def __init__(self, database: Database, clock: Clock, vault: Vault, mails: AccountMails) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._mails = mails

    async def withdraw(self, access: Access, language: str) -> None:
        """Ends every session and forgets the person; contracts stay.

        Raises what the role's rule says, and `reauthentication_required`.
        """
        principal = await access.principal()
        principal.require_step_up()
        async with self._database.system_session("withdrawal") as session:
            account = await session.get_one(Account, principal.account_id, with_for_update=True)
            if account.status == "WITHDRAWN":
                raise DomainError("not_authenticated")
            await self._end(session, principal, account, language)
            if principal.role is Role.PROSPECT or principal.role is Role.CLOSED:
                await _leave_company(session, principal.company_id, principal.role, principal.now)
            await session.flush()
            again = principal.now + ERASED_AGAIN_AFTER
            await erase_person(session, account.id, account.email_index, principal.now, again)

    async def _end(
        self, session: AsyncSession, principal: Principal, account: Account, language: str
    ) -> None:
        """The owner is told, the log says so."""
        now = principal.now
        await _close(session, self._vault, account, now)
        record(session, AuditEntry.by(principal, AuditAction.ACCOUNT_WITHDRAWN))
        await self._mails.tell(session, account.id, FAREWELL, now, {}, language)

    async def withdraw_closed(self, company_id: UUID) -> None:
        """The job: a company that is CLOSED still, 90 days after its last refund.

        While something goes back, or is ordered, it is looked at again; with a site it stays.
        """
        async with self._database.system_session("withdraw closed company") as session:
            now = await self._clock.now(session)
            company = await session.get(Company, company_id, with_for_update=True)
            if company is None or company.withdraw_due_at is None or company.withdraw_due_at > now:
                return
            due_at = await _stays_until(session, company_id, now)
            company.withdraw_due_at = due_at
            if company.withdrawn_at is not None or due_at is None or due_at > now:
                return
            company.withdraw_due_at = None
            await self._withdraw_by_itself(session, company, now)

    async def _withdraw_by_itself(
        self, session: AsyncSession, company: Company, now: datetime
    ) -> None:
        account_id = company.corporate_account_id
        record(
            session,
            AuditEntry(company.id, account_id, SYSTEM, AuditAction.COMPANY_WITHDRAWN, now),
        )
        if account_id is not None:
            account = await session.get_one(Account, account_id, with_for_update=True)
            await _close(session, self._vault, account, now)
            await self._mails.tell(session, account.id, FAREWELL, now, {})
        await _end_company(session, company, now)
        if account_id is not None:
            again = now + ERASED_AGAIN_AFTER
            await erase_person(session, account.id, account.email_index, now, again)

    async def erase(self, account_id: UUID) -> None:
        """The job: what is left of one who left goes, when that is due. Repeatable."""
        async with self._database.system_session("erase account") as session:
            now = await self._clock.now(session)
            account = await session.get(Account, account_id, with_for_update=True)
            if account is None or account.erase_due_at is None or account.erase_due_at > now:
                return
            await erase_person(session, account_id, account.email_index, now, None)


async def end_account(session: AsyncSession, vault: Vault, account: Account, now: datetime) -> None:
    """By an operator's decision: the same end, without a farewell. The row is locked."""
    await _close(session, vault, account, now)
    await session.flush()
    again = now + ERASED_AGAIN_AFTER
    await erase_person(session, account.id, account.email_index, now, again)


async def _close(session: AsyncSession, vault: Vault, account: Account, now: datetime) -> None:
    """The account is over; its login ID is never given again."""
    if account.login_id is not None:
        hashed = vault.index("login_id", account.login_id)
        await session.execute(
            insert(RetiredLoginId)
            .values(login_id_hash=hashed, retired_at=now)
            .on_conflict_do_nothing()
        )
    account.status = "WITHDRAWN"
    account.withdrawn_at = account.updated_at = now


async def _leave_company(
    session: AsyncSession, company_id: UUID, role: Role, now: datetime
) -> None:
    """The row is locked, so that no order is placed beside it."""
    company = await session.get_one(Company, company_id, with_for_update=True)
    values = {"company": company_id}
    has_open_order = bool((await session.execute(_OPEN_ORDERS, values)).scalar_one())
    refunds_due = bool((await session.execute(_REFUNDS_DUE, values)).scalar_one())
    check_withdrawal(role, has_open_order=has_open_order, refunds_settled=not refunds_due)
    await _end_company(session, company, now)


async def _end_company(session: AsyncSession, company: Company, now: datetime) -> None:
    company.withdrawn_at = now
    company.withdraw_due_at = None
    company.corporate_account_id = None
    company.updated_at = now
    await session.flush()
    await erase_company_people(session, company.id, now)


async def _stays_until(session: AsyncSession, company_id: UUID, now: datetime) -> datetime | None:
    """Until when a company without a site stays; None while it has one, now where it is over."""
    row = (await session.execute(_CLOSED, {"company": company_id})).one()
    if row.has_site:
        return None
    if row.refunds_due or row.open_order:
        return now + LOOKED_AT_AGAIN_AFTER
    if row.last_refund is None:
        return now
    last_refund: datetime = row.last_refund
    return max(last_refund + WITHDRAWN_AFTER, now)
