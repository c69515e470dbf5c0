"""A handover leaves nothing of the former person to the successor."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("person_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_mails_handed_over",
        "mails",
        ["created_at"],
        postgresql_where=sa.text("kind = 'handed_over'"),
    )
    # Accounts that were handed over before say so in the log.
    op.execute(
        "UPDATE accounts a SET person_since = h.at FROM (SELECT account_id, max(at) AS at"
        " FROM audit_events WHERE action = 'handover.accepted' GROUP BY account_id) AS h"
        " WHERE h.account_id = a.id"
    )


def downgrade() -> None:
    op.drop_index("ix_mails_handed_over", "mails")
    op.drop_column("accounts", "person_since")
