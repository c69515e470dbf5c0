"""The ledger against what the portal's rows say, and against the provider's own books.

Both are looked at every day, and kept with what was found; a difference is an error in the log.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select, text

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.ledger_proof import Difference, account_totals, count_entries, differences
from app.db.tables.ledger import BookComparison, LedgerProof
from app.domain.provider_payments import ReportedPayment
from app.services.payments import Payments
from app.services.ports import PaymentProvider

LOOKED_BACK: Final = timedelta(days=35)
"""Payments that began in this time are compared each day."""
SETTLING: Final = timedelta(minutes=10)
"""The youngest are still under way."""
KEPT_IN_LISTS: Final = 100
log = structlog.get_logger(__name__)

_OURS = text(
    "SELECT x.payment_id, sum(x.amount)::bigint AS amount FROM postings x"
    " JOIN journal_entries e ON e.id = x.entry_id"
    " AND e.kind NOT IN ('CHARGED_BACK', 'CHARGE_RESTORED')"
    " WHERE x.account = 'PROVIDER' AND x.payment_id = ANY(:ids) GROUP BY x.payment_id"
)
"""What card companies took is not in what the provider tells of a payment."""
_SURPLUS = text("SELECT id::text, surplus FROM payments WHERE id = ANY(:ids)")
_ONLY_OURS = text(
    "SELECT p.id, sum(x.amount)::bigint AS amount FROM payments p JOIN postings x"
    " ON x.payment_id = p.id AND x.account = 'PROVIDER'"
    " JOIN journal_entries e ON e.id = x.entry_id"
    " AND e.kind NOT IN ('CHARGED_BACK', 'CHARGE_RESTORED')"
    " WHERE p.created_at >= :since AND p.created_at < :until AND p.id <> ALL(:ids)"
    " GROUP BY p.id HAVING sum(x.amount) <> 0"
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What one proof found."""

    at: datetime
    entries: int
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class BookDifference:
    """KRW that a payment left at the provider: what their books say, what ours do."""

    payment_id: str
    theirs: int
    ours: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The provider's books beside ours, of payments that began in a time."""

    since: datetime
    until: datetime
    payments: int
    theirs: int
    ours: int
    differences: Sequence[BookDifference]


class Books:
    """The two daily looks, and what they found."""

    def __init__(
        self, database: Database, clock: Clock, provider: PaymentProvider, payments: Payments
    ) -> None:
        self._database = database
        self._clock = clock
        self._provider = provider
        self._payments = payments

    async def prove(self) -> None:
        """Compares every entry with the rows it was made of; keeps what was found."""
        async with self._database.system_session("prove ledger") as session:
            now = await self._clock.now(session)
            found = await differences(session)
            entries = await count_entries(session)
            rows = [asdict(d) | {"subject_id": str(d.subject_id)} for d in found]
            session.add(LedgerProof(id=new_id(), proved_at=now, entries=entries, differences=rows))
        for row in rows:
            log.error("ledger_differs", **row)

    async def compare(self) -> None:
        """Reads the provider's books, settles what differs, and keeps what differs then still.

        Raises ProviderError where they cannot be read.
        """
        now = await self._clock.now_outside(self._database)
        since, until = now - LOOKED_BACK, now - SETTLING
        reported = {row.id: row async for row in self._provider.books(since, until)}
        for payment_id in await self._overpaid(reported.values()):
            await self._settle(payment_id)
        found = await self._differing(reported, since, until)
        if found:
            for payment_id in found.keys() & reported.keys():
                await self._settle(payment_id)
            late = await self._booked_later(found.keys() - reported.keys())
            reported = {row.id: row async for row in self._provider.books(since, until)} | late
            found = await self._differing(reported, since, until)
        theirs = sum(_left(row) for row in reported.values())
        rows = [asdict(difference) for difference in found.values()]
        ours = theirs + sum(d.ours - d.theirs for d in found.values())
        async with self._database.system_session("books compared") as session:
            session.add(
                BookComparison(
                    id=new_id(),
                    since=since,
                    until=until,
                    payments=len(reported),
                    theirs=theirs,
                    ours=ours,
                    differences=rows[:KEPT_IN_LISTS],
                )
            )
        for row in rows:
            log.error("books_differ", **row)

    async def proofs(self, size: int) -> list[Proof]:
        """The newest first."""
        async with self._database.system_session("operator: proofs") as session:
            rows = await session.scalars(
                select(LedgerProof).order_by(LedgerProof.proved_at.desc()).limit(size)
            )
            return [
                Proof(
                    row.proved_at,
                    row.entries,
                    [
                        Difference(**(d | {"subject_id": UUID(d["subject_id"])}))
                        for d in row.differences
                    ],
                )
                for row in rows
            ]

    async def comparisons(self, size: int) -> list[Comparison]:
        """The newest first."""
        async with self._database.system_session("operator: comparisons") as session:
            rows = await session.scalars(
                select(BookComparison).order_by(BookComparison.until.desc()).limit(size)
            )
            return [
                Comparison(
                    row.since,
                    row.until,
                    row.payments,
                    row.theirs,
                    row.ours,
                    [BookDifference(**d) for d in row.differences],
                )
                for row in rows
            ]

    async def totals(self) -> dict[str, int]:
        """The balance of each account, debit positive: they add up to zero."""
        async with self._database.system_session("operator: accounts") as session:
            return await account_totals(session)

    async def _settle(self, payment_id: str) -> None:
        """A payment that is not ours is nothing to settle: it is reported."""
        try:
            await self._payments.settle(UUID(payment_id))
        except ValueError:
            log.warning("foreign_payment", payment=payment_id)

    async def _overpaid(self, reported: Iterable[ReportedPayment]) -> list[str]:
        """Paid in once more after they were complete, which nobody has told us: nothing waits for

        that, and what it leaves at the provider is no part of what the payment is about.
        """
        beyond = {row.id: row.paid - row.amount_total for row in reported}
        ids = _uuids(payment_id for payment_id, more in beyond.items() if more > 0)
        if not ids:
            return []
        async with self._database.system_session("compare books") as session:
            rows = await session.execute(_SURPLUS, {"ids": ids})
            return [row.id for row in rows if beyond[row.id] > row.surplus]

    async def _booked_later(self, payment_ids: Iterable[str]) -> dict[str, ReportedPayment]:
        """Those that the provider has under a later time than ours: their charge had to wait."""
        read = [await self._provider.get(payment_id) for payment_id in payment_ids]
        return {row.id: row for row in read if row is not None}

    async def _differing(
        self, reported: Mapping[str, ReportedPayment], since: datetime, until: datetime
    ) -> dict[str, BookDifference]:
        async with self._database.system_session("compare books") as session:
            ids = _uuids(reported)
            rows = await session.execute(_OURS, {"ids": ids})
            ours = {str(row.payment_id): row.amount for row in rows}
            only_ours = await session.execute(
                _ONLY_OURS, {"since": since, "until": until, "ids": ids}
            )
            missing = {str(row.id): BookDifference(str(row.id), 0, row.amount) for row in only_ours}
        return missing | {
            key: BookDifference(key, _left(row), ours.get(key, 0))
            for key, row in reported.items()
            if _left(row) != ours.get(key, 0)
        }


def _left(row: ReportedPayment) -> int:
    """What of a payment is ours at the provider."""
    return row.cancellable if row.paid_at is not None else 0


def _uuids(keys: Iterable[str]) -> list[UUID]:
    """Those that can be ids of ours."""
    found = []
    for key in keys:
        try:
            found.append(UUID(key))
        except ValueError:
            continue
    return found
