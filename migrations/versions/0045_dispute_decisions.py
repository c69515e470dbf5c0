"""What card companies decided of payments that were denied."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"
TABLE = "dispute_decisions"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.CheckConstraint("outcome IN ('WON', 'LOST')", name=op.f(f"ck_{TABLE}_outcome")),
        sa.CheckConstraint(
            "(outcome = 'LOST') = (amount > 0) AND amount >= 0", name=op.f(f"ck_{TABLE}_taken")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f(f"fk_{TABLE}_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f(f"fk_{TABLE}_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint(
            "payment_id",
            "outcome",
            "decided_on",
            name=op.f(f"uq_{TABLE}_payment_id_outcome_decided_on"),
        ),
    )
    op.create_index(op.f(f"ix_{TABLE}_company_id"), TABLE, ["company_id"])
    op.create_index(
        f"uq_{TABLE}_lost",
        TABLE,
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("outcome = 'LOST'"),
    )
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_rows ON {TABLE} FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        f"CREATE POLICY all_rows ON {TABLE} FOR ALL TO portal_system USING (true) WITH CHECK (true)"
    )
    op.execute(f"GRANT SELECT ON {TABLE} TO portal_api")
    op.execute(f"GRANT SELECT, INSERT ON {TABLE} TO portal_system")


def downgrade() -> None:
    op.drop_table(TABLE)
