"""담당자 변경 where the present one is gone: a case that waits for an objection, then a handover."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

BEFORE = "'BUSINESS_DOCUMENT', 'COMPANY_CLAIM', 'COMPANY_CHANGE', 'BANK_ACCOUNT_CHANGE'"


def upgrade() -> None:
    op.add_column("handovers", sa.Column("ci_hash", sa.LargeBinary(), nullable=True))
    op.add_column("cases", sa.Column("waits_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("cases", sa.Column("objection_hash", sa.LargeBinary(), nullable=True))
    op.add_column("cases", sa.Column("holder_answer", sa.Text(), nullable=True))
    op.create_index(
        "uq_cases_objection_hash",
        "cases",
        ["objection_hash"],
        unique=True,
        postgresql_where=sa.text("objection_hash IS NOT NULL"),
    )
    _check("kind", f"kind IN ({BEFORE}, 'ASSISTED_HANDOVER')")
    _check(
        "claimed",
        "(kind IN ('COMPANY_CLAIM', 'ASSISTED_HANDOVER')) = (subject_company_id IS NOT NULL)",
    )
    op.create_check_constraint(
        op.f("ck_cases_waits"), "cases", "(kind = 'ASSISTED_HANDOVER') = (waits_until IS NOT NULL)"
    )
    op.create_check_constraint(
        op.f("ck_cases_holder_answer"), "cases", "holder_answer IN ('AGREED', 'OBJECTED')"
    )


def downgrade() -> None:
    op.execute("DELETE FROM cases WHERE kind = 'ASSISTED_HANDOVER'")
    op.execute("DELETE FROM handovers WHERE ci_hash IS NOT NULL")
    op.drop_constraint(op.f("ck_cases_holder_answer"), "cases")
    op.drop_constraint(op.f("ck_cases_waits"), "cases")
    _check("claimed", "(kind = 'COMPANY_CLAIM') = (subject_company_id IS NOT NULL)")
    _check("kind", f"kind IN ({BEFORE})")
    op.drop_index("uq_cases_objection_hash", "cases")
    for column in ("holder_answer", "objection_hash", "waits_until"):
        op.drop_column("cases", column)
    op.drop_column("handovers", "ci_hash")


def _check(name: str, rule: str) -> None:
    op.drop_constraint(op.f(f"ck_cases_{name}"), "cases")
    op.create_check_constraint(op.f(f"ck_cases_{name}"), "cases", rule)
