"""공지 and 점검 on the home page."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title_ko", sa.Text(), nullable=False),
        sa.Column("body_ko", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("shown_from", time, nullable=False),
        sa.Column("shown_until", time, nullable=False),
        sa.Column("starts_at", time, nullable=True),
        sa.Column("ends_at", time, nullable=True),
        sa.Column("created_at", time, nullable=False),
        sa.Column("updated_at", time, nullable=False),
        sa.CheckConstraint("kind IN ('NOTICE', 'MAINTENANCE')", name=op.f("ck_notices_kind")),
        sa.CheckConstraint("shown_from <= shown_until", name=op.f("ck_notices_shown")),
        sa.CheckConstraint(
            "(kind = 'MAINTENANCE') = (starts_at IS NOT NULL)", name=op.f("ck_notices_times")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_shown_until"), "notices", ["shown_until"])
    op.execute("GRANT SELECT ON notices TO portal_api")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON notices TO portal_system")


def downgrade() -> None:
    op.drop_table("notices")
