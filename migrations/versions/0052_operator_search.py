"""Company names as they are looked for, and jobs that failed."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "companies",
        sa.Column(
            "searched",
            sa.Text(),
            sa.Computed("lower(normalize(legal_name, NFD))", persisted=True),
            nullable=False,
        ),
    )
    op.create_index(
        "ix_companies_searched",
        "companies",
        ["searched"],
        postgresql_using="gin",
        postgresql_ops={"searched": "gin_trgm_ops"},
    )
    op.create_table(
        "failed_jobs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_jobs")),
        sa.UniqueConstraint("job", "row_id", name=op.f("uq_failed_jobs_job_row_id")),
    )
    op.create_index(op.f("ix_failed_jobs_last_failed_at"), "failed_jobs", ["last_failed_at"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON failed_jobs TO portal_system")


def downgrade() -> None:
    op.drop_table("failed_jobs")
    op.drop_index("ix_companies_searched", "companies")
    op.drop_column("companies", "searched")
