"""What the measured requests read: a company with three memberships and twenty orders, by SQL."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.clock import wire_now
from app.db.vault import Vault
from app.settings import SANDBOX_SECRETS
from app.tokens import AccessTokens

ACCOUNT, SESSION, COMPANY = UUID(int=1), UUID(int=2), UUID(int=3)

STATEMENTS = (
    "INSERT INTO accounts (id, kind, status, login_id, name, phone, email, ci_hash, created_at,"
    " updated_at) VALUES (:account, 'CORPORATE', 'ACTIVE', 'bench', :name, :phone, :email,"
    " '\\x01', :now, :now)",
    "INSERT INTO companies (id, legal_name, business_number, verification_level,"
    " verification_status, verified_at, corporate_account_id, revision, created_at, updated_at)"
    " VALUES (:company, '한빛상사', '1248100998', 'STATUS', 'ACTIVE', :now, :account, 1, :now,"
    " :now)",
    "INSERT INTO sessions (id, account_id, client_type, device, address, created_at,"
    " last_used_at, reauthenticated_at, expires_at) VALUES (:session, :account, 'NATIVE', '',"
    " '', :now, :now, :now, cast(:now AS timestamptz) + interval '1 day')",
    "INSERT INTO sites (id, company_id, name, plan, subdomain, state, business_number,"
    " admin_login_id, url, domain, revision, applied_revision, accounting_visible, created_at,"
    " updated_at) SELECT ('00000000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, :company,"
    " '한빛 ' || i, 'SHARED', 'bench-' || i, 'OPEN', '1248100998', 'admin',"
    " 'https://bench-' || i || '.example', 'bench-' || i || '.example', 1, 1, true, :now, :now"
    " FROM generate_series(1, 3) i",
    "INSERT INTO memberships (company_id, site_id, plan, status, billing_channel,"
    " first_started_on, starts_on, expires_on, users, base_users, complimentary_users,"
    " storage_gb, base_storage_gb, add_ons, monthly_fee, term_months, auto_renew, revision,"
    " created_at, updated_at) SELECT :company, s.id, 'SHARED', 'IN_USE', 'DIRECT',"
    " date '2026-01-01', date '2026-01-01', date '2099-12-31', 120, 120, 0, 120, 120, '{}',"
    " 480000, 12, false, 1, :now, :now FROM sites s WHERE s.company_id = :company",
    "INSERT INTO orders (id, company_id, number, account_id, kind, status, payment_status,"
    " payment_method, catalogue_code, coupon_discount, fingerprint, amount, discount, supply,"
    " vat, total, ordered_on, consents, created_at, updated_at) SELECT"
    " ('00000000-0000-7000-9000-' || lpad(i::text, 12, '0'))::uuid, :company,"
    " 'ORD-20260101-' || lpad(i::text, 6, '0'), :account, 'NEW', 'COMPLETED', 'PAID', 'CARD',"
    " '2023-09', 0, '\\x02', 530000, 0, 530000, 53000, 583000, date '2026-01-01', '[]',"
    " cast(:now AS timestamptz) + i * interval '1 second', :now FROM generate_series(1, 20) i",
    "INSERT INTO order_items (company_id, order_id, position, type, plan, users, months, add_ons,"
    " state, site_id, discounts, labels, attempts) SELECT :company, o.id, 0, 'NEW', 'SHARED', 10,"
    " 12, '{}', 'COMPLETED', (SELECT s.id FROM sites s WHERE s.company_id = :company LIMIT 1),"
    " '[]', '[]', 0 FROM orders o WHERE o.company_id = :company",
)


@dataclass(frozen=True)
class Seeded:
    """Whom the requests come from."""

    account: UUID
    session: UUID
    company: UUID
    token: str


async def seed(url: str) -> Seeded:
    """Writes everything as the superuser."""
    vault = Vault(
        SANDBOX_SECRETS["encryption_keys"].get_secret_value(),
        SANDBOX_SECRETS["blind_index_key"].get_secret_value(),
    )
    values = {
        "account": ACCOUNT,
        "session": SESSION,
        "company": COMPANY,
        "now": wire_now(),
        "name": vault.seal("accounts.name", "홍길동"),
        "phone": vault.seal("accounts.phone", "01012345678"),
        "email": vault.seal("accounts.email", "bench@hanbit.example"),
    }
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for statement in STATEMENTS:
            await connection.execute(text(statement), values)
        await connection.execute(text("ANALYZE"))
    await engine.dispose()
    tokens = AccessTokens(
        SANDBOX_SECRETS["access_token_keys"].get_secret_value(),
        "https://portal.example",
        "customer-portal",
    )
    return Seeded(ACCOUNT, SESSION, COMPANY, tokens.issue(ACCOUNT, SESSION))
