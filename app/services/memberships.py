"""멤버십현황: reading memberships, the switch 자동 연장 결제, and its card."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.membership_reads import MEMBERSHIP, MEMBERSHIP_PAGE, MembershipRead
from app.db.queue import Job, enqueue
from app.db.tables.sites import Membership
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.periods import seoul_date
from app.services.audit import AuditEntry, record
from app.services.card_rows import MIND_CARD, usable_card
from app.services.cursors import OLDEST, make_cursor, read_cursor
from app.services.membership_schedules import look_at_schedule
from app.services.principals import Access, Principal, read_within


@dataclass(frozen=True, slots=True)
class MembershipPage:
    """`next_cursor` is None on the last page; `today` is the business date."""

    items: list[MembershipRead]
    next_cursor: str | None
    today: date


async def list_memberships(access: Access, cursor: str | None, size: int) -> MembershipPage:
    """The company's memberships, the oldest first."""
    at, last = read_cursor(cursor) or OLDEST
    principal, rows = await access.read(MEMBERSHIP_PAGE, at=at, id=last, size=size + 1)
    page, more = rows[:size], len(rows) > size
    next_cursor = make_cursor(page[-1].created_at, page[-1].id) if more else None
    return MembershipPage(page, next_cursor, seoul_date(principal.now))


async def get_membership(access: Access, membership_id: UUID) -> tuple[MembershipRead, date]:
    """With today's business date. Raises `membership_not_found`, also for another company's."""
    principal, found = await access.read(MEMBERSHIP, id=membership_id)
    return _found(found), seoul_date(principal.now)


def _found(membership: MembershipRead | None) -> MembershipRead:
    if membership is None:
        raise DomainError("membership_not_found")
    return membership


@dataclass(frozen=True, slots=True)
class RenewalChange:
    """How renewals are paid. `auto_renew` None: it stays; so does the card unless `sets_card`,
    which takes `card_id` or, where that is None, takes the card away."""

    auto_renew: bool | None
    sets_card: bool
    card_id: UUID | None


async def change_renewal(
    session: AsyncSession,
    principal: Principal,
    membership_id: UUID,
    change: RenewalChange,
    seen_revision: int | None,
) -> MembershipRead:
    """Raises `precondition_failed` when it changed since `seen_revision`,

    `managed_by_reseller`, `payment_method_not_found` and `payment_method_lost`; a free membership
    has nothing to renew.
    """
    row = (
        await session.execute(
            select(Membership)
            .where(Membership.company_id == principal.company_id, Membership.id == membership_id)
            .with_for_update()
        )
    ).scalar_one_or_none()
    if row is None:
        raise DomainError("membership_not_found")
    if row.revision != seen_revision:
        raise DomainError("precondition_failed")
    if row.billing_channel == "RESELLER":
        raise DomainError("managed_by_reseller")
    if row.term_months is None and (change.auto_renew or change.card_id is not None):
        field = "auto_renew" if change.auto_renew else "payment_method_id"
        raise DomainError("nothing_to_renew", f"/{field}")
    if change.auto_renew is not None and row.auto_renew != change.auto_renew:
        row.auto_renew = change.auto_renew
        details = {"auto_renew": change.auto_renew}
        _changed(session, principal, row, AuditAction.AUTO_RENEW_CHANGED, details)
    if change.sets_card and row.payment_method_id != change.card_id:
        await _set_card(session, principal, row, change.card_id)
    await session.flush()
    if row.term_months is not None:
        await look_at_schedule(session, row.company_id, row.id, principal.now)
    return _found(await read_within(session, principal, MEMBERSHIP, id=membership_id))


async def _set_card(
    session: AsyncSession, principal: Principal, row: Membership, card_id: UUID | None
) -> None:
    """The company's own account is told, whoever did it: by the card's job."""
    if card_id is not None:
        card = await usable_card(session, principal.company_id, card_id)
        card.announced_at, card.due_at = None, principal.now
        await enqueue(session, [Job(MIND_CARD, card.id)])
    row.payment_method_id = card_id
    details = {"payment_method_id": str(card_id or "")}
    _changed(session, principal, row, AuditAction.MEMBERSHIP_CARD_CHANGED, details)


def _changed(
    session: AsyncSession,
    principal: Principal,
    row: Membership,
    action: AuditAction,
    details: Mapping[str, str | int | bool],
) -> None:
    row.revision += 1
    row.updated_at = principal.now
    entry = AuditEntry.of_company(principal, action, subject=str(row.id), details=details)
    record(session, entry)
