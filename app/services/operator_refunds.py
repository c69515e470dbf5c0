"""Refunds that take a hand, and openings that failed: what the operator's staff does about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import Job, enqueue
from app.db.tables.orders import Order, OrderItem
from app.db.tables.refunds import Refund
from app.db.tables.sites import Site
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.four_eyes import is_first_of_two
from app.domain.operators import Operator
from app.domain.orders import ItemState, step_item
from app.domain.provider_payments import PaidBackTo
from app.domain.refunds import RefundState, step_refund
from app.services.audit import AuditEntry, operator_actor, record
from app.services.cursors import NEWEST, make_cursor, read_cursor
from app.services.order_events import PROVISION_ITEM
from app.services.orders import derive_again
from app.services.refund_accounts import opened_account, usable_account
from app.services.refund_jobs import Refunds, lock_refund
from app.services.refunds import SEND_REFUND, finish


@dataclass(frozen=True, slots=True)
class OperatorRefund:
    """KRW with VAT. `failure` is our word for why it takes a hand."""

    id: UUID
    company_id: UUID
    order_id: UUID | None
    order_number: str | None
    payment_id: UUID | None
    destination: str
    reason: str
    state: str
    amount: int
    vat: int
    failure: str | None
    attempts: int
    requested_by: str
    created_at: datetime
    approved_by: str | None
    done_by: str | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class OperatorRefundPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[OperatorRefund]
    next_cursor: str | None


class OperatorRefunds:
    """One use case a method. `four_eyes_from`: the first KRW amount that two have to confirm."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        refunds: Refunds,
        four_eyes_from: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._refunds = refunds
        self._four_eyes_from = four_eyes_from

    async def find(self, state: RefundState, cursor: str | None, size: int) -> OperatorRefundPage:
        """Of all companies, the newest first. Raises `cursor_invalid`."""
        at, last = read_cursor(cursor) or NEWEST
        async with self._database.system_session("operator: refunds") as session:
            rows = await session.execute(
                select(Refund, Order.number)
                .outerjoin(Order, Order.id == Refund.order_id)
                .where(
                    Refund.state == str(state),
                    tuple_(Refund.created_at, Refund.id) < tuple_(at, last),
                )
                .order_by(Refund.created_at.desc(), Refund.id.desc())
                .limit(size + 1)
            )
            found = [_view(row.Refund, row.number) for row in rows]
        page, more = found[:size], len(found) > size
        return OperatorRefundPage(
            page, make_cursor(page[-1].created_at, page[-1].id) if more else None
        )

    async def done(
        self, session: AsyncSession, operator: Operator, refund_id: UUID
    ) -> OperatorRefund:
        """Paid by hand, said by two operators from the set amount on; a repeat is harmless.

        Raises `refund_not_found`, `refund_state_conflict`, `second_operator_required`.
        """
        now = await self._clock.now(session)
        refund = await lock_refund(session, refund_id)
        if refund.state == RefundState.DONE:
            return await _seen(session, refund)
        if refund.state != RefundState.MANUAL_REQUIRED:
            raise DomainError("refund_state_conflict", current=refund.state, wanted="DONE")
        if is_first_of_two(refund.amount, self._four_eyes_from, refund.approved_by, operator.name):
            refund.approved_by, refund.updated_at = operator.name, now
            _record(session, operator, AuditAction.REFUND_CONFIRMED_ONCE, refund, now)
            return await _seen(session, refund)
        await finish(session, refund, None, operator_actor(operator.name), now)
        await self._refunds.tell(session, refund, now)
        _record(session, operator, AuditAction.REFUND_CONFIRMED, refund, now)
        return await _seen(session, refund)

    async def retry(
        self, session: AsyncSession, operator: Operator, refund_id: UUID
    ) -> OperatorRefund:
        """Asks the provider once more. Raises `refund_not_found`, `refund_state_conflict`."""
        now = await self._clock.now(session)
        refund = await lock_refund(session, refund_id)
        if refund.payment_id is None:
            raise DomainError("refund_state_conflict", current=refund.state, wanted="REQUESTED")
        refund.state = str(step_refund(RefundState(refund.state), RefundState.REQUESTED))
        refund.failure, refund.due_at, refund.updated_at = None, now, now
        refund.approved_by = None
        _record(session, operator, AuditAction.REFUND_RETRIED, refund, now)
        await session.flush()
        await enqueue(session, [Job(SEND_REFUND, refund.id)])
        return await _seen(session, refund)

    async def account(self, operator: Operator, refund_id: UUID, reason: str) -> PaidBackTo:
        """Where to pay by hand, in clear; the company's log says who read it and why.

        Raises `refund_not_found`, `refund_account_not_found`.
        """
        async with self._database.system_session("operator: refund account") as session:
            now = await self._clock.now(session)
            refund = await session.get(Refund, refund_id)
            if refund is None:
                raise DomainError("refund_not_found")
            row = await usable_account(session, refund.company_id, now)
            if row is None:
                raise DomainError("refund_account_not_found")
            record(
                session,
                AuditEntry.by_operator(
                    operator,
                    AuditAction.REFUND_ACCOUNT_READ,
                    now,
                    company_id=refund.company_id,
                    subject=str(refund.id),
                    details={"reason": reason},
                ),
            )
            return opened_account(self._vault, row)

    async def retry_item(self, operator: Operator, item_id: UUID) -> None:
        """An opening that failed is tried again as it is.

        Raises `order_item_not_found`, `order_state_conflict`.
        """
        async with self._database.system_session("operator: opening again") as session:
            now = await self._clock.now(session)
            order_id = await session.scalar(
                select(OrderItem.order_id).where(OrderItem.id == item_id)
            )
            if order_id is None:
                raise DomainError("order_item_not_found")
            order = await session.get_one(Order, order_id, with_for_update=True)
            item = await session.get_one(OrderItem, item_id, with_for_update=True)
            site = await session.get_one(Site, item.site_id, with_for_update=True)
            item.state = str(step_item(ItemState(item.state), ItemState.PROVISIONING))
            item.attempts = 0
            item.failed_at = item.failure = None
            item.due_at = now
            site.revision += 1
            site.operation_id = None
            site.updated_at = now
            await session.flush()
            await derive_again(session, order, operator_actor(operator.name), "retry", now)
            record(
                session,
                AuditEntry.by_operator(
                    operator,
                    AuditAction.OPENING_RETRIED,
                    now,
                    company_id=order.company_id,
                    subject=str(item.id),
                ),
            )
            await session.flush()
            await enqueue(session, [Job(PROVISION_ITEM, item.id)])


async def _seen(session: AsyncSession, refund: Refund) -> OperatorRefund:
    number = await session.scalar(select(Order.number).where(Order.id == refund.order_id))
    return _view(refund, number)


def _view(refund: Refund, order_number: str | None) -> OperatorRefund:
    return OperatorRefund(
        id=refund.id,
        company_id=refund.company_id,
        order_id=refund.order_id,
        order_number=order_number,
        payment_id=refund.payment_id,
        destination=refund.destination,
        reason=refund.reason,
        state=refund.state,
        amount=refund.amount,
        vat=refund.vat,
        failure=refund.failure,
        attempts=refund.attempts,
        requested_by=refund.requested_by,
        created_at=refund.created_at,
        approved_by=refund.approved_by,
        done_by=refund.done_by,
        done_at=refund.done_at,
    )


def _record(
    session: AsyncSession, operator: Operator, action: AuditAction, refund: Refund, now: datetime
) -> None:
    record(
        session,
        AuditEntry.by_operator(
            operator,
            action,
            now,
            company_id=refund.company_id,
            subject=str(refund.id),
            details={"amount": refund.amount},
        ),
    )
