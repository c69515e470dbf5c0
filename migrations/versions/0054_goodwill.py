"""Goodwill grants, two operators for refunds by hand, and what operators' keys were answered."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "goodwill_grants",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("users", sa.Integer(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", time, nullable=True),
        sa.Column("due_at", time, nullable=True),
        sa.Column("created_at", time, nullable=False),
        sa.Column("updated_at", time, nullable=False),
        sa.CheckConstraint("kind IN ('CREDIT', 'USERS')", name=op.f("ck_goodwill_grants_kind")),
        sa.CheckConstraint(
            "state IN ('WAITING', 'GIVEN', 'REFUSED', 'ENDED')",
            name=op.f("ck_goodwill_grants_state"),
        ),
        sa.CheckConstraint(
            "(kind = 'CREDIT') = (amount IS NOT NULL) AND (kind = 'USERS') = (users IS NOT NULL)"
            " AND (users IS NULL) = (membership_id IS NULL)"
            " AND (users IS NULL) = (last_day IS NULL) AND coalesce(amount, users) > 0",
            name=op.f("ck_goodwill_grants_what"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_goodwill_grants_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_goodwill_grants_membership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goodwill_grants")),
    )
    for column in ("company_id", "membership_id"):
        op.create_index(op.f(f"ix_goodwill_grants_{column}"), "goodwill_grants", [column])
    op.create_index("ix_goodwill_grants_page", "goodwill_grants", ["state", "created_at", "id"])
    op.create_index(
        "ix_goodwill_grants_due",
        "goodwill_grants",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "operator_keys",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", time, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_keys")),
        sa.UniqueConstraint(
            "operator", "operation", "key", name=op.f("uq_operator_keys_operator_operation_key")
        ),
    )
    op.create_index(op.f("ix_operator_keys_expires_at"), "operator_keys", ["expires_at"])
    op.add_column("refunds", sa.Column("approved_by", sa.Text(), nullable=True))
    for table in ("goodwill_grants", "operator_keys"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY all_rows ON {table} FOR ALL TO portal_system"
            " USING (true) WITH CHECK (true)"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_system")


def downgrade() -> None:
    op.drop_column("refunds", "approved_by")
    op.drop_table("operator_keys")
    op.drop_table("goodwill_grants")
