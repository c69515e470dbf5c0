"""The first tables: accounts, companies, catalogue, orders, sites, and what serves them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """pg_trgm and citext are trusted extensions: the database's owner may make them."""
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE EXTENSION IF NOT EXISTS citext")
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("login_id", postgresql.CITEXT(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("birth_date", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("email_index", sa.LargeBinary(), nullable=True),
        sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ci_hash", sa.LargeBinary(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'WITHDRAWN') = (withdrawn_at IS NOT NULL)",
            name=op.f("ck_accounts_withdrawn"),
        ),
        sa.CheckConstraint("kind IN ('CORPORATE', 'INDIVIDUAL')", name=op.f("ck_accounts_kind")),
        sa.CheckConstraint(
            "status IN ('ACTIVE', 'SUSPENDED', 'WITHDRAWN')", name=op.f("ck_accounts_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("login_id", name=op.f("uq_accounts_login_id")),
    )
    op.create_index(op.f("ix_accounts_ci_hash"), "accounts", ["ci_hash"], unique=False)
    op.create_index(op.f("ix_accounts_email_index"), "accounts", ["email_index"], unique=False)
    op.create_index(op.f("ix_accounts_phone_index"), "accounts", ["phone_index"], unique=False)
    op.create_index(
        "uq_accounts_person",
        "accounts",
        ["ci_hash"],
        unique=True,
        postgresql_where="kind = 'INDIVIDUAL' AND status <> 'WITHDRAWN'",
    )
    op.create_table(
        "business_clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ahead_microseconds", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_business_clock_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_clock")),
    )
    op.create_table(
        "business_verifications",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("business_number", sa.Text(), nullable=False),
        sa.Column("company_name", sa.Text(), nullable=False),
        sa.Column("representative", sa.LargeBinary(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("tax_type", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "level IN ('STATUS', 'IDENTITY', 'DOCUMENT')",
            name=op.f("ck_business_verifications_level"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_verifications")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_business_verifications_token_hash")),
    )
    op.create_table(
        "catalogue_versions",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_catalogue_versions")),
        sa.UniqueConstraint("effective_from", name=op.f("uq_catalogue_versions_effective_from")),
    )
    op.create_table(
        "coupons",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_ko", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("plans", postgresql.JSONB(), nullable=False),
        sa.Column("order_types", postgresql.JSONB(), nullable=False),
        sa.Column("minimum_amount", sa.Integer(), nullable=False),
        sa.Column("uses_in_all", sa.Integer(), nullable=True),
        sa.Column("uses_per_company", sa.Integer(), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.CheckConstraint("scope IN ('LICENCE', 'ALL')", name=op.f("ck_coupons_scope")),
        sa.CheckConstraint(
            "(percent IS NULL) <> (amount IS NULL)", name=op.f("ck_coupons_percent_or_amount")
        ),
        sa.CheckConstraint(
            "uses >= 0 AND (uses_in_all IS NULL OR uses <= uses_in_all)",
            name=op.f("ck_coupons_uses"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_coupons")),
    )
    op.create_table(
        "idempotency_records",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", postgresql.JSONB(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_records")),
        sa.UniqueConstraint(
            "account_id",
            "company_id",
            "operation",
            "key",
            name=op.f("uq_idempotency_records_account_id_company_id_operation_key"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        op.f("ix_idempotency_records_expires_at"),
        "idempotency_records",
        ["expires_at"],
        unique=False,
    )
    op.create_table(
        "mails",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("recipient", sa.LargeBinary(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('QUEUED', 'SENT', 'FAILED')", name=op.f("ck_mails_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
    )
    op.create_index(
        "ix_mails_due", "mails", ["due_at"], unique=False, postgresql_where="state = 'QUEUED'"
    )
    op.create_table(
        "rate_windows",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("window", sa.BigInteger(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", "window", name=op.f("pk_rate_windows")),
    )
    op.create_index(op.f("ix_rate_windows_ends_at"), "rate_windows", ["ends_at"], unique=False)
    op.create_table(
        "received_webhooks",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "provider IN ('PORTONE', 'GROUPWARE')", name=op.f("ck_received_webhooks_provider")
        ),
        sa.PrimaryKeyConstraint("provider", "webhook_id", name=op.f("pk_received_webhooks")),
    )
    op.create_table(
        "retired_login_ids",
        sa.Column("login_id_hash", sa.LargeBinary(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("login_id_hash", name=op.f("pk_retired_login_ids")),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_failures")),
    )
    op.create_table(
        "companies",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("business_number", sa.Text(), nullable=False),
        sa.Column("representative", sa.LargeBinary(), nullable=True),
        sa.Column("verification_level", sa.Text(), nullable=False),
        sa.Column("verification_status", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("corporate_account_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "verification_level IN ('STATUS', 'IDENTITY', 'DOCUMENT')",
            name=op.f("ck_companies_verification_level"),
        ),
        sa.ForeignKeyConstraint(
            ["corporate_account_id"],
            ["accounts.id"],
            name=op.f("fk_companies_corporate_account_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("corporate_account_id", name=op.f("uq_companies_corporate_account_id")),
    )
    op.create_index(
        "ix_companies_legal_name_trgm",
        "companies",
        ["legal_name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"legal_name": "gin_trgm_ops"},
    )
    op.create_index(
        "uq_companies_business_number",
        "companies",
        ["business_number"],
        unique=True,
        postgresql_where="withdrawn_at IS NULL",
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_consents_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_account_id"), "consents", ["account_id"], unique=False)
    op.create_table(
        "identity_verifications",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("target_login_id", postgresql.CITEXT(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("client_secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("ci_hash", sa.LargeBinary(), nullable=True),
        sa.Column("consents", postgresql.JSONB(), nullable=False),
        sa.Column("wrong_otps", sa.Integer(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("login_id_checks", sa.Integer(), nullable=False),
        sa.Column("resend_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('SIGN_UP', 'FIND_LOGIN_ID', 'RESET_PASSWORD', 'CHANGE_PHONE', 'HANDOVER', 'REAUTH')",
            name=op.f("ck_identity_verifications_purpose"),
        ),
        sa.CheckConstraint(
            "status IN ('READY', 'VERIFIED', 'FAILED')",
            name=op.f("ck_identity_verifications_status"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_identity_verifications_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_verifications")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_identity_verifications_token_hash")),
    )
    op.create_index(
        op.f("ix_identity_verifications_account_id"),
        "identity_verifications",
        ["account_id"],
        unique=False,
    )
    op.create_index(
        "ix_identity_verifications_phone",
        "identity_verifications",
        ["phone_index", "purpose", "created_at"],
        unique=False,
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("client_type", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reauthenticated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "client_type IN ('BROWSER', 'NATIVE')", name=op.f("ck_sessions_client_type")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_account_id"), "sessions", ["account_id"], unique=False)
    op.create_table(
        "company_members",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('ACTIVE', 'SUSPENDED')", name=op.f("ck_company_members_state")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_company_members_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_company_members_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_members")),
        sa.UniqueConstraint(
            "company_id", "account_id", name=op.f("uq_company_members_company_id_account_id")
        ),
    )
    op.create_index(
        op.f("ix_company_members_account_id"), "company_members", ["account_id"], unique=False
    )
    op.create_index(
        op.f("ix_company_members_company_id"), "company_members", ["company_id"], unique=False
    )
    op.create_table(
        "coupon_uses",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("coupon_code", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_coupon_uses_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_uses")),
        sa.UniqueConstraint("order_id", name=op.f("uq_coupon_uses_order_id")),
    )
    op.create_index(op.f("ix_coupon_uses_company_id"), "coupon_uses", ["company_id"], unique=False)
    op.create_index(
        op.f("ix_coupon_uses_coupon_code"), "coupon_uses", ["coupon_code"], unique=False
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("payment_status", sa.Text(), nullable=False),
        sa.Column("payment_method", sa.Text(), nullable=True),
        sa.Column("catalogue_code", sa.Text(), nullable=False),
        sa.Column("coupon_code", sa.Text(), nullable=True),
        sa.Column("coupon_discount", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("supply", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("ordered_on", sa.Date(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("consents", postgresql.JSONB(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "payment_status IN ('NOT_NEEDED', 'UNPAID', 'ON_TERMS', 'OVERDUE', 'PAID', 'PARTIALLY_REFUNDED', 'REFUNDED')",
            name=op.f("ck_orders_payment_status"),
        ),
        sa.CheckConstraint(
            "status IN ('PENDING_PAYMENT', 'PAID', 'PROVISIONING', 'COMPLETED', 'PARTIALLY_COMPLETED', 'PROVISIONING_FAILED', 'CANCELLED', 'EXPIRED', 'REFUNDED')",
            name=op.f("ck_orders_status"),
        ),
        sa.CheckConstraint(
            "supply = amount - discount AND total = supply + vat", name=op.f("ck_orders_sums")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_orders_account_id")),
        sa.ForeignKeyConstraint(
            ["catalogue_code"], ["catalogue_versions.code"], name=op.f("fk_orders_catalogue_code")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_orders_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
    )
    op.create_index(op.f("ix_orders_account_id"), "orders", ["account_id"], unique=False)
    op.create_index(op.f("ix_orders_catalogue_code"), "orders", ["catalogue_code"], unique=False)
    op.create_index(op.f("ix_orders_company_id"), "orders", ["company_id"], unique=False)
    op.create_index(
        "ix_orders_due",
        "orders",
        ["expires_at"],
        unique=False,
        postgresql_where="status = 'PENDING_PAYMENT'",
    )
    op.create_index(
        "ix_orders_fingerprint", "orders", ["company_id", "fingerprint", "created_at"], unique=False
    )
    op.create_index("ix_orders_page", "orders", ["company_id", "created_at", "id"], unique=False)
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_refresh_tokens_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_refresh_tokens_token_hash")),
    )
    op.create_index(
        op.f("ix_refresh_tokens_session_id"), "refresh_tokens", ["session_id"], unique=False
    )
    op.create_index("uq_refresh_tokens_parent", "refresh_tokens", ["parent_id"], unique=True)
    op.create_table(
        "sites",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("subdomain", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("business_number", sa.Text(), nullable=False),
        sa.Column("admin_name", sa.LargeBinary(), nullable=True),
        sa.Column("admin_login_id", sa.Text(), nullable=False),
        sa.Column("admin_email", sa.LargeBinary(), nullable=True),
        sa.Column("groupware_site_id", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("applied_revision", sa.Integer(), nullable=False),
        sa.Column("operation_id", sa.Text(), nullable=True),
        sa.Column("accounting_visible", sa.Boolean(), nullable=False),
        sa.Column("accounting_started_on", sa.Date(), nullable=True),
        sa.Column("usage", postgresql.JSONB(), nullable=True),
        sa.Column("usage_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('HELD', 'OPEN', 'RELEASED', 'TERMINATED')", name=op.f("ck_sites_state")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_sites_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
    )
    op.create_index(op.f("ix_sites_company_id"), "sites", ["company_id"], unique=False)
    op.create_index(
        "uq_sites_one_free",
        "sites",
        ["company_id"],
        unique=True,
        postgresql_where="plan = 'SHARED_FREE' AND state IN ('HELD', 'OPEN')",
    )
    op.create_index(
        "uq_sites_subdomain",
        "sites",
        ["subdomain"],
        unique=True,
        postgresql_where="state IN ('HELD', 'OPEN')",
    )
    op.create_table(
        "groupware_links",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("site_admin", sa.Boolean(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_groupware_links_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_groupware_links_company_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_groupware_links_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groupware_links")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_groupware_links_issuer_subject")),
    )
    op.create_index(
        op.f("ix_groupware_links_account_id"), "groupware_links", ["account_id"], unique=False
    )
    op.create_index(
        op.f("ix_groupware_links_company_id"), "groupware_links", ["company_id"], unique=False
    )
    op.create_index(
        op.f("ix_groupware_links_site_id"), "groupware_links", ["site_id"], unique=False
    )
    op.create_table(
        "memberships",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("billing_channel", sa.Text(), nullable=False),
        sa.Column("reseller_name", sa.Text(), nullable=True),
        sa.Column("reseller_phone", sa.Text(), nullable=True),
        sa.Column("first_started_on", sa.Date(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("users", sa.Integer(), nullable=False),
        sa.Column("base_users", sa.Integer(), nullable=False),
        sa.Column("complimentary_users", sa.Integer(), nullable=False),
        sa.Column("storage_gb", sa.Integer(), nullable=False),
        sa.Column("base_storage_gb", sa.Integer(), nullable=False),
        sa.Column("add_ons", postgresql.JSONB(), nullable=False),
        sa.Column("monthly_fee", sa.Integer(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=True),
        sa.Column("auto_renew", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "billing_channel IN ('DIRECT', 'RESELLER')", name=op.f("ck_memberships_billing_channel")
        ),
        sa.CheckConstraint(
            "status IN ('IN_USE', 'OVERDUE', 'EXPIRED', 'TERMINATED')",
            name=op.f("ck_memberships_status"),
        ),
        sa.CheckConstraint("starts_on <= expires_on", name=op.f("ck_memberships_term")),
        sa.CheckConstraint(
            "users > 0 AND storage_gb >= 0 AND monthly_fee >= 0",
            name=op.f("ck_memberships_quantities"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_memberships_company_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_memberships_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("site_id", name=op.f("uq_memberships_site_id")),
    )
    op.create_index(op.f("ix_memberships_company_id"), "memberships", ["company_id"], unique=False)
    op.create_index(
        "ix_memberships_page", "memberships", ["company_id", "created_at", "id"], unique=False
    )
    op.create_table(
        "order_events",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_order_events_company_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_events_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_events")),
    )
    op.create_index(
        op.f("ix_order_events_company_id"), "order_events", ["company_id"], unique=False
    )
    op.create_index(op.f("ix_order_events_order_id"), "order_events", ["order_id"], unique=False)
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("flags", postgresql.JSONB(), nullable=False),
        sa.Column("receipt_url", sa.Text(), nullable=True),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("last4", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refund_due", sa.BigInteger(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "method IN ('CARD', 'TRANSFER', 'VIRTUAL_ACCOUNT', 'BANK_TRANSFER', 'BILLING_KEY')",
            name=op.f("ck_payments_method"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_payments_company_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payments_order_id")),
        sa.CheckConstraint(
            "status IN ('READY', 'PAID', 'FAILED', 'CANCELLED', 'REFUND_DUE', 'PARTIALLY_REFUNDED', 'REFUNDED')",
            name=op.f("ck_payments_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
    )
    op.create_index(op.f("ix_payments_company_id"), "payments", ["company_id"], unique=False)
    op.create_index(op.f("ix_payments_order_id"), "payments", ["order_id"], unique=False)
    op.create_index(
        "ix_payments_due",
        "payments",
        ["check_due_at"],
        unique=False,
        postgresql_where="check_due_at IS NOT NULL",
    )
    op.create_index(
        "uq_payments_one_captured",
        "payments",
        ["order_id"],
        unique=True,
        postgresql_where="status IN ('PAID', 'PARTIALLY_REFUNDED')",
    )
    op.create_table(
        "order_items",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("users", sa.Integer(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("add_ons", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=True),
        sa.Column("discounts", postgresql.JSONB(), nullable=False),
        sa.Column("labels", postgresql.JSONB(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state IN ('PENDING', 'PROVISIONING', 'COMPLETED', 'FAILED', 'REFUNDED')",
            name=op.f("ck_order_items_state"),
        ),
        sa.CheckConstraint(
            "type IN ('NEW', 'ADD', 'EXTEND', 'ADD_EXTEND', 'CHANGE', 'RENEWAL')",
            name=op.f("ck_order_items_type"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_order_items_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_order_items_membership_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_items_order_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_order_items_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_items")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_items_order_id_position")),
    )
    op.create_index(op.f("ix_order_items_company_id"), "order_items", ["company_id"], unique=False)
    op.create_index(
        "ix_order_items_due",
        "order_items",
        ["due_at"],
        unique=False,
        postgresql_where="state IN ('PENDING', 'PROVISIONING')",
    )
    op.create_index(
        op.f("ix_order_items_membership_id"), "order_items", ["membership_id"], unique=False
    )
    op.create_index(op.f("ix_order_items_order_id"), "order_items", ["order_id"], unique=False)
    op.create_index(op.f("ix_order_items_site_id"), "order_items", ["site_id"], unique=False)
    op.create_table(
        "order_lines",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_order_lines_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["order_items.id"], name=op.f("fk_order_lines_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("item_id", "position", name=op.f("uq_order_lines_item_id_position")),
    )
    op.create_index(op.f("ix_order_lines_company_id"), "order_lines", ["company_id"], unique=False)
    op.create_index(op.f("ix_order_lines_item_id"), "order_lines", ["item_id"], unique=False)
    op.create_table(
        "segments",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("order_item_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("unit_prices", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('NEW', 'EXTEND', 'CHANGE', 'RENEWAL')", name=op.f("ck_segments_kind")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_segments_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_segments_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_item_id"], ["order_items.id"], name=op.f("fk_segments_order_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        sa.UniqueConstraint("order_item_id", name=op.f("uq_segments_order_item_id")),
    )
    op.create_index(op.f("ix_segments_company_id"), "segments", ["company_id"], unique=False)
    op.create_index(op.f("ix_segments_membership_id"), "segments", ["membership_id"], unique=False)


def downgrade() -> None:
    """The extensions stay: other databases' objects may not, but ours are gone."""
    op.drop_index(op.f("ix_segments_membership_id"), table_name="segments")
    op.drop_index(op.f("ix_segments_company_id"), table_name="segments")
    op.drop_table("segments")
    op.drop_index(op.f("ix_order_lines_item_id"), table_name="order_lines")
    op.drop_index(op.f("ix_order_lines_company_id"), table_name="order_lines")
    op.drop_table("order_lines")
    op.drop_index(op.f("ix_order_items_site_id"), table_name="order_items")
    op.drop_index(op.f("ix_order_items_order_id"), table_name="order_items")
    op.drop_index(op.f("ix_order_items_membership_id"), table_name="order_items")
    op.drop_index(
        "ix_order_items_due",
        table_name="order_items",
        postgresql_where="state IN ('PENDING', 'PROVISIONING')",
    )
    op.drop_index(op.f("ix_order_items_company_id"), table_name="order_items")
    op.drop_table("order_items")
    op.drop_index("ix_payments_due", table_name="payments")
    op.drop_index(
        "uq_payments_one_captured",
        table_name="payments",
        postgresql_where="status IN ('PAID', 'PARTIALLY_REFUNDED')",
    )
    op.drop_index(op.f("ix_payments_order_id"), table_name="payments")
    op.drop_index(op.f("ix_payments_company_id"), table_name="payments")
    op.drop_table("payments")
    op.drop_index(op.f("ix_order_events_order_id"), table_name="order_events")
    op.drop_index(op.f("ix_order_events_company_id"), table_name="order_events")
    op.drop_table("order_events")
    op.drop_index("ix_memberships_page", table_name="memberships")
    op.drop_index(op.f("ix_memberships_company_id"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_index(op.f("ix_groupware_links_site_id"), table_name="groupware_links")
    op.drop_index(op.f("ix_groupware_links_company_id"), table_name="groupware_links")
    op.drop_index(op.f("ix_groupware_links_account_id"), table_name="groupware_links")
    op.drop_table("groupware_links")
    op.drop_index(
        "uq_sites_subdomain", table_name="sites", postgresql_where="state IN ('HELD', 'OPEN')"
    )
    op.drop_index(
        "uq_sites_one_free",
        table_name="sites",
        postgresql_where="plan = 'SHARED_FREE' AND state IN ('HELD', 'OPEN')",
    )
    op.drop_index(op.f("ix_sites_company_id"), table_name="sites")
    op.drop_table("sites")
    op.drop_index("uq_refresh_tokens_parent", table_name="refresh_tokens")
    op.drop_index(op.f("ix_refresh_tokens_session_id"), table_name="refresh_tokens")
    op.drop_table("refresh_tokens")
    op.drop_index("ix_orders_page", table_name="orders")
    op.drop_index("ix_orders_fingerprint", table_name="orders")
    op.drop_index(
        "ix_orders_due", table_name="orders", postgresql_where="status = 'PENDING_PAYMENT'"
    )
    op.drop_index(op.f("ix_orders_company_id"), table_name="orders")
    op.drop_index(op.f("ix_orders_catalogue_code"), table_name="orders")
    op.drop_index(op.f("ix_orders_account_id"), table_name="orders")
    op.drop_table("orders")
    op.drop_index(op.f("ix_coupon_uses_coupon_code"), table_name="coupon_uses")
    op.drop_index(op.f("ix_coupon_uses_company_id"), table_name="coupon_uses")
    op.drop_table("coupon_uses")
    op.drop_index(op.f("ix_company_members_company_id"), table_name="company_members")
    op.drop_index(op.f("ix_company_members_account_id"), table_name="company_members")
    op.drop_table("company_members")
    op.drop_index(op.f("ix_sessions_account_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index("ix_identity_verifications_phone", table_name="identity_verifications")
    op.drop_index(op.f("ix_identity_verifications_account_id"), table_name="identity_verifications")
    op.drop_table("identity_verifications")
    op.drop_index(op.f("ix_consents_account_id"), table_name="consents")
    op.drop_table("consents")
    op.drop_index(
        "uq_companies_business_number",
        table_name="companies",
        postgresql_where="withdrawn_at IS NULL",
    )
    op.drop_index(
        "ix_companies_legal_name_trgm",
        table_name="companies",
        postgresql_using="gin",
        postgresql_ops={"legal_name": "gin_trgm_ops"},
    )
    op.drop_table("companies")
    op.drop_table("sign_in_failures")
    op.drop_table("retired_login_ids")
    op.drop_table("received_webhooks")
    op.drop_index(op.f("ix_rate_windows_ends_at"), table_name="rate_windows")
    op.drop_table("rate_windows")
    op.drop_index("ix_mails_due", table_name="mails", postgresql_where="state = 'QUEUED'")
    op.drop_table("mails")
    op.drop_index(op.f("ix_idempotency_records_expires_at"), table_name="idempotency_records")
    op.drop_table("idempotency_records")
    op.drop_table("coupons")
    op.drop_table("catalogue_versions")
    op.drop_table("business_verifications")
    op.drop_table("business_clock")
    op.drop_index(
        "uq_accounts_person",
        table_name="accounts",
        postgresql_where="kind = 'INDIVIDUAL' AND status <> 'WITHDRAWN'",
    )
    op.drop_index(op.f("ix_accounts_phone_index"), table_name="accounts")
    op.drop_index(op.f("ix_accounts_email_index"), table_name="accounts")
    op.drop_index(op.f("ix_accounts_ci_hash"), table_name="accounts")
    op.drop_table("accounts")
