"""Known devices, sign-in history, verified e-mail addresses, and what an account tells of itself."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OWN_ACCOUNT = "account_id = nullif(current_setting('app.account_id', true), '')::uuid"


def upgrade() -> None:
    for column in ("department", "position", "landline"):
        op.add_column("accounts", sa.Column(column, sa.LargeBinary(), nullable=True))
    op.add_column(
        "accounts", sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_table(
        "known_devices",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_known_devices_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_devices")),
        sa.UniqueConstraint(
            "token_hash", "account_id", name=op.f("uq_known_devices_token_hash_account_id")
        ),
    )
    op.create_index(op.f("ix_known_devices_account_id"), "known_devices", ["account_id"])
    op.add_column("sessions", sa.Column("known_device_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_sessions_known_device_id"),
        "sessions",
        "known_devices",
        ["known_device_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index(op.f("ix_sessions_known_device_id"), "sessions", ["known_device_id"])
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('SIGNED_IN', 'WRONG_PASSWORD', 'SUSPENDED')",
            name=op.f("ck_sign_ins_outcome"),
        ),
        sa.CheckConstraint(
            "way IN ('PASSWORD', 'SOCIAL', 'GROUPWARE', 'SIGN_UP')", name=op.f("ck_sign_ins_way")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sign_ins_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
    )
    op.create_index("ix_sign_ins_page", "sign_ins", ["account_id", "at", "id"])
    op.create_index(op.f("ix_sign_ins_at"), "sign_ins", ["at"])
    op.create_table(
        "email_verifications",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_email_verifications_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_verifications")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_email_verifications_token_hash")),
    )
    op.create_index(
        op.f("ix_email_verifications_account_id"), "email_verifications", ["account_id"]
    )
    op.drop_column("sign_in_failures", "blocked_until")
    # An account reads its own history and forgets its own devices; everything else is the system's.
    for table, granted in (
        ("sign_ins", "SELECT"),
        ("known_devices", "SELECT, DELETE"),
        ("email_verifications", "SELECT, INSERT"),
    ):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_rows ON {table} FOR ALL TO portal_api"
            f" USING ({OWN_ACCOUNT}) WITH CHECK ({OWN_ACCOUNT})"
        )
        op.execute(
            f"CREATE POLICY all_rows ON {table} FOR ALL TO portal_system"
            " USING (true) WITH CHECK (true)"
        )
        op.execute(f"GRANT {granted} ON {table} TO portal_api")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_system")


def downgrade() -> None:
    op.add_column(
        "sign_in_failures", sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.drop_table("email_verifications")
    op.drop_table("sign_ins")
    op.drop_index(op.f("ix_sessions_known_device_id"), "sessions")
    op.drop_constraint(op.f("fk_sessions_known_device_id"), "sessions")
    op.drop_column("sessions", "known_device_id")
    op.drop_table("known_devices")
    for column in ("last_signed_in_at", "landline", "position", "department"):
        op.drop_column("accounts", column)
