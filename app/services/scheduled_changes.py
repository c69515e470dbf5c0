"""다음 갱신의 변경: seen, scheduled and undone. The renewal applies it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.contracts import PRICE_FACTS, ContractRead
from app.db.ids import new_id
from app.db.price_agreements import to_agreements
from app.db.renewal_reads import ScheduledRead
from app.db.tables.scheduled_changes import ScheduledChangeRow
from app.db.tables.sites import Membership, Site
from app.domain.audit import AuditAction
from app.domain.catalogue import Catalogue
from app.domain.changes import Usage
from app.domain.errors import DomainError
from app.domain.periods import seoul_date
from app.domain.price_agreements import PriceAgreements
from app.domain.prices import PricedOrder
from app.domain.pricing import sum_up
from app.domain.scheduled_changes import (
    ScheduledChange,
    SiteContent,
    check_undo,
    content_at_renewal,
    content_of,
    fits,
    last_day_to_schedule,
    next_room_check,
    price_renewal,
    renewal_ordered_on,
    schedule_change,
)
from app.services.audit import AuditEntry, record
from app.services.catalogue import Catalogues
from app.services.membership_schedules import look_at_schedule
from app.services.principals import Principal, read_within


@dataclass(frozen=True, slots=True)
class WantedContent:
    """The whole recurring content that is asked for."""

    plan: str
    users: int | None
    add_ons: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class ScheduledView:
    """A scheduled change as it looks today; `revision` is the membership's.

    `renewal` is priced for `priced_on`, by the version known for that day; `unchanged` is what the
    renewal would cost without it. `fits`: whether what was measured last has room; None: nothing
    was.
    """

    revision: int
    held: SiteContent
    content: SiteContent
    takes_effect_on: date
    changeable_until: date
    priced_on: date
    renewal: PricedOrder
    unchanged: PricedOrder
    fits: bool | None
    in_force: Catalogue


@dataclass(frozen=True, slots=True)
class _Found:
    """A membership with what its renewal depends on."""

    row: Membership
    read: ContractRead
    agreements: PriceAgreements
    usage: Usage | None
    catalogue: Catalogue


class ScheduledChanges:
    """In the caller's transaction. `used`: what `present_use` was told before it began."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._catalogues = catalogues

    async def get(
        self, session: AsyncSession, principal: Principal, membership_id: UUID
    ) -> ScheduledView:
        """Raises `membership_not_found` and `scheduled_change_not_found`."""
        found = await self._find(session, principal, membership_id, {}, lock=False)
        scheduled = await _scheduled(session, membership_id)
        if scheduled is None:
            raise DomainError("scheduled_change_not_found")
        return await self._view(session, principal, found, scheduled)

    async def preview(
        self,
        session: AsyncSession,
        principal: Principal,
        membership_id: UUID,
        wanted: WantedContent,
        used: Mapping[UUID, Usage],
    ) -> ScheduledView:
        """What `put` would schedule, without doing so. Raises what that raises of the content."""
        found = await self._find(session, principal, membership_id, used, lock=False)
        scheduled = await self._schedule(session, principal, found, wanted)
        return await self._view(session, principal, found, scheduled)

    async def put(
        self,
        session: AsyncSession,
        principal: Principal,
        membership_id: UUID,
        wanted: WantedContent,
        used: Mapping[UUID, Usage],
        seen_revision: int | None,
    ) -> ScheduledView:
        """Instead of one that was there. Raises `precondition_failed`, `managed_by_reseller`,

        `free_site_exists`, and what `schedule_change` raises.
        """
        found = await self._find(session, principal, membership_id, used, lock=True)
        _check_revision(found.row, seen_revision)
        _check_nothing_waits(found.read)
        scheduled = await self._schedule(session, principal, found, wanted)
        await forget_scheduled_change(session, membership_id)
        session.add(
            ScheduledChangeRow(
                id=new_id(),
                company_id=principal.company_id,
                membership_id=membership_id,
                plan=scheduled.wanted.plan,
                users=scheduled.wanted.users,
                add_ons=dict(scheduled.wanted.add_ons),
                seen_plan=scheduled.seen.plan,
                seen_users=scheduled.seen.users,
                seen_add_ons=dict(scheduled.seen.add_ons),
                check_due_at=self._room_check(found, scheduled, principal.now),
                created_at=principal.now,
            )
        )
        _touch(session, principal, found.row, AuditAction.CHANGE_SCHEDULED, scheduled.wanted)
        await session.flush()
        await look_at_schedule(session, principal.company_id, membership_id, principal.now)
        return await self._view(session, principal, found, scheduled)

    def _room_check(
        self, found: _Found, scheduled: ScheduledChange, now: datetime
    ) -> datetime | None:
        plan = found.catalogue.plan(scheduled.wanted.plan)
        free = plan is not None and plan.free
        return next_room_check(found.read.expires_on, now) if free else None

    async def undo(
        self,
        session: AsyncSession,
        principal: Principal,
        membership_id: UUID,
        seen_revision: int | None,
    ) -> int:
        """The membership's new revision. Raises as `get`, and `precondition_failed`,

        `managed_by_reseller`, `scheduled_change_too_late`.
        """
        found = await self._find(session, principal, membership_id, {}, lock=True)
        _check_revision(found.row, seen_revision)
        scheduled = await _scheduled(session, membership_id)
        if scheduled is None:
            raise DomainError("scheduled_change_not_found")
        check_undo(found.read.contract, seoul_date(principal.now))
        _check_nothing_waits(found.read)
        await forget_scheduled_change(session, membership_id)
        _touch(session, principal, found.row, AuditAction.SCHEDULED_CHANGE_UNDONE, scheduled.wanted)
        await session.flush()
        await look_at_schedule(session, principal.company_id, membership_id, principal.now)
        return found.row.revision

    async def _find(
        self,
        session: AsyncSession,
        principal: Principal,
        membership_id: UUID,
        used: Mapping[UUID, Usage],
        *,
        lock: bool,
    ) -> _Found:
        statement = select(Membership).where(
            Membership.company_id == principal.company_id, Membership.id == membership_id
        )
        row = await session.scalar(statement.with_for_update() if lock else statement)
        if row is None:
            raise DomainError("membership_not_found")
        facts = await read_within(session, principal, PRICE_FACTS, ids=[membership_id])
        assert facts is not None
        read = facts.contracts[0]
        return _Found(
            row,
            read,
            to_agreements(facts.agreements),
            used.get(membership_id) or read.measured,
            await self._catalogues.in_force(session, seoul_date(principal.now)),
        )

    async def _schedule(
        self, session: AsyncSession, principal: Principal, found: _Found, wanted: WantedContent
    ) -> ScheduledChange:
        if found.row.billing_channel == "RESELLER":
            raise DomainError("managed_by_reseller")
        scheduled = schedule_change(
            found.catalogue,
            found.read.contract,
            wanted.plan,
            wanted.users,
            wanted.add_ons,
            seoul_date(principal.now),
            found.usage,
        )
        plan = found.catalogue.plan(scheduled.wanted.plan)
        if (
            plan is not None
            and plan.free
            and await has_free_site(session, principal.company_id, plan.code)
        ):
            raise DomainError("free_site_exists", "/plan")
        return scheduled

    async def _view(
        self,
        session: AsyncSession,
        principal: Principal,
        found: _Found,
        scheduled: ScheduledChange,
    ) -> ScheduledView:
        contract, catalogue = found.read.contract, found.catalogue
        priced_on = renewal_ordered_on(contract, seoul_date(principal.now))
        prices = await self._catalogues.in_force(session, priced_on)
        agreed = found.agreements.on(priced_on, found.read.id)
        held = content_of(catalogue, contract)
        content = content_at_renewal(catalogue, held, scheduled)
        return ScheduledView(
            revision=found.row.revision,
            held=held,
            content=content,
            takes_effect_on=contract.ends_at,
            changeable_until=last_day_to_schedule(contract),
            priced_on=priced_on,
            renewal=sum_up(prices.code, [price_renewal(prices, contract, content, agreed)]),
            unchanged=sum_up(prices.code, [price_renewal(prices, contract, held, agreed)]),
            fits=fits(catalogue, content, found.usage) if found.usage else None,
            in_force=catalogue,
        )


