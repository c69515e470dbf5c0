"""The catalogue in force, remembered for a short time: prices are read on every preview.

A version is activated at least a minute before its first day (`docs/decisions/0003`), so a memory
of `REMEMBERED_SECONDS` never shows yesterday's prices.
"""

import time
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.catalogue import load_catalogues
from app.db.engine import Database
from app.domain.catalogue import Catalogue

REMEMBERED_SECONDS = 30.0


class NoCatalogue(RuntimeError):
    """No version is in force on that day: the database was not prepared."""


class Catalogues:
    """All versions, newest first; one per process.

    What has a transaction open names it: the versions are then read on its own connection. A
    second one, asked for while the first is held, is one that a full pool waits for in vain.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._versions: tuple[Catalogue, ...] = ()
        self._loaded_at = float("-inf")

    async def in_force(self, session: AsyncSession, day: date) -> Catalogue:
        """The version whose prices hold on this KST day. Raises `NoCatalogue`."""
        return _in_force(await self.all(session), day)

    async def of(self, session: AsyncSession, code: str) -> Catalogue:
        """A version by its code. Raises `NoCatalogue`."""
        return _of(await self.all(session), code)

    async def in_force_outside(self, day: date) -> Catalogue:
        """For what has no transaction of its own."""
        return _in_force(await self._all_outside(), day)

    async def of_outside(self, code: str) -> Catalogue:
        """For what has no transaction of its own."""
        return _of(await self._all_outside(), code)

    async def all(self, session: AsyncSession) -> tuple[Catalogue, ...]:
        """Every version, those of days to come among them, the newest first."""
        if self._stale:
            self._remember(await load_catalogues(session))
        return self._versions

    async def _all_outside(self) -> tuple[Catalogue, ...]:
        if self._stale:
            async with self._database.sessions.begin() as session:
                self._remember(await load_catalogues(session))
        return self._versions

    @property
    def _stale(self) -> bool:
        return time.monotonic() - self._loaded_at > REMEMBERED_SECONDS

    def _remember(self, versions: tuple[Catalogue, ...]) -> None:
        self._versions = versions
        self._loaded_at = time.monotonic()

    def forget(self) -> None:
        """The next one who asks reads the versions anew."""
        self._loaded_at = float("-inf")


def _in_force(versions: tuple[Catalogue, ...], day: date) -> Catalogue:
    for version in versions:
        if version.effective_from <= day:
            return version
    raise NoCatalogue(day.isoformat())


def _of(versions: tuple[Catalogue, ...], code: str) -> Catalogue:
    for version in versions:
        if version.code == code:
            return version
    raise NoCatalogue(code)
