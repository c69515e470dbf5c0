"""argon2id, off the event loop, with the same work for an ID that does not exist."""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's Argon2id: 19 MiB, two passes, one lane. A hash says by itself how it was made."""
WORKERS: Final = max(1, min(4, (os.cpu_count() or 2) - 1))
"""Hashes at once in a process: a core is left to the event loop; more would only queue."""
NICENESS: Final = 10
"""Where cores are scarce the event loop gets nine parts of ten, and hashing what is left: sign-ins
wait for reads, and never starve (docs/performance.md)."""


def _stand_back() -> None:
    """Linux knows the niceness of a thread; elsewhere it is the process's and left alone."""
    if hasattr(os, "setpriority") and os.uname().sysname == "Linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


class Passwords:
    """Hashes and checks. A check of a missing hash does the same work and fails."""

    def __init__(self) -> None:
        self._nobody = HASHER.hash("nobody has this password")
        self._pool = ThreadPoolExecutor(
            WORKERS, thread_name_prefix="argon2", initializer=_stand_back
        )

    async def hash(self, password: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._pool, HASHER.hash, password)

    async def matches(self, hashed: str | None, password: str) -> bool:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._verify, hashed, password)

    async def made_anew(self, hashed: str, password: str) -> str | None:
        """The right password's hash by today's parameters, where it was made by others."""
        return await self.hash(password) if HASHER.check_needs_rehash(hashed) else None

    def _verify(self, hashed: str | None, password: str) -> bool:
        try:
            HASHER.verify(hashed or self._nobody, password)
        except VerificationError:
            return False
        return hashed is not None

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
