"""What the ledger must say, derived from the rows of orders, payments, refunds and credit.

Nothing here is read from the ledger but to be compared: an entry that was dropped, doubled or
altered, balanced or not, differs from what the rows say and is named by kind, subject and account.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

MOST_DIFFERENCES = 100

# Arms of (kind, subject_id, company_id, account, amount); sides of 0 are none.
_PLACED = """
SELECT 'PLACED' AS kind, o.id AS subject_id, o.company_id, a.account, a.amount
  FROM orders o CROSS JOIN LATERAL (VALUES
       ('RECEIVABLE', o.total - o.credit_used), ('CREDIT', o.credit_used),
       ('SALES', -o.supply), ('VAT', -o.vat)) AS a (account, amount)
 WHERE o.total > 0
UNION ALL
SELECT 'ENDED', o.id, o.company_id, a.account, a.amount
  FROM orders o CROSS JOIN LATERAL (VALUES
       ('RECEIVABLE', o.credit_used - o.total), ('CREDIT', -o.credit_used),
       ('SALES', o.supply), ('VAT', o.vat)) AS a (account, amount)
 WHERE o.total > 0 AND o.status IN ('CANCELLED', 'EXPIRED')
"""
_CAPTURED = """
SELECT 'CAPTURED', p.id, p.company_id, a.account, a.amount
  FROM payments p CROSS JOIN LATERAL (VALUES
       ('PROVIDER', p.amount), ('RECEIVABLE', -p.amount)) AS a (account, amount)
 WHERE p.paid_at IS NOT NULL AND p.method <> 'BANK_TRANSFER'
"""
_DEPOSITED = """
SELECT 'DEPOSITED', d.id, p.company_id, a.account, a.amount
  FROM bank_deposits d JOIN payments p ON p.id = d.payment_id CROSS JOIN LATERAL (VALUES
       ('BANK', d.paid), ('RECEIVABLE', -d.paid)) AS a (account, amount)
"""
_CAME_TO = (
    "CASE WHEN p.method = 'BANK_TRANSFER' THEN 'BANK' WHEN p.id IS NULL THEN r.came_to"
    " ELSE 'PROVIDER' END"
)
_NEVER_PAID = """(p.id IS NOT NULL AND p.paid_at IS NULL
       OR p.id IS NULL AND r.reason IN ('NOT_MATCHING', 'ORDER_CLOSED', 'OVERPAID'))"""
_OWED = f"""
SELECT 'UNWANTED', r.id, r.company_id, a.account, a.amount
  FROM refunds r LEFT JOIN payments p ON p.id = r.payment_id CROSS JOIN LATERAL (VALUES
       ({_CAME_TO}, r.owed_amount), ('REFUNDS_PAYABLE', -r.owed_amount)) AS a (account, amount)
 WHERE {_NEVER_PAID}
UNION ALL
SELECT 'GIVEN_BACK', r.id, r.company_id, a.account, a.amount
  FROM refunds r LEFT JOIN payments p ON p.id = r.payment_id CROSS JOIN LATERAL (VALUES
       ('SALES', r.owed_amount + r.fee - r.owed_vat), ('VAT', r.owed_vat),
       ('REFUNDS_PAYABLE', -r.owed_amount), ('FEES', -r.fee)) AS a (account, amount)
 WHERE NOT {_NEVER_PAID}
UNION ALL
SELECT 'ADJUSTED', r.id, r.company_id, a.account, a.amount
  FROM refunds r LEFT JOIN payments p ON p.id = r.payment_id CROSS JOIN LATERAL (
       SELECT {_CAME_TO} AS account, r.amount - r.owed_amount AS amount
        WHERE {_NEVER_PAID}
       UNION ALL SELECT v.account, v.amount FROM (VALUES
          ('SALES', r.amount - r.owed_amount - (r.vat - r.owed_vat)),
          ('VAT', r.vat - r.owed_vat)) AS v (account, amount)
        WHERE NOT {_NEVER_PAID}
       UNION ALL SELECT 'REFUNDS_PAYABLE', r.owed_amount - r.amount) AS a
 WHERE r.state = 'DONE'
UNION ALL
SELECT 'SENT_BACK', r.id, r.company_id, a.account, a.amount
  FROM refunds r CROSS JOIN LATERAL (VALUES ('REFUNDS_PAYABLE', r.amount),
       (CASE WHEN r.destination = 'CREDIT' THEN 'CREDIT'
             WHEN r.destination = 'CLAIM' THEN 'RECEIVABLE'
             WHEN r.done_by LIKE 'operator:%' THEN 'BANK' ELSE 'PROVIDER' END, -r.amount)
       ) AS a (account, amount)
 WHERE r.state = 'DONE'
