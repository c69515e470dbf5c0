"""Files of customers on a disk, which all processes of the portal share."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Final

_KEY = re.compile(r"[0-9a-f]{32}/[0-9a-f]{32}")
_FOLDER = re.compile(r"[0-9a-f]{32}")
_READ: Final = 256 * 1024


class DiskSink:
    """One file being written, in threads: a slow disk holds up no other request."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    async def write(self, content: bytes) -> None:
        await asyncio.to_thread(self._file.write, content)

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())


class DiskFiles:
    """Keys are `folder/name`, each 32 hexadecimal digits: nothing of a customer is in a path.

    Folders are readable to the portal's own user only.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    async def create(self, key: str) -> DiskSink:
        path = self._path(key, _KEY)
        return DiskSink(await asyncio.to_thread(_create, path))

    async def read(self, key: str) -> AsyncIterator[bytes]:
        path = self._path(key, _KEY)
        with await asyncio.to_thread(path.open, "rb") as file:
            while content := await asyncio.to_thread(file.read, _READ):
                yield content

    async def remove_folder(self, folder: str) -> None:
        path = self._path(folder, _FOLDER)
        await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
        if await asyncio.to_thread(path.exists):
            raise OSError(f"{folder} cannot be removed")

    def _path(self, key: str, shape: re.Pattern[str]) -> Path:
        if not shape.fullmatch(key):
            raise ValueError("no key of ours")
        return self._root / key


def _create(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    return os.fdopen(descriptor, "wb")
