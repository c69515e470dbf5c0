"""Companies by SQL: any number of them, each with an account, a session, sites and orders.

Company `i` has the ids that `key` makes of it, signs in as `bench-<i>`, and holds three sites with
their memberships and five paid orders of one item and one line each.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.clock import wire_now
from app.db.vault import Vault
from app.services.passwords import HASHER
from app.settings import SANDBOX_SECRETS
from app.tokens import AccessTokens

PASSWORD = "correct horse battery"
SITES, ORDERS = 3, 5
ACCOUNT, COMPANY, SESSION, SITE, MEMBERSHIP, ORDER, ITEM, LINE = range(1, 9)


def key(kind: int, number: int) -> UUID:
    """The id of a kind's row: in the order of their numbers, as UUIDv7 are in time's."""
    return UUID(f"0000000{kind}-0000-7000-8000-{number:012x}")


def id_(kind: int | str, number: str) -> str:
    return f"('0000000{kind}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


_SITE, _ORDER = f"i * {SITES} + n", f"i * {ORDERS} + n"
_TIMES = "cast(:now AS timestamptz) + i * interval '1 millisecond'"
FILL = (
    "INSERT INTO accounts (id, kind, status, login_id, password_hash, name, phone, email, ci_hash,"
    f" created_at, updated_at) SELECT {id_(ACCOUNT, 'i')}, 'CORPORATE', 'ACTIVE', 'bench-' || i,"
    " :hash, :name, :phone, :email, int8send(i), :now, :now FROM generate_series({}, {}) i",
    "INSERT INTO companies (id, legal_name, business_number, verification_level,"
    " verification_status, verified_at, corporate_account_id, revision, created_at, updated_at)"
    f" SELECT {id_(COMPANY, 'i')}, '한빛상사 ' || i, lpad(i::text, 10, '0'), 'STATUS', 'ACTIVE',"
    f" :now, {id_(ACCOUNT, 'i')}, 1, :now, :now FROM generate_series({{}}, {{}}) i",
    "INSERT INTO sessions (id, account_id, client_type, device, address, created_at,"
    f" last_used_at, reauthenticated_at, expires_at) SELECT {id_(SESSION, 'i')},"
    f" {id_(ACCOUNT, 'i')}, 'NATIVE', '', '', :now, :now, :now, :until"
    " FROM generate_series({}, {}) i",
    "INSERT INTO sites (id, company_id, name, plan, subdomain, state, business_number,"
    " admin_login_id, url, domain, revision, applied_revision, accounting_visible, created_at,"
    f" updated_at) SELECT {id_(SITE, _SITE)}, {id_(COMPANY, 'i')}, '한빛 ' || n, 'SHARED',"
    " 'bench-' || i || '-' || n, 'OPEN', lpad(i::text, 10, '0'), 'admin', 'https://bench.example',"
    " 'bench.example', 1, 1, true, :now, :now"
    f" FROM generate_series({{}}, {{}}) i, generate_series(0, {SITES - 1}) n",
    "INSERT INTO memberships (id, company_id, site_id, plan, status, billing_channel,"
    " first_started_on, starts_on, expires_on, users, base_users, complimentary_users,"
    " storage_gb, base_storage_gb, add_ons, monthly_fee, term_months, auto_renew, revision,"
    f" anchor_on, created_at, updated_at) SELECT {id_(MEMBERSHIP, _SITE)}, {id_(COMPANY, 'i')},"
    f" {id_(SITE, _SITE)}, 'SHARED', 'IN_USE', 'DIRECT', date '2026-01-01', date '2026-01-01',"
    " date '2099-12-31', 120, 120, 0, 120, 120, '{{}}', 480000, 12, false, 1,"
    f" date '2026-01-01', {_TIMES} + n * interval '1 second', :now"
    f" FROM generate_series({{}}, {{}}) i, generate_series(0, {SITES - 1}) n",
    "INSERT INTO orders (id, company_id, number, account_id, kind, status, payment_status,"
    " payment_method, catalogue_code, coupon_discount, fingerprint, amount, discount, supply,"
    f" vat, total, ordered_on, priced_on, consents, paid_at, created_at, updated_at) SELECT"
    f" {id_(ORDER, _ORDER)}, {id_(COMPANY, 'i')}, 'ORD-20260101-' || i || '-' || n,"
    f" {id_(ACCOUNT, 'i')}, 'NEW', 'COMPLETED', 'PAID', 'CARD', '2023-09', 0, '\\x02', 530000, 0,"
    " 530000, 53000, 583000, date '2026-01-01', date '2026-01-01', '[]', :now,"
    f" {_TIMES} + n * interval '1 second', :now"
    f" FROM generate_series({{}}, {{}}) i, generate_series(0, {ORDERS - 1}) n",
    "INSERT INTO order_items (id, company_id, order_id, position, type, plan, users, months,"
    f" add_ons, state, site_id, applied_on, discounts, labels, attempts) SELECT"
    f" {id_(ITEM, _ORDER)},"
    f" {id_(COMPANY, 'i')}, {id_(ORDER, _ORDER)}, 0, 'NEW', 'SHARED', 10, 12, '{{{{}}}}',"
    f" 'COMPLETED', {id_(SITE, f'i * {SITES}')}, date '2026-01-01', '[]', '[]', 0"
    f" FROM generate_series({{}}, {{}}) i, generate_series(0, {ORDERS - 1}) n",
    "INSERT INTO order_lines (id, company_id, item_id, position, kind, code, quantity,"
    f" unit_price, months, days, amount, net) SELECT {id_(LINE, _ORDER)}, {id_(COMPANY, 'i')},"
    f" {id_(ITEM, _ORDER)}, 0, 'LICENCE', 'SHARED_USER', 10, 4000, 12, 0, 480000, 480000"
    f" FROM generate_series({{}}, {{}}) i, generate_series(0, {ORDERS - 1}) n",
    "INSERT INTO segments (company_id, membership_id, order_item_id, kind, starts_on, ends_on,"
    f" months, unit_prices, created_at) SELECT {id_(COMPANY, 'i')}, {id_(MEMBERSHIP, _SITE)},"
    f" {id_(ITEM, _ORDER)}, 'NEW', date '2026-01-01', date '2099-12-31', 12, '{{{{}}}}', :now"
    f" FROM generate_series({{}}, {{}}) i, generate_series(0, {SITES - 1}) n",
    "INSERT INTO membership_schedules (company_id, membership_id, term_ends_on, step, due_at,"
    f" charge_on, charge_amount, charge_state) SELECT {id_(COMPANY, 'i')},"
    f" {id_(MEMBERSHIP, _SITE)}, date '2099-12-31', 'REMIND-60', timestamptz '2099-11-01',"
    " date '2099-12-31', 6336000, 'PAYMENT_NEEDED'"
    f" FROM generate_series({{}}, {{}}) i, generate_series(0, {SITES - 1}) n",
    "INSERT INTO company_members (company_id, account_id, state, created_at, updated_at) SELECT"
    f" {id_(COMPANY, 'i')}, {id_(ACCOUNT, 'i')}, 'ACTIVE', :now, :now"
    " FROM generate_series({}, {}) i WHERE i % 2 = 0",
    "INSERT INTO invitations (company_id, state, name, email, email_index, language, token_hash,"
    f" sends, sent_at, expires_at, created_at, updated_at) SELECT {id_(COMPANY, 'i')}, 'INVITED',"
    " :name, :email, int8send(i), 'ko', int8send(i), 1, :now, :until, :now, :now"
    " FROM generate_series({}, {}) i WHERE i % 2 = 1",
    "INSERT INTO order_events (company_id, order_id, status, actor, at) SELECT"
    f" {id_(COMPANY, 'i')}, {id_(ORDER, _ORDER)}, 'COMPLETED', 'system', :now"
    f" FROM generate_series({{}}, {{}}) i, generate_series(0, {ORDERS - 1}) n",
)


@dataclass(frozen=True)
class Tokens:
    """Access tokens of the companies' accounts."""

    _tokens: AccessTokens

    def of(self, company: int) -> str:
        return self._tokens.issue(key(ACCOUNT, company), key(SESSION, company))


