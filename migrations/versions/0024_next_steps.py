"""What an individual should do next: invitations and links, which no company of theirs shows."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

NEXT_STEPS = """
CREATE FUNCTION portal_individual_steps(p_account uuid, p_now timestamptz)
RETURNS TABLE (invitation_waits boolean, invitation_accepted boolean, groupware_linked boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1 SET search_path = public AS $$
BEGIN
    -- Of one account, which is the caller's own; of its companies it tells nothing.
    IF p_account IS DISTINCT FROM nullif(current_setting('app.account_id', true), '')::uuid THEN
        RAISE insufficient_privilege;
    END IF;
    RETURN QUERY
    WITH waiting AS (
        SELECT i.company_id FROM invitations i JOIN accounts a ON a.email_index = i.email_index
         WHERE a.id = p_account AND a.email_verified_at IS NOT NULL
           AND i.state = 'INVITED' AND i.account_id IS NULL AND i.expires_at > p_now
    ), accepted AS (
        SELECT m.company_id FROM company_members m
         WHERE m.account_id = p_account AND m.state = 'ACTIVE'
        UNION
        SELECT i.company_id FROM invitations i
         WHERE i.account_id = p_account
           AND (i.state = 'APPROVAL_PENDING' OR (i.state = 'INVITED' AND i.expires_at > p_now))
    ), invited AS (
        SELECT w.company_id FROM waiting w UNION SELECT x.company_id FROM accepted x
    )
    SELECT EXISTS (SELECT FROM waiting), EXISTS (SELECT FROM accepted),
           NOT EXISTS (
               SELECT FROM invited v WHERE NOT EXISTS (
                   SELECT FROM groupware_links l JOIN sites s ON s.id = l.site_id
                    WHERE l.account_id = p_account AND l.company_id = v.company_id
                      AND l.site_admin AND l.confirmed_at > p_now - interval '72 hours'
                      AND s.state = 'OPEN'));
END
$$
"""

HAS_INVITED = """
CREATE FUNCTION portal_has_invited(p_company uuid, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public AS $$
BEGIN
    -- With the caller's eyes: row-level security is on.
    RETURN EXISTS (SELECT FROM invitations i WHERE i.company_id = p_company
                    AND (i.state = 'APPROVAL_PENDING'
                         OR (i.state = 'INVITED' AND i.expires_at > p_now)));
END
$$
"""
FUNCTIONS = ("portal_individual_steps", "portal_has_invited")


def upgrade() -> None:
    op.create_index("ix_invitations_email_index", "invitations", ["email_index"])
    op.execute(NEXT_STEPS)
    op.execute(HAS_INVITED)
    for function in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO portal_api, portal_system")


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.drop_index("ix_invitations_email_index", "invitations")
