"""Papers that go with mails, and the mail that brings one from 문서함."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import enqueue
from app.db.tables.companies import Company
from app.db.tables.plumbing import Mail
from app.domain.listed_documents import KEPT_ELSEWHERE, LISTED_LABELS, ListedKind
from app.domain.mails import MailAttachment
from app.domain.quotes import QuoteRecipient
from app.services.emails import Emails
from app.services.listed_documents import ListedDocuments, find_document
from app.services.mails import Mails, NewMail
from app.services.principals import Access, ForAMail
from app.services.quote_papers import QuotePapers
from app.services.rate_limits import RateLimit, count_hit

DOCUMENT_MAILS = RateLimit("document_mails", 30, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class PapersOfMails:
    """Makes a mail's paper when it is sent."""

    database: Database
    clock: Clock
    quotes: QuotePapers
    documents: ListedDocuments

    async def paper(self, mail: Mail) -> MailAttachment | None:
        """None where there is none, and for a file that somebody else keeps."""
        if mail.quote_id is not None:
            return await self.quotes.for_mail(mail.quote_id)
        if mail.document_id is None:
            return None
        assert mail.account_id is not None
        assert mail.company_id is not None
        async with self.database.system_session("paper for a mail") as session:
            now = await self.clock.now(session)
            reader = ForAMail(session, mail.account_id, mail.company_id, now)
            found = await find_document(reader, mail.document_id)
            kind = ListedKind(found.kind)
            if kind in KEPT_ELSEWHERE:
                return None
            if kind is not ListedKind.QUOTE:
                return await self.documents.made(reader, found)
        return await self.quotes.for_mail(found.id)


@dataclass(frozen=True, slots=True)
class DocumentMails:
    """Sends a paper to whom a signed-in user names: themselves, the company's own account."""

    database: Database
    clock: Clock
    mails: Mails
    emails: Emails

    async def send(
        self, access: Access, document: UUID, recipients: Sequence[QuoteRecipient]
    ) -> None:
        """Queues the mails; the paper is made when they are sent.

        Raises `document_not_found`, and `RateLimited` past thirty an hour.
        """
        principal = await access.principal()
        await count_hit(self.database, DOCUMENT_MAILS, str(principal.account_id))
        found = await find_document(access, document)
        kind = ListedKind(found.kind)
        facts = {
            "title": LISTED_LABELS[kind].ko,
            "number": found.number,
            "total": f"{found.total:,}",
            "elsewhere": "yes" if kind in KEPT_ELSEWHERE else "",
        }
        async with self.database.system_session("mail a document") as session:
            now = await self.clock.now(session)
            owner = await session.scalar(
                select(Company.corporate_account_id).where(Company.id == principal.company_id)
            )
            asked = [principal.account_id] if QuoteRecipient.OWN in recipients else []
            if QuoteRecipient.COMPANY_CONTACT in recipients and owner is not None:
                asked.append(owner)
            addresses = await self.emails.of_all(session, asked, principal.account_id)
            mails = [
                NewMail(
                    "document_sent",
                    address,
                    facts,
                    company_id=principal.company_id,
                    account_id=principal.account_id,
                    document_id=document,
                )
                for address in dict.fromkeys(addresses)
            ]
            jobs = [self.mails.queue(session, mail, now) for mail in mails]
            await session.flush()
            await enqueue(session, jobs)
