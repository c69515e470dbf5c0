"""argon2id, off the event loop, with the same work for an ID that does not exist."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

_WORKERS = 2
"""Hashing is CPU and 64 MiB each: more at once would only queue in the processor."""


class Passwords:
    """Hashes and checks. A check of a missing hash does the same work and fails."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash("nobody has this password")
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="argon2")

    async def hash(self, password: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, self._hasher.hash, password
        )

    async def matches(self, hashed: str | None, password: str) -> bool:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._verify, hashed, password)

    def _verify(self, hashed: str | None, password: str) -> bool:
        try:
            self._hasher.verify(hashed or self._nobody, password)
        except VerificationError:
            return False
        return hashed is not None

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
