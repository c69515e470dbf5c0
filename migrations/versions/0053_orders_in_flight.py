"""Orders that something is still done for, counted for /metrics by their index."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

IN_FLIGHT = "status IN ('PAID', 'PROVISIONING', 'PARTIALLY_COMPLETED', 'PROVISIONING_FAILED')"


def upgrade() -> None:
    op.create_index(
        "ix_orders_in_flight", "orders", ["status"], postgresql_where=sa.text(IN_FLIGHT)
    )


def downgrade() -> None:
    op.drop_index("ix_orders_in_flight", "orders")
