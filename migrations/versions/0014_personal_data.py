"""Personal data: what is erased and when is found by an index, and mails by whom they are about."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INDEXES: tuple[tuple[str, str, str, str | None], ...] = (
    ("ix_accounts_erase_due", "accounts", "erase_due_at", "erase_due_at IS NOT NULL"),
    ("ix_consents_erase_due", "consents", "erase_due_at", "erase_due_at IS NOT NULL"),
    ("ix_business_verifications_expires_at", "business_verifications", "expires_at", None),
    ("ix_identity_verifications_expires_at", "identity_verifications", "expires_at", None),
    ("ix_email_verifications_expires_at", "email_verifications", "expires_at", None),
    ("ix_sessions_expires_at", "sessions", "expires_at", None),
    ("ix_known_devices_last_seen_at", "known_devices", "last_seen_at", None),
    ("ix_sign_in_failures_last_failed_at", "sign_in_failures", "last_failed_at", None),
    ("ix_received_webhooks_bodies", "received_webhooks", "received_at", "payload <> '{}'"),
    ("ix_received_webhooks_received_at", "received_webhooks", "received_at", None),
    ("ix_mails_company_id", "mails", "company_id", None),
    ("ix_mails_account_id", "mails", "account_id", None),
    ("ix_mails_about", "mails", "about_account_id", "about_account_id IS NOT NULL"),
    ("ix_mails_recipient_index", "mails", "recipient_index", None),
    ("ix_mails_created_at", "mails", "created_at", None),
    ("ix_corporate_invitations_email", "corporate_invitations", "email_index", None),
    (
        "ix_corporate_invitations_asked_for",
        "corporate_invitations",
        "expires_at",
        "site_id IS NOT NULL",
    ),
    ("ix_invitations_email", "invitations", "email_index", None),
    ("ix_invitations_ended", "invitations", "expires_at", "state <> 'ACCEPTED'"),
    ("ix_handovers_expires_at", "handovers", "expires_at", None),
    ("ix_companies_withdrawn", "companies", "withdrawn_at", "representative IS NOT NULL"),
    (
        "ix_payments_payers",
        "payments",
        "paid_at",
        "coalesce(issuer, last4, receipt_url) IS NOT NULL",
    ),
)


def upgrade() -> None:
    op.add_column("accounts", sa.Column("erase_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("consents", sa.Column("erase_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("mails", sa.Column("about_account_id", sa.Uuid(), nullable=True))
    op.add_column("mails", sa.Column("recipient_index", sa.LargeBinary(), nullable=True))
    op.alter_column("sites", "admin_login_id", nullable=True)
    for name, table, column, where in INDEXES:
        op.create_index(name, table, [column], postgresql_where=sa.text(where) if where else None)
    # Who left before there was an erasure is erased now.
    op.execute("UPDATE accounts SET erase_due_at = withdrawn_at WHERE status = 'WITHDRAWN'")


def downgrade() -> None:
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)
    op.execute("UPDATE sites SET admin_login_id = '' WHERE admin_login_id IS NULL")
    op.alter_column("sites", "admin_login_id", nullable=False)
    op.drop_column("mails", "recipient_index")
    op.drop_column("mails", "about_account_id")
    op.drop_column("consents", "erase_due_at")
    op.drop_column("accounts", "erase_due_at")
