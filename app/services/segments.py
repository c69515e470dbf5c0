"""Contracted time that lies ahead, when it begins: an extension bought at another price."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.contracts import contracts_of
from app.db.engine import Database
from app.db.tables.sites import Membership, Segment
from app.domain.contracts import monthly_fee_on
from app.domain.periods import seoul_date
from app.services.membership_changes import begin_term

BEGIN_SEGMENT = "begin_segment"


class Segments:
    """The job of one segment."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, segment_id: UUID) -> None:
        """From its first day on the fee is what is held then: an extension names everything anew.

        One that a change or a termination has ended before is only forgotten.
        """
        async with self._database.system_session("begin segment") as session:
            now = await self._clock.now(session)
            found = await _lock(session, segment_id)
            if found is None:
                return
            segment, membership = found
            if segment.due_at is None or segment.due_at > now:
                return
            segment.due_at = None
            if segment.ended_on is not None:
                return
            contracts = await contracts_of(session, membership.company_id, [membership.id])
            held = contracts[membership.id].contract.held
            membership.monthly_fee = monthly_fee_on(held, seoul_date(now))
            if segment.kind == "RENEWAL":
                begin_term(membership, segment.starts_on)
            membership.revision += 1
            membership.updated_at = now


async def _lock(session: AsyncSession, segment_id: UUID) -> tuple[Segment, Membership] | None:
    """The membership first, as every change of it does."""
    membership_id = await session.scalar(
        select(Segment.membership_id).where(Segment.id == segment_id)
    )
    if membership_id is None:
        return None
    membership = await session.get_one(Membership, membership_id, with_for_update=True)
    segment = await session.get_one(Segment, segment_id, with_for_update=True)
    return segment, membership
