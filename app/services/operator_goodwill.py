"""보상 지급: credit and users given for nothing, by one operator or two (docs/decisions/0033).

Users are given as complimentary ones: the contract and its prices stay as they are, and the site's
room grows until the last day, after which a job takes them back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.ledger import post
from app.db.tables.companies import Company
from app.db.tables.credit import CreditEntry
from app.db.tables.goodwill import GoodwillGrant
from app.db.tables.sites import Membership, Site
from app.domain.audit import AuditAction
from app.domain.credit import CreditKind
from app.domain.errors import DomainError
from app.domain.four_eyes import check_another, needs_second
from app.domain.goodwill import (
    REASON_LABELS,
    GoodwillKind,
    GoodwillReason,
    GoodwillState,
    UsersGrant,
    check_last_day,
    step_goodwill,
)
from app.domain.ledger import credited
from app.domain.memberships import MembershipStatus
from app.domain.operators import Operator
from app.domain.orders import beginning_of
from app.domain.periods import seoul_date
from app.services.audit import AuditEntry, record
from app.services.catalogue import Catalogues
from app.services.company_mails import CompanyMails
from app.services.cursors import NEWEST, make_cursor, read_cursor
from app.services.emails import Emails
from app.services.mails import Mails
from app.services.membership_ends import lock_membership
from app.services.site_puts import want_again

END_GOODWILL: Final = "end_goodwill"


@dataclass(frozen=True, slots=True)
class GrantGoodwill:
    """What is given to whom and why: `amount` in KRW, or users of one membership.

    `note` is the operator's own, and names no person.
    """

    company_id: UUID
    reason: GoodwillReason
    note: str
    amount: int | None = None
    membership_id: UUID | None = None
    users: UsersGrant | None = None


@dataclass(frozen=True, slots=True)
class GoodwillView:
    """A grant as it is now."""

    id: UUID
    company_id: UUID
    membership_id: UUID | None
    kind: GoodwillKind
    amount: int | None
    users: int | None
    last_day: date | None
    reason: GoodwillReason
    note: str
    state: GoodwillState
    made_by: str
    created_at: datetime
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class GoodwillPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[GoodwillView]
    next_cursor: str | None


class OperatorGoodwill:
    """One use case a method. `four_eyes_from`: the first KRW amount that two have to give."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        catalogues: Catalogues,
        mails: Mails,
        emails: Emails,
        four_eyes_from: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._catalogues = catalogues
        self._mails = CompanyMails(mails, emails)
        self._four_eyes_from = four_eyes_from

    async def make(
        self, session: AsyncSession, operator: Operator, wanted: GrantGoodwill
    ) -> GoodwillView:
        """Given at once, or WAITING for another operator from the set amount on.

        Raises `company_not_found`, `membership_not_found`, `membership_state_conflict`,
        `paid_plan_required`, `managed_by_reseller`, `goodwill_days_invalid`.
        """
        now = await self._clock.now(session)
        company = await session.get(Company, wanted.company_id)
        if company is None or company.withdrawn_at is not None:
            raise DomainError("company_not_found", "/company_id")
        row = _row(operator, wanted, now)
        if wanted.users is not None:
            check_last_day(wanted.users.last_day, seoul_date(now))
            await self._give_users(session, row, now)
        elif needs_second(wanted.amount or 0, self._four_eyes_from):
            row.state = str(GoodwillState.WAITING)
        else:
            await self._give_credit(session, row, now)
        session.add(row)
        _record(session, operator, AuditAction.GOODWILL_MADE, row, now)
        await session.flush()
        return _view(row)

    async def find(self, state: GoodwillState, cursor: str | None, size: int) -> GoodwillPage:
        """Of all companies, the newest first. Raises `cursor_invalid`."""
        at, last = read_cursor(cursor) or NEWEST
        async with self._database.system_session("operator: goodwill") as session:
            rows = await session.scalars(
                select(GoodwillGrant)
                .where(
                    GoodwillGrant.state == str(state),
                    tuple_(GoodwillGrant.created_at, GoodwillGrant.id) < tuple_(at, last),
                )
                .order_by(GoodwillGrant.created_at.desc(), GoodwillGrant.id.desc())
                .limit(size + 1)
            )
            found = [_view(row) for row in rows]
        page, more = found[:size], len(found) > size
        return GoodwillPage(page, make_cursor(page[-1].created_at, page[-1].id) if more else None)

    async def approve(
        self, session: AsyncSession, operator: Operator, grant_id: UUID
    ) -> GoodwillView:
        """By another operator than the one who made it: it is given.

        Raises `goodwill_not_found`, `goodwill_decided`, `second_operator_required`.
        """
        row, now = await self._lock(session, grant_id)
        state = step_goodwill(GoodwillState(row.state), GoodwillState.GIVEN)
        check_another(row.made_by, operator.name)
        _decide(row, state, operator, now)
        _record(session, operator, AuditAction.GOODWILL_APPROVED, row, now)
        await self._give_credit(session, row, now)
        await session.flush()
        return _view(row)

    async def refuse(
        self, session: AsyncSession, operator: Operator, grant_id: UUID
    ) -> GoodwillView:
        """By anybody, whoever made it too. Raises `goodwill_not_found`, `goodwill_decided`."""
        row, now = await self._lock(session, grant_id)
        _decide(row, step_goodwill(GoodwillState(row.state), GoodwillState.REFUSED), operator, now)
        _record(session, operator, AuditAction.GOODWILL_REFUSED, row, now)
        await session.flush()
        return _view(row)

    async def end(self, grant_id: UUID) -> None:
        """The job of users whose last day is over: the site has as many fewer."""
        async with self._database.system_session("goodwill ends") as session:
            now = await self._clock.now(session)
            membership_id = await session.scalar(
                select(GoodwillGrant.membership_id).where(GoodwillGrant.id == grant_id)
            )
            if membership_id is None:
                return
            membership = await lock_membership(session, membership_id)
            row = await session.get_one(GoodwillGrant, grant_id, with_for_update=True)
            if membership is None or row.due_at is None or row.due_at > now:
                return
            row.state, row.due_at, row.updated_at = str(GoodwillState.ENDED), None, now
            if membership.status != MembershipStatus.TERMINATED:
                await self._give_more(session, membership, -_users_left(membership, row), now)
                await self._tell(session, row, "goodwill_ended", now)

    async def _give_credit(self, session: AsyncSession, row: GoodwillGrant, now: datetime) -> None:
        """A line of the statement without VAT: nothing was sold for it."""
        assert row.amount is not None
        line = CreditEntry(
            id=new_id(),
            company_id=row.company_id,
            kind=str(CreditKind.GOODWILL),
            amount=row.amount,
            vat=0,
            order_id=None,
            order_item_id=None,
            created_at=now,
        )
        session.add(line)
        await post(
            session, now, credited(row.company_id, line.id, CreditKind.GOODWILL, row.amount, 0)
        )
        await self._tell(session, row, "goodwill_credit", now)

    async def _give_users(self, session: AsyncSession, row: GoodwillGrant, now: datetime) -> None:
        assert row.membership_id is not None
        assert row.users is not None
        assert row.last_day is not None
        membership = await lock_membership(session, row.membership_id)
        if membership is None or membership.company_id != row.company_id:
            raise DomainError("membership_not_found", "/membership_id")
        if membership.billing_channel == "RESELLER":
            raise DomainError("managed_by_reseller", "/membership_id")
        if membership.status not in {MembershipStatus.IN_USE, MembershipStatus.OVERDUE}:
            raise DomainError("membership_state_conflict", "/membership_id")
        if membership.expires_on is None:
            raise DomainError("paid_plan_required", "/membership_id")
        await self._give_more(session, membership, row.users, now)
        row.due_at = beginning_of(row.last_day + timedelta(days=1))
        await self._tell(session, row, "goodwill_users", now)

    async def _give_more(
        self, session: AsyncSession, membership: Membership, users: int, now: datetime
    ) -> None:
        """So many complimentary users more, or fewer, with the storage that comes with each."""
        if users == 0:
            return
        catalogue = await self._catalogues.in_force(session, seoul_date(now))
        plan = catalogue.plan(membership.plan)
        each = plan.storage_gb_per_user if plan is not None else 0
        membership.users += users
        membership.complimentary_users += users
        membership.storage_gb = max(0, membership.storage_gb + users * each)
        membership.revision += 1
        membership.updated_at = now
        site = await session.get_one(Site, membership.site_id)
        await want_again(session, site, now)

    async def _tell(
        self, session: AsyncSession, row: GoodwillGrant, kind: str, now: datetime
    ) -> None:
        facts = {
            "amount": f"{row.amount or 0:,}",
            "users": str(row.users or 0),
            "last_day": row.last_day.isoformat() if row.last_day else "",
            "reason": REASON_LABELS[GoodwillReason(row.reason)].ko,
        }
        if row.membership_id is not None:
            name = await session.scalar(
                select(Site.name)
                .join(Membership, Membership.site_id == Site.id)
                .where(Membership.id == row.membership_id)
            )
            facts["site"] = name or ""
        await self._mails.tell_owner(session, row.company_id, kind, facts, now)

    async def _lock(self, session: AsyncSession, grant_id: UUID) -> tuple[GoodwillGrant, datetime]:
        row = await session.get(GoodwillGrant, grant_id, with_for_update=True)
        if row is None:
            raise DomainError("goodwill_not_found")
        return row, await self._clock.now(session)


