"""The pool, and the two ways to a session: a principal's (row-level security) and the system's.

The API's role owns nothing. A tenant's transaction names its company and account by `SET LOCAL`
settings that the policies read; without them every tenant table is empty. What runs for nobody or
for all switches to the role `portal_system` for one transaction, through `system_session` alone.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

log = structlog.get_logger(__name__)

_ENTER_TENANT = text(
    "SELECT set_config('app.company_id', :company, true),"
    " set_config('app.account_id', :account, true)"
)
_ENTER_SYSTEM = text("SELECT set_config('role', 'portal_system', true)")
SERVER_SETTINGS = {"application_name": "portal", "timezone": "UTC"}
"""Times that PostgreSQL writes into JSON have the offset that the driver's have."""


@dataclass(frozen=True, slots=True)
class Database:
    """The process's pool and session factory."""

    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]

    @classmethod
    def connect(cls, url: str, pool_size: int) -> "Database":
        """Opens no connection yet. `url`: `postgresql+asyncpg://`, as the API's role."""
        engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_pre_ping=False,
            hide_parameters=True,
            connect_args={"server_settings": SERVER_SETTINGS, "timeout": 5},
        )
        return cls(engine, async_sessionmaker(engine, expire_on_commit=False))

    async def close(self) -> None:
        await self.engine.dispose()

    async def fetch_row(self, sql: str, arguments: Sequence[object]) -> Mapping[str, Any] | None:
        """The first row of one statement that is its own transaction, past the session.

        For hot reads alone. A connection whose statement failed or was cancelled is not used
        again: the pool does not see what the driver saw.
        """
        pooled = await self.engine.raw_connection()
        driver = pooled.driver_connection
        assert driver is not None
        try:
            row: Mapping[str, Any] | None = await driver.fetchrow(sql, *arguments)
        except BaseException:
            pooled.invalidate()
            raise
        pooled.close()
        return row

    @asynccontextmanager
    async def tenant_session(
        self, account_id: UUID, company_id: UUID | None
    ) -> AsyncIterator[AsyncSession]:
        """One transaction that sees one company's rows and the account's own."""
        async with self.sessions.begin() as session:
            await session.execute(
                _ENTER_TENANT,
                {"company": str(company_id or ""), "account": str(account_id)},
            )
            yield session

    @asynccontextmanager
    async def system_session(self, reason: str) -> AsyncIterator[AsyncSession]:
        """One transaction that sees all rows; `reason` says for whom, a test lists the callers."""
        async with self.sessions.begin() as session:
            await session.execute(_ENTER_SYSTEM)
            log.debug("system_session", reason=reason)
            yield session
