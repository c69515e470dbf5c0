"""Uploads: streamed into the storage, owned by a row in the same transaction, or removed.

Before the first byte a row says when the files are removed; whoever keeps them deletes that row in
the transaction that writes their owner. So a power cut at any moment leaves nothing for ever.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.tables.cases import Upload
from app.domain.errors import DomainError
from app.domain.provider_errors import ProviderError
from app.domain.uploads import (
    ATTACHMENT_TYPES,
    HEAD_BYTES,
    MAX_FILE_BYTES,
    MAX_FILES,
    PAPER_TYPES,
    FileType,
    FormEvent,
    PartBegins,
    PartBytes,
    check_type,
    shown_name,
)
from app.services.ports import FileSink, FileStorage

DROP_UPLOAD: Final = "drop_upload"
ORPHANS_KEPT: Final = timedelta(hours=1)
LONGEST: Final = 600.0
"""Seconds that a body may take, however slowly it comes."""
MAX_FIELDS: Final = 20
MAX_FIELD_BYTES: Final = 8192

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file in the storage; `filename` is what may be shown of the sender's name for it."""

    key: str
    filename: str
    media_type: str
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class ReceivedForm:
    """What a form brought: words by name, and files."""

    upload_id: UUID
    words: dict[str, str] = field(default_factory=dict)
    files: list[ReceivedFile] = field(default_factory=list)


