"""Companies whose renewals are all charged on one day: the orders are placed, the cards registered.

The portal places the order of the first; the others' are copies of its rows. `DAY` is the last day
of everybody's term.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from app.db.engine import Database
from app.db.vault import Vault
from app.deps import Deps, build_deps
from app.services.cards import BILLING_KEY_COLUMN
from app.settings import SANDBOX_SECRETS, Settings
from benchmarks.data import COMPANY, MEMBERSHIP, SITES, fill, id_, key

SEOUL = ZoneInfo("Asia/Seoul")
DAY = date(2027, 3, 24)
ORDERED = datetime(2027, 2, 22, 10, tzinfo=SEOUL)
MORNING = datetime.combine(DAY, time(9, 30), tzinfo=SEOUL)
CHARGED = datetime.combine(DAY, time(18), tzinfo=SEOUL)
"""By then every membership's minute of the day is past."""
_CARD, _RENEWAL, _ITEM, _LINE = "9", "a", "b", "c"
_FIRST = "i * :sites"
_HELD = f"{id_(MEMBERSHIP, _FIRST)}"
_TERMS = (
    "DELETE FROM segments",
    "UPDATE membership_schedules SET due_at = NULL",
    "INSERT INTO payment_methods (id, company_id, account_id, state, role, billing_key,"
    " billing_key_index, issuer, name, last4, check_wanted, created_at, updated_at) SELECT"
    f" {id_(_CARD, 'i')}, c.id, c.corporate_account_id, 'ACTIVE', 'DEFAULT', :billing_key,"
    " int8send(i), 'BC_CARD', '샌드박스카드', '1234', false, :now, :now"
    f" FROM generate_series(1, :companies) i JOIN companies c ON c.id = {id_(COMPANY, 'i')}",
    "UPDATE memberships m SET starts_on = date '2026-03-25', anchor_on = date '2026-03-25',"
    " first_started_on = date '2026-03-25', expires_on = :day, users = 10, base_users = 10,"
    " monthly_fee = 40000, auto_renew = true,"
    f" payment_method_id = {id_(_CARD, 'i')}"
    f" FROM generate_series(1, :companies) i WHERE m.id = {_HELD}",
    "INSERT INTO segments (company_id, membership_id, kind, starts_on, ends_on, months,"
    f" unit_prices, created_at) SELECT {id_(COMPANY, 'i')}, {_HELD}, 'NEW', date '2026-03-25',"
    " :day, 12, '{\"SHARED_USER\": 4000}', :now FROM generate_series(1, :companies) i",
    "INSERT INTO held_lines (company_id, membership_id, code, quantity, unit_price, net, monthly,"
    f" first_day, last_day, created_at) SELECT {id_(COMPANY, 'i')}, {_HELD}, 'SHARED_USER', 10,"
    " 4000, 480000, 40000, date '2026-03-25', :day, :now FROM generate_series(1, :companies) i",
)
_DUE = text("UPDATE membership_schedules SET due_at = :now WHERE membership_id = :id")
_PLACED = text("SELECT order_id, step FROM membership_schedules WHERE membership_id = :id")
_STEPS = 3
"""More than are due at once."""
_COPIES = (
    "INSERT INTO orders SELECT (jsonb_populate_record(o, jsonb_build_object("
    f" 'id', {id_(_RENEWAL, 'i')}, 'company_id', {id_(COMPANY, 'i')},"
    " 'account_id', c.corporate_account_id, 'number', 'ORD-20270222-' || lpad(i::text, 6, 'A')))).*"
    f" FROM generate_series(2, :companies) i JOIN companies c ON c.id = {id_(COMPANY, 'i')},"
    " orders o WHERE o.id = :order",
    "INSERT INTO order_items SELECT (jsonb_populate_record(o, jsonb_build_object("
    f" 'id', {id_(_ITEM, 'i')}, 'company_id', {id_(COMPANY, 'i')}, 'membership_id', {_HELD},"
    f" 'order_id', {id_(_RENEWAL, 'i')}, 'site_id', m.site_id))).*"
    f" FROM generate_series(2, :companies) i JOIN memberships m ON m.id = {_HELD},"
    " order_items o WHERE o.order_id = :order",
    "INSERT INTO order_lines SELECT (jsonb_populate_record(o, jsonb_build_object('id',"
    f" {id_(_LINE, 'i * 10 + o.position')}, 'company_id', {id_(COMPANY, 'i')},"
    f" 'item_id', {id_(_ITEM, 'i')}))).*"
    " FROM generate_series(2, :companies) i, order_lines o"
    " WHERE o.item_id = (SELECT id FROM order_items WHERE order_id = :order)",
    "UPDATE membership_schedules t SET (term_ends_on, taken, step, due_at, charge_on,"
    " charge_amount, charge_state, order_id) = (SELECT s.term_ends_on, s.taken, s.step, s.due_at,"
    f" s.charge_on, s.charge_amount, s.charge_state, {id_(_RENEWAL, 'i')}"
    " FROM membership_schedules s WHERE s.order_id = :order)"
    f" FROM generate_series(2, :companies) i WHERE t.membership_id = {_HELD}",
)


