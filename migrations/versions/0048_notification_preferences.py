"""What accounts want to be mailed about, and copies of mails to ADMINs who want them."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

OWN_ACCOUNT = "account_id = nullif(current_setting('app.account_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "notification_preferences",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("mail", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "topic IN ('ORDERS', 'MEMBERSHIPS', 'USAGE', 'INQUIRIES', 'SECURITY')",
            name=op.f("ck_notification_preferences_topic"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_notification_preferences_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "topic", name=op.f("pk_notification_preferences")),
    )
    op.execute("ALTER TABLE notification_preferences ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_rows ON notification_preferences FOR ALL TO portal_api"
        f" USING ({OWN_ACCOUNT}) WITH CHECK ({OWN_ACCOUNT})"
    )
    op.execute(
        "CREATE POLICY all_rows ON notification_preferences FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON notification_preferences TO portal_api")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON notification_preferences TO portal_system")
    op.add_column("mails", sa.Column("copy_of", sa.Uuid(), nullable=True))
    op.drop_constraint(op.f("ck_mails_state"), "mails")
    op.create_check_constraint(
        op.f("ck_mails_state"), "mails", "state IN ('QUEUED', 'SENT', 'FAILED', 'UNWANTED')"
    )


def downgrade() -> None:
    op.execute("UPDATE mails SET state = 'FAILED' WHERE state = 'UNWANTED'")
    op.drop_constraint(op.f("ck_mails_state"), "mails")
    op.create_check_constraint(
        op.f("ck_mails_state"), "mails", "state IN ('QUEUED', 'SENT', 'FAILED')"
    )
    op.drop_column("mails", "copy_of")
    op.drop_table("notification_preferences")
