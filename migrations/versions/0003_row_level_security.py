"""Who sees which rows: grants, row-level security, the principal's function, the order numbers."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "company_members",
    "groupware_links",
    "sites",
    "memberships",
    "segments",
    "orders",
    "order_items",
    "order_lines",
    "order_events",
    "payments",
    "coupon_uses",
)
OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"
OWN_ACCOUNT = "nullif(current_setting('app.account_id', true), '')::uuid"
GUARDED = (
    *((table, f"company_id = {OWN_COMPANY}") for table in TENANT_TABLES),
    ("companies", f"id = {OWN_COMPANY}"),
    ("mails", f"company_id IS NOT DISTINCT FROM {OWN_COMPANY}"),
    ("accounts", f"id = {OWN_ACCOUNT}"),
    ("consents", f"account_id = {OWN_ACCOUNT}"),
    ("sessions", f"account_id = {OWN_ACCOUNT}"),
    ("idempotency_records", f"account_id = {OWN_ACCOUNT}"),
)
SYSTEM_ONLY = (
    "business_verifications",
    "identity_verifications",
    "refresh_tokens",
    "retired_login_ids",
    "sign_in_failures",
    "received_webhooks",
)
SHARED_READ = ("catalogue_versions", "coupons", "business_clock")
QUEUE = ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics")

PRINCIPAL = """
CREATE FUNCTION portal_principal(p_session uuid, p_company uuid, p_wire_now timestamptz)
RETURNS TABLE (
    account_id uuid, kind text, login_id text, client_type text, reauthenticated_at timestamptz,
    business_now timestamptz, company_id uuid, company_name text, open_sites int, closed_sites int,
    memberships jsonb, owner_has_individual boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    v_only uuid;
BEGIN
    SELECT a.id, a.kind, a.login_id::text, s.client_type, s.reauthenticated_at,
           p_wire_now + coalesce(
               (SELECT c.ahead_microseconds FROM business_clock c), 0) * interval '1 microsecond',
           s.company_id,
           EXISTS (SELECT 1 FROM accounts i WHERE i.ci_hash = a.ci_hash
                      AND i.kind = 'INDIVIDUAL' AND i.status <> 'WITHDRAWN')
      INTO account_id, kind, login_id, client_type, reauthenticated_at, business_now, v_only,
           owner_has_individual
      FROM sessions s JOIN accounts a ON a.id = s.account_id
     WHERE s.id = p_session AND s.revoked_at IS NULL AND s.expires_at > p_wire_now
       AND a.status = 'ACTIVE';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF kind = 'CORPORATE' THEN
        SELECT c.id, c.legal_name,
               (SELECT count(*) FROM sites x WHERE x.company_id = c.id AND x.state = 'OPEN'),
               (SELECT count(*) FROM sites x WHERE x.company_id = c.id AND x.state = 'TERMINATED')
          INTO company_id, company_name, open_sites, closed_sites
          FROM companies c
         WHERE c.corporate_account_id = portal_principal.account_id;
    ELSE
        SELECT jsonb_agg(jsonb_build_object('id', c.id, 'name', c.legal_name) ORDER BY c.id)
          INTO memberships
          FROM companies c JOIN company_members m ON m.company_id = c.id
         WHERE m.account_id = portal_principal.account_id AND m.state = 'ACTIVE'
           AND (v_only IS NULL OR c.id = v_only)
           AND EXISTS (
               SELECT 1 FROM groupware_links l JOIN sites x ON x.id = l.site_id
                WHERE l.account_id = m.account_id AND l.company_id = c.id AND l.site_admin
                  AND l.confirmed_at > business_now - interval '72 hours'
                  AND x.state = 'OPEN');
        SELECT (e ->> 'id')::uuid, e ->> 'name',
               (SELECT count(*) FROM sites x
                 WHERE x.company_id = (e ->> 'id')::uuid AND x.state = 'OPEN')
          INTO company_id, company_name, open_sites
          FROM jsonb_array_elements(memberships) e
         WHERE (e ->> 'id')::uuid = p_company
            OR (p_company IS NULL AND jsonb_array_length(memberships) = 1);
    END IF;
    PERFORM set_config('app.company_id', coalesce(company_id::text, ''), true),
            set_config('app.account_id', account_id::text, true);
    RETURN NEXT;
END
$$
"""

PLACEMENT_FACTS = """
CREATE FUNCTION portal_placement_facts(
    p_company uuid, p_fingerprint bytea, p_since timestamptz, p_names text[], p_coupon text
)
RETURNS TABLE (
    same_order uuid, holds int, has_free_site boolean, taken text[], coupon_uses int
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    -- One company's orders are placed one after another; each query below then sees what was
    -- committed while this one waited. Of other companies it tells which names are taken, no more.
    PERFORM pg_advisory_xact_lock(hashtextextended('orders:' || p_company, 0));
    IF p_company IS DISTINCT FROM nullif(current_setting('app.company_id', true), '')::uuid THEN
        RAISE insufficient_privilege;
    END IF;
    SELECT o.id INTO same_order FROM orders o
     WHERE o.company_id = p_company AND o.fingerprint = p_fingerprint AND o.created_at > p_since
       AND o.status NOT IN ('CANCELLED', 'EXPIRED', 'REFUNDED')
     ORDER BY o.created_at DESC LIMIT 1;
    SELECT count(*) FILTER (WHERE s.state = 'HELD'),
           coalesce(bool_or(s.plan = 'SHARED_FREE' AND s.state IN ('HELD', 'OPEN')), false)
      INTO holds, has_free_site FROM sites s WHERE s.company_id = p_company;
    SELECT array_agg(s.subdomain) INTO taken FROM sites s
     WHERE s.subdomain = ANY (p_names) AND s.state IN ('HELD', 'OPEN');
    SELECT count(*) INTO coupon_uses FROM coupon_uses u
     WHERE u.company_id = p_company AND u.coupon_code = p_coupon;
    RETURN NEXT;
END
$$
"""


def upgrade() -> None:
    """The roles exist already: `app.db.prepare` makes them, since only a superuser may."""
    op.execute("GRANT USAGE ON SCHEMA public TO portal_api, portal_system")
    for table, rows in GUARDED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_rows ON {table} FOR ALL TO portal_api"
            f" USING ({rows}) WITH CHECK ({rows})"
        )
        op.execute(
            f"CREATE POLICY all_rows ON {table} FOR ALL TO portal_system"
            " USING (true) WITH CHECK (true)"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO portal_api")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_system")
    op.execute("REVOKE UPDATE ON order_events FROM portal_api")
    for table in SYSTEM_ONLY:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_system")
    for table in SHARED_READ:
        op.execute(f"GRANT SELECT ON {table} TO portal_api")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_system")
    op.execute("GRANT UPDATE (uses) ON coupons TO portal_api")
    for table in (*QUEUE, "rate_windows"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_api, portal_system")
    op.execute("CREATE SEQUENCE order_numbers")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO portal_api, portal_system")
    op.execute(PRINCIPAL)
    op.execute(PLACEMENT_FACTS)
    for function in ("portal_principal", "portal_placement_facts"):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO portal_api, portal_system")
    op.execute("GRANT SELECT ON alembic_version TO portal_api, portal_system")


def downgrade() -> None:
    op.execute("DROP FUNCTION portal_placement_facts")
    op.execute("DROP FUNCTION portal_principal")
    op.execute("DROP SEQUENCE order_numbers")
    for table, _ in GUARDED:
        op.execute(f"DROP POLICY own_rows ON {table}")
        op.execute(f"DROP POLICY all_rows ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM portal_api, portal_system")
    op.execute("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM portal_api, portal_system")
    op.execute("REVOKE USAGE ON SCHEMA public FROM portal_api, portal_system")
