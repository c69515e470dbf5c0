"""A decision of a card company that was recorded wrongly is corrected by another row."""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

TABLE = "dispute_decisions"
ENTRIES = (
    "'PLACED', 'ENDED', 'CAPTURED', 'DEPOSITED', 'UNWANTED', 'GIVEN_BACK', 'SENT_BACK',"
    " 'ADJUSTED', 'CREDITED', 'CHARGED_BACK'"
)
LOST = "uq_dispute_decisions_lost"
ONCE = "uq_dispute_decisions_payment_id_outcome_decided_on"


def _checks(outcomes: str, taken: str, entries: str) -> None:
    for name, table, words in (
        ("ck_dispute_decisions_outcome", TABLE, f"outcome IN ({outcomes})"),
        ("ck_dispute_decisions_taken", TABLE, taken),
        ("ck_journal_entries_kind", "journal_entries", f"kind IN ({entries})"),
    ):
        op.drop_constraint(op.f(name), table)
        op.create_check_constraint(op.f(name), table, words)


def _lost(where: str) -> None:
    op.create_index(LOST, TABLE, ["payment_id"], unique=True, postgresql_where=sa.text(where))


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("corrects_id", sa.Uuid(), nullable=True))
    op.add_column(
        TABLE, sa.Column("again", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_foreign_key(
        op.f("fk_dispute_decisions_corrects_id"), TABLE, TABLE, ["corrects_id"], ["id"]
    )
    op.create_unique_constraint(op.f("uq_dispute_decisions_corrects_id"), TABLE, ["corrects_id"])
    op.drop_constraint(op.f(ONCE), TABLE)
    op.create_index(op.f("ix_dispute_decisions_payment_id"), TABLE, ["payment_id"])
    op.drop_index(LOST, TABLE)
    _lost("outcome = 'LOST' AND NOT again")
    _checks(
        "'WON', 'LOST', 'CORRECTED'",
        "(outcome = 'LOST') = (amount > 0) AND (amount >= 0 OR outcome = 'CORRECTED')"
        " AND (outcome = 'CORRECTED') = (corrects_id IS NOT NULL)",
        f"{ENTRIES}, 'CHARGE_RESTORED'",
    )


def downgrade() -> None:
    op.execute(f"DELETE FROM {TABLE} WHERE outcome = 'CORRECTED' OR again")
    _checks("'WON', 'LOST'", "(outcome = 'LOST') = (amount > 0) AND amount >= 0", ENTRIES)
    op.drop_index(LOST, TABLE)
    _lost("outcome = 'LOST'")
    op.drop_index(op.f("ix_dispute_decisions_payment_id"), TABLE)
    op.create_unique_constraint(op.f(ONCE), TABLE, ["payment_id", "outcome", "decided_on"])
    op.drop_column(TABLE, "again")
    op.drop_column(TABLE, "corrects_id")
