"""Contracts: held lines, anchors, the day that prices are of, and the credit balance."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"


def _guard(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_rows ON {table} FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        f"CREATE POLICY all_rows ON {table} FOR ALL TO portal_system USING (true) WITH CHECK (true)"
    )


def _columns() -> None:
    op.add_column("orders", sa.Column("priced_on", sa.Date(), nullable=True))
    op.execute("UPDATE orders SET priced_on = ordered_on")
    op.alter_column("orders", "priced_on", nullable=False)
    op.add_column("order_items", sa.Column("applied_on", sa.Date(), nullable=True))
    op.add_column("order_items", sa.Column("expires_on", sa.Date(), nullable=True))
    op.execute(
        "UPDATE order_items i SET applied_on = g.starts_on, expires_on = g.ends_on"
        " FROM segments g WHERE g.order_item_id = i.id"
    )
    op.add_column(
        "order_lines", sa.Column("days", sa.Integer(), server_default="0", nullable=False)
    )
    op.alter_column("order_lines", "days", server_default=None)
    op.add_column("order_lines", sa.Column("days_of", sa.Integer(), nullable=True))
    op.add_column("memberships", sa.Column("anchor_on", sa.Date(), nullable=True))
    op.execute("UPDATE memberships SET anchor_on = starts_on")
    op.alter_column("memberships", "anchor_on", nullable=False)
    op.add_column(
        "memberships",
        sa.Column("setup_paid", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.execute(
        "UPDATE memberships m SET setup_paid = coalesce((SELECT sum(l.amount) FROM order_lines l"
        " JOIN order_items i ON i.id = l.item_id WHERE i.membership_id = m.id"
        " AND i.state = 'COMPLETED' AND l.kind = 'SETUP'), 0)"
    )
    op.alter_column("segments", "order_item_id", nullable=True)
    op.add_column("segments", sa.Column("ended_on", sa.Date(), nullable=True))


def _held_lines() -> None:
    op.create_table(
        "held_lines",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("monthly", sa.BigInteger(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("net >= 0 AND first_day <= last_day", name=op.f("ck_held_lines_sold")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_held_lines_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_held_lines_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_held_lines_order_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_lines")),
        sa.UniqueConstraint("order_line_id", name=op.f("uq_held_lines_order_line_id")),
    )
    op.create_index(op.f("ix_held_lines_membership_id"), "held_lines", ["membership_id"])
    op.create_index(
        op.f("ix_held_lines_company_id_membership_id_first_day"),
        "held_lines",
        ["company_id", "membership_id", "first_day"],
    )
    op.execute(
        "INSERT INTO held_lines (company_id, membership_id, order_line_id, code, quantity,"
        " unit_price, net, monthly, first_day, last_day, created_at)"
        " SELECT l.company_id, g.membership_id, l.id, l.code, l.quantity, l.unit_price, l.net,"
        " round((l.amount - CASE l.kind WHEN 'LICENCE' THEN coalesce((SELECT"
        "   sum((d ->> 'amount')::bigint) FROM jsonb_array_elements(i.discounts) d"
        "   WHERE d ->> 'kind' = 'VOLUME'), 0) ELSE 0 END)::numeric / l.months),"
        " g.starts_on, g.ends_on, g.created_at"
        " FROM order_lines l JOIN order_items i ON i.id = l.item_id"
        " JOIN segments g ON g.order_item_id = i.id WHERE l.months > 0 AND i.state = 'COMPLETED'"
    )
    _guard("held_lines")
    op.execute("GRANT SELECT ON held_lines TO portal_api")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON held_lines TO portal_system")


def _credit() -> None:
    op.create_table(
        "credit_entries",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_item_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('NOT_SERVED', 'CHANGE', 'NOT_DELIVERED')",
            name=op.f("ck_credit_entries_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_credit_entries_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_credit_entries_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_item_id"], ["order_items.id"], name=op.f("fk_credit_entries_order_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_entries")),
    )
    for column in ("company_id", "order_item_id"):
        op.create_index(op.f(f"ix_credit_entries_{column}"), "credit_entries", [column])
    op.create_index("ix_credit_entries_page", "credit_entries", ["company_id", "created_at", "id"])
    op.create_index(
        "uq_credit_entries_once",
        "credit_entries",
        ["order_id", "order_item_id", "kind"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    _guard("credit_entries")
    op.execute("GRANT SELECT ON credit_entries TO portal_api")
    op.execute("GRANT SELECT, INSERT ON credit_entries TO portal_system")


def upgrade() -> None:
    _columns()
    _held_lines()
    _credit()


def downgrade() -> None:
    op.drop_table("credit_entries")
    op.drop_table("held_lines")
    op.drop_column("segments", "ended_on")
    op.execute("DELETE FROM segments WHERE order_item_id IS NULL")
    op.alter_column("segments", "order_item_id", nullable=False)
    for column in ("setup_paid", "anchor_on"):
        op.drop_column("memberships", column)
    for column in ("days_of", "days"):
        op.drop_column("order_lines", column)
    for column in ("expires_on", "applied_on"):
        op.drop_column("order_items", column)
    op.drop_column("orders", "priced_on")
