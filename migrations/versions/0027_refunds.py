"""Refunds are rows; money that had to go back becomes one. Failed items are due a day later."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"
STATES = "'REQUESTED', 'SENT', 'DONE', 'MANUAL_REQUIRED'"
REASONS = (
    "'NOT_MATCHING', 'ORDER_CLOSED', 'NOT_DELIVERED', 'OPENING_FAILED', 'TERMINATION',"
    " 'WITHDRAWAL', 'AT_PROVIDER'"
)


def _refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("cancellation_id", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "destination IN ('PROVIDER', 'ACCOUNT', 'CREDIT')",
            name=op.f("ck_refunds_destination"),
        ),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_refunds_state")),
        sa.CheckConstraint(f"reason IN ({REASONS})", name=op.f("ck_refunds_reason")),
        sa.CheckConstraint(
            "amount >= 0 AND vat >= 0 AND vat <= amount", name=op.f("ck_refunds_parts")
        ),
        sa.CheckConstraint(
            "(state = 'DONE') = (done_at IS NOT NULL)", name=op.f("ck_refunds_done")
        ),
        sa.CheckConstraint(
            "destination <> 'PROVIDER' OR payment_id IS NOT NULL", name=op.f("ck_refunds_way")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_refunds_company_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_refunds_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    for column in ("company_id", "order_id"):
        op.create_index(op.f(f"ix_refunds_{column}"), "refunds", [column])
    op.create_index("ix_refunds_page", "refunds", ["company_id", "created_at", "id"])
    op.create_index(
        "ix_refunds_due", "refunds", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_index(
        "ix_refunds_by_hand",
        "refunds",
        ["created_at", "id"],
        postgresql_where=sa.text("state = 'MANUAL_REQUIRED'"),
    )
    op.create_index(
        "uq_refunds_cancellation", "refunds", ["payment_id", "cancellation_id"], unique=True
    )
    op.execute("ALTER TABLE refunds ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_rows ON refunds FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        "CREATE POLICY all_rows ON refunds FOR ALL TO portal_system USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT ON refunds TO portal_api")
    op.execute("GRANT SELECT, INSERT, UPDATE ON refunds TO portal_system")


def upgrade() -> None:
    _refunds()
    op.execute(
        "INSERT INTO refunds (company_id, order_id, payment_id, destination, reason, state,"
        " amount, vat, attempts, due_at, requested_by, created_at, updated_at)"
        " SELECT company_id, order_id, id, 'PROVIDER',"
        " CASE WHEN paid_at IS NULL THEN 'NOT_MATCHING' ELSE 'NOT_DELIVERED' END, 'REQUESTED',"
        " refund_due, least(vat, refund_due), 0, updated_at, 'system', updated_at, updated_at"
        " FROM payments WHERE status = 'REFUND_DUE'"
    )
    op.execute("UPDATE payments SET check_due_at = NULL WHERE status = 'REFUND_DUE'")
    op.drop_column("payments", "refund_due")
    op.create_index(
        "ix_order_items_unattended",
        "order_items",
        ["due_at"],
        postgresql_where=sa.text("state = 'FAILED' AND due_at IS NOT NULL"),
    )
    op.execute(
        "UPDATE order_items SET due_at = failed_at + interval '1 day' WHERE state = 'FAILED'"
    )


def downgrade() -> None:
    op.execute("UPDATE order_items SET due_at = NULL WHERE state = 'FAILED'")
    op.drop_index("ix_order_items_unattended", "order_items")
    op.add_column(
        "payments", sa.Column("refund_due", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.alter_column("payments", "refund_due", server_default=None)
    op.execute(
        "UPDATE payments p SET refund_due = r.amount, check_due_at = r.updated_at"
        " FROM (SELECT payment_id, sum(amount) AS amount, max(updated_at) AS updated_at"
        "   FROM refunds WHERE state <> 'DONE' GROUP BY payment_id) r"
        " WHERE r.payment_id = p.id AND p.status = 'REFUND_DUE'"
    )
    op.drop_table("refunds")
