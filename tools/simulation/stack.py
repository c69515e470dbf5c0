"""The portal, its database and its providers in one process, under a clock moved by hand."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.adapters.circuit import CircuitBreaker
from app.clock import wire_now
from app.db.engine import Database
from app.db.prepare import prepare
from app.deps import Deps
from app.domain.operators import OperatorRole
from app.jobs.entrypoints import entrypoints
from app.main import create_app
from app.operator_app import create_operator_app
from app.services.daily_tasks import MEASURE_SITES
from app.services.sweep import sweep
from app.settings import Settings
from sandbox.app import create_sandbox
from sandbox.faults import DroppedConnection
from sandbox.settings import SandboxSettings
from sandbox.world import World
from tools.postgres import EmbeddedPostgres
from tools.sandbox_operators import hold_session

DATABASE = "simulated"
AT_ONCE = 6
"""Jobs at the same time, as two workers would do."""
ROUNDS = 500
"""Nothing that is due may go on making itself due at the same moment."""

_MOVE = (
    "INSERT INTO business_clock (id, ahead_microseconds) VALUES (1, $1)"
    " ON CONFLICT (id) DO UPDATE SET ahead_microseconds = $1"
)
_TAKE = (
    "WITH sent AS (UPDATE mails SET state = 'SENT', sent_at = $1 WHERE state = 'QUEUED'"
    "  RETURNING kind),"
    " taken AS (DELETE FROM pgqueuer WHERE status = 'queued' RETURNING id, entrypoint, payload)"
    " SELECT id, entrypoint, payload FROM taken"
    " UNION ALL SELECT NULL, kind, NULL FROM sent ORDER BY id"
)
"""Jobs in the order in which they were queued, then the mails, which all arrive."""
_DUE_COLUMNS = (
    "SELECT c.table_name, c.column_name FROM information_schema.columns c"
    " JOIN information_schema.tables t USING (table_schema, table_name)"
    " WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'"
    " AND c.column_name LIKE '%due_at' AND c.table_name <> 'mails' ORDER BY 1, 2"
)


class _Remembering(World):
    """Nothing of it outlives the run."""

    def changed(self) -> None:
        return

    def write(self) -> None:
        return


class _WorldsClock:
    """Business time without a statement, as in production; the row that API's reads see is moved
    with it."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def now(self, session: AsyncSession) -> datetime:
        return self._world.clock.now()

    async def now_outside(self, database: Database) -> datetime:
        return self._world.clock.now()


class _ToPortal(httpx.AsyncBaseTransport):
    """The sandbox's way to the portal, which is made after it."""

    inner: httpx.AsyncBaseTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.inner is None:
            raise httpx.ConnectError("the portal is not there yet", request=request)
        return await self.inner.handle_async_request(request)


