"""문의 as the operator's staff sees them: a queue that names nobody, and threads that are read
with a reason."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import enqueue
from app.db.tables.inquiries import Inquiry
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.inquiries import InquiryAuthor, InquiryKind, InquiryState, InquiryType
from app.domain.operators import Operator
from app.services.attachments import SentFile
from app.services.audit import AuditEntry, record
from app.services.cursors import OLDEST, make_cursor, read_cursor
from app.services.inquiries import Inquiries, InquiryLine, InquiryPage, InquiryView
from app.services.mails import Mails, NewMail


@dataclass(frozen=True, slots=True)
class OperatorInquiries:
    """One use case a method."""

    database: Database
    clock: Clock
    inquiries: Inquiries
    mails: Mails

    async def page(self, state: InquiryState, cursor: str | None, size: int) -> InquiryPage:
        """Those in a state, the longest without a word first. Raises `cursor_invalid`."""
        after = read_cursor(cursor) or OLDEST
        async with self.database.system_session("operator: inquiries") as session:
            rows = await session.scalars(
                select(Inquiry)
                .where(Inquiry.state == state, tuple_(Inquiry.updated_at, Inquiry.id) > after)
                .order_by(Inquiry.updated_at, Inquiry.id)
                .limit(size + 1)
            )
            found = rows.all()
        page = found[:size]
        next_cursor = make_cursor(page[-1].updated_at, page[-1].id) if len(found) > size else None
        return InquiryPage([self._line(inquiry) for inquiry in page], next_cursor)

    async def open(self, operator: Operator, inquiry_id: UUID, why: str) -> InquiryView:
        """With the asker's address: in the log, with the reason. Raises `inquiry_not_found`."""
        async with self.database.system_session("operator: inquiry") as session:
            inquiry = await self._found(session, inquiry_id)
            await self._record(session, operator, AuditAction.INQUIRY_READ, inquiry, why=why)
            return await self.inquiries.read(session, inquiry.id)

    async def answer(
        self, operator: Operator, inquiry_id: UUID, words: str, attachments: Sequence[str]
    ) -> InquiryView:
        """Goes by mail, too. Raises `inquiry_not_found`, `inquiry_closed`,

        `attachment_not_ready`, `too_many_files`, `too_many_messages`.
        """
        async with self.database.system_session("operator: answer an inquiry") as session:
            now = await self.clock.now(session)
            inquiry = await self._found(session, inquiry_id)
            author = InquiryAuthor.OPERATOR
            await self.inquiries.add(
                session, inquiry, author, operator.name, words, attachments, now
            )
            await self._record(session, operator, AuditAction.INQUIRY_ANSWERED, inquiry)
            view = await self.inquiries.read(session, inquiry.id)
            facts = {
                "number": inquiry.number,
                "answer": words,
                "files": str(len(attachments)),
                "link": self.inquiries.link(inquiry),
            }
            mail = NewMail(
                "inquiry_answered",
                view.asker.email,
                facts,
                inquiry.language,
                company_id=inquiry.company_id,
                account_id=inquiry.account_id,
            )
            await enqueue(session, [self.mails.queue(session, mail, now)])
            return view

    async def close(self, operator: Operator, inquiry_id: UUID) -> InquiryView:
        """No more is said; again is harmless. Raises `inquiry_not_found`."""
        async with self.database.system_session("operator: close an inquiry") as session:
            inquiry = await self._found(session, inquiry_id)
            if inquiry.state != InquiryState.CLOSED:
                inquiry.state = str(InquiryState.CLOSED)
                inquiry.updated_at = await self.clock.now(session)
                await session.flush()
                await self._record(session, operator, AuditAction.INQUIRY_CLOSED, inquiry)
            return await self.inquiries.read(session, inquiry.id)

    async def file(
        self, operator: Operator, inquiry_id: UUID, attachment_id: UUID, why: str
    ) -> tuple[SentFile, AsyncIterator[bytes]]:
        """In the log, with the reason. Raises `inquiry_not_found`, and what
        `Attachments.content` raises."""
        async with self.database.system_session("operator: inquiry") as session:
            inquiry = await self._found(session, inquiry_id)
            attachments = self.inquiries.attachments
            file, key = await attachments.of_inquiry(session, inquiry.id, attachment_id)
            await self._record(
                session,
                operator,
                AuditAction.INQUIRY_READ,
                inquiry,
                why=why,
                attachment=str(attachment_id),
            )
        return file, await attachments.content(key)

    async def _found(self, session: AsyncSession, inquiry_id: UUID) -> Inquiry:
        inquiry = await session.get(Inquiry, inquiry_id, with_for_update=True)
        if inquiry is None:
            raise DomainError("inquiry_not_found")
        return inquiry

    async def _record(
        self,
        session: AsyncSession,
        operator: Operator,
        action: AuditAction,
        inquiry: Inquiry,
        **details: str,
    ) -> None:
        at = await self.clock.now(session)
        entry = AuditEntry.by_operator(
            operator, action, at, subject=str(inquiry.id), details=details
        )
        record(session, entry)

    def _line(self, inquiry: Inquiry) -> InquiryLine:
        return InquiryLine(
            inquiry.id,
            inquiry.number,
            InquiryKind(inquiry.kind),
            InquiryType(inquiry.type),
            InquiryState(inquiry.state),
            inquiry.company_id,
            self.inquiries.vault.open("inquiries.title", inquiry.title),
            inquiry.created_at,
            inquiry.updated_at,
        )