def _users_left(membership: Membership, row: GoodwillGrant) -> int:
    """What of a grant its membership still has: one that became free has given them up."""
    if membership.expires_on is None:
        return 0
    return min(row.users or 0, membership.complimentary_users)


def _row(operator: Operator, wanted: GrantGoodwill, now: datetime) -> GoodwillGrant:
    kind = GoodwillKind.CREDIT if wanted.users is None else GoodwillKind.USERS
    return GoodwillGrant(
        id=new_id(),
        company_id=wanted.company_id,
        membership_id=wanted.membership_id,
        kind=str(kind),
        amount=wanted.amount,
        users=wanted.users.users if wanted.users else None,
        last_day=wanted.users.last_day if wanted.users else None,
        reason=str(wanted.reason),
        note=wanted.note,
        state=str(GoodwillState.GIVEN),
        made_by=operator.name,
        decided_by=None,
        decided_at=None,
        due_at=None,
        created_at=now,
        updated_at=now,
    )


def _decide(row: GoodwillGrant, state: GoodwillState, operator: Operator, now: datetime) -> None:
    row.state, row.decided_by = str(state), operator.name
    row.decided_at = row.updated_at = now


def _view(row: GoodwillGrant) -> GoodwillView:
    return GoodwillView(
        id=row.id,
        company_id=row.company_id,
        membership_id=row.membership_id,
        kind=GoodwillKind(row.kind),
        amount=row.amount,
        users=row.users,
        last_day=row.last_day,
        reason=GoodwillReason(row.reason),
        note=row.note,
        state=GoodwillState(row.state),
        made_by=row.made_by,
        created_at=row.created_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )


def _record(
    session: AsyncSession,
    operator: Operator,
    action: AuditAction,
    row: GoodwillGrant,
    now: datetime,
) -> None:
    details: dict[str, str | int | bool] = {"kind": row.kind, "reason": row.reason}
    if row.amount is not None:
        details["amount"] = row.amount
    if row.users is not None:
        details["users"] = row.users
    record(
        session,
        AuditEntry.by_operator(
            operator, action, now, company_id=row.company_id, subject=str(row.id), details=details
        ),
    )
