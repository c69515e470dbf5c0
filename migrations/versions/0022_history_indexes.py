"""Filters of the order history that name few of many orders are found by an index, in its order."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("status", "kind"):
        op.create_index(
            f"ix_orders_{column}_page", "orders", ["company_id", column, "created_at", "id"]
        )


def downgrade() -> None:
    for column in ("status", "kind"):
        op.drop_index(f"ix_orders_{column}_page", "orders")
