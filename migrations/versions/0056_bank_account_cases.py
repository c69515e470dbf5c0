"""A 환불 계좌 that the bank cannot be asked about is a case of the operator's queue."""

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

BEFORE = "'BUSINESS_DOCUMENT', 'COMPANY_CLAIM', 'COMPANY_CHANGE'"


def upgrade() -> None:
    _kinds(f"{BEFORE}, 'BANK_ACCOUNT_CHANGE'")


def downgrade() -> None:
    op.execute("DELETE FROM cases WHERE kind = 'BANK_ACCOUNT_CHANGE'")
    _kinds(BEFORE)


def _kinds(listed: str) -> None:
    op.drop_constraint(op.f("ck_cases_kind"), "cases")
    op.create_check_constraint(op.f("ck_cases_kind"), "cases", f"kind IN ({listed})")
