"""Mails: queued in the transaction that causes them, sent by a job, at least once.

The address and the facts are sealed in the row; the words are made when the mail is sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol
from uuid import UUID

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import Job
from app.db.tables.plumbing import Mail
from app.db.vault import Vault
from app.domain.mails import MailAttachment, OutgoingMail
from app.domain.provider_errors import ProviderError, ProviderRefused
from app.services.ports import MailTransport

SEND_MAIL = "send_mail"
LONGEST_PAUSE = timedelta(hours=6)
GIVE_UP_AFTER = 12
_TEXTS = Path(__file__).parent / "mail_texts"


@dataclass(frozen=True, slots=True)
class NewMail:
    """`kind` names the texts; `facts` are what they mention, as words."""

    kind: str
    recipient: str
    facts: dict[str, str]
    language: str = "ko"
    company_id: UUID | None = None
    account_id: UUID | None = None
    quote_id: UUID | None = None
    """A quote whose paper goes with it."""
    about: UUID | None = None
    """An account that is named and neither caused it nor gets it: the mail goes with it."""


class MailPapers(Protocol):
    """Makes the paper that goes with a mail, when it is sent."""

    async def for_mail(self, quote_id: UUID) -> MailAttachment: ...


class Mails:
    """Queues and sends."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        transport: MailTransport,
        sender: str,
        papers: MailPapers,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._transport = transport
        self._papers = papers
        self._domain = parseaddr(sender)[1].partition("@")[2]
        self._texts = Environment(
            loader=FileSystemLoader(_TEXTS),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def queue(self, session: AsyncSession, mail: NewMail, now: datetime) -> Job:
        """Adds the row to the caller's transaction; the caller enqueues the job there, too."""
        row_id = new_id()
        session.add(
            Mail(
                id=row_id,
                kind=mail.kind,
                language=mail.language,
                company_id=mail.company_id,
                account_id=mail.account_id,
                about_account_id=mail.about,
                quote_id=mail.quote_id,
                recipient=self._vault.seal("mails.recipient", mail.recipient),
                recipient_index=self._vault.index("email", mail.recipient.lower()),
                facts=self._vault.seal("mails.facts", msgspec.json.encode(mail.facts).decode()),
                state="QUEUED",
                attempts=0,
                due_at=now,
                sent_at=None,
                created_at=now,
            )
        )
        return Job(SEND_MAIL, row_id)

    async def send(self, mail_id: UUID) -> None:
        """Sends a queued mail; one that was sent is left alone. A failure is tried again later."""
        async with self._database.system_session("send mail") as session:
            row = await session.get(Mail, mail_id)
        if row is None or row.state != "QUEUED":
            return
        paper = await self._papers.for_mail(row.quote_id) if row.quote_id else None
        refused = False
        try:
            await self._transport.send(self._compose(row, (paper,) if paper else ()))
        except ProviderRefused:
            refused = True
        except ProviderError:
            await self._postpone(row.id, row.attempts + 1)
            return
        async with self._database.system_session("send mail") as session:
            now = await self._clock.now(session)
            await session.execute(
                update(Mail)
                .where(Mail.id == mail_id, Mail.state == "QUEUED")
                .values(
                    state="FAILED" if refused else "SENT",
                    sent_at=None if refused else now,
                    attempts=row.attempts + 1,
                )
            )

    async def _postpone(self, mail_id: UUID, attempts: int) -> None:
        """Doubling from ten seconds; after a dozen tries it is left for the operator."""
        pause = min(timedelta(seconds=10) * 2**attempts, LONGEST_PAUSE)
        async with self._database.system_session("send mail") as session:
            now = await self._clock.now(session)
            state = "FAILED" if attempts >= GIVE_UP_AFTER else "QUEUED"
            await session.execute(
                update(Mail)
                .where(Mail.id == mail_id)
                .values(attempts=attempts, due_at=now + pause, state=state)
            )

    def _compose(self, row: Mail, attachments: tuple[MailAttachment, ...]) -> OutgoingMail:
        facts = msgspec.json.decode(self._vault.open("mails.facts", row.facts), type=dict[str, str])
        name = f"{row.kind}.{row.language}"
        text = self._texts.get_template(f"{name}.txt").render(facts)
        subject, _, body = text.partition("\n")
        html = self._texts.get_template("layout.html").render(
            subject=subject, paragraphs=body.strip().split("\n\n"), language=row.language
        )
        return OutgoingMail(
            message_id=f"<{row.id}@{self._domain}>",
            to=self._vault.open("mails.recipient", row.recipient),
            subject=subject,
            text=body.strip() + "\n",
            html=html,
            attachments=attachments,
        )
