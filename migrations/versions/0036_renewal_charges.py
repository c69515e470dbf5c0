"""Charges of renewals: what comes next, as it is shown, and consents to higher prices."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"
COLUMNS = (
    ("charge_step", sa.Text()),
    ("charge_on", sa.Date()),
    ("charge_amount", sa.BigInteger()),
    ("charge_state", sa.Text()),
)


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("membership_schedules", sa.Column(name, kind, nullable=True))
    op.create_table(
        "price_consents",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("term_starts_on", sa.Date(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_price_consents_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_price_consents_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_price_consents_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_price_consents_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_consents")),
    )
    for columns in (["account_id"], ["company_id"], ["order_id"]):
        name = op.f(f"ix_price_consents_{columns[0]}")
        op.create_index(name, "price_consents", columns)
    op.create_index(
        op.f("ix_price_consents_membership_id_term_starts_on"),
        "price_consents",
        ["membership_id", "term_starts_on"],
    )
    op.execute("ALTER TABLE price_consents ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_rows ON price_consents FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        "CREATE POLICY all_rows ON price_consents FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT, INSERT ON price_consents TO portal_api, portal_system")


def downgrade() -> None:
    op.drop_table("price_consents")
    for name, _ in reversed(COLUMNS):
        op.drop_column("membership_schedules", name)
