"""Members are found by their name's keyed hash."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("name_index", sa.LargeBinary(), nullable=True))
    op.create_index(op.f("ix_accounts_name_index"), "accounts", ["name_index"])
    # Names of before are indexed by jobs, which have the key.
    op.create_index(
        "ix_accounts_unnamed",
        "accounts",
        ["id"],
        postgresql_where=sa.text("name IS NOT NULL AND name_index IS NULL"),
    )


def downgrade() -> None:
    op.drop_column("accounts", "name_index")
