"""Files of inquiries: a ticket, then the file itself, then a message that takes it.

A ticket's id may be in a URL, its token is what a message names it by. What no message takes is
gone an hour after it was sent (`app.services.uploads`).
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.tables.inquiries import Attachment, InquiryMessage
from app.db.vault import Vault
from app.domain.errors import DomainError
from app.domain.uploads import MAX_FILES, check_ending, shown_name
from app.services.one_time import OneTimeTokens
from app.services.rate_limits import RateLimit, count_hit
from app.services.uploads import ORPHANS_KEPT, ReceivedFile, Uploads

PER_ADDRESS: Final = RateLimit("attachment", 60, timedelta(hours=1))
FILENAME: Final = "attachments.filename"


@dataclass(frozen=True, slots=True)
class Ticket:
    """`token` is shown this once."""

    id: UUID
    token: str
    filename: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that is there; `media_type` is what its content is."""

    id: UUID
    filename: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Attachments:
    """One use case a method."""

    database: Database
    clock: Clock
    vault: Vault
    tokens: OneTimeTokens
    uploads: Uploads

    async def ticket(self, filename: str, address: str) -> Ticket:
        """Room for one file. Raises `file_type_not_allowed` for a name's ending, `RateLimited`."""
        check_ending(filename)
        await count_hit(self.database, PER_ADDRESS, address)
        token, token_hash = self.tokens.make()
        name = shown_name(filename)
        async with self.database.sessions.begin() as session:
            now = await self.clock.now(session)
            row = Attachment(
                id=new_id(),
                token_hash=token_hash,
                filename=self.vault.seal(FILENAME, name),
                upload_id=None,
                storage_key=None,
                media_type=None,
                size=None,
                sha256=None,
                inquiry_id=None,
                message_id=None,
                account_id=None,
                expires_at=now + ORPHANS_KEPT,
                created_at=now,
            )
            session.add(row)
        return Ticket(row.id, token, name, row.expires_at)

    async def send(
        self, ticket_id: UUID, content: AsyncGenerator[bytes, None], claimed: str | None
    ) -> SentFile:
        """Takes the file in; one that broke off may be sent again, one that arrived not.

        Raises `attachment_ticket_invalid`, `attachment_already_sent`, and what
        `Uploads.receive_file` raises.
        """
        async with self.database.sessions.begin() as session:
            filename = await self._awaited(session, ticket_id, await self.clock.now(session))
        async with self.uploads.receive_file(content, filename, claimed) as (upload_id, file):
            await self._arrived(ticket_id, upload_id, file)
        return SentFile(ticket_id, filename, file.media_type, file.size)

    async def _awaited(self, session: AsyncSession, ticket_id: UUID, now: datetime) -> str:
        """The file's name."""
        row = await session.get(Attachment, ticket_id)
        if row is None or row.expires_at <= now:
            raise DomainError("attachment_ticket_invalid")
        if row.storage_key is not None:
            raise DomainError("attachment_already_sent")
        return self.vault.open(FILENAME, row.filename)

    async def _arrived(self, ticket_id: UUID, upload_id: UUID, file: ReceivedFile) -> None:
        """Of two that were sent at once, the first one counts."""
        async with self.database.sessions.begin() as session:
            now = await self.clock.now(session)
            taken = await session.execute(
                update(Attachment)
                .where(
                    Attachment.id == ticket_id,
                    Attachment.storage_key.is_(None),
                    Attachment.expires_at > now,
                )
                .values(
                    upload_id=upload_id,
                    storage_key=file.key,
                    media_type=file.media_type,
                    size=file.size,
                    sha256=file.sha256,
                    expires_at=now + ORPHANS_KEPT,
                )
                .returning(Attachment.id)
            )
            if taken.one_or_none() is None:
                raise DomainError("attachment_already_sent")

    async def attach(
        self, session: AsyncSession, message: InquiryMessage, tokens: Sequence[str], now: datetime
    ) -> None:
        """The files are the message's, in its transaction: two statements, however many.

        Raises `attachment_not_ready`, with a pointer, for one that was not sent, is gone, or goes
        with another message; `too_many_files`.
        """
        if not tokens:
            return
        if len(tokens) > MAX_FILES:
            raise DomainError("too_many_files", "/attachments")
        hashes = [self.tokens.hash(token) for token in tokens]
        taken = await session.execute(
            update(Attachment)
            .where(
                Attachment.token_hash.in_(hashes),
                Attachment.message_id.is_(None),
                Attachment.storage_key.is_not(None),
            )
            .values(
                inquiry_id=message.inquiry_id,
                message_id=message.id,
                account_id=message.account_id,
            )
            .returning(Attachment.token_hash, Attachment.upload_id)
        )
        uploads = {row.token_hash: row.upload_id for row in taken}
        kept = set(await self.uploads.keep_all(session, list(uploads.values()), now))
        for index, token_hash in enumerate(hashes):
            if uploads.pop(token_hash, None) not in kept:
                raise DomainError("attachment_not_ready", f"/attachments/{index}")

    async def of_inquiry(
        self, session: AsyncSession, inquiry_id: UUID, attachment_id: UUID
    ) -> tuple[SentFile, str]:
        """A file of an inquiry and its key, for `content`. Raises `attachment_not_found`."""
        row = await session.scalar(
            select(Attachment).where(
                Attachment.id == attachment_id,
                Attachment.inquiry_id == inquiry_id,
                Attachment.message_id.is_not(None),
            )
        )
        if row is None or row.storage_key is None or row.media_type is None:
            raise DomainError("attachment_not_found")
        name = self.vault.open(FILENAME, row.filename)
        sent = SentFile(row.id, name, row.media_type, row.size or 0)
        return sent, row.storage_key

    async def content(self, key: str) -> AsyncIterator[bytes]:
        """A file's bytes; outside of a transaction, which would wait for the storage.

        Raises what `stored_file` raises.
        """
        return await self.uploads.read(key)
