"""알림 in the portal."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

OWN_ACCOUNT = "account_id = nullif(current_setting('app.account_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_notifications_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
    )
    op.create_index("ix_notifications_page", "notifications", ["account_id", "created_at", "id"])
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["account_id"],
        postgresql_where="read_at IS NULL",
    )
    op.create_index(op.f("ix_notifications_created_at"), "notifications", ["created_at"])
    op.execute("ALTER TABLE notifications ENABLE ROW LEVEL SECURITY")
    # Whoever acts may cause news for somebody else; reading and marking it is the account's own.
    op.execute(
        "CREATE POLICY own_rows ON notifications FOR ALL TO portal_api"
        f" USING ({OWN_ACCOUNT}) WITH CHECK (true)"
    )
    op.execute(
        "CREATE POLICY all_rows ON notifications FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT, INSERT ON notifications TO portal_api")
    op.execute("GRANT UPDATE (read_at) ON notifications TO portal_api")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON notifications TO portal_system")


def downgrade() -> None:
    op.drop_table("notifications")
