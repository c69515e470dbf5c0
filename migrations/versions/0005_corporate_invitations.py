"""Corporate invitations: for customers whose contracts were imported."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Closed to the API's role: nobody reads one who has no account yet."""
    op.create_table(
        "corporate_invitations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=False),
        sa.Column("email_index", sa.LargeBinary(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_corporate_invitations_company_id"),
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["sites.id"], name=op.f("fk_corporate_invitations_site_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corporate_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_corporate_invitations_token_hash")),
        sa.UniqueConstraint(
            "company_id",
            "email_index",
            name=op.f("uq_corporate_invitations_company_id_email_index"),
        ),
    )
    for column in ("company_id", "site_id"):
        op.create_index(
            op.f(f"ix_corporate_invitations_{column}"), "corporate_invitations", [column]
        )
    op.execute("ALTER TABLE corporate_invitations ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY all_rows ON corporate_invitations FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON corporate_invitations TO portal_system")


def downgrade() -> None:
    op.drop_table("corporate_invitations")
