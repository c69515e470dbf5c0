"""Hot reads: indexes that name the company and the parent, and one row expected of the principal.

Row-level security adds the company to every condition. With an index of the company alone beside
one of the parent, PostgreSQL may read all of a company's items for each of its orders.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OF_PARENT = (
    ("order_items", "order_id"),
    ("order_lines", "item_id"),
    ("order_events", "order_id"),
    ("segments", "order_item_id"),
)
PRINCIPAL = "portal_principal(uuid, uuid, timestamptz)"


def upgrade() -> None:
    """A thousand rows, which is what PostgreSQL expects of a function, would be worth compiling
    the statement for (JIT)."""
    for table, parent in OF_PARENT:
        op.create_index(f"ix_{table}_company_id_{parent}", table, ["company_id", parent])
        op.drop_index(f"ix_{table}_company_id", table)
    op.create_index(
        "ix_orders_unpaid", "orders", ["company_id"], postgresql_where="status = 'PENDING_PAYMENT'"
    )
    op.execute(f"ALTER FUNCTION {PRINCIPAL} ROWS 1")


def downgrade() -> None:
    op.execute(f"ALTER FUNCTION {PRINCIPAL} ROWS 1000")
    op.drop_index("ix_orders_unpaid", "orders")
    for table, parent in OF_PARENT:
        op.create_index(f"ix_{table}_company_id", table, ["company_id"])
        op.drop_index(f"ix_{table}_company_id_{parent}", table)
