"""Coming from the groupware; links that are asked about again."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """`sso_logins` is closed to the API's role: nobody reads one who is not signed in yet."""
    op.create_table(
        "sso_logins",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("target_uri", sa.Text(), nullable=False),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("cookie_hash", sa.LargeBinary(), nullable=False),
        sa.Column("verifier", sa.LargeBinary(), nullable=True),
        sa.Column("nonce", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exchanged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("site_admin", sa.Boolean(), nullable=True),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("ticket_hash", sa.LargeBinary(), nullable=True),
        sa.Column("ticket_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ticket_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_sso_logins_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sso_logins")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_sso_logins_state_hash")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_sso_logins_code_hash")),
        sa.UniqueConstraint("ticket_hash", name=op.f("uq_sso_logins_ticket_hash")),
    )
    op.create_index("ix_sso_logins_expires_at", "sso_logins", ["expires_at"])
    op.create_index("ix_sso_logins_site_id", "sso_logins", ["site_id"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON sso_logins TO portal_system")
    op.add_column("groupware_links", sa.Column("due_at", sa.DateTime(timezone=True)))
    op.add_column("groupware_links", sa.Column("lapsed_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE groupware_links SET due_at = confirmed_at + interval '1 day'")
    op.create_index("ix_groupware_links_due_at", "groupware_links", ["due_at"])


def downgrade() -> None:
    op.drop_column("groupware_links", "lapsed_at")
    op.drop_column("groupware_links", "due_at")
    op.drop_table("sso_logins")
