"""Invitations of administrators, and the list of a company's users."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"

COMPANY_USERS = """
CREATE FUNCTION portal_company_users()
RETURNS TABLE (
    account_id uuid, kind text, name bytea, email bytea, email_index bytea, state text,
    since timestamptz, last_signed_in_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    -- Accounts are their own people's rows; of its users a company sees these columns.
    WITH people AS (
        SELECT c.corporate_account_id AS id, 'ACTIVE' AS state, c.created_at AS since
          FROM companies c
         WHERE c.id = nullif(current_setting('app.company_id', true), '')::uuid
        UNION ALL
        SELECT m.account_id, m.state, m.created_at
          FROM company_members m
         WHERE m.company_id = nullif(current_setting('app.company_id', true), '')::uuid
    )
    SELECT a.id, a.kind, a.name, a.email, a.email_index, p.state, p.since,
           (SELECT max(s.created_at) FROM sessions s WHERE s.account_id = a.id)
      FROM people p JOIN accounts a ON a.id = p.id
     WHERE a.status <> 'WITHDRAWN'
$$
"""

APPLICANTS = """
CREATE FUNCTION portal_invitation_applicants()
RETURNS TABLE (invitation_id uuid, name bytea, email bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    -- Who accepted with another address: whom the company has to know to say yes or no.
    SELECT i.id, a.name, a.email
      FROM invitations i JOIN accounts a ON a.id = i.account_id
     WHERE i.company_id = nullif(current_setting('app.company_id', true), '')::uuid
       AND i.state = 'APPROVAL_PENDING'
$$
"""
FUNCTIONS = ("portal_company_users", "portal_invitation_applicants")


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("email_index", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('INVITED', 'APPROVAL_PENDING', 'ACCEPTED')",
            name=op.f("ck_invitations_state"),
        ),
        sa.CheckConstraint(
            "(state = 'ACCEPTED') = (email IS NULL)", name=op.f("ck_invitations_forgotten")
        ),
        sa.CheckConstraint(
            "state = 'INVITED' OR account_id IS NOT NULL", name=op.f("ck_invitations_accepted_by")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_invitations_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_invitations_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
        sa.UniqueConstraint(
            "company_id", "email_index", name=op.f("uq_invitations_company_id_email_index")
        ),
    )
    op.create_index(op.f("ix_invitations_company_id"), "invitations", ["company_id"])
    op.create_index(op.f("ix_invitations_account_id"), "invitations", ["account_id"])
    op.create_index("ix_invitations_page", "invitations", ["company_id", "created_at", "id"])
    op.execute("ALTER TABLE invitations ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_rows ON invitations FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        "CREATE POLICY all_rows ON invitations FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON invitations TO portal_api, portal_system")
    op.execute("GRANT DELETE ON company_members TO portal_api")
    op.execute(COMPANY_USERS)
    op.execute(APPLICANTS)
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO portal_api, portal_system")


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute("REVOKE DELETE ON company_members FROM portal_api")
    op.drop_table("invitations")
