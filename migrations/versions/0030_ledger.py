"""The ledger: entries that nobody changes, a credit balance that orders can use, daily tasks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"
KINDS = (
    "'PLACED', 'ENDED', 'CAPTURED', 'DEPOSITED', 'UNWANTED', 'GIVEN_BACK', 'SENT_BACK',"
    " 'ADJUSTED', 'CREDITED', 'CHARGED_BACK'"
)
ACCOUNTS = (
    "'PROVIDER', 'BANK', 'RECEIVABLE', 'SALES', 'VAT', 'CREDIT', 'REFUNDS_PAYABLE', 'FEES',"
    " 'GOODWILL', 'CHARGEBACKS'"
)
CREDIT_KINDS = "'NOT_SERVED', 'CHANGE', 'NOT_DELIVERED'"
MORE_CREDIT_KINDS = f"{CREDIT_KINDS}, 'USED', 'RELEASED', 'REFUNDED', 'GOODWILL'"
ONCE = ["order_id", "order_item_id", "kind"]

BALANCED = """
CREATE FUNCTION portal_postings_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added GROUP BY entry_id HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'an entry of the ledger is not balanced' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$
"""
UNCHANGED = """
CREATE FUNCTION portal_ledger_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'restrict_violation';
END
$$
"""

PLACEMENT_FACTS = """
CREATE FUNCTION portal_placement_facts(
    p_company uuid, p_fingerprint bytea, p_since timestamptz, p_names text[], p_coupon text
)
RETURNS TABLE (
    same_order uuid, holds int, has_free_site boolean, taken text[], coupon_uses int%s
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    -- One company's orders are placed one after another; each query below then sees what was
    -- committed while this one waited. Of other companies it tells which names are taken, no more.
    PERFORM pg_advisory_xact_lock(hashtextextended('orders:' || p_company, 0));
    IF p_company IS DISTINCT FROM nullif(current_setting('app.company_id', true), '')::uuid THEN
        RAISE insufficient_privilege;
    END IF;
    SELECT o.id INTO same_order FROM orders o
     WHERE o.company_id = p_company AND o.fingerprint = p_fingerprint AND o.created_at > p_since
       AND o.status NOT IN ('CANCELLED', 'EXPIRED', 'REFUNDED')
     ORDER BY o.created_at DESC LIMIT 1;
    SELECT count(*) FILTER (WHERE s.state = 'HELD'),
           coalesce(bool_or(s.plan = 'SHARED_FREE' AND s.state IN ('HELD', 'OPEN')), false)
      INTO holds, has_free_site FROM sites s WHERE s.company_id = p_company;
    SELECT array_agg(s.subdomain) INTO taken FROM sites s
     WHERE s.subdomain = ANY (p_names) AND s.state IN ('HELD', 'OPEN');
    SELECT count(*) INTO coupon_uses FROM coupon_uses u
     WHERE u.company_id = p_company AND u.coupon_code = p_coupon;
%s    RETURN NEXT;
END
$$
"""
WITH_CREDIT = (
    ", credit bigint",
    """    SELECT coalesce(-sum(p.amount), 0) INTO credit FROM postings p
     WHERE p.company_id = p_company AND p.account = 'CREDIT';
""",
)

# What has happened so far, as the ledger would have written it at the time.
EXPECTED = """
CREATE TEMPORARY TABLE expected AS
SELECT 'PLACED' AS kind, o.id AS subject_id, o.company_id, o.created_at AS at, a.account, a.amount,
       o.id AS order_id, cast(NULL AS uuid) AS payment_id
  FROM orders o CROSS JOIN LATERAL (VALUES
       ('RECEIVABLE', o.total), ('SALES', -o.supply), ('VAT', -o.vat)) AS a (account, amount)
 WHERE o.total > 0
UNION ALL
SELECT 'ENDED', o.id, o.company_id, coalesce(o.ended_at, o.updated_at), a.account, a.amount, o.id,
       NULL
  FROM orders o CROSS JOIN LATERAL (VALUES
       ('RECEIVABLE', -o.total), ('SALES', o.supply), ('VAT', o.vat)) AS a (account, amount)
 WHERE o.total > 0 AND o.status IN ('CANCELLED', 'EXPIRED')
UNION ALL
SELECT 'CAPTURED', p.id, p.company_id, p.paid_at, a.account, a.amount, p.order_id, p.id
  FROM payments p CROSS JOIN LATERAL (VALUES
       ('PROVIDER', p.amount), ('RECEIVABLE', -p.amount)) AS a (account, amount)
 WHERE p.paid_at IS NOT NULL
UNION ALL
SELECT 'UNWANTED', r.id, r.company_id, r.created_at, a.account, a.amount, r.order_id, r.payment_id
  FROM refunds r JOIN payments p ON p.id = r.payment_id CROSS JOIN LATERAL (VALUES
       ('PROVIDER', r.amount), ('REFUNDS_PAYABLE', -r.amount)) AS a (account, amount)
 WHERE p.paid_at IS NULL
UNION ALL
SELECT 'GIVEN_BACK', r.id, r.company_id, r.created_at, a.account, a.amount, r.order_id,
       r.payment_id
  FROM refunds r LEFT JOIN payments p ON p.id = r.payment_id CROSS JOIN LATERAL (VALUES
       ('SALES', r.amount - r.vat), ('VAT', r.vat), ('REFUNDS_PAYABLE', -r.amount)
       ) AS a (account, amount)
 WHERE p.paid_at IS NOT NULL OR p.id IS NULL
UNION ALL
SELECT 'SENT_BACK', r.id, r.company_id, r.done_at, a.account, a.amount, r.order_id, r.payment_id
  FROM refunds r CROSS JOIN LATERAL (VALUES ('REFUNDS_PAYABLE', r.amount),
       (CASE WHEN r.destination = 'CREDIT' THEN 'CREDIT'
             WHEN r.done_by LIKE 'operator:%' THEN 'BANK' ELSE 'PROVIDER' END, -r.amount)
       ) AS a (account, amount)
 WHERE r.state = 'DONE'
UNION ALL
SELECT 'CREDITED', c.id, c.company_id, c.created_at, a.account, a.amount, c.order_id, NULL
  FROM credit_entries c CROSS JOIN LATERAL (VALUES
       ('SALES', c.amount - c.vat), ('VAT', c.vat), ('CREDIT', -c.amount)) AS a (account, amount)
 WHERE c.kind IN ('NOT_SERVED', 'CHANGE') OR NOT EXISTS (
       SELECT 1 FROM refunds r WHERE r.order_id = c.order_id AND r.destination = 'CREDIT'
          AND r.amount = c.amount)
"""


def _guard(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_rows ON {table} FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        f"CREATE POLICY all_rows ON {table} FOR ALL TO portal_system USING (true) WITH CHECK (true)"
    )
    op.execute(f"GRANT SELECT, INSERT ON {table} TO portal_api, portal_system")
    op.execute(
        f"CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION portal_ledger_is_kept()"
    )


def _ledger() -> None:
    op.create_table(
        "journal_entries",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_journal_entries_kind")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_journal_entries_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entries")),
        sa.UniqueConstraint("subject_id", "kind", name=op.f("uq_journal_entries_subject_id_kind")),
    )
    op.create_index(op.f("ix_journal_entries_company_id"), "journal_entries", ["company_id"])
    op.create_table(
        "postings",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.CheckConstraint(f"account IN ({ACCOUNTS})", name=op.f("ck_postings_account")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_postings_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entries.id"], name=op.f("fk_postings_entry_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_postings_order_id")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_postings_payment_id")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["order_items.id"], name=op.f("fk_postings_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postings")),
    )
    for column in ("entry_id", "order_id", "payment_id", "item_id"):
        op.create_index(op.f(f"ix_postings_{column}"), "postings", [column])
    op.create_index(
        "ix_postings_credit",
        "postings",
        ["company_id", "amount"],
        postgresql_where=sa.text("account = 'CREDIT'"),
    )
    op.execute(UNCHANGED)
    op.execute(BALANCED)
    for table in ("journal_entries", "postings"):
        _guard(table)
    op.execute(
        "CREATE TRIGGER balanced AFTER INSERT ON postings REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION portal_postings_balance()"
    )


def _system_tables() -> None:
    op.create_table(
        "ledger_proofs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("differences", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_proofs")),
    )
    op.create_index(op.f("ix_ledger_proofs_proved_at"), "ledger_proofs", ["proved_at"])
    op.create_table(
        "book_comparisons",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("theirs", sa.BigInteger(), nullable=False),
        sa.Column("ours", sa.BigInteger(), nullable=False),
        sa.Column("differences", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book_comparisons")),
    )
    op.create_index(op.f("ix_book_comparisons_until"), "book_comparisons", ["until"])
    op.create_table(
        "daily_tasks",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_daily_tasks")),
        sa.UniqueConstraint("name", name=op.f("uq_daily_tasks_name")),
    )
    op.create_index(op.f("ix_daily_tasks_due_at"), "daily_tasks", ["due_at"])
    for table in ("ledger_proofs", "book_comparisons", "daily_tasks"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_system")


def _placement_facts(columns: str, lines: str) -> None:
    op.execute("DROP FUNCTION portal_placement_facts")
    op.execute(PLACEMENT_FACTS % (columns, lines))
    op.execute("REVOKE ALL ON FUNCTION portal_placement_facts FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION portal_placement_facts TO portal_api, portal_system")


def upgrade() -> None:
    _ledger()
    _system_tables()
    op.add_column(
        "orders", sa.Column("credit_used", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_orders_credit"), "orders", "credit_used BETWEEN 0 AND greatest(total, 0)"
    )
    for column in ("owed_amount", "owed_vat"):
        op.add_column("refunds", sa.Column(column, sa.BigInteger(), nullable=True))
    op.execute("UPDATE refunds SET owed_amount = amount, owed_vat = vat")
    for column in ("owed_amount", "owed_vat"):
        op.alter_column("refunds", column, nullable=False)
    op.add_column("refunds", sa.Column("fee", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("credit_entries", sa.Column("vat", sa.BigInteger(), nullable=True))
    op.execute("UPDATE credit_entries SET vat = amount - (amount * 10 + 10) / 11")
    op.alter_column("credit_entries", "vat", nullable=False)
    op.alter_column("credit_entries", "order_id", nullable=True)
    op.drop_constraint(op.f("ck_credit_entries_kind"), "credit_entries")
    op.create_check_constraint(
        op.f("ck_credit_entries_kind"), "credit_entries", f"kind IN ({MORE_CREDIT_KINDS})"
    )
    op.drop_index("uq_credit_entries_once", "credit_entries")
    op.create_index(
        "uq_credit_entries_once",
        "credit_entries",
        ONCE,
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("kind NOT IN ('REFUNDED', 'GOODWILL')"),
    )
    op.execute("GRANT INSERT ON credit_entries TO portal_api")
    _placement_facts(*WITH_CREDIT)
    op.execute(EXPECTED)
    op.execute(
        "INSERT INTO journal_entries (company_id, kind, subject_id, at)"
        " SELECT DISTINCT company_id, kind, subject_id, at FROM expected WHERE amount <> 0"
    )
    op.execute(
        "INSERT INTO postings (company_id, entry_id, account, amount, order_id, payment_id)"
        " SELECT x.company_id, e.id, x.account, x.amount, x.order_id, x.payment_id FROM expected x"
        " JOIN journal_entries e USING (kind, subject_id) WHERE x.amount <> 0"
    )
    op.execute("DROP TABLE expected")


def downgrade() -> None:
    _placement_facts("", "")
    op.execute("REVOKE INSERT ON credit_entries FROM portal_api")
    op.execute("DELETE FROM credit_entries WHERE kind NOT IN (" + CREDIT_KINDS + ")")
    op.drop_index("uq_credit_entries_once", "credit_entries")
    op.create_index(
        "uq_credit_entries_once",
        "credit_entries",
        ONCE,
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.drop_constraint(op.f("ck_credit_entries_kind"), "credit_entries")
    op.create_check_constraint(
        op.f("ck_credit_entries_kind"), "credit_entries", f"kind IN ({CREDIT_KINDS})"
    )
    op.alter_column("credit_entries", "order_id", nullable=False)
    op.drop_column("credit_entries", "vat")
    for column in ("fee", "owed_vat", "owed_amount"):
        op.drop_column("refunds", column)
    op.drop_constraint(op.f("ck_orders_credit"), "orders")
    op.drop_column("orders", "credit_used")
    for table in ("daily_tasks", "book_comparisons", "ledger_proofs", "postings"):
        op.drop_table(table)
    op.drop_table("journal_entries")
    op.execute("DROP FUNCTION portal_postings_balance")
    op.execute("DROP FUNCTION portal_ledger_is_kept")