def _check_revision(row: Membership, seen: int | None) -> None:
    if row.revision != seen:
        raise DomainError("precondition_failed")
    if row.billing_channel == "RESELLER":
        raise DomainError("managed_by_reseller")


def _check_nothing_waits(read: ContractRead) -> None:
    """Raises `membership_change_in_progress`: a renewal that was paid is for what was scheduled."""
    if read.busy:
        raise DomainError("membership_change_in_progress")


def _touch(
    session: AsyncSession,
    principal: Principal,
    row: Membership,
    action: AuditAction,
    content: SiteContent,
) -> None:
    row.revision += 1
    row.updated_at = principal.now
    details: dict[str, str | int | bool] = {
        "plan": content.plan,
        "users": content.users,
        **content.add_ons,
    }
    record(session, AuditEntry.of_company(principal, action, subject=str(row.id), details=details))


async def _scheduled(session: AsyncSession, membership_id: UUID) -> ScheduledChange | None:
    row = await session.scalar(
        select(ScheduledChangeRow).where(ScheduledChangeRow.membership_id == membership_id)
    )
    return None if row is None else as_scheduled(row)


def as_scheduled(row: ScheduledChangeRow | ScheduledRead) -> ScheduledChange:
    """As the domain knows it."""
    return ScheduledChange(
        SiteContent(row.plan, row.users, row.add_ons),
        SiteContent(row.seen_plan, row.seen_users, row.seen_add_ons),
    )


async def has_free_site(
    session: AsyncSession, company_id: UUID, plan: str, other_than: UUID | None = None
) -> bool:
    """Whether the company has a site of the free plan already, besides one that is named."""
    found = select(Site.id).where(
        Site.company_id == company_id, Site.plan == plan, Site.state.in_(("HELD", "OPEN"))
    )
    if other_than is not None:
        found = found.where(Site.id != other_than)
    return await session.scalar(found.limit(1)) is not None


async def forget_scheduled_change(session: AsyncSession, membership_id: UUID) -> None:
    """Where it is replaced, undone, applied by the renewal, or overtaken by another term."""
    await session.execute(
        delete(ScheduledChangeRow).where(ScheduledChangeRow.membership_id == membership_id)
    )
