"""문의: asked by anybody, answered by mail and in the portal (PRODUCT.md section 14).

Whoever was signed in finds it under their account; anybody else comes back by the link of the mail.
"""

import hmac
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.inquiry_reads import INQUIRY, INQUIRY_PAGE, THREAD, InquiryRead, InquiryThreadRead
from app.db.queue import enqueue
from app.db.tables.inquiries import Inquiry, InquiryMessage
from app.db.vault import Vault
from app.domain.errors import DomainError
from app.domain.inquiries import (
    FORMS,
    InquiryAuthor,
    InquiryKind,
    InquiryState,
    InquiryType,
    after_message,
    check_type_of,
)
from app.domain.periods import seoul_date
from app.domain.terms import GivenConsent, TermsUse, check_consents
from app.services.attachments import FILENAME, Attachments, SentFile
from app.services.cursors import NEWEST, make_cursor, read_cursor
from app.services.mails import Mails, NewMail
from app.services.one_time import OneTimeTokens
from app.services.principals import Access, Principal
from app.services.rate_limits import RateLimit, count_hit

PER_ADDRESS: Final = RateLimit("inquiry", 20, timedelta(hours=1))
RECEIPTS, AN_HOUR = 10, timedelta(hours=1)
"""How many receipts an e-mail address gets. Anybody may type it; nobody keeps it from asking."""
OPENED: Final = RateLimit("inquiry_open", 120, timedelta(hours=1))
MAX_MESSAGES: Final = 100
"""Of one inquiry: past that it is another one."""
_NUMBER = text("SELECT nextval('inquiry_numbers') % 1000000")
_BY_ID = text(f"SELECT row_to_json(r)::text FROM ({THREAD} WHERE i.id = :id) AS r")  # noqa: S608
_RECENT = text(
    "SELECT count(*) FROM inquiries WHERE email_index = :email_index AND created_at > :since"
)
_COUNT = text("SELECT count(*) FROM inquiry_messages WHERE inquiry_id = :id")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as they say."""

    email: str = field(repr=False)
    company_name: str = field(repr=False)
    mobile_phone: str | None = field(repr=False)
    landline: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskInquiry:
    """What the form sends; `attachments` are tokens of tickets."""

    kind: InquiryKind
    type: InquiryType
    asker: Asker
    title: str
    details: str
    consents: Sequence[GivenConsent]
    attachments: Sequence[str]
    language: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """`operator`: which one wrote; for the operator's eyes."""

    id: UUID
    author: InquiryAuthor
    text: str
    created_at: datetime
    attachments: Sequence[SentFile]
    operator: str | None


@dataclass(frozen=True, slots=True)
class InquiryLine:
    """An inquiry in a list."""

    id: UUID
    number: str
    kind: InquiryKind
    type: InquiryType
    state: InquiryState
    company_id: UUID | None
    title: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class InquiryView:
    """With its thread, the oldest message first."""

    line: InquiryLine
    asker: Asker
    messages: Sequence[MessageView]


