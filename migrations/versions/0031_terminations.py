"""Terminations, refund accounts, and when a closed company is withdrawn by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"
MOMENT = sa.DateTime(timezone=True)


def _guard(table: str, api: str, system: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_rows ON {table} FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        f"CREATE POLICY all_rows ON {table} FOR ALL TO portal_system USING (true) WITH CHECK (true)"
    )
    op.execute(f"GRANT {api} ON {table} TO portal_api")
    op.execute(f"GRANT {system} ON {table} TO portal_system")


def _terminations() -> None:
    op.create_table(
        "terminations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("withdrawal", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in ("unused", "vat", "fee", "refund")),
        *(sa.Column(name, MOMENT) for name in ("due_at", "tell_due_at", "ended_at")),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "state IN ('REQUESTED', 'UNDONE', 'DONE')", name=op.f("ck_terminations_state")
        ),
        sa.CheckConstraint(
            "channel IN ('PORTAL', 'PHONE', 'MAIL', 'INQUIRY')",
            name=op.f("ck_terminations_channel"),
        ),
        sa.CheckConstraint(
            "reason IN ('NOT_NEEDED', 'PRICE', 'FUNCTIONS', 'ANOTHER_SERVICE', 'CLOSING_DOWN',"
            " 'OTHER')",
            name=op.f("ck_terminations_reason"),
        ),
        sa.CheckConstraint("received_on <= last_day", name=op.f("ck_terminations_days")),
        sa.CheckConstraint(
            "(state = 'REQUESTED') = (due_at IS NOT NULL)", name=op.f("ck_terminations_due")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_terminations_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_terminations_membership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terminations")),
    )
    for column in ("company_id", "membership_id"):
        op.create_index(op.f(f"ix_terminations_{column}"), "terminations", [column])
    op.create_index(
        "uq_terminations_open",
        "terminations",
        ["membership_id"],
        unique=True,
        postgresql_where=sa.text("state = 'REQUESTED'"),
    )
    for index, column in (("due", "due_at"), ("tell", "tell_due_at")):
        op.create_index(
            f"ix_terminations_{index}",
            "terminations",
            [column],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    _guard("terminations", "SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE")


def _refund_accounts() -> None:
    op.create_table(
        "refund_accounts",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("holder", sa.LargeBinary(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("usable_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_refund_accounts_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_accounts")),
    )
    op.create_index(op.f("ix_refund_accounts_company_id"), "refund_accounts", ["company_id"])
    op.create_index("ix_refund_accounts_of", "refund_accounts", ["company_id", "created_at"])
    op.create_index(
        "ix_refund_accounts_due",
        "refund_accounts",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    _guard("refund_accounts", "SELECT, INSERT", "SELECT, INSERT, UPDATE, DELETE")


def upgrade() -> None:
    _terminations()
    _refund_accounts()
    op.add_column("companies", sa.Column("withdraw_due_at", MOMENT))
    op.create_index(
        "ix_companies_withdraw_due",
        "companies",
        ["withdraw_due_at"],
        postgresql_where=sa.text("withdraw_due_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_companies_withdraw_due", "companies")
    op.drop_column("companies", "withdraw_due_at")
    op.drop_table("refund_accounts")
    op.drop_table("terminations")
