"""The end of a service whose day is over: the job of one termination.

Everything is one transaction: the membership's end, what goes back, the orders that nobody can pay
any more, the mails. What is sent back and closed at the groupware afterwards has jobs of its own.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import enqueue
from app.db.tables.accounts import Account
from app.db.tables.companies import Company, CompanyMember
from app.db.tables.orders import Order, OrderItem
from app.db.tables.sites import Membership, Site
from app.db.tables.terminations import TerminationRow
from app.db.termination_reads import TerminationFacts, termination_facts
from app.domain.memberships import MembershipStatus
from app.domain.orders import ItemState, OrderEnd, OrderStatus, step_item
from app.domain.provider_errors import ProviderError
from app.domain.refunds import RefundReason
from app.domain.terminations import WITHDRAWN_AFTER, TerminationState
from app.services.emails import Emails
from app.services.mails import Mails, NewMail
from app.services.membership_ends import end_membership, lock_membership
from app.services.order_events import SYSTEM
from app.services.orders import derive_again, end_unpaid
from app.services.ports import Groupware
from app.services.refunds import GivingBack, give_back, owe_former_contract
from app.services.termination_settlements import Settlement, asks_for_use, settle
from app.services.terminations import contract_to_end, signed_in_ever

END_TERMINATION: Final = "end_termination"
TELL_ADMINS: Final = "tell_admins_of_end"
TRY_AGAIN_AFTER: Final = timedelta(minutes=1)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TerminationEnds:
    """Two jobs of one row; both repeatable: the row says when each is due."""

    database: Database
    clock: Clock
    groupware: Groupware
    mails: Mails
    emails: Emails
    fee_percent: int

    async def end(self, termination_id: UUID) -> None:
        """Ends a service whose last day is over. The groupware is asked before, where it counts."""
        facts = await self._begin(termination_id)
        if facts is None:
            return
        used = None
        if facts.asks:
            try:
                used = await signed_in_ever(self.groupware, facts.site_id)
            except ProviderError:
                return  # due again in a minute
        await self._end(termination_id, facts.membership_id, used)

    async def tell_admins(self, termination_id: UUID) -> None:
        """The company's ADMINs, where its last site ends: they lose their role with it."""
        async with self.database.system_session("tell of the last site's end") as session:
            now = await self.clock.now(session)
            row = await session.get(TerminationRow, termination_id, with_for_update=True)
            if row is None or row.tell_due_at is None or row.tell_due_at > now:
                return
            row.tell_due_at = None
            if row.state != TerminationState.REQUESTED or not await _is_last(session, row):
                return
            site = await session.scalar(
                select(Site.name)
                .join(Membership, Membership.site_id == Site.id)
                .where(Membership.id == row.membership_id)
            )
            facts = {"site": str(site), "last_day": row.last_day.isoformat()}
            admins = await session.execute(
                select(Account.id, Account.email)
                .join(CompanyMember, CompanyMember.account_id == Account.id)
                .where(
                    CompanyMember.company_id == row.company_id,
                    CompanyMember.state == "ACTIVE",
                    Account.email.is_not(None),
                )
            )
            jobs = [
                self.mails.queue(
                    session,
                    NewMail(
                        "last_site_ends",
                        self.emails.opened(email),
                        facts,
                        "ko",
                        row.company_id,
                        account_id,
                    ),
                    now,
                )
                for account_id, email in admins.all()
                if email is not None
            ]
            await session.flush()
            await enqueue(session, jobs)

    async def _begin(self, termination_id: UUID) -> "_Due | None":
        async with self.database.system_session("begin end of service") as session:
            now = await self.clock.now(session)
            row = await session.get(TerminationRow, termination_id, with_for_update=True)
            if row is None or row.due_at is None or row.due_at > now:
                return None
            row.due_at = now + TRY_AGAIN_AFTER  # another worker, or a crash on the way
            facts = await termination_facts(session, row.company_id, row.membership_id)
            assert facts is not None
            return _Due(row.membership_id, facts.site_id, asks_for_use(facts, row.last_day))

    async def _end(self, termination_id: UUID, membership_id: UUID, used: int | None) -> None:
        async with self.database.system_session("end of service") as session:
            now = await self.clock.now(session)
            orders = await _lock_orders(session, membership_id)
            membership = await lock_membership(session, membership_id)
            row = await session.get_one(TerminationRow, termination_id, with_for_update=True)
            if membership is None or row.state != TerminationState.REQUESTED:
                return
            facts = await termination_facts(session, row.company_id, membership_id)
            assert facts is not None
            if membership.status == MembershipStatus.TERMINATED:  # by another way, before its day
                _close(row, None, now)
                return
            held = await contract_to_end(session, facts)
            if await _under_way(session, membership_id):
                return  # the groupware is at it: due again in a minute
            settled = settle(facts, held.anchor_on, row.last_day, self.fee_percent, used)
            await end_membership(
                session, membership, row.last_day, row.reason, now, row.requested_by
            )
            await _cancel_unpaid(session, orders, now)
            await self._give_back(session, row, facts, settled, orders, now)
            _close(row, settled, now)
            await self._tell(session, row, facts, settled, now)

    async def _give_back(
        self,
        session: AsyncSession,
        row: TerminationRow,
        facts: TerminationFacts,
        settled: Settlement,
        orders: dict[UUID, Order],
        now: datetime,
    ) -> None:
        """Each line to the payment that paid it; what a CHANGE took over, to those before it."""
        reason = RefundReason.WITHDRAWAL if settled.withdrawal else RefundReason.TERMINATION
        newest_first = [orders[sold.id] for sold in facts.orders]
        for share in settled.shares:
            why = GivingBack(reason, requested_by=row.requested_by, fee=share.fee)
            if share.order_id is None:
                await owe_former_contract(session, row.company_id, share.value, why, now)
                continue
            order = orders[share.order_id]
            why = replace(
                why,
                item=await _item_of(session, order.id, row.membership_id),
                before=tuple(former for former in newest_first if former.id != order.id),
                rest_to_credit=True,
            )
            await give_back(session, order, share.value, why, now)
        if settled.withdrawal:
            await _withdraw_items(session, facts, orders, now)

    async def _tell(
        self,
        session: AsyncSession,
        row: TerminationRow,
        facts: TerminationFacts,
        settled: Settlement,
        now: datetime,
    ) -> None:
        """The company's own account; and when it is CLOSED now, what comes of that."""
        company = await session.get_one(Company, row.company_id, populate_existing=True)
        closed = not await _has_site(session, company.id)
        account_id = company.corporate_account_id
        email = await self.emails.of(session, account_id) if account_id else None
        if email is None:
            return
        told = {
            "site": facts.site_name,
            "last_day": row.last_day.isoformat(),
            "unused": f"{settled.sums.unused:,}",
            "vat": f"{settled.sums.vat:,}",
            "fee": f"{settled.sums.fee:,}",
            "refund": f"{settled.sums.refund:,}",
        }
        mails = [NewMail("service_ended", email, told, "ko", company.id, account_id)]
        if closed:
            days = {"days": str(WITHDRAWN_AFTER.days)}
            mails.append(NewMail("company_closed", email, days, "ko", company.id, account_id))
        jobs = [self.mails.queue(session, mail, now) for mail in mails]
        await session.flush()
        await enqueue(session, jobs)


