"""Files of customers on a disk, which all processes of the portal share."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Final

from app.adapters.file_keys import checked_folder, checked_key

_READ: Final = 256 * 1024


class DiskSink:
    """One file being written, in threads: a slow disk holds up no other request."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path

    async def write(self, content: bytes) -> None:
        await asyncio.to_thread(self._file.write, content)

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    async def abort(self) -> None:
        await asyncio.to_thread(self._abort)

    def _abort(self) -> None:
        self._path.unlink(missing_ok=True)
        self._file.close()

    def _close(self) -> None:
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())


class DiskFiles:
    """Keys are `folder/name` (`app.adapters.file_keys`): nothing of a customer is in a path.

    Folders are readable to the portal's own user only.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    async def create(self, key: str) -> DiskSink:
        path = self._root / checked_key(key)
        return DiskSink(await asyncio.to_thread(_create, path), path)

    async def read(self, key: str) -> AsyncIterator[bytes]:
        path = self._root / checked_key(key)
        await asyncio.to_thread(path.stat)
        return _parts(path)

    async def remove_folder(self, folder: str) -> None:
        path = self._root / checked_folder(folder)
        await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
        if await asyncio.to_thread(path.exists):
            raise OSError(f"{folder} cannot be removed")


async def _parts(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while content := await asyncio.to_thread(file.read, _READ):
            yield content


def _create(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    return os.fdopen(descriptor, "wb")
