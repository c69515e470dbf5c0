"""Quotes: a company's, or a MEMBER's own until a company claims it; mails that carry a paper."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"
OWN_ACCOUNT = "nullif(current_setting('app.account_id', true), '')::uuid"
ROWS = f"(company_id = {OWN_COMPANY} OR (company_id IS NULL AND account_id = {OWN_ACCOUNT}))"

CLAIM = """
CREATE FUNCTION portal_claim_quote(
    p_company uuid, p_number text, p_token_hash bytea, p_now timestamptz
)
RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    v_quote uuid;
BEGIN
    -- Whoever holds the token may bring the quote into the company that it acts for, once.
    IF p_company IS DISTINCT FROM nullif(current_setting('app.company_id', true), '')::uuid THEN
        RAISE insufficient_privilege;
    END IF;
    UPDATE quotes q SET company_id = p_company, updated_at = p_now
     WHERE q.number = p_number AND q.token_hash = p_token_hash
       AND (q.company_id IS NULL OR q.company_id = p_company)
    RETURNING q.id INTO v_quote;
    RETURN v_quote;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "quotes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("catalogue_code", sa.Text(), nullable=False),
        sa.Column("wishes", postgresql.JSONB(), nullable=False),
        sa.Column("items", postgresql.JSONB(), nullable=False),
        sa.Column("coupon_code", sa.Text(), nullable=True),
        sa.Column("coupon_name_ko", sa.Text(), nullable=True),
        sa.Column("coupon_name_en", sa.Text(), nullable=True),
        sa.Column("coupon_discount", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("supply", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("quoted_on", sa.Date(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recipients", postgresql.JSONB(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "supply = amount - discount AND total = supply + vat", name=op.f("ck_quotes_sums")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_quotes_company_id")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_quotes_account_id")),
        sa.ForeignKeyConstraint(
            ["catalogue_code"], ["catalogue_versions.code"], name=op.f("fk_quotes_catalogue_code")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_quotes_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotes")),
        sa.UniqueConstraint("number", name=op.f("uq_quotes_number")),
        sa.UniqueConstraint("order_id", name=op.f("uq_quotes_order_id")),
    )
    for column in ("company_id", "account_id", "catalogue_code"):
        op.create_index(op.f(f"ix_quotes_{column}"), "quotes", [column])
    op.create_index("ix_quotes_page", "quotes", ["company_id", "created_at", "id"])
    op.create_index("ix_quotes_own_page", "quotes", ["account_id", "created_at", "id"])
    op.create_index(
        "ix_quotes_unmailed",
        "quotes",
        ["created_at"],
        postgresql_where=sa.text("mailed_at IS NULL"),
    )
    op.execute("ALTER TABLE quotes ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_rows ON quotes FOR ALL TO portal_api USING {ROWS} WITH CHECK {ROWS}"
    )
    op.execute(
        "CREATE POLICY all_rows ON quotes FOR ALL TO portal_system USING (true) WITH CHECK (true)"
    )
    # Of a quote nothing changes but what became of it.
    op.execute("GRANT SELECT, INSERT, UPDATE (order_id, updated_at) ON quotes TO portal_api")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON quotes TO portal_system")
    op.execute("CREATE SEQUENCE quote_numbers")
    op.execute("GRANT USAGE ON SEQUENCE quote_numbers TO portal_api, portal_system")
    op.execute(CLAIM)
    op.execute("REVOKE ALL ON FUNCTION portal_claim_quote FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION portal_claim_quote TO portal_api, portal_system")
    op.add_column("mails", sa.Column("quote_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("mails", "quote_id")
    op.execute("DROP FUNCTION portal_claim_quote")
    op.execute("DROP SEQUENCE quote_numbers")
    op.drop_table("quotes")