@dataclass(frozen=True, slots=True)
class _Due:
    membership_id: UUID
    site_id: UUID
    asks: bool


def _close(row: TerminationRow, settled: Settlement | None, now: datetime) -> None:
    row.state = str(TerminationState.DONE)
    row.due_at = row.tell_due_at = None
    row.ended_at = row.updated_at = now
    if settled is not None:
        row.withdrawal = settled.withdrawal
        row.unused, row.vat = settled.sums.unused, settled.sums.vat
        row.fee, row.refund = settled.sums.fee, settled.sums.refund


async def _lock_orders(session: AsyncSession, membership_id: UUID) -> dict[UUID, Order]:
    """Every order with an item of the membership, by id so that nobody waits in a circle."""
    rows = await session.scalars(
        select(Order)
        .where(
            Order.id.in_(select(OrderItem.order_id).where(OrderItem.membership_id == membership_id))
        )
        .order_by(Order.id)
        .with_for_update()
    )
    return {order.id: order for order in rows}


async def _under_way(session: AsyncSession, membership_id: UUID) -> bool:
    items = select(OrderItem.id).where(
        OrderItem.membership_id == membership_id, OrderItem.state == "PROVISIONING"
    )
    return await session.scalar(items.limit(1)) is not None


async def _cancel_unpaid(session: AsyncSession, orders: dict[UUID, Order], now: datetime) -> None:
    """Nobody can pay them any more: what they are for has ended."""
    for order in orders.values():
        if order.status == OrderStatus.PENDING_PAYMENT:
            await end_unpaid(session, order, OrderEnd.CANCELLED, SYSTEM, "membership_ended", now)


async def _item_of(session: AsyncSession, order_id: UUID, membership_id: UUID) -> OrderItem | None:
    found: OrderItem | None = await session.scalar(
        select(OrderItem)
        .where(OrderItem.order_id == order_id, OrderItem.membership_id == membership_id)
        .limit(1)
    )
    return found


async def _withdraw_items(
    session: AsyncSession, facts: TerminationFacts, orders: dict[UUID, Order], now: datetime
) -> None:
    """All of it was given back: its items, and their orders where nothing else is in them."""
    items = await session.scalars(
        select(OrderItem)
        .where(OrderItem.id.in_([item.item_id for item in facts.items]))
        .with_for_update()
    )
    for item in items:
        item.state = str(step_item(ItemState(item.state), ItemState.REFUNDED))
    await session.flush()
    for order_id in dict.fromkeys(item.order_id for item in facts.items):
        await derive_again(session, orders[order_id], SYSTEM, "withdrawal", now)


async def _has_site(session: AsyncSession, company_id: UUID) -> bool:
    sites = select(Site.id).where(Site.company_id == company_id, Site.state == "OPEN")
    return await session.scalar(sites.limit(1)) is not None


async def _is_last(session: AsyncSession, row: TerminationRow) -> bool:
    """Whether no other open site goes on after it; of two that end with one day, one tells."""
    later = (
        select(Membership.id)
        .join(Site, Site.id == Membership.site_id)
        .outerjoin(
            TerminationRow,
            (TerminationRow.membership_id == Membership.id) & (TerminationRow.state == "REQUESTED"),
        )
        .where(
            Membership.company_id == row.company_id,
            Membership.id != row.membership_id,
            Site.state == "OPEN",
            TerminationRow.id.is_(None)
            | (TerminationRow.last_day > row.last_day)
            | ((TerminationRow.last_day == row.last_day) & (TerminationRow.id > row.id)),
        )
    )
    return await session.scalar(later.limit(1)) is None
