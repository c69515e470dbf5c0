"""What is due, found in rows: a job for each, whatever was lost on the way (ARCHITECTURE, Time)."""

from datetime import timedelta

from sqlalchemy import text

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import Job, enqueue

BATCH = 500

_DUE = text(
    "(SELECT 'send_mail' AS job, id FROM mails"
    "  WHERE state = 'QUEUED' AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'provision_item', id FROM order_items"
    "  WHERE state IN ('PENDING', 'PROVISIONING') AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'expire_order', id FROM orders"
    "  WHERE status = 'PENDING_PAYMENT' AND expires_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'mail_quote', id FROM quotes WHERE mailed_at IS NULL LIMIT :batch)"
    " UNION ALL (SELECT 'check_payment', id FROM payments"
    "  WHERE check_due_at IS NOT NULL AND check_due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'check_link', id FROM groupware_links"
    "  WHERE coalesce(due_at, confirmed_at + interval '1 day') <= :now LIMIT :batch)"
)


_FORGET = text(
    "WITH a AS (DELETE FROM social_states WHERE expires_at <= :now),"
    " b AS (DELETE FROM social_tickets WHERE expires_at <= :now)"
    " DELETE FROM sso_logins WHERE expires_at <= :kept_until"
)
"""Attempts and tickets that came to nothing, and what they knew of persons."""
SSO_LOGINS_KEPT = timedelta(hours=1)
"""Past the ten minutes of a start: the code and the ticket of a late return end before."""


async def sweep(database: Database, clock: Clock) -> int:
    """Queues a job for each due row; returns how many are due. Safe to run anywhere, twice."""
    async with database.system_session("sweep") as session:
        now = await clock.now(session)
        await session.execute(_FORGET, {"now": now, "kept_until": now - SSO_LOGINS_KEPT})
        rows = (await session.execute(_DUE, {"now": now, "batch": BATCH})).all()
        await enqueue(session, [Job(row.job, row.id) for row in rows])
    return len(rows)
