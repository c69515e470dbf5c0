"""Social sign-in: attempts, tickets and links."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OWN_ACCOUNT = "nullif(current_setting('app.account_id', true), '')::uuid"
PROVIDERS = "provider IN ('kakao', 'naver', 'google')"


def _key() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False)


def _times(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "social_states",
        _key(),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("client_type", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("client_secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("verifier", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        *_times("expires_at", "created_at"),
        sa.CheckConstraint(PROVIDERS, name=op.f("ck_social_states_provider")),
        sa.CheckConstraint(
            "client_type IN ('BROWSER', 'NATIVE')", name=op.f("ck_social_states_client_type")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_social_states")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_social_states_state_hash")),
    )
    op.create_table(
        "social_tickets",
        _key(),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        *_times("expires_at", "created_at"),
        sa.CheckConstraint(PROVIDERS, name=op.f("ck_social_tickets_provider")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_social_tickets")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_social_tickets_token_hash")),
    )
    op.create_table(
        "social_links",
        _key(),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        *_times("created_at"),
        sa.CheckConstraint(PROVIDERS, name=op.f("ck_social_links_provider")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_social_links_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_social_links")),
        sa.UniqueConstraint(
            "provider", "subject_index", name=op.f("uq_social_links_provider_subject_index")
        ),
        sa.UniqueConstraint(
            "account_id", "provider", name=op.f("uq_social_links_account_id_provider")
        ),
    )
    op.create_index("ix_social_states_expires_at", "social_states", ["expires_at"])
    op.create_index("ix_social_tickets_expires_at", "social_tickets", ["expires_at"])
    for table in ("social_states", "social_tickets", "social_links"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_system")
    op.execute("ALTER TABLE social_links ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_rows ON social_links FOR ALL TO portal_api"
        f" USING (account_id = {OWN_ACCOUNT}) WITH CHECK (account_id = {OWN_ACCOUNT})"
    )
    op.execute(
        "CREATE POLICY all_rows ON social_links FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT, INSERT, DELETE ON social_links TO portal_api")


def downgrade() -> None:
    for table in ("social_links", "social_tickets", "social_states"):
        op.drop_table(table)
