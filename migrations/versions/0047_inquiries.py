"""문의: threads, messages, attachments."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

OWN_ACCOUNT = "account_id = nullif(current_setting('app.account_id', true), '')::uuid"


def upgrade() -> None:
    op.execute("CREATE SEQUENCE inquiry_numbers")
    op.execute("GRANT USAGE ON SEQUENCE inquiry_numbers TO portal_api, portal_system")
    op.create_table(
        "inquiries",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("asker", sa.LargeBinary(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("consents", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('USAGE', 'ORDER', 'TERMINATION', 'OTHER')", name=op.f("ck_inquiries_kind")
        ),
        sa.CheckConstraint("type IN ('GENERAL', 'FAULT')", name=op.f("ck_inquiries_type")),
        sa.CheckConstraint(
            "state IN ('RECEIVED', 'ANSWERED', 'CLOSED')", name=op.f("ck_inquiries_state")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_inquiries_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_inquiries_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiries")),
        sa.UniqueConstraint("number", name=op.f("uq_inquiries_number")),
    )
    op.create_index("ix_inquiries_page", "inquiries", ["account_id", "created_at", "id"])
    op.create_index("ix_inquiries_queue", "inquiries", ["state", "updated_at", "id"])
    for column in ("company_id", "email_index", "updated_at"):
        op.create_index(op.f(f"ix_inquiries_{column}"), "inquiries", [column])
    op.create_table(
        "inquiry_messages",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("inquiry_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=True),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "author IN ('CUSTOMER', 'OPERATOR')", name=op.f("ck_inquiry_messages_author")
        ),
        sa.ForeignKeyConstraint(
            ["inquiry_id"],
            ["inquiries.id"],
            name=op.f("fk_inquiry_messages_inquiry_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_inquiry_messages_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiry_messages")),
    )
    for column in ("inquiry_id", "account_id"):
        op.create_index(op.f(f"ix_inquiry_messages_{column}"), "inquiry_messages", [column])
    op.create_table(
        "attachments",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("filename", sa.LargeBinary(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=True),
        sa.Column("storage_key", sa.Text(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("inquiry_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["inquiry_id"],
            ["inquiries.id"],
            name=op.f("fk_attachments_inquiry_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["inquiry_messages.id"],
            name=op.f("fk_attachments_message_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_attachments_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_attachments_token_hash")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_attachments_storage_key")),
    )
    op.create_index(
        "ix_attachments_expires_at",
        "attachments",
        ["expires_at"],
        postgresql_where=sa.text("message_id IS NULL"),
    )
    for column in ("inquiry_id", "message_id", "account_id"):
        op.create_index(op.f(f"ix_attachments_{column}"), "attachments", [column])
    # A ticket is nobody's until a message takes it: whoever holds its token may.
    seen = {
        "inquiries": OWN_ACCOUNT,
        "inquiry_messages": OWN_ACCOUNT,
        "attachments": f"message_id IS NULL OR {OWN_ACCOUNT}",
    }
    for table, own in seen.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_rows ON {table} FOR ALL TO portal_api"
            f" USING ({own}) WITH CHECK ({own})"
        )
        op.execute(
            f"CREATE POLICY all_rows ON {table} FOR ALL TO portal_system"
            " USING (true) WITH CHECK (true)"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO portal_api")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_system")


def downgrade() -> None:
    op.drop_table("attachments")
    op.drop_table("inquiry_messages")
    op.drop_table("inquiries")
    op.execute("DROP SEQUENCE inquiry_numbers")
