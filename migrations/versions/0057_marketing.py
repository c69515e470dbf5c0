"""Advertising: when a consent is asked for again, and the operator's campaigns."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.add_column("consents", sa.Column("renewal_due_at", time, nullable=True))
    op.execute(
        "UPDATE consents c SET renewal_due_at = c.given_at + interval '700 days'"
        " WHERE c.kind = 'MARKETING' AND c.agreed AND c.erase_due_at IS NULL AND NOT EXISTS ("
        "   SELECT FROM consents n WHERE n.account_id = c.account_id AND n.kind = 'MARKETING'"
        "   AND n.erase_due_at IS NULL AND (n.given_at, n.id) > (c.given_at, c.id))"
    )
    op.create_index(
        "ix_consents_renewal_due",
        "consents",
        ["renewal_due_at"],
        postgresql_where=sa.text("renewal_due_at IS NOT NULL"),
    )
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("subject_ko", sa.Text(), nullable=False),
        sa.Column("body_ko", sa.Text(), nullable=False),
        sa.Column("subject_en", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("sent_by", sa.Text(), nullable=True),
        sa.Column("stopped_by", sa.Text(), nullable=True),
        sa.Column("last_account_id", sa.Uuid(), nullable=True),
        sa.Column("all_queued", sa.Boolean(), nullable=False),
        sa.Column("due_at", time, nullable=True),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("started_at", time, nullable=True),
        sa.Column("ended_at", time, nullable=True),
        sa.Column("created_at", time, nullable=False),
        sa.Column("updated_at", time, nullable=False),
        sa.CheckConstraint(
            "audience IN ('ALL', 'SUPER_ADMINS', 'FREE_PLAN')", name=op.f("ck_campaigns_audience")
        ),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'SENDING', 'SENT', 'STOPPED')", name=op.f("ck_campaigns_state")
        ),
        sa.CheckConstraint(
            "due_at IS NULL OR state IN ('SENDING', 'STOPPED')", name=op.f("ck_campaigns_due")
        ),
        sa.CheckConstraint("sent + skipped <= queued", name=op.f("ck_campaigns_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_index("ix_campaigns_page", "campaigns", ["created_at", "id"])
    op.create_index(
        "ix_campaigns_due",
        "campaigns",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.add_column("mails", sa.Column("campaign_id", sa.Uuid(), nullable=True))
    op.create_index(
        "uq_mails_campaign",
        "mails",
        ["campaign_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("campaign_id IS NOT NULL"),
    )
    op.execute("ALTER TABLE campaigns ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY all_rows ON campaigns FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON campaigns TO portal_system")


def downgrade() -> None:
    op.drop_index("uq_mails_campaign", "mails")
    op.drop_column("mails", "campaign_id")
    op.drop_table("campaigns")
    op.drop_index("ix_consents_renewal_due", "consents")
    op.drop_column("consents", "renewal_due_at")
