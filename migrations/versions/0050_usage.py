"""Usage by day, what was told of it, and the switch 경리회계 that the groupware refused."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"


def upgrade() -> None:
    op.add_column(
        "sites", sa.Column("put_failed", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("sites", sa.Column("usage_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sites", sa.Column("usage_told", sa.dialects.postgresql.JSONB(), nullable=True))
    op.create_index(
        "ix_sites_usage_due",
        "sites",
        ["usage_due_at"],
        postgresql_where=sa.text("usage_due_at IS NOT NULL"),
    )
    op.create_table(
        "site_usage_days",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("users", sa.Integer(), nullable=False),
        sa.Column("users_contracted", sa.Integer(), nullable=False),
        sa.Column("account_bytes", sa.BigInteger(), nullable=False),
        sa.Column("public_bytes", sa.BigInteger(), nullable=False),
        sa.Column("storage_contracted_bytes", sa.BigInteger(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_site_usage_days_site_id")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_site_usage_days_company_id")
        ),
        sa.PrimaryKeyConstraint("site_id", "day", name=op.f("pk_site_usage_days")),
    )
    for column in ("company_id", "measured_at"):
        op.create_index(op.f(f"ix_site_usage_days_{column}"), "site_usage_days", [column])
    op.execute("ALTER TABLE site_usage_days ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_rows ON site_usage_days FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        "CREATE POLICY all_rows ON site_usage_days FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON site_usage_days TO portal_api")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON site_usage_days TO portal_system")


def downgrade() -> None:
    op.drop_table("site_usage_days")
    op.drop_index("ix_sites_usage_due", "sites")
    op.drop_column("sites", "usage_told")
    op.drop_column("sites", "usage_due_at")
    op.drop_column("sites", "put_failed")