class Uploads:
    """Takes forms with files; removes what nobody keeps."""

    def __init__(self, database: Database, clock: Clock, storage: FileStorage) -> None:
        self._database = database
        self._clock = clock
        self._storage = storage

    @asynccontextmanager
    async def receive(self, events: AsyncGenerator[FormEvent, None]) -> AsyncIterator[ReceivedForm]:
        """The form, while its files are there; left by an exception, they are gone.

        Raises `too_many_files`, `file_too_large`, `file_empty`, `file_type_not_allowed`,
        `file_type_mismatch`, `form_field_invalid`, `upload_timeout`, and what `events` raises.
        """
        form = ReceivedForm(await self._begin())
        try:
            async with aclosing(events):
                await self._read(events, form)
            yield form
        except BaseException:
            await self._drop_now_or_later(form.upload_id)
            raise

    async def _begin(self) -> UUID:
        """Says when the files of an upload are removed, before there is one."""
        upload_id = new_id()
        async with self._database.system_session("upload") as session:
            now = await self._clock.now(session)
            session.add(Upload(id=upload_id, due_at=now + ORPHANS_KEPT))
        return upload_id

    async def _read(self, events: AsyncIterator[FormEvent], form: ReceivedForm) -> None:
        try:
            async with asyncio.timeout(LONGEST):
                async for event in events:
                    if not isinstance(event, PartBegins):
                        raise DomainError("form_field_invalid")
                    if event.filename is None:
                        await self._take_words(event, events, form)
                    else:
                        await self._take_file(event, event.filename, events, form)
        except TimeoutError as late:
            raise DomainError("upload_timeout") from late

    @staticmethod
    async def _take_words(
        part: PartBegins, events: AsyncIterator[FormEvent], form: ReceivedForm
    ) -> None:
        """A field. Said twice, too long or no UTF-8: `form_field_invalid`."""
        pointer = "/" + part.name[:50]
        content = bytearray()
        async for more in _bytes_of(events):
            content += more
            if len(content) > MAX_FIELD_BYTES:
                raise DomainError("form_field_invalid", pointer)
        if part.name in form.words or len(form.words) >= MAX_FIELDS:
            raise DomainError("form_field_invalid", pointer)
        try:
            form.words[part.name] = content.decode()
        except UnicodeDecodeError as refused:
            raise DomainError("form_field_invalid", pointer) from refused

    async def _take_file(
        self,
        part: PartBegins,
        filename: str,
        events: AsyncIterator[FormEvent],
        form: ReceivedForm,
    ) -> None:
        if part.name != "files":
            raise DomainError("form_field_invalid", "/" + part.name[:50])
        if len(form.files) >= MAX_FILES:
            raise DomainError("too_many_files", "/files")
        received = await self._store(
            form.upload_id, _bytes_of(events), filename, part.media_type, PAPER_TYPES, "/files"
        )
        if received is not None:
            form.files.append(received)
        elif filename:  # without a name it is what a browser sends where no file was chosen
            raise DomainError("file_empty", "/files")

    async def _store(
        self,
        upload_id: UUID,
        content: AsyncIterator[bytes],
        filename: str,
        claimed: str | None,
        types: tuple[FileType, ...],
        pointer: str | None,
    ) -> ReceivedFile | None:
        """Looks at the beginning before anything is written. None: there was nothing."""
        head = b""
        async for more in content:
            head += more
            if len(head) >= HEAD_BYTES:
                break
        if not head:
            return None
        media_type = check_type(head[:HEAD_BYTES], filename, claimed, types, pointer)
        key = f"{upload_id.hex}/{secrets.token_hex(16)}"
        sink = await self._storage.create(key)
        try:
            size, digest = await _write(sink, head, content, pointer)
            await sink.close()
        except BaseException:
            await sink.abort()
            raise
        return ReceivedFile(key, shown_name(filename), media_type, size, digest)

    @asynccontextmanager
    async def receive_file(
        self, content: AsyncGenerator[bytes, None], filename: str, claimed: str | None
    ) -> AsyncIterator[tuple[UUID, ReceivedFile]]:
        """A body that is a file: its upload and itself; left by an exception, it is gone.

        It waits for an owner until `ORPHANS_KEPT` is over. Raises what `receive` raises of a file.
        """
        upload_id = await self._begin()
        try:
            async with aclosing(content):
                try:
                    async with asyncio.timeout(LONGEST):
                        received = await self._store(
                            upload_id, content, filename, claimed, ATTACHMENT_TYPES, None
                        )
                except TimeoutError as late:
                    raise DomainError("upload_timeout") from late
            if received is None:
                raise DomainError("file_empty")
            yield upload_id, received
        except BaseException:
            await self._drop_now_or_later(upload_id)
            raise

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Raises what `stored_file` raises."""
        return await stored_file(self._storage, key)

    @staticmethod
    async def keep_all(
        session: AsyncSession, upload_ids: Sequence[UUID], now: datetime
    ) -> Sequence[UUID]:
        """Those that are somebody's from this transaction on; the others are gone."""
        kept = await session.execute(
            delete(Upload)
            .where(Upload.id.in_(upload_ids), Upload.due_at > now)
            .returning(Upload.id)
        )
        return kept.scalars().all()

    @staticmethod
    async def keep(session: AsyncSession, form: ReceivedForm, now: datetime) -> None:
        """The files are somebody's, in the transaction that says whose.

        Raises `upload_timeout` where they may have been removed meanwhile.
        """
        kept = await session.execute(
            delete(Upload)
            .where(Upload.id == form.upload_id, Upload.due_at > now)
            .returning(Upload.id)
        )
        if kept.one_or_none() is None:
            raise DomainError("upload_timeout")

    @staticmethod
    async def drop_later(session: AsyncSession, upload_ids: Sequence[UUID], now: datetime) -> None:
        """Files whose owner is deleted in this transaction: the sweep removes them after it."""
        if upload_ids:
            rows = [{"id": upload_id, "due_at": now} for upload_id in upload_ids]
            await session.execute(insert(Upload).values(rows).on_conflict_do_nothing())

    async def _drop_now_or_later(self, upload_id: UUID) -> None:
        """A storage that is away says no more than what ended the upload: the sweep removes it."""
        try:
            await self.drop(upload_id)
        except (ProviderError, OSError) as away:
            log.warning("upload_not_dropped", upload_id=str(upload_id), error=type(away).__name__)

    async def drop(self, upload_id: UUID) -> None:
        """Removes the files of an upload that nobody keeps. Safe to repeat."""
        async with self._database.system_session("upload dropped") as session:
            if await session.get(Upload, upload_id) is None:
                return
        await self._storage.remove_folder(upload_id.hex)
        async with self._database.system_session("upload dropped") as session:
            await session.execute(delete(Upload).where(Upload.id == upload_id))


async def stored_file(storage: FileStorage, key: str) -> AsyncIterator[bytes]:
    """A file's bytes, a part at a time.

    Raises `attachment_not_found` where the storage lost it, ProviderUnavailable where that is away.
    """
    try:
        return await storage.read(key)
    except FileNotFoundError:
        log.warning("file_missing", key=key)
        raise DomainError("attachment_not_found") from None


async def _bytes_of(events: AsyncIterator[FormEvent]) -> AsyncIterator[bytes]:
    """The content of the part that began last."""
    async for event in events:
        if not isinstance(event, PartBytes):
            return
        yield event.content


async def _write(
    sink: FileSink, head: bytes, content: AsyncIterator[bytes], pointer: str | None
) -> tuple[int, bytes]:
    """(size, SHA-256). Raises `file_too_large` with the first byte that is too many."""
    digest, size, more = hashlib.sha256(), 0, head
    while more:
        size += len(more)
        if size > MAX_FILE_BYTES:
            raise DomainError("file_too_large", pointer)
        digest.update(more)
        await sink.write(more)
        more = await anext(content, b"")
    return size, digest.digest()
