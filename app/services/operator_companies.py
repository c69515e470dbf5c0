"""Customers as the operator finds them: by name, number or address; and what happened to one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from app.clock import Clock
from app.db.engine import Database
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.faq import cleaned, jamo, like_pattern
from app.domain.operators import Operator
from app.services.audit import AuditEntry, record
from app.services.cursors import NEWEST, make_cursor, read_cursor

MOST: Final = 50
_LIKE_ENOUGH = text("SELECT set_config('pg_trgm.word_similarity_threshold', '0.4', true)")
_COLUMNS: Final = (
    "c.id, c.legal_name, c.business_number, c.verification_status, c.proven_at IS NOT NULL,"
    " (SELECT count(*) FROM sites s WHERE s.company_id = c.id AND s.state = 'OPEN'),"
    " c.created_at, c.withdrawn_at"
)
BY_NAME: Final = (
    f"SELECT {_COLUMNS} FROM companies c"  # noqa: S608 - our own text
    " WHERE c.searched LIKE :pattern OR :words <% c.searched"
    " ORDER BY c.searched LIKE :pattern DESC, word_similarity(:words, c.searched) DESC, c.id"
    " LIMIT :most"
)
_BY_NUMBER = text(
    f"SELECT {_COLUMNS} FROM companies c WHERE c.business_number = :number"  # noqa: S608
    " ORDER BY c.created_at DESC LIMIT :most"
)
_BY_EMAIL = text(
    f"SELECT {_COLUMNS} FROM companies c WHERE c.id IN ("  # noqa: S608
    " SELECT o.id FROM companies o JOIN accounts a ON a.id = o.corporate_account_id"
    " WHERE a.email_index = :email UNION SELECT m.company_id FROM company_members m"
    " JOIN accounts a ON a.id = m.account_id WHERE a.email_index = :email)"
    " ORDER BY c.created_at DESC LIMIT :most"
)
_ONE = text(
    f"SELECT {_COLUMNS}, a.id AS account_id, a.login_id, a.name, a.phone, a.email"  # noqa: S608
    " FROM companies c LEFT JOIN accounts a ON a.id = c.corporate_account_id WHERE c.id = :id"
)
TIMELINE: Final = (
    "SELECT at, id, what, kind, subject, detail FROM ("
    " (SELECT at, id, 'AUDIT' AS what, action AS kind, subject, actor AS detail FROM audit_events"
    "  WHERE company_id = :company AND (at, id) < (:at, :id) ORDER BY at DESC, id DESC LIMIT :size)"
    " UNION ALL (SELECT e.at, e.id, 'ORDER', e.status, o.number, e.reason FROM order_events e"
    "  JOIN orders o ON o.id = e.order_id WHERE o.company_id = :company"
    "  AND (e.at, e.id) < (:at, :id) ORDER BY e.at DESC, e.id DESC LIMIT :size)"
    " UNION ALL (SELECT p.paid_at, p.id, 'PAYMENT', p.method, o.number, p.amount::text"
    "  FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.company_id = :company"
    "  AND p.paid_at IS NOT NULL AND (p.paid_at, p.id) < (:at, :id)"
    "  ORDER BY p.paid_at DESC, p.id DESC LIMIT :size)"
    " UNION ALL (SELECT m.created_at, m.id, 'MAIL', m.kind, NULL, m.state FROM mails m"
    "  WHERE m.company_id = :company AND (m.created_at, m.id) < (:at, :id)"
    "  ORDER BY m.created_at DESC, m.id DESC LIMIT :size)"
    " UNION ALL (SELECT i.created_at, i.id, 'INQUIRY', i.kind, i.number, i.state FROM inquiries i"
    "  WHERE i.company_id = :company AND (i.created_at, i.id) < (:at, :id)"
    "  ORDER BY i.created_at DESC, i.id DESC LIMIT :size)"
    " UNION ALL (SELECT k.created_at, k.id, 'CASE', k.kind, NULL, k.state FROM cases k"
    "  WHERE (k.company_id = :company OR k.subject_company_id = :company)"
    "  AND (k.created_at, k.id) < (:at, :id)"
    "  ORDER BY k.created_at DESC, k.id DESC LIMIT :size)"
    " UNION ALL (SELECT r.created_at, r.id, 'REFUND', r.reason, r.state, r.amount::text"
    "  FROM refunds r WHERE r.company_id = :company AND (r.created_at, r.id) < (:at, :id)"
    "  ORDER BY r.created_at DESC, r.id DESC LIMIT :size)"
    " UNION ALL (SELECT x.created_at, x.id, 'TERMINATION', x.channel, x.state, x.last_day::text"
    "  FROM terminations x WHERE x.company_id = :company AND (x.created_at, x.id) < (:at, :id)"
    "  ORDER BY x.created_at DESC, x.id DESC LIMIT :size)"
    " UNION ALL (SELECT s.created_at, s.id, 'SITE', s.plan, s.name, s.state FROM sites s"
    "  WHERE s.company_id = :company AND (s.created_at, s.id) < (:at, :id)"
    "  ORDER BY s.created_at DESC, s.id DESC LIMIT :size)"
    " UNION ALL (SELECT g.created_at, g.id, 'GOODWILL', g.kind, g.state,"
    "  coalesce(g.amount, g.users)::text FROM goodwill_grants g"
    "  WHERE g.company_id = :company AND (g.created_at, g.id) < (:at, :id)"
    "  ORDER BY g.created_at DESC, g.id DESC LIMIT :size)"
    ") AS t (at, id, what, kind, subject, detail) ORDER BY at DESC, id DESC LIMIT :size"
)
"""Each kind's newest from behind the cursor, then the newest of all."""


