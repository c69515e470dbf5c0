"""The catalogue in force, remembered for a short time: prices are read on every preview.

A version is inserted at least a minute before its first day (`docs/decisions/0003`), so a memory
of `REMEMBERED_SECONDS` never shows yesterday's prices.
"""

import time
from datetime import date

from app.db.catalogue import load_catalogues
from app.db.engine import Database
from app.domain.catalogue import Catalogue

REMEMBERED_SECONDS = 30.0


class NoCatalogue(RuntimeError):
    """No version is in force on that day: the database was not prepared."""


class Catalogues:
    """All versions, newest first; one per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._versions: tuple[Catalogue, ...] = ()
        self._loaded_at = float("-inf")

    async def in_force(self, day: date) -> Catalogue:
        """The version whose prices hold on this KST day. Raises `NoCatalogue`."""
        for version in await self._all():
            if version.effective_from <= day:
                return version
        raise NoCatalogue(day.isoformat())

    async def of(self, code: str) -> Catalogue:
        """A version by its code. Raises `NoCatalogue`."""
        for version in await self._all():
            if version.code == code:
                return version
        raise NoCatalogue(code)

    async def _all(self) -> tuple[Catalogue, ...]:
        if time.monotonic() - self._loaded_at > REMEMBERED_SECONDS:
            async with self._database.sessions.begin() as session:
                self._versions = await load_catalogues(session)
            self._loaded_at = time.monotonic()
        return self._versions
