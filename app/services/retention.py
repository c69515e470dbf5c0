"""What is kept no longer than it may be: one job a table, due when the oldest row is.

Periods are `app.domain.personal_data`'s. The sweep asks, by one statement, which tables have a row
that is due; each of those gets a job, and a job is one statement over at most `BATCH` rows, which
skips what somebody else has locked. What is left is due at the next sweep.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import TextClause, text

from app.clock import Clock, wire_now
from app.db.engine import Database
from app.domain import personal_data as kept
from app.domain.sign_in import FORGOTTEN_AFTER
from app.domain.usage import HISTORY_DAYS

BATCH: Final = 500
SSO_LOGINS_KEPT: Final = timedelta(hours=1)
"""Past the ten minutes of a start: the code and the ticket of a late return end before."""
WEBHOOK_IDS_DAYS: Final = 30
"""A provider repeats a message for hours; its id is kept for much longer."""
CHOSEN_RECEIPTS_DAYS: Final = 60
"""Of a payment that does not come; the longest open is a bank transfer of some weeks."""
JOB_LOG_DAYS: Final = 30
OPERATOR_SESSIONS_DAYS: Final = 92
"""As long as sign-ins of members."""
FAREWELL_DAYS: Final = 4
"""The mail that tells a former person of the handover: within the five days of an erasure."""
NO_ROW: Final = UUID(int=0)
"""What a purge's job is about: its table, which its name says."""


@dataclass(frozen=True, slots=True)
class Purge:
    """Rows of `table` whose `since` is more than `kept` ago; `only`: which of them.

    `empties`: the assignments that make a row forget, for rows that stay. `wire`: `since` is wire
    time. `joined`: what `since` is of, where that is another table. `with_them`: a statement about
    `due`, the rows' ids, that goes first.
    """

    name: str
    table: str
    since: str
    kept: timedelta
    only: str = "true"
    empties: str | None = None
    wire: bool = False
    joined: str = ""
    with_them: str | None = None

    @property
    def due(self) -> str:
        """One row where there is one: its index is read from its old end."""
        return (
            f"(SELECT '{purge_job(self)}' AS job, cast('{NO_ROW}' AS uuid) AS id"  # noqa: S608
            f" FROM {self.table} {self.joined} WHERE {self.since} <= :{self.name} AND {self.only}"
            f" ORDER BY {self.since} LIMIT 1)"
        )

    @property
    def statement(self) -> TextClause:
        """The batch: what is locked is left for the next one."""
        due = (
            f"due AS MATERIALIZED (SELECT {self.table}.ctid AS place, {self._id} AS id"  # noqa: S608
            f" FROM {self.table} {self.joined} WHERE {self.since} <= :until AND {self.only}"
            f" ORDER BY {self.since} LIMIT :batch FOR UPDATE OF {self.table} SKIP LOCKED)"
        )
        first = f", first AS ({self.with_them})" if self.with_them else ""
        place = "WHERE ctid = ANY (ARRAY(SELECT place FROM due))"
        act = (
            f"UPDATE {self.table} SET {self.empties} {place}"  # noqa: S608 - our own text
            if self.empties
            else f"DELETE FROM {self.table} {place}"  # noqa: S608 - our own text
        )
        return text(f"WITH {due}{first} {act}")

    @property
    def _id(self) -> str:
        return "id" if self.with_them else "1"

    def until(self, now: datetime, wire: datetime) -> datetime:
        return (wire if self.wire else now) - self.kept


def _days(keeping: kept.Keeping) -> timedelta:
    assert keeping.days is not None
    return timedelta(days=keeping.days)


_ENDED = timedelta()
_ATTEMPT = _days(kept.ATTEMPT)
_CONTRACT = _days(kept.CONTRACT)

