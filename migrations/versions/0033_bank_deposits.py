"""What comes to our own bank account, and what of a payment has come by now."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bank_deposits",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reference", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('OPEN', 'MATCHED', 'REJECTED')", name=op.f("ck_bank_deposits_state")
        ),
        sa.CheckConstraint(
            "source IN ('OPERATOR', 'STATEMENT')", name=op.f("ck_bank_deposits_source")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_bank_deposits_amount")),
        sa.CheckConstraint(
            "(state = 'OPEN') = (decided_at IS NULL)", name=op.f("ck_bank_deposits_decided")
        ),
        sa.CheckConstraint(
            "(state = 'MATCHED') = (payment_id IS NOT NULL)", name=op.f("ck_bank_deposits_matched")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_bank_deposits_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_deposits")),
        sa.UniqueConstraint("reference", name=op.f("uq_bank_deposits_reference")),
    )
    op.create_index(op.f("ix_bank_deposits_payment_id"), "bank_deposits", ["payment_id"])
    op.create_index("ix_bank_deposits_page", "bank_deposits", ["state", "at", "id"])
    op.create_index(
        "ix_bank_deposits_names",
        "bank_deposits",
        ["at"],
        postgresql_where=sa.text("name IS NOT NULL"),
    )
    # Nobody's rows: the API's role has no business with them.
    op.execute("GRANT SELECT, INSERT, UPDATE ON bank_deposits TO portal_system")
    op.add_column(
        "payments",
        sa.Column("received", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.create_index(
        "ix_payments_part_paid",
        "payments",
        ["id"],
        postgresql_where=sa.text("received > 0 AND status = 'CANCELLED'"),
    )
    op.add_column(
        "refunds",
        sa.Column("came_to", sa.Text(), server_default=sa.text("'PROVIDER'"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_refunds_came_to"), "refunds", "came_to IN ('PROVIDER', 'BANK', 'RECEIVABLE')"
    )


def downgrade() -> None:
    op.drop_column("refunds", "came_to")
    op.drop_index("ix_payments_part_paid", "payments")
    op.drop_column("payments", "received")
    op.drop_table("bank_deposits")