class _LostAnswers(httpx.AsyncBaseTransport):
    """What a dropped connection looks like to the portal."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except DroppedConnection as dropped:
            raise httpx.RemoteProtocolError(str(dropped), request=request) from dropped


async def _no_pause(_: float) -> None:
    """Business time flies: a second's pause would be a day's."""
    await asyncio.sleep(0)


@dataclass
class Stack:
    """What a run needs of the portal and of the world around it."""

    portal: FastAPI
    operator: httpx.AsyncClient
    sandbox: httpx.AsyncClient
    """Its own interface."""
    world: World
    deps: Deps
    control: asyncpg.Connection
    """The simulation's own way to the database, past the portal's."""
    next_due_statement: str
    colleague: str = field(repr=False)
    """The session of a second operator, whom large sums take as well."""
    jobs: Counter[str] = field(default_factory=Counter)
    mails: Counter[str] = field(default_factory=Counter)

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    def client(self, address: str) -> httpx.AsyncClient:
        """A customer's, from an address of its own."""
        transport = httpx.ASGITransport(self.portal, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url="http://portal")

    async def confirm_refund(self, refund_id: str) -> bool:
        """Paid by hand, as two of the staff say; whether it is done then."""
        path = f"/v1/operator/refunds/{refund_id}/done"
        answer = await self.operator.post(path, headers={"Idempotency-Key": str(uuid4())})
        if answer.is_success and answer.json()["state"] == "MANUAL_REQUIRED":
            second = {"Idempotency-Key": str(uuid4()), "Authorization": f"Bearer {self.colleague}"}
            answer = await self.operator.post(path, headers=second)
        return answer.is_success and answer.json()["state"] == "DONE"

    async def move_to(self, moment: datetime) -> None:
        """Forward only; the providers' clock is the same."""
        ahead = moment - wire_now()
        if ahead <= self.world.clock.ahead:
            return
        self.world.clock.ahead = ahead
        await self.control.execute(_MOVE, round(ahead.total_seconds() * 1e6))

    async def next_due(self) -> datetime | None:
        """The next moment at which a row is due."""
        moment: datetime | None = await self.control.fetchval(self.next_due_statement, self.now)
        return moment

    async def run_due(self) -> None:
        """Does what workers do until nothing is due. Raises RuntimeError where that never comes."""
        work = entrypoints(self.deps)
        for _ in range(ROUNDS):
            await self.world.webhooks.settled()
            await sweep(self.deps.database, self.deps.clock)
            rows = await self.control.fetch(_TAKE, self.now)
            self.mails.update(row["entrypoint"] for row in rows if row["id"] is None)
            jobs = [
                (row["entrypoint"], UUID(bytes=row["payload"]))
                for row in rows
                if row["id"] is not None and row["entrypoint"] != "send_mail"
            ]
            if not jobs:
                return
            for first in range(0, len(jobs), AT_ONCE):
                batch = jobs[first : first + AT_ONCE]
                await asyncio.gather(*(work[name](row) for name, row in batch))
                self.jobs.update(name for name, _ in batch)
        raise RuntimeError(f"what is due never ends: {jobs} at {self.now}")

    def _providers(self) -> list[object]:
        return [self.deps.payment_provider, self.deps.groupware, self.deps.registry]

    def never_pause(self) -> None:
        """Providers are asked again at once, and are never left alone for half a minute."""
        for adapter in self._providers():
            for holder in (adapter, *vars(adapter).values()):
                http = getattr(holder, "http", None) or getattr(holder, "_http", None)
                if http is not None and hasattr(http, "_sleep"):
                    http._sleep = _no_pause
                    http._watch._breaker = CircuitBreaker(failures=1_000_000)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Stack]:
    """Everything, started; gone with its folder."""
    postgres = EmbeddedPostgres(folder / "postgres", durable=False)
    postgres.ensure()
    try:
        postgres.create_database(DATABASE)
        await prepare(postgres.dsn(DATABASE))
        settings = Settings(
            database_url=postgres.dsn(DATABASE, "portal_api"),
            metrics_port=0,
            files_dir=folder / "files",
            portone_transfer_channel_key="channel-key-transfer",
            portone_billing_channel_key="channel-key-billing",
            portone_virtual_account_channel_key="channel-key-virtual-account",
        )
        async with AsyncExitStack() as stack:
            yield await _start(stack, settings, folder, postgres)
    finally:
        postgres.stop()


async def _start(
    stack: AsyncExitStack, settings: Settings, folder: Path, postgres: EmbeddedPostgres
) -> Stack:
    to_portal = _ToPortal()
    world = _Remembering(
        SandboxSettings(data_dir=folder / "sandbox", smtp_port=0, operation_seconds=0),
        transport=to_portal,
    )
    stack.push_async_callback(world.close)
    providers = httpx.ASGITransport(create_sandbox(world), raise_app_exceptions=True)
    sandbox = await stack.enter_async_context(
        httpx.AsyncClient(transport=providers, base_url="http://sandbox")
    )
    portal = create_app(settings, _LostAnswers(providers), _WorldsClock(world))
    to_portal.inner = httpx.ASGITransport(portal)
    await stack.enter_async_context(portal.router.lifespan_context(portal))
    deps: Deps = portal.state.deps
    token, colleague = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    await hold_session(deps, "simulation", OperatorRole.ADMIN, token)
    await hold_session(deps, "colleague", OperatorRole.ADMIN, colleague)
    operator_app = create_operator_app(deps)
    operator = await stack.enter_async_context(
        httpx.AsyncClient(
            transport=httpx.ASGITransport(operator_app),
            base_url="http://operator",
            headers={"Authorization": f"Bearer {token}"},
        )
    )
    await deps.daily_tasks.ensure()
    control = await asyncpg.connect(postgres.dsn(DATABASE).replace("+asyncpg", ""))
    stack.push_async_callback(control.close)
    # What a hundred sites use each day for years is not what is played here.
    await control.execute("DELETE FROM daily_tasks WHERE name = $1", MEASURE_SITES)
    statement = _next_due(await control.fetch(_DUE_COLUMNS))
    made = Stack(portal, operator, sandbox, world, deps, control, statement, colleague)
    made.never_pause()
    return made


def _next_due(columns: Sequence[asyncpg.Record]) -> str:
    """The first moment after $1 at which any row is due."""
    arms = [f"SELECT min({column}) FROM {table} WHERE {column} > $1" for table, column in columns]
    arms.append(
        "SELECT min(expires_at) FROM orders WHERE status = 'PENDING_PAYMENT' AND expires_at > $1"
    )
    union = " UNION ALL ".join(f"({arm})" for arm in arms)
    return f"SELECT min(moment) FROM ({union}) AS due (moment)"
