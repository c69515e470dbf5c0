"""Mails as the operator sees them: what became of each, sent again when asked (section 16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import Job, enqueue
from app.db.tables.plumbing import Mail
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.operators import Operator
from app.domain.persons import mask_email
from app.services.audit import AuditEntry, record
from app.services.cursors import NEWEST, make_cursor, read_cursor
from app.services.mails import SEND_MAIL


@dataclass(frozen=True, slots=True)
class MailLine:
    """`recipient` is masked; what it says is nobody's here."""

    id: UUID
    kind: str
    state: str
    recipient: str
    company_id: UUID | None
    attempts: int
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class MailPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[MailLine]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class OperatorMails:
    """One use case a method."""

    database: Database
    clock: Clock
    vault: Vault

    async def page(
        self, state: str | None, company_id: UUID | None, cursor: str | None, size: int
    ) -> MailPage:
        """The newest first. Raises `cursor_invalid`."""
        before = read_cursor(cursor) or NEWEST
        found = (
            select(Mail)
            .where(tuple_(Mail.created_at, Mail.id) < before)
            .order_by(Mail.created_at.desc(), Mail.id.desc())
            .limit(size + 1)
        )
        if state is not None:
            found = found.where(Mail.state == state)
        if company_id is not None:
            found = found.where(Mail.company_id == company_id)
        async with self.database.system_session("operator: mails") as session:
            rows = (await session.scalars(found)).all()
        page = rows[:size]
        next_cursor = make_cursor(page[-1].created_at, page[-1].id) if len(rows) > size else None
        return MailPage([self._line(mail) for mail in page], next_cursor)

    async def send_again(self, operator: Operator, mail_id: UUID) -> MailLine:
        """To the address that it was for. Raises `mail_not_found`; one that waits just waits."""
        async with self.database.system_session("operator: send a mail again") as session:
            now = await self.clock.now(session)
            mail = await session.get(Mail, mail_id, with_for_update=True)
            if mail is None:
                raise DomainError("mail_not_found")
            if mail.state != "QUEUED":
                mail.state, mail.attempts, mail.due_at, mail.sent_at = "QUEUED", 0, now, None
                await session.flush()
                await enqueue(session, [Job(SEND_MAIL, mail.id)])
                details = {"kind": mail.kind}
                entry = AuditEntry.by_operator(
                    operator,
                    AuditAction.MAIL_SENT_AGAIN,
                    now,
                    company_id=mail.company_id,
                    subject=str(mail.id),
                    details=details,
                )
                record(session, entry)
            return self._line(mail)

    def _line(self, mail: Mail) -> MailLine:
        return MailLine(
            mail.id,
            mail.kind,
            mail.state,
            mask_email(self.vault.open("mails.recipient", mail.recipient)),
            mail.company_id,
            mail.attempts,
            mail.created_at,
            mail.sent_at,
        )
