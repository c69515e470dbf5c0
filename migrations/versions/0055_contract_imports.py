"""Contract imports that the operator asks for over the API; the file is there until its job ends."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contract_imports",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("imported", sa.Integer(), nullable=True),
        sa.Column("known", sa.Integer(), nullable=True),
        sa.Column("invited", sa.Integer(), nullable=True),
        sa.Column("errors", postgresql.JSONB(), nullable=False),
        sa.Column("errors_total", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('QUEUED', 'RUNNING', 'DONE', 'REFUSED', 'FAILED')",
            name=op.f("ck_contract_imports_status"),
        ),
        sa.CheckConstraint(
            "(status IN ('QUEUED', 'RUNNING')) = (document IS NOT NULL)",
            name=op.f("ck_contract_imports_has_its_file"),
        ),
        sa.CheckConstraint(
            "(document IS NULL) = (due_at IS NULL)", name=op.f("ck_contract_imports_is_due")
        ),
        sa.CheckConstraint(
            "(document IS NULL) = (finished_at IS NOT NULL)", name=op.f("ck_contract_imports_ends")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_imports")),
    )
    op.create_index(
        "ix_contract_imports_due",
        "contract_imports",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_contract_imports_page", "contract_imports", ["created_at", "id"])
    # What is sealed does not compress.
    op.execute("ALTER TABLE contract_imports ALTER COLUMN document SET STORAGE EXTERNAL")
    # Customers' requests have no business here: the API's own role is given nothing.
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON contract_imports TO portal_system")


def downgrade() -> None:
    op.drop_table("contract_imports")