def tokens() -> Tokens:
    """Signed as the sandbox signs, for ten minutes."""
    return Tokens(
        AccessTokens(
            SANDBOX_SECRETS["access_token_keys"].get_secret_value(),
            "https://portal.example",
            "customer-portal",
        )
    )


async def fill(url: str, companies: int, batch: int = 100_000) -> None:
    """Writes companies 1 … `companies` as the superuser, then has PostgreSQL look at them.

    Foreign keys are not checked while it writes: it writes what they say.
    """
    vault = Vault(
        SANDBOX_SECRETS["encryption_keys"].get_secret_value(),
        SANDBOX_SECRETS["blind_index_key"].get_secret_value(),
    )
    now = wire_now()
    values = {
        "hash": HASHER.hash(PASSWORD),
        "now": now,
        "until": now + timedelta(days=90),
        "name": vault.seal("accounts.name", "홍길동"),
        "phone": vault.seal("accounts.phone", "01012345678"),
        "email": vault.seal("accounts.email", "bench@hanbit.example"),
    }
    engine = create_async_engine(url)
    try:
        for first in range(1, companies + 1, batch):
            last = min(first + batch - 1, companies)
            async with engine.begin() as connection:
                await connection.execute(text("SET LOCAL session_replication_role = replica"))
                for statement in FILL:
                    await connection.execute(text(statement.format(first, last)), values)
        async with engine.connect() as connection:
            vacuuming = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await vacuuming.execute(text("VACUUM (ANALYZE)"))
    finally:
        await engine.dispose()
