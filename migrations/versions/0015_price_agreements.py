"""Price agreements, and the agreed prices that an order was priced with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "price_agreements",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=True),
        sa.Column("unit_prices", postgresql.JSONB(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_price_agreements_days")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_price_agreements_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_price_agreements_membership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_agreements")),
    )
    for column in ("company_id", "membership_id"):
        op.create_index(op.f(f"ix_price_agreements_{column}"), "price_agreements", [column])
    op.execute("ALTER TABLE price_agreements ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_rows ON price_agreements FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        "CREATE POLICY all_rows ON price_agreements FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    # A company sees its own and makes none; what was agreed is never changed, only ended.
    op.execute("GRANT SELECT ON price_agreements TO portal_api")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (ended_at, ended_by) ON price_agreements TO portal_system"
    )
    op.add_column("order_items", sa.Column("agreed_prices", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("order_items", "agreed_prices")
    op.drop_table("price_agreements")