"""  # noqa: S608 - our own text
_CREDITED = """
SELECT 'CREDITED', c.id, c.company_id, a.account, a.amount
  FROM credit_entries c CROSS JOIN LATERAL (VALUES
       (CASE WHEN c.kind = 'GOODWILL' THEN 'GOODWILL' ELSE 'SALES' END, c.amount - c.vat),
       ('VAT', c.vat), ('CREDIT', -c.amount)) AS a (account, amount)
 WHERE c.kind IN ('NOT_SERVED', 'CHANGE', 'GOODWILL')
"""

_CHARGED_BACK = """
SELECT CASE WHEN d.outcome = 'LOST' THEN 'CHARGED_BACK' ELSE 'CHARGE_RESTORED' END,
       CASE WHEN d.outcome = 'LOST' AND NOT d.again THEN d.payment_id ELSE d.id END,
       d.company_id, a.account, a.amount
  FROM dispute_decisions d CROSS JOIN LATERAL (VALUES
       ('CHARGEBACKS', d.amount), ('PROVIDER', -d.amount)) AS a (account, amount)
 WHERE d.outcome IN ('LOST', 'CORRECTED')
"""

_ENTRIES = f"""
WITH expected AS (
    SELECT kind, subject_id, company_id, account, sum(amount) AS amount FROM (
        {_PLACED} UNION ALL {_CAPTURED} UNION ALL {_DEPOSITED}
        UNION ALL {_OWED} UNION ALL {_CREDITED} UNION ALL {_CHARGED_BACK}
    ) AS facts WHERE amount <> 0 GROUP BY kind, subject_id, company_id, account
), posted AS (
    SELECT e.kind, e.subject_id, p.company_id, p.account, sum(p.amount) AS amount
      FROM journal_entries e LEFT JOIN postings p ON p.entry_id = e.id
     GROUP BY e.kind, e.subject_id, p.company_id, p.account
)
SELECT kind AS what, subject_id, account, coalesce(x.amount, 0)::bigint AS expected,
       coalesce(p.amount, 0)::bigint AS posted
  FROM expected x FULL JOIN posted p USING (kind, subject_id, company_id, account)
 WHERE x.amount IS DISTINCT FROM p.amount
"""  # noqa: S608 - our own text
_OWES = """
o.payment_status IN ('UNPAID', 'ON_TERMS', 'OVERDUE') AND o.status NOT IN ('CANCELLED', 'EXPIRED')
"""
_BALANCES = f"""
SELECT 'ORDER', o.id, 'RECEIVABLE', x.owed::bigint, x.posted::bigint
  FROM orders o CROSS JOIN LATERAL (SELECT
       CASE WHEN {_OWES} THEN greatest(o.total, 0) - o.credit_used - o.claim_reduced ELSE 0 END
       - (SELECT coalesce(sum(t.received), 0) FROM payments t
           WHERE t.order_id = o.id AND t.status IN ('READY', 'CANCELLED')) AS owed,
       (SELECT coalesce(sum(p.amount), 0) FROM postings p
         WHERE p.order_id = o.id AND p.account = 'RECEIVABLE') AS posted) AS x
 WHERE x.owed <> x.posted
UNION ALL
SELECT 'COMPANY', coalesce(c.company_id, p.company_id), 'CREDIT', coalesce(c.amount, 0)::bigint,
       coalesce(-p.amount, 0)::bigint
  FROM (SELECT company_id, sum(amount) AS amount FROM credit_entries GROUP BY company_id) AS c
  FULL JOIN (SELECT company_id, sum(amount) AS amount FROM postings WHERE account = 'CREDIT'
              GROUP BY company_id) AS p USING (company_id)
 WHERE coalesce(c.amount, 0) <> coalesce(-p.amount, 0) OR coalesce(c.amount, 0) < 0
UNION ALL
SELECT 'ENTRY', entry_id, 'balance', 0, sum(amount)::bigint FROM postings GROUP BY entry_id
HAVING sum(amount) <> 0
"""  # noqa: S608 - our own text
_PROOF = text(f"{_ENTRIES} UNION ALL {_BALANCES} LIMIT :most")
_COUNT = text("SELECT count(*) FROM journal_entries")
_TOTALS = text(
    "SELECT account, sum(amount)::bigint AS amount FROM postings GROUP BY account ORDER BY account"
)


@dataclass(frozen=True, slots=True)
class Difference:
    """KRW. `what`: the kind of an entry, or ORDER, COMPANY or ENTRY where a balance is wrong."""

    what: str
    subject_id: UUID
    account: str
    expected: int
    posted: int


async def differences(session: AsyncSession) -> list[Difference]:
    """Where the ledger is not what the rows say, at most a hundred; in a system's session."""
    rows = (await session.execute(_PROOF, {"most": MOST_DIFFERENCES})).all()
    return [Difference(*row) for row in rows]


async def count_entries(session: AsyncSession) -> int:
    """How many entries there are."""
    return int((await session.execute(_COUNT)).scalar_one())


async def account_totals(session: AsyncSession) -> dict[str, int]:
    """The balance of each account of the ledger, debit positive."""
    return {row.account: row.amount for row in (await session.execute(_TOTALS)).all()}
