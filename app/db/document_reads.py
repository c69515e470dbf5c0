"""What papers a company has, in one statement."""

from datetime import datetime
from uuid import UUID

import msgspec

from app.db.reads import read_many, read_one


class ListedRead(msgspec.Struct, frozen=True):
    """A paper: of which row, its number, since when, and its total (KRW with VAT)."""

    kind: str
    id: UUID
    number: str
    at: datetime
    total: int
    url: str | None


_PAPERS = (
    "SELECT 'QUOTE' AS kind, q.id, q.number, q.created_at AS at, q.total, NULL AS url"
    "   FROM quotes q WHERE q.company_id = p.company_id"
    " UNION ALL SELECT 'ORDER_CONFIRMATION', o.id, o.number, o.created_at, o.total, NULL"
    "   FROM orders o WHERE o.company_id = p.company_id"
    " UNION ALL SELECT 'TRANSACTION_CONFIRMATION', o.id, o.number, o.paid_at, o.total, NULL"
    "   FROM orders o WHERE o.company_id = p.company_id AND o.paid_at IS NOT NULL"
    "    AND o.payment_status IN ('PAID', 'PARTIALLY_REFUNDED')"
    " UNION ALL SELECT 'TAX_INVOICE', t.id, o.number, t.issued_at, t.supply + t.vat, NULL"
    "   FROM tax_invoices t JOIN orders o ON o.id = t.order_id"
    "  WHERE t.company_id = p.company_id AND t.state = 'ISSUED'"
    " UNION ALL SELECT 'CARD_SLIP', y.id, o.number, y.paid_at, y.amount, y.receipt_url"
    "   FROM payments y JOIN orders o ON o.id = y.order_id"
    "  WHERE y.company_id = p.company_id AND y.paid_at IS NOT NULL"
    "    AND y.receipt_url IS NOT NULL AND y.method IN ('CARD', 'BILLING_KEY')"
    "    AND NOT EXISTS (SELECT 1 FROM tax_invoices t"
    "      WHERE t.order_id = y.order_id AND t.purpose = 'INVOICE')"
    " UNION ALL SELECT 'CASH_RECEIPT', z.id, o.number, z.paid_at, z.amount, z.receipt_url"
    "   FROM payments z JOIN orders o ON o.id = z.order_id"
    "  WHERE z.company_id = p.company_id AND z.paid_at IS NOT NULL"
    "    AND z.cash_receipt_number IS NOT NULL AND z.receipt_url IS NOT NULL"
    " UNION ALL SELECT 'CASH_RECEIPT', k.id, o.number, k.issued_at, k.total, k.url"
    "   FROM cash_receipts k JOIN orders o ON o.id = k.order_id"
    "  WHERE k.company_id = p.company_id AND k.state = 'ISSUED' AND k.url IS NOT NULL"
    " UNION ALL SELECT 'REFUND_NOTE', r.id, coalesce(o.number, ''), r.done_at, r.amount, NULL"
    "   FROM refunds r LEFT JOIN orders o ON o.id = r.order_id"
    "  WHERE r.company_id = p.company_id AND r.state = 'DONE' AND r.amount > 0"
    "    AND r.destination <> 'CLAIM'"
    " UNION ALL SELECT 'MONTHLY_STATEMENT', m.first_entry, to_char(m.month, 'YYYY-MM'), m.until,"
    "   m.total, NULL"
    "   FROM (SELECT (array_agg(e.id ORDER BY e.id))[1] AS first_entry, e.month,"
    "      (e.month + interval '1 month') AT TIME ZONE 'Asia/Seoul' AS until,"
    "      coalesce(-sum(e.supplied), 0)::bigint AS total"
    "     FROM (SELECT j.id, date_trunc('month', j.at AT TIME ZONE 'Asia/Seoul') AS month,"
    "         (SELECT sum(x.amount) FROM postings x"
    "           WHERE x.entry_id = j.id AND x.account IN ('SALES', 'VAT')) AS supplied"
    "        FROM journal_entries j WHERE j.company_id = p.company_id) AS e GROUP BY e.month) AS m"
    "  WHERE m.until <= p.business_now"
)
"""A month is a paper once it is over (KST), by its first entry in the ledger."""
DOCUMENT_PAGE = read_many(
    f"SELECT d.* FROM ({_PAPERS}) AS d WHERE (d.at, d.id) < (:at, :id)"  # noqa: S608 - our own text
    " AND (cast(:kind AS text) IS NULL OR d.kind = :kind)"
    " ORDER BY d.at DESC, d.id DESC LIMIT :size",
    ListedRead,
)
"""The newest first, from behind `at` and `id`."""
ONE_DOCUMENT = read_one(
    f"SELECT d.* FROM ({_PAPERS}) AS d"  # noqa: S608 - our own text
    " JOIN unnest(cast(:kinds AS text[]), cast(:ids AS uuid[])) AS w (kind, id)"
    " ON w.kind = d.kind AND w.id = d.id LIMIT 1",
    ListedRead,
)
"""The one of which kind and row are among those named."""