PURGES: Final = (
    Purge("sign_ins", "sign_ins", "at", _days(kept.SIGN_IN_LOG)),
    Purge("mails", "mails", "created_at", _days(kept.MAIL), only="state <> 'QUEUED'"),
    Purge(
        "handed_over",
        "mails",
        "created_at",
        timedelta(days=FAREWELL_DAYS),
        only="kind = 'handed_over'",
    ),
    Purge("identities", "identity_verifications", "expires_at", _ATTEMPT),
    Purge("businesses", "business_verifications", "expires_at", _ATTEMPT),
    Purge("addresses", "email_verifications", "expires_at", _ENDED),
    Purge("handovers", "handovers", "expires_at", _ENDED),
    Purge("social_states", "social_states", "expires_at", _ENDED),
    Purge("social_tickets", "social_tickets", "expires_at", _ENDED),
    Purge("faq_feedback", "faq_feedback", "updated_at", _days(kept.FEEDBACK)),
    Purge("notifications", "notifications", "created_at", _days(kept.NEWS)),
    Purge("sso_logins", "sso_logins", "expires_at", SSO_LOGINS_KEPT),
    Purge(
        "invitations",
        "invitations",
        "expires_at",
        _days(kept.INVITATION),
        only="state <> 'ACCEPTED'",
    ),
    Purge(
        "corporate_invitations",
        "corporate_invitations",
        "expires_at",
        _days(kept.INVITATION),
        only="site_id IS NOT NULL",
    ),
    Purge(
        "webhook_bodies",
        "received_webhooks",
        "received_at",
        _days(kept.WEBHOOK),
        only="payload <> '{}'",
        empties="payload = '{}'",
    ),
    Purge("webhooks", "received_webhooks", "received_at", timedelta(days=WEBHOOK_IDS_DAYS)),
    Purge(
        "representatives",
        "companies",
        "withdrawn_at",
        _CONTRACT,
        only="representative IS NOT NULL",
        empties="representative = NULL",
    ),
    Purge(
        "payers",
        "payments",
        "paid_at",
        _CONTRACT,
        only="coalesce(issuer, last4, receipt_url) IS NOT NULL",
        empties="issuer = NULL, last4 = NULL, receipt_url = NULL",
    ),
    Purge(
        "receipt_numbers",
        "cash_receipts",
        "created_at",
        _CONTRACT,
        only="number IS NOT NULL",
        empties="number = NULL, masked = NULL",
    ),
    Purge(
        "chosen_receipts",
        "cash_receipts",
        "created_at",
        timedelta(days=CHOSEN_RECEIPTS_DAYS),
        only="state = 'CHOSEN'",
    ),
    Purge(
        "depositors",
        "bank_deposits",
        "at",
        _CONTRACT,
        only="name IS NOT NULL",
        empties="name = NULL",
    ),
    Purge(
        "cases",
        "cases",
        "decided_at",
        _days(kept.DISPUTE),
        with_them=(
            "INSERT INTO uploads (id, due_at)"
            " SELECT f.upload_id, cast(:until AS timestamptz)"
            " FROM case_files f JOIN due ON due.id = f.case_id ON CONFLICT DO NOTHING"
        ),
    ),
    Purge("tickets", "attachments", "expires_at", _ENDED, only="message_id IS NULL"),
    Purge(
        "inquiries",
        "inquiries",
        "updated_at",
        _days(kept.INQUIRY),
        with_them=(
            "INSERT INTO uploads (id, due_at)"
            " SELECT a.upload_id, cast(:until AS timestamptz)"
            " FROM attachments a JOIN due ON due.id = a.inquiry_id ON CONFLICT DO NOTHING"
        ),
    ),
    Purge("usage", "site_usage_days", "measured_at", timedelta(days=HISTORY_DAYS)),
    Purge(
        "operator_sessions",
        "operator_sessions",
        "expires_at",
        timedelta(days=OPERATOR_SESSIONS_DAYS),
        wire=True,
    ),
    Purge("failed_jobs", "failed_jobs", "last_failed_at", timedelta(days=JOB_LOG_DAYS), wire=True),
    Purge("consents", "consents", "erase_due_at", _ENDED),
    Purge("order_workbooks", "order_workbooks", "expires_at", _ENDED),
    Purge("answers", "idempotency_records", "expires_at", _ENDED, wire=True),
    Purge("operator_keys", "operator_keys", "expires_at", _ENDED, wire=True),
    Purge("rate_windows", "rate_windows", "ends_at", _ENDED, wire=True),
    Purge("failures", "sign_in_failures", "last_failed_at", FORGOTTEN_AFTER, wire=True),
    Purge("devices", "known_devices", "last_seen_at", _days(kept.DEVICE), wire=True),
    Purge(
        "tokens",
        "refresh_tokens",
        "sessions.expires_at",
        _ENDED,
        wire=True,
        joined="JOIN sessions ON sessions.id = refresh_tokens.session_id",
    ),
    Purge(
        "sessions",
        "sessions",
        "expires_at",
        _ENDED,
        wire=True,
        only="NOT EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.session_id = sessions.id)",
    ),
    Purge("job_log", "pgqueuer_log", "created", timedelta(days=JOB_LOG_DAYS), wire=True),
)


def purge_job(purge: Purge) -> str:
    return f"purge_{purge.name}"


PURGES_DUE: Final = " UNION ALL ".join(purge.due for purge in PURGES)
"""Which purges have something to do; its values are `times`."""


def times(now: datetime) -> dict[str, datetime]:
    """Until when each purge's rows are due. `now`: business time."""
    wire = wire_now()
    return {purge.name: purge.until(now, wire) for purge in PURGES}


class Retention:
    """The jobs."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def job(self, purge: Purge) -> Callable[[UUID], Awaitable[None]]:
        """One batch of one table."""

        async def run(_: UUID) -> None:
            await self.purge(purge)

        return run

    async def purge(self, purge: Purge) -> int:
        """How many rows went or forgot."""
        async with self._database.system_session("retention") as session:
            now = await self._clock.now(session)
            values = {"until": purge.until(now, wire_now()), "batch": BATCH}
            done = await session.execute(purge.statement, values)
            return int(getattr(done, "rowcount", 0))
