"""다음 결제: a membership's next charge in full, and the consent to its higher price."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.contracts import contracts_of
from app.db.ids import new_id
from app.db.tables.cards import Card
from app.db.tables.orders import Order, Payment
from app.db.tables.renewals import MembershipSchedule, PriceConsent
from app.db.tables.sites import Membership
from app.domain.audit import AuditAction
from app.domain.billing_keys import Decline
from app.domain.contracts import GRACE_DAYS
from app.domain.errors import DomainError
from app.domain.memberships import MembershipStatus
from app.domain.orders import OrderStatus
from app.domain.periods import seoul_date
from app.domain.renewals import ChargeState, charge_day, charge_state
from app.services.audit import AuditEntry, record
from app.services.catalogue import Catalogues
from app.services.membership_schedules import look_at_schedule
from app.services.principals import Principal
from app.services.renewal_charges import charge_facts, charging_cards, last_declined
from app.services.renewal_orders import WantedRenewal, term_of, wanted_renewal
from app.services.terminations import open_termination


@dataclass(frozen=True, slots=True)
class UpcomingView:
    """`on`: the day of the charge, or by when it is to be paid; `state` None: nothing is charged.

    `order`: the renewal's, once it is made. `card`: which is charged by itself. `declined`: why the
    last try failed.
    """

    membership_id: UUID
    wanted: WantedRenewal
    on: date
    pay_until: date
    state: ChargeState | None
    consent_needed: bool
    order: Order | None
    card: Card | None
    declined: Decline | None


@dataclass(frozen=True, slots=True)
class _Found:
    membership: Membership
    schedule: MembershipSchedule | None
    order: Order | None


class Upcoming:
    """In the caller's transaction."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._catalogues = catalogues

    async def get(
        self, session: AsyncSession, principal: Principal, membership_id: UUID
    ) -> UpcomingView:
        """Raises `membership_not_found`, `managed_by_reseller`, `nothing_to_renew`,

        `membership_expired`, `membership_state_conflict` and `termination_requested`.
        """
        return await self._view(session, principal, await _find(session, principal, membership_id))

    async def agree(
        self,
        session: AsyncSession,
        principal: Principal,
        membership_id: UUID,
        order_id: UUID,
        total: int,
    ) -> UpcomingView:
        """Keeps who agreed to which price, and when; agreeing twice is agreeing once.

        Raises as `get`, `renewal_not_found` where the order is not the open renewal, and
        `price_changed` where it costs something else.
        """
        found = await _find(session, principal, membership_id)
        order, membership = found.order, found.membership
        if order is None or order.id != order_id or order.status != OrderStatus.PENDING_PAYMENT:
            raise DomainError("renewal_not_found", "/order_id")
        if order.total != total:
            raise DomainError("price_changed", "/total", total=order.total)
        view = await self._view(session, principal, found)
        if not view.consent_needed:
            return view
        session.add(
            PriceConsent(
                id=new_id(),
                company_id=membership.company_id,
                membership_id=membership.id,
                order_id=order.id,
                account_id=principal.account_id,
                term_starts_on=view.wanted.term.last_day + timedelta(days=1),
                total=total,
                agreed_at=principal.now,
            )
        )
        record(
            session,
            AuditEntry.of_company(
                principal,
                AuditAction.RENEWAL_PRICE_AGREED,
                subject=str(membership.id),
                details={"order": str(order.id), "total": total},
            ),
        )
        await session.flush()
        await look_at_schedule(session, membership.company_id, membership.id, principal.now)
        return await self._view(session, principal, found)

    async def _view(
        self, session: AsyncSession, principal: Principal, found: _Found
    ) -> UpcomingView:
        membership, schedule, order = found.membership, found.schedule, found.order
        contracts = await contracts_of(session, membership.company_id, [membership.id])
        read = contracts[membership.id]
        term = term_of(read)
        if term is None:
            raise DomainError("nothing_to_renew")
        wanted = await wanted_renewal(session, self._catalogues, read, term, membership.monthly_fee)
        card = next(iter(await charging_cards(session, membership)), None)
        dearer = schedule is not None and schedule.dearer
        facts = await charge_facts(
            session, membership, term, order, dearer=dearer, automatic=card is not None
        )
        failed = await last_declined(session, order) if order is not None else None
        automatic = card is not None and not facts.consent_needed
        taken = schedule.taken if schedule is not None else None
        return UpcomingView(
            membership_id=membership.id,
            wanted=wanted,
            on=charge_day(term, taken, seoul_date(principal.now), automatic=automatic),
            pay_until=term.last_day + timedelta(days=GRACE_DAYS),
            state=charge_state(facts) if wanted.order.total > 0 else None,
            consent_needed=facts.consent_needed,
            order=order,
            card=card,
            declined=_reason(failed),
        )


def _reason(failed: Payment | None) -> Decline | None:
    return Decline(failed.failure_code) if failed is not None and failed.failure_code else None


async def _find(session: AsyncSession, principal: Principal, membership_id: UUID) -> _Found:
    membership = await session.scalar(
        select(Membership).where(
            Membership.company_id == principal.company_id, Membership.id == membership_id
        )
    )
    if membership is None:
        raise DomainError("membership_not_found")
    if membership.billing_channel == "RESELLER":
        raise DomainError("managed_by_reseller")
    if membership.status == MembershipStatus.TERMINATED:
        raise DomainError("membership_state_conflict", current=membership.status)
    if membership.status == MembershipStatus.EXPIRED:
        raise DomainError("membership_expired")
    if await open_termination(session, membership_id) is not None:
        raise DomainError("termination_requested")
    schedule = await session.get(MembershipSchedule, membership_id)
    order = None
    if schedule is not None and schedule.order_id is not None:
        order = await session.get(Order, schedule.order_id)
    return _Found(membership, schedule, order)
