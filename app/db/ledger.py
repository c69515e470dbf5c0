"""Writing the ledger: entries with postings, in one statement, which the database balances."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.ids import new_id
from app.domain.ledger import JournalEntry

INSERT_ENTRIES = (
    "new_entries AS (INSERT INTO journal_entries SELECT * FROM"
    "  jsonb_populate_recordset(NULL::journal_entries, cast(:entries AS jsonb))),"
    " new_postings AS (INSERT INTO postings SELECT * FROM"
    "  jsonb_populate_recordset(NULL::postings, cast(:postings AS jsonb)))"
)
"""For a WITH of other rows; its values are `entry_values`."""
_POST = text(f"WITH {INSERT_ENTRIES} SELECT 1")


async def post(session: AsyncSession, now: datetime, *entries: JournalEntry | None) -> None:
    """Writes what happened, in the transaction that makes it so; None says that nothing did.

    Raises IntegrityError where a subject has an entry of the kind already: whoever posts holds the
    subject's lock and has seen that it is new. What the entries name is flushed before.
    """
    made = [entry for entry in entries if entry is not None]
    if made:
        if session.new:
            await session.flush()
        with session.no_autoflush:  # what changed otherwise is written with the rest
            await session.execute(_POST, entry_values(made, now))


def entry_values(entries: Sequence[JournalEntry], now: datetime) -> dict[str, str]:
    """As the statement takes them."""
    rows: list[dict[str, object]] = []
    postings: list[dict[str, object]] = []
    for entry in entries:
        entry_id, company_id = str(new_id()), str(entry.company_id)
        rows.append(
            {
                "id": entry_id,
                "company_id": company_id,
                "kind": entry.kind,
                "subject_id": str(entry.subject_id),
                "at": now.isoformat(),
            }
        )
        postings += [
            {
                "id": str(new_id()),
                "company_id": company_id,
                "entry_id": entry_id,
                "account": posting.account,
                "amount": posting.amount,
                "order_id": str(posting.order_id) if posting.order_id else None,
                "payment_id": str(posting.payment_id) if posting.payment_id else None,
                "item_id": str(posting.item_id) if posting.item_id else None,
                "first_day": posting.period.first.isoformat() if posting.period else None,
                "last_day": posting.period.last.isoformat()
                if posting.period and posting.period.last
                else None,
            }
            for posting in entry.postings
        ]
    return {"entries": json.dumps(rows), "postings": json.dumps(postings)}
