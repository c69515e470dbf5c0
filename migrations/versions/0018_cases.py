"""The operator's queue of cases, files of cases, and uploads that nothing owns yet."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"
OPEN = "state IN ('IN_PROGRESS', 'ON_HOLD')"


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("subject_company_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("business_number", sa.Text(), nullable=False),
        sa.Column("company_name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("applicant", sa.LargeBinary(), nullable=True),
        sa.Column("ci_hash", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('BUSINESS_DOCUMENT', 'COMPANY_CLAIM')", name=op.f("ck_cases_kind")
        ),
        sa.CheckConstraint(
            "state IN ('IN_PROGRESS', 'ON_HOLD', 'APPROVED', 'REFUSED')",
            name=op.f("ck_cases_state"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NOT NULL) = (state IN ('APPROVED', 'REFUSED'))",
            name=op.f("ck_cases_decided"),
        ),
        sa.CheckConstraint(
            "decided_at IS NOT NULL OR company_id IS NOT NULL OR ci_hash IS NOT NULL",
            name=op.f("ck_cases_asked_by"),
        ),
        sa.CheckConstraint(
            "(kind = 'COMPANY_CLAIM') = (subject_company_id IS NOT NULL)",
            name=op.f("ck_cases_claimed"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_cases_account_id")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_cases_company_id")),
        sa.ForeignKeyConstraint(
            ["subject_company_id"], ["companies.id"], name=op.f("fk_cases_subject_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index(
        "uq_cases_open_of_company",
        "cases",
        ["company_id", "kind"],
        unique=True,
        postgresql_where=sa.text(f"company_id IS NOT NULL AND {OPEN}"),
    )
    op.create_index(
        "uq_cases_open_of_person",
        "cases",
        ["ci_hash", "kind", "business_number"],
        unique=True,
        postgresql_where=sa.text(f"company_id IS NULL AND {OPEN}"),
    )
    op.create_index("ix_cases_queue", "cases", ["state", "created_at", "id"])
    op.create_index("ix_cases_company_id", "cases", ["company_id", "created_at"])
    op.create_index(
        "ix_cases_decided_at",
        "cases",
        ["decided_at"],
        postgresql_where=sa.text("decided_at IS NOT NULL"),
    )
    op.create_index("ix_cases_subject_company_id", "cases", ["subject_company_id"])
    op.create_index("ix_cases_account_id", "cases", ["account_id"])
    op.create_table(
        "case_files",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("storage_key", sa.Text(), nullable=False),
        sa.Column("filename", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_files_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_case_files_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_files")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_case_files_storage_key")),
    )
    op.create_index("ix_case_files_case_id", "case_files", ["case_id"])
    op.create_index("ix_case_files_company_id", "case_files", ["company_id"])
    op.create_table(
        "uploads",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index("ix_uploads_due_at", "uploads", ["due_at"])
    for table in ("cases", "case_files"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_rows ON {table} FOR ALL TO portal_api"
            f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
        )
        op.execute(
            f"CREATE POLICY all_rows ON {table} FOR ALL TO portal_system"
            " USING (true) WITH CHECK (true)"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO portal_api")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_system")
    # An upload names nobody; who knows its id is the request that made it.
    op.execute("GRANT SELECT, DELETE ON uploads TO portal_api")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON uploads TO portal_system")


def downgrade() -> None:
    op.drop_table("uploads")
    op.drop_table("case_files")
    op.drop_table("cases")