@dataclass(frozen=True, slots=True)
class InquiryPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[InquiryLine]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Inquiries:
    """One use case a method."""

    database: Database
    clock: Clock
    vault: Vault
    tokens: OneTimeTokens
    attachments: Attachments
    mails: Mails
    spa_url: str

    async def admit(self, address: str) -> None:
        """Raises `RateLimited`."""
        await count_hit(self.database, PER_ADDRESS, address)

    async def ask(self, command: AskInquiry) -> InquiryView:
        """Of somebody who is not signed in. Raises what `ask_within` raises."""
        async with self.database.system_session("inquiry") as session:
            now = await self.clock.now(session)
            return await self._ask(session, command, None, None, now)

    async def ask_within(
        self, session: AsyncSession, principal: Principal, command: AskInquiry
    ) -> InquiryView:
        """Raises `inquiry_type_not_offered`, `consent_required`, `consent_unknown`,

        `attachment_not_ready`, `too_many_files`.
        """
        company = principal.company.id if principal.company else None
        return await self._ask(session, command, principal.account_id, company, principal.now)

    async def _ask(
        self,
        session: AsyncSession,
        command: AskInquiry,
        account_id: UUID | None,
        company_id: UUID | None,
        now: datetime,
    ) -> InquiryView:
        check_type_of(command.kind, command.type)
        check_consents(TermsUse.INQUIRY, command.consents)
        number = (await session.execute(_NUMBER)).scalar_one()
        token, _ = self.tokens.make()
        asker = command.asker
        inquiry = Inquiry(
            id=new_id(),
            number=f"INQ-{seoul_date(now):%Y%m%d}-{number:06d}",
            kind=str(command.kind),
            type=str(command.type),
            state=str(InquiryState.RECEIVED),
            company_id=company_id,
            account_id=account_id,
            title=self.vault.seal("inquiries.title", command.title),
            asker=self.vault.seal("inquiries.asker", msgspec.json.encode(asker).decode()),
            email_index=self.vault.index("email", asker.email.lower()),
            token=self.vault.seal("inquiries.token", token),
            language=command.language,
            consents=msgspec.to_builtins(list(command.consents)),
            created_at=now,
            updated_at=now,
        )
        session.add(inquiry)
        await session.flush()
        message = self._message(inquiry, InquiryAuthor.CUSTOMER, None, command.details, now)
        session.add(message)
        await session.flush()
        await self.attachments.attach(session, message, command.attachments, now)
        await self._send_receipt(session, inquiry, asker.email, now)
        return await self.read(session, inquiry.id)

    async def _send_receipt(
        self, session: AsyncSession, inquiry: Inquiry, email: str, now: datetime
    ) -> None:
        """Says nothing of what was typed: the address is nobody's who was checked."""
        of = {"email_index": inquiry.email_index, "since": now - AN_HOUR}
        if (await session.execute(_RECENT, of)).scalar_one() > RECEIPTS:
            return
        facts = {"number": inquiry.number, "kind": _kind(inquiry), "link": self.link(inquiry)}
        mail = NewMail(
            "inquiry_received",
            email,
            facts,
            inquiry.language,
            company_id=inquiry.company_id,
            account_id=inquiry.account_id,
        )
        await enqueue(session, [self.mails.queue(session, mail, now)])

    def _message(
        self,
        inquiry: Inquiry,
        author: InquiryAuthor,
        operator: str | None,
        words: str,
        now: datetime,
    ) -> InquiryMessage:
        return InquiryMessage(
            id=new_id(),
            inquiry_id=inquiry.id,
            account_id=inquiry.account_id,
            author=str(author),
            operator=operator,
            text=self.vault.seal("inquiry_messages.text", words),
            created_at=now,
        )

    def link(self, inquiry: Inquiry) -> str:
        """Where the asker reads on: their page, or the page that the token opens."""
        if inquiry.account_id is not None:
            return f"{self.spa_url}/inquiries/{inquiry.id}"
        token = self.vault.open("inquiries.token", inquiry.token)
        return f"{self.spa_url}/inquiries/answer#number={inquiry.number}&token={token}"

    async def page(self, access: Access, cursor: str | None, size: int) -> InquiryPage:
        """The account's own, the newest first. Raises `cursor_invalid`."""
        at, last = read_cursor(cursor) or NEWEST
        _, rows = await access.read(INQUIRY_PAGE, at=at, id=last, size=size + 1)
        page, more = rows[:size], len(rows) > size
        next_cursor = make_cursor(page[-1].created_at, page[-1].id) if more else None
        return InquiryPage([self.line(row) for row in page], next_cursor)

    async def get(self, access: Access, inquiry_id: UUID) -> InquiryView:
        """Raises `inquiry_not_found`, also for another's."""
        _, found = await access.read(INQUIRY, id=inquiry_id)
        if found is None:
            raise DomainError("inquiry_not_found")
        return self.view(found)

    async def open(self, number: str, token: str, address: str) -> InquiryView:
        """By the link of the mail. Raises `inquiry_not_found`, `RateLimited`."""
        await count_hit(self.database, OPENED, address)
        async with self.database.system_session("inquiry by its link") as session:
            inquiry = await self._by_token(session, number, token)
            return await self.read(session, inquiry.id)

    async def write(
        self,
        session: AsyncSession,
        principal: Principal,
        inquiry_id: UUID,
        words: str,
        attachments: Sequence[str],
    ) -> InquiryView:
        """More of the asker's. Raises `inquiry_not_found`, `inquiry_closed`,

        `attachment_not_ready`, `too_many_files`, `too_many_messages`.
        """
        inquiry = await session.scalar(
            select(Inquiry)
            .where(Inquiry.id == inquiry_id, Inquiry.account_id == principal.account_id)
            .with_for_update()
        )
        if inquiry is None:
            raise DomainError("inquiry_not_found")
        await self.add(
            session, inquiry, InquiryAuthor.CUSTOMER, None, words, attachments, principal.now
        )
        return await self.read(session, inquiry.id)

    async def write_by_token(
        self, number: str, token: str, words: str, attachments: Sequence[str], address: str
    ) -> InquiryView:
        """The same by the link of the mail. Raises `RateLimited` besides."""
        await count_hit(self.database, PER_ADDRESS, address)
        async with self.database.system_session("inquiry by its link") as session:
            now = await self.clock.now(session)
            inquiry = await self._by_token(session, number, token, locked=True)
            await self.add(session, inquiry, InquiryAuthor.CUSTOMER, None, words, attachments, now)
            return await self.read(session, inquiry.id)

    async def add(
        self,
        session: AsyncSession,
        inquiry: Inquiry,
        author: InquiryAuthor,
        operator: str | None,
        words: str,
        attachments: Sequence[str],
        now: datetime,
    ) -> None:
        """A message of either side to an inquiry that is locked."""
        inquiry.state = str(after_message(InquiryState(inquiry.state), author))
        if (await session.execute(_COUNT, {"id": inquiry.id})).scalar_one() >= MAX_MESSAGES:
            raise DomainError("too_many_messages")
        inquiry.updated_at = now
        message = self._message(inquiry, author, operator, words, now)
        session.add(message)
        await session.flush()
        await self.attachments.attach(session, message, attachments, now)

    async def _by_token(
        self, session: AsyncSession, number: str, token: str, *, locked: bool = False
    ) -> Inquiry:
        found = select(Inquiry).where(Inquiry.number == number)
        inquiry = await session.scalar(found.with_for_update() if locked else found)
        if inquiry is None or inquiry.account_id is not None:
            raise DomainError("inquiry_not_found")
        kept = self.vault.open("inquiries.token", inquiry.token)
        if not hmac.compare_digest(kept.encode(), token.encode()):
            raise DomainError("inquiry_not_found")
        return inquiry

    async def file(
        self, access: Access, inquiry_id: UUID, attachment_id: UUID
    ) -> tuple[SentFile, AsyncIterator[bytes]]:
        """Raises `inquiry_not_found`, and what `Attachments.content` raises."""
        async with access.transaction() as (session, principal):
            own = select(Inquiry.id).where(
                Inquiry.id == inquiry_id, Inquiry.account_id == principal.account_id
            )
            if await session.scalar(own) is None:
                raise DomainError("inquiry_not_found")
            file, key = await self.attachments.of_inquiry(session, inquiry_id, attachment_id)
        return file, await self.attachments.content(key)

    async def read(self, session: AsyncSession, inquiry_id: UUID) -> InquiryView:
        """One that is there, in a session that sees it."""
        found = (await session.execute(_BY_ID, {"id": inquiry_id})).scalar_one()
        return self.view(msgspec.json.decode(found, type=InquiryThreadRead))

    def line(self, read: InquiryRead) -> InquiryLine:
        return InquiryLine(
            read.id,
            read.number,
            InquiryKind(read.kind),
            InquiryType(read.type),
            InquiryState(read.state),
            read.company_id,
            self.vault.open("inquiries.title", read.title),
            read.created_at,
            read.updated_at,
        )

    def view(self, read: InquiryThreadRead) -> InquiryView:
        asker = self.vault.open("inquiries.asker", read.asker)
        messages = [
            MessageView(
                message.id,
                InquiryAuthor(message.author),
                self.vault.open("inquiry_messages.text", message.text),
                message.created_at,
                [
                    SentFile(
                        file.id,
                        self.vault.open(FILENAME, file.filename),
                        file.media_type,
                        file.size,
                    )
                    for file in message.attachments
                ],
                message.operator,
            )
            for message in read.messages
        ]
        return InquiryView(self.line(read), msgspec.json.decode(asker, type=Asker), messages)


def _kind(inquiry: Inquiry) -> str:
    label = FORMS[InquiryKind(inquiry.kind)].label
    return label.ko if inquiry.language == "ko" else label.en
