"""Workbooks of the order history: made by a job, kept for a day, read by whoever asked for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OWN_COMPANY = "company_id = nullif(current_setting('app.company_id', true), '')::uuid"
OWN_ACCOUNT = "account_id = nullif(current_setting('app.account_id', true), '')::uuid"
OWN_WORKBOOKS = f"{OWN_COMPANY} AND {OWN_ACCOUNT}"


def upgrade() -> None:
    op.create_table(
        "order_workbooks",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("filters", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('WAITING', 'READY', 'FAILED')", name=op.f("ck_order_workbooks_state")
        ),
        sa.CheckConstraint(
            "(state = 'READY') = (size IS NOT NULL AND rows IS NOT NULL)",
            name=op.f("ck_order_workbooks_whole"),
        ),
        sa.CheckConstraint(
            "(state = 'WAITING') = (due_at IS NOT NULL)", name=op.f("ck_order_workbooks_waiting")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_order_workbooks_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_order_workbooks_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_workbooks")),
    )
    op.create_index(op.f("ix_order_workbooks_company_id"), "order_workbooks", ["company_id"])
    op.create_index("ix_order_workbooks_of", "order_workbooks", ["account_id", "created_at"])
    op.create_index("ix_order_workbooks_expires_at", "order_workbooks", ["expires_at"])
    op.create_index(
        "ix_order_workbooks_due",
        "order_workbooks",
        ["due_at"],
        postgresql_where=sa.text("state = 'WAITING'"),
    )
    op.create_table(
        "order_workbook_parts",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("workbook_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_order_workbook_parts_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["workbook_id"],
            ["order_workbooks.id"],
            name=op.f("fk_order_workbook_parts_workbook_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_workbook_parts")),
        sa.UniqueConstraint(
            "workbook_id", "position", name=op.f("uq_order_workbook_parts_workbook_id_position")
        ),
    )
    op.create_index(
        op.f("ix_order_workbook_parts_company_id_workbook_id"),
        "order_workbook_parts",
        ["company_id", "workbook_id"],
    )
    # It is compressed already.
    op.execute("ALTER TABLE order_workbook_parts ALTER COLUMN content SET STORAGE EXTERNAL")
    for table, own in (("order_workbooks", OWN_WORKBOOKS), ("order_workbook_parts", OWN_COMPANY)):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_rows ON {table} FOR ALL TO portal_api USING ({own})"
            f" WITH CHECK ({own})"
        )
        op.execute(
            f"CREATE POLICY all_rows ON {table} FOR ALL TO portal_system USING (true)"
            " WITH CHECK (true)"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_system")
    # Whoever asks reads what came of it, and writes none of it.
    op.execute("GRANT SELECT, INSERT ON order_workbooks TO portal_api")
    op.execute("GRANT SELECT ON order_workbook_parts TO portal_api")


def downgrade() -> None:
    op.drop_table("order_workbook_parts")
    op.drop_table("order_workbooks")
