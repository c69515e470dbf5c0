"""변경 신청, the monthly look at the tax service, and addresses that are given part by part."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

PARTS = ("postcode", "road_address", "business_type", "business_class")


def upgrade() -> None:
    op.drop_constraint(op.f("ck_cases_kind"), "cases")
    op.create_check_constraint(
        op.f("ck_cases_kind"),
        "cases",
        "kind IN ('BUSINESS_DOCUMENT', 'COMPANY_CLAIM', 'COMPANY_CHANGE')",
    )
    op.add_column("cases", sa.Column("wanted", sa.LargeBinary(), nullable=True))
    op.add_column("cases", sa.Column("apply_due_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_cases_apply_due",
        "cases",
        ["apply_due_at"],
        postgresql_where=sa.text("apply_due_at IS NOT NULL"),
    )
    for column in ("status_checked_at", "status_due_at"):
        op.add_column("companies", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE companies SET status_due_at = verified_at + interval '30 days'"
        " WHERE withdrawn_at IS NULL"
    )
    op.create_index(
        "ix_companies_status_due",
        "companies",
        ["status_due_at"],
        postgresql_where=sa.text("status_due_at IS NOT NULL AND withdrawn_at IS NULL"),
    )
    for column in PARTS:
        op.alter_column("tax_invoice_contacts", column, nullable=True)


def downgrade() -> None:
    for column in PARTS:
        op.execute(f"UPDATE tax_invoice_contacts SET {column} = '-' WHERE {column} IS NULL")
        op.alter_column("tax_invoice_contacts", column, nullable=False)
    op.drop_index("ix_companies_status_due", "companies")
    op.drop_column("companies", "status_due_at")
    op.drop_column("companies", "status_checked_at")
    op.drop_index("ix_cases_apply_due", "cases")
    op.drop_column("cases", "apply_due_at")
    op.drop_column("cases", "wanted")
    op.execute("DELETE FROM cases WHERE kind = 'COMPANY_CHANGE'")
    op.drop_constraint(op.f("ck_cases_kind"), "cases")
    op.create_check_constraint(
        op.f("ck_cases_kind"), "cases", "kind IN ('BUSINESS_DOCUMENT', 'COMPANY_CLAIM')"
    )