class DayClock:
    """Stands where it was put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    async def now(self, session: AsyncSession) -> datetime:
        return self.at

    async def now_outside(self, database: Database) -> datetime:
        return self.at


def membership_of(company: int) -> UUID:
    """The one that is renewed."""
    return key(MEMBERSHIP, company * SITES)


def worker(url: str, provider: str, clock: DayClock) -> Deps:
    """What a worker holds, with PortOne at `provider`."""
    settings = Settings(
        database_url=url,
        portone_base_url=provider,
        portone_billing_channel_key="channel-key-billing",
    )
    return build_deps(settings, clock=clock)


async def fill_renewals(owner_url: str, url: str, companies: int) -> None:
    """Writes them, as the superuser where SQL does."""
    await fill(owner_url, companies)
    vault = Vault(
        SANDBOX_SECRETS["encryption_keys"].get_secret_value(),
        SANDBOX_SECRETS["blind_index_key"].get_secret_value(),
    )
    values = {
        "companies": companies,
        "sites": SITES,
        "day": DAY,
        "now": ORDERED,
        "billing_key": vault.seal(BILLING_KEY_COLUMN, "billing-key-of-the-card"),
    }
    engine = create_async_engine(owner_url)
    try:
        await _write(engine, _TERMS, values)
        values["order"] = await _order_first(engine, url)
        await _write(engine, _COPIES, values)
        async with engine.connect() as connection:
            vacuuming = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await vacuuming.execute(text("VACUUM (ANALYZE)"))
    finally:
        await engine.dispose()


async def _write(
    engine: AsyncEngine, statements: Sequence[str], values: Mapping[str, object]
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            made = text(statement)
            named = {name: values[name] for name in made.compile().params}
            await connection.execute(made, named)


async def _order_first(engine: AsyncEngine, url: str) -> UUID:
    """By the portal: on the day of the order, and on the morning of the charge."""
    clock = DayClock(ORDERED)
    deps = worker(url, "http://127.0.0.1:1", clock)
    membership = membership_of(1)
    try:
        for clock.at in (ORDERED, MORNING):
            async with engine.begin() as connection:
                await connection.execute(_DUE, {"now": clock.at, "id": membership})
            for _ in range(_STEPS):
                await deps.renewals.step(membership)
    finally:
        await deps.close()
    async with engine.begin() as connection:
        row = (await connection.execute(_PLACED, {"id": membership})).one()
    if row.order_id is None or row.step != "CHARGE+0":
        raise SystemExit(f"the first renewal is not ready to be charged: {row}")
    placed: UUID = row.order_id
    return placed
