"""What an order on terms asks for no more, since a part of it is not served (CLAIM)."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_BEFORE = "'PROVIDER', 'ACCOUNT', 'CREDIT'"


def upgrade() -> None:
    for name in ("claim_reduced", "claim_reduced_vat"):
        op.add_column(
            "orders", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
        )
    op.create_check_constraint(
        op.f("ck_orders_claim"),
        "orders",
        "claim_reduced BETWEEN 0 AND greatest(total, 0) - credit_used"
        " AND claim_reduced_vat BETWEEN 0 AND claim_reduced",
    )
    _destinations(f"{_BEFORE}, 'CLAIM'")


def downgrade() -> None:
    op.execute("UPDATE refunds SET destination = 'ACCOUNT' WHERE destination = 'CLAIM'")
    _destinations(_BEFORE)
    op.drop_constraint(op.f("ck_orders_claim"), "orders")
    op.drop_column("orders", "claim_reduced_vat")
    op.drop_column("orders", "claim_reduced")


def _destinations(values: str) -> None:
    op.drop_constraint(op.f("ck_refunds_destination"), "refunds")
    op.create_check_constraint(
        op.f("ck_refunds_destination"), "refunds", f"destination IN ({values})"
    )