@dataclass(frozen=True, slots=True)
class CompanyLine:
    """A company in a list."""

    id: UUID
    legal_name: str
    business_number: str
    verification_status: str
    proven: bool
    open_sites: int
    created_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class CompanyPerson:
    """Who holds the corporate account."""

    account_id: UUID
    login_id: str | None = field(repr=False)
    name: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """`what`: AUDIT, ORDER, PAYMENT, MAIL, INQUIRY, CASE, REFUND, TERMINATION, SITE or GOODWILL;

    the rest depends on it.
    """

    at: datetime
    id: UUID
    what: str
    kind: str
    subject: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class OperatorCompanies:
    """One use case a method."""

    database: Database
    clock: Clock
    vault: Vault

    async def find(self, query: str | None) -> Sequence[CompanyLine]:
        """The best first: an address, ten digits, or a name, a part of it, or one like it."""
        words = cleaned(query)
        if words is None:
            return []
        digits = "".join(letter for letter in words if letter.isascii() and letter.isdigit())
        async with self.database.system_session("operator: find companies") as session:
            if "@" in words:
                known = {"email": self.vault.index("email", words.lower()), "most": MOST}
                rows = await session.execute(_BY_EMAIL, known)
            elif len(digits) == 10 and set(words) <= set("0123456789- "):
                rows = await session.execute(_BY_NUMBER, {"number": digits, "most": MOST})
            else:
                await session.execute(_LIKE_ENOUGH)
                looked = {"words": jamo(words), "pattern": like_pattern(words), "most": MOST}
                rows = await session.execute(text(BY_NAME), looked)
            return [CompanyLine(*row) for row in rows]

    async def open(
        self, operator: Operator, company_id: UUID, why: str
    ) -> tuple[CompanyLine, CompanyPerson | None]:
        """With its person: in the log, with the reason. Raises `company_not_found`."""
        async with self.database.system_session("operator: company") as session:
            row = (await session.execute(_ONE, {"id": company_id})).one_or_none()
            if row is None:
                raise DomainError("company_not_found")
            entry = AuditEntry.by_operator(
                operator,
                AuditAction.COMPANY_READ,
                await self.clock.now(session),
                company_id=company_id,
                details={"why": why},
            )
            record(session, entry)
        person = None
        if row.account_id is not None:
            person = CompanyPerson(
                row.account_id,
                row.login_id,
                self.vault.opened("accounts.name", row.name),
                self.vault.opened("accounts.phone", row.phone),
                self.vault.opened("accounts.email", row.email),
            )
        return CompanyLine(*row[:8]), person

    async def timeline(
        self, company_id: UUID, cursor: str | None, size: int
    ) -> tuple[Sequence[TimelineEntry], str | None]:
        """The newest first, and the next page's cursor. Names nobody.

        Raises `company_not_found`, `cursor_invalid`.
        """
        at, last = read_cursor(cursor) or NEWEST
        known = {"company": company_id, "at": at, "id": last, "size": size + 1}
        async with self.database.system_session("operator: timeline") as session:
            there = text("SELECT 1 FROM companies WHERE id = :id")
            if await session.scalar(there, {"id": company_id}) is None:
                raise DomainError("company_not_found")
            rows = (await session.execute(text(TIMELINE), known)).all()
        page = [TimelineEntry(*row) for row in rows[:size]]
        return page, make_cursor(page[-1].at, page[-1].id) if len(rows) > size else None