class RefundNoteRead(msgspec.Struct, frozen=True):
    """What a refund note says."""

    legal_name: str
    business_number: str
    order_number: str | None
    destination: str
    reason: str
    amount: int
    vat: int
    done_at: datetime


REFUND_NOTE = read_one(
    "SELECT c.legal_name, c.business_number, o.number AS order_number, r.destination, r.reason,"
    " r.amount, r.vat, r.done_at FROM refunds r JOIN companies c ON c.id = r.company_id"
    " LEFT JOIN orders o ON o.id = r.order_id"
    " WHERE r.company_id = p.company_id AND r.id = :id AND r.state = 'DONE'"
    " AND r.destination <> 'CLAIM'",
    RefundNoteRead,
)


class StatementLineRead(msgspec.Struct, frozen=True):
    """An entry of the ledger: what was supplied (KRW without VAT, negative where taken back), its

    VAT, what came in (negative where it went back), and what the credit balance changed by.
    """

    at: datetime
    kind: str
    order_number: str | None
    supplied: int
    vat: int
    fees: int
    moved: int
    credit: int


class StatementRead(msgspec.Struct, frozen=True):
    """A month of a company. `owed_*` and `credit_after`: balances, KRW with VAT."""

    legal_name: str
    business_number: str
    month: str
    until: datetime
    owed_before: int
    owed_after: int
    credit_after: int
    lines: list[StatementLineRead]


STATEMENT = read_one(
    "SELECT c.legal_name, c.business_number, to_char(m.month, 'YYYY-MM') AS month, m.until,"
    " coalesce(sum(x.amount) FILTER (WHERE x.account = 'RECEIVABLE' AND j.at < m.since), 0)::bigint"
    "   AS owed_before,"
    " coalesce(sum(x.amount) FILTER (WHERE x.account = 'RECEIVABLE'), 0)::bigint AS owed_after,"
    " coalesce(-sum(x.amount) FILTER (WHERE x.account = 'CREDIT'), 0)::bigint AS credit_after,"
    " (SELECT coalesce(json_agg(l ORDER BY l.at, l.id), '[]') FROM (SELECT e.id, e.at, e.kind,"
    "    max(o.number) AS order_number,"
    "    coalesce(-sum(y.amount) FILTER (WHERE y.account = 'SALES'), 0)::bigint AS supplied,"
    "    coalesce(-sum(y.amount) FILTER (WHERE y.account = 'VAT'), 0)::bigint AS vat,"
    "    coalesce(-sum(y.amount) FILTER (WHERE y.account = 'FEES'), 0)::bigint AS fees,"
    "    coalesce(sum(y.amount) FILTER (WHERE y.account IN ('PROVIDER', 'BANK')), 0)::bigint"
    "      AS moved,"
    "    coalesce(-sum(y.amount) FILTER (WHERE y.account = 'CREDIT'), 0)::bigint AS credit"
    "   FROM journal_entries e JOIN postings y ON y.entry_id = e.id"
    "   LEFT JOIN orders o ON o.id = y.order_id"
    "   WHERE e.company_id = c.id AND e.at >= m.since AND e.at < m.until GROUP BY e.id) AS l)"
    "   AS lines"
    " FROM companies c"
    " JOIN (SELECT k.month, k.month AT TIME ZONE 'Asia/Seoul' AS since,"
    "     (k.month + interval '1 month') AT TIME ZONE 'Asia/Seoul' AS until"
    "   FROM (SELECT date_trunc('month', f.at AT TIME ZONE 'Asia/Seoul') AS month"
    "     FROM journal_entries f WHERE f.id = :id AND f.company_id = p.company_id) AS k) AS m"
    "  ON true"
    " JOIN journal_entries j ON j.company_id = c.id AND j.at < m.until"
    " JOIN postings x ON x.entry_id = j.id"
    " WHERE c.id = p.company_id GROUP BY c.id, m.month, m.since, m.until",
    StatementRead,
)
