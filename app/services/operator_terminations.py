"""해지 접수: ends that came by phone, mail or inquiry, written down by the operator's staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.terminations import TerminationRow
from app.db.termination_reads import termination_facts
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.operators import Operator
from app.domain.periods import seoul_date
from app.domain.terminations import TerminationChannel, TerminationState, check_last_day
from app.services.audit import AuditEntry, operator_actor, record
from app.services.company_mails import CompanyMails
from app.services.cursors import NEWEST, make_cursor, read_cursor
from app.services.emails import Emails
from app.services.mails import Mails
from app.services.membership_ends import lock_membership
from app.services.terminations import (
    EndAskedFor,
    WantedEnd,
    ask_for_end,
    contract_to_end,
    undo_end,
)


@dataclass(frozen=True, slots=True)
class RecordedEnd:
    """What somebody asked for outside the portal, and the KST day on which that came."""

    membership_id: UUID
    wanted: WantedEnd
    received_on: date
    channel: TerminationChannel


@dataclass(frozen=True, slots=True)
class OperatorTermination:
    """KRW, once it is DONE."""

    id: UUID
    company_id: UUID
    membership_id: UUID
    last_day: date
    received_on: date
    channel: str
    reason: str
    state: str
    requested_by: str
    withdrawal: bool
    unused: int | None
    vat: int | None
    fee: int | None
    refund: int | None
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class OperatorTerminationPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[OperatorTermination]
    next_cursor: str | None


class OperatorTerminations:
    """One use case a method."""

    def __init__(self, database: Database, clock: Clock, mails: Mails, emails: Emails) -> None:
        self._database = database
        self._clock = clock
        self._mails = CompanyMails(mails, emails)

    async def find(
        self, state: TerminationState, cursor: str | None, size: int
    ) -> OperatorTerminationPage:
        """Of all companies, the newest first. Raises `cursor_invalid`."""
        at, last = read_cursor(cursor) or NEWEST
        async with self._database.system_session("operator: terminations") as session:
            rows = await session.scalars(
                select(TerminationRow)
                .where(
                    TerminationRow.state == str(state),
                    tuple_(TerminationRow.created_at, TerminationRow.id) < tuple_(at, last),
                )
                .order_by(TerminationRow.created_at.desc(), TerminationRow.id.desc())
                .limit(size + 1)
            )
            found = [_view(row) for row in rows]
        page, more = found[:size], len(found) > size
        return OperatorTerminationPage(
            page, make_cursor(page[-1].created_at, page[-1].id) if more else None
        )

    async def take_down(
        self, session: AsyncSession, operator: Operator, end: RecordedEnd
    ) -> OperatorTermination:
        """The service ends with that day, from the day of receipt on; the customer is told.

        Raises `membership_not_found`, `managed_by_reseller`, `termination_requested`,
        `termination_day_invalid` (also for a receipt that lies ahead), `membership_state_conflict`.
        """
        now = await self._clock.now(session)
        facts = await termination_facts(session, None, end.membership_id)
        if facts is None:
            raise DomainError("membership_not_found", "/membership_id")
        if facts.billing_channel == "RESELLER":
            raise DomainError("managed_by_reseller")
        today = seoul_date(now)
        if end.received_on > today:
            raise DomainError("termination_day_invalid", "/received_on")
        held = await contract_to_end(session, facts)
        check_last_day(held.contract, end.wanted.last_day, end.received_on)
        asked = EndAskedFor(end.wanted, end.received_on, end.channel, operator_actor(operator.name))
        row = await ask_for_end(session, facts, asked, now)
        _record(session, operator, AuditAction.TERMINATION_REQUESTED, row, now)
        await self._tell(session, row, "termination_recorded", facts.site_name, now)
        return _view(row)

    async def undo(self, operator: Operator, termination_id: UUID) -> OperatorTermination:
        """While it waits for its day. Raises `termination_not_found`."""
        async with self._database.system_session("operator: termination undone") as session:
            now = await self._clock.now(session)
            membership_id = await session.scalar(
                select(TerminationRow.membership_id).where(TerminationRow.id == termination_id)
            )
            if membership_id is None:
                raise DomainError("termination_not_found")
            await lock_membership(session, membership_id)
            row = await session.get_one(TerminationRow, termination_id, with_for_update=True)
            if row.state != TerminationState.REQUESTED:
                raise DomainError("termination_not_found")
            await undo_end(session, row, now)
            _record(session, operator, AuditAction.TERMINATION_UNDONE, row, now)
            facts = await termination_facts(session, None, membership_id)
            assert facts is not None
            await self._tell(session, row, "termination_undone", facts.site_name, now)
            return _view(row)

    async def _tell(
        self, session: AsyncSession, row: TerminationRow, kind: str, site: str, now: datetime
    ) -> None:
        facts = {
            "site": site,
            "last_day": row.last_day.isoformat(),
            "received_on": row.received_on.isoformat(),
            "at": seoul_date(now).isoformat(),
        }
        await self._mails.tell_owner(session, row.company_id, kind, facts, now)


def _view(row: TerminationRow) -> OperatorTermination:
    return OperatorTermination(
        id=row.id,
        company_id=row.company_id,
        membership_id=row.membership_id,
        last_day=row.last_day,
        received_on=row.received_on,
        channel=row.channel,
        reason=row.reason,
        state=row.state,
        requested_by=row.requested_by,
        withdrawal=row.withdrawal,
        unused=row.unused,
        vat=row.vat,
        fee=row.fee,
        refund=row.refund,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def _record(
    session: AsyncSession,
    operator: Operator,
    action: AuditAction,
    row: TerminationRow,
    now: datetime,
) -> None:
    record(
        session,
        AuditEntry.by_operator(
            operator,
            action,
            now,
            company_id=row.company_id,
            subject=str(row.membership_id),
            details={"last_day": row.last_day.isoformat(), "channel": row.channel},
        ),
    )
