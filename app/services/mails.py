"""Mails: queued in the transaction that causes them, sent by a job, at least once.

The address and the facts are sealed in the row; the words are made when the mail is sent.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.bulk import insert_rows
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import Job, enqueue
from app.db.tables.campaigns import Campaign
from app.db.tables.notifications import Notification
from app.db.tables.plumbing import Mail
from app.db.vault import Vault
from app.domain.mail_rules import (
    PURPOSES,
    TO_ANY_ADDRESS,
    TOLD_IN_THE_PORTAL,
    MailPurpose,
    MarketingConsent,
    check_marketing,
    may_be_sent,
    next_daytime,
)
from app.domain.mails import MailAttachment, OutgoingMail
from app.domain.provider_errors import ProviderError, ProviderRefused
from app.services.mail_wishes import copies_of, is_wanted
from app.services.marketing_links import MarketingLinks
from app.services.ports import MailTransport

SEND_MAIL = "send_mail"
NEWS = "notifications.words"
LANGUAGES = ("ko", "en")
LONGEST_PAUSE = timedelta(hours=6)
GIVE_UP_AFTER = 12
_ADDRESS = text(
    "SELECT coalesce(a.email_verified_at IS NOT NULL AND a.email_index = :email_index, false)"
    " AS verified,"
    " c.agreed, c.given_at FROM accounts a LEFT JOIN LATERAL ("
    "   SELECT agreed, given_at FROM consents WHERE account_id = a.id AND kind = 'MARKETING'"
    "   AND erase_due_at IS NULL ORDER BY given_at DESC, id DESC LIMIT 1) c ON true"
    " WHERE a.id = :account AND a.status = 'ACTIVE'"
)
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
    document_id: UUID | None = None
    """A paper of the company's 문서함 that goes with it; the account may read it."""
    about: UUID | None = None
    """An account that is named and neither caused it nor gets it: the mail goes with it."""
    campaign_id: UUID | None = None
    """A campaign whose words are read when it is sent."""


@dataclass(frozen=True, slots=True)
class Advertiser:
    """Who advertising says it comes from (제50조 제4항 †): every text may name these."""

    name: str
    address: str
    phone: str
    email: str

    @property
    def facts(self) -> dict[str, str]:
        return {
            "advertiser": self.name,
            "advertiser_address": self.address,
            "advertiser_phone": self.phone,
            "advertiser_email": self.email,
        }


class MailPapers(Protocol):
    """Makes the paper that goes with a mail, when it is sent."""

    async def paper(self, mail: Mail) -> MailAttachment | None: ...


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
        advertiser: Advertiser,
        links: MarketingLinks,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._transport = transport
        self._papers = papers
        self.links = links
        self._domain = parseaddr(sender)[1].partition("@")[2]
        self._texts = Environment(
            loader=FileSystemLoader(_TEXTS),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._texts.globals.update(advertiser.facts)

    def queue(self, session: AsyncSession, mail: NewMail, now: datetime) -> Job:
        """Adds the row to the caller's transaction; the caller enqueues the job there, too.

        For what any address may get. Raises `ValueError` for a kind that nobody gave a purpose, and
        for one whose address must be looked at first: that is `queue_if_allowed`.
        """
        _check_purpose(mail)
        return self._add(session, mail, now, now)

    async def queue_many(
        self, session: AsyncSession, mails: Iterable[NewMail], now: datetime
    ) -> None:
        """The same of thousands, to nobody who has an account.

        No job is queued: the sweep takes up some hundred at a time, so that what else is mailed
        meanwhile waits for few of them.
        """

        def rows() -> Iterator[dict[str, Any]]:
            for mail in mails:
                _check_purpose(mail)
                yield self._values(new_id(), mail, now, now)

        await insert_rows(session, Mail, rows())

    async def queue_advertising(
        self, session: AsyncSession, mails: Iterable[NewMail], now: datetime
    ) -> None:
        """The same of advertising to accounts whose consents the caller has looked at.

        Each is looked at again when it is sent. Raises `ValueError` for what is not advertising.
        """
        due_at = next_daytime(now)

        def rows() -> Iterator[dict[str, Any]]:
            for mail in mails:
                if PURPOSES[mail.kind] is not MailPurpose.MARKETING or mail.account_id is None:
                    raise ValueError(f"not advertising to an account: {mail.kind}")
                yield self._values(new_id(), mail, now, due_at)

        await insert_rows(session, Mail, rows())

    async def queue_if_allowed(
        self, session: AsyncSession, mail: NewMail, now: datetime
    ) -> Job | None:
        """The same for a notice or advertising to the account `mail.account_id`.

        None where the address is not verified, is not the account's any more, or wants no
        advertising; advertising waits for the day. Needs a session that sees the account. Raises
        `ValueError` for advertising that is not marked or cannot be ended.
        """
        purpose = PURPOSES[mail.kind]
        email_index = self._vault.index("email", mail.recipient.lower())
        if not await _is_allowed(session, purpose, mail.account_id, email_index, now):
            return None
        due_at = now
        if purpose is MailPurpose.MARKETING:
            facts = self._told(mail.account_id, mail.facts)
            subject, _ = self._words(mail.kind, mail.language, facts)
            check_marketing(subject, facts)
            due_at = next_daytime(now)
        return self._add(session, mail, now, due_at)

    def _add(self, session: AsyncSession, mail: NewMail, now: datetime, due_at: datetime) -> Job:
        row_id = new_id()
        if PURPOSES[mail.kind] in TOLD_IN_THE_PORTAL and mail.account_id is not None:
            session.add(self._news(mail, mail.account_id, now))
        session.add(Mail(**self._values(row_id, mail, now, due_at)))
        return Job(SEND_MAIL, row_id)

    def _values(
        self, row_id: UUID, mail: NewMail, now: datetime, due_at: datetime
    ) -> dict[str, Any]:
        return {
            "id": row_id,
            "kind": mail.kind,
            "language": mail.language,
            "company_id": mail.company_id,
            "account_id": mail.account_id,
            "about_account_id": mail.about,
            "quote_id": mail.quote_id,
            "document_id": mail.document_id,
            "campaign_id": mail.campaign_id,
            "recipient": self._vault.seal("mails.recipient", mail.recipient),
            "recipient_index": self._vault.index("email", mail.recipient.lower()),
            "facts": self._vault.seal("mails.facts", msgspec.json.encode(mail.facts).decode()),
            "state": "QUEUED",
            "attempts": 0,
            "due_at": due_at,
            "sent_at": None,
            "created_at": now,
        }

    def _news(self, mail: NewMail, account_id: UUID, now: datetime) -> Notification:
        """The same in the portal: 알림, in both languages, as it is worded today."""
        words = {language: self._words(mail.kind, language, mail.facts) for language in LANGUAGES}
        return Notification(
            id=new_id(),
            account_id=account_id,
            company_id=mail.company_id,
            kind=mail.kind,
            words=self._vault.seal(NEWS, msgspec.json.encode(words).decode()),
            created_at=now,
            read_at=None,
        )

    async def send(self, mail_id: UUID) -> None:
        """Sends a queued mail; one that was sent is left alone. A failure is tried again later.

        What asks for a verified address or a consent is looked at once more, and the night too.
        """
        async with self._database.system_session("send mail") as session:
            row = await session.get(Mail, mail_id)
            if row is None or row.state != "QUEUED" or await self._waits_for_day(session, row):
                return
            campaign = None
            if row.campaign_id is not None:
                campaign = await session.get(Campaign, row.campaign_id)
            stopped = campaign is not None and campaign.state == "STOPPED"
            wanted = (
                not stopped
                and await is_wanted(session, row)
                and await self._is_still_allowed(session, row)
            )
        if not wanted:
            await self._leave(row.id)
            return
        paper = await self._papers.paper(row)
        refused = False
        try:
            await self._transport.send(self._compose(row, campaign, (paper,) if paper else ()))
        except ProviderRefused:
            refused = True
        except ProviderError:
            await self._postpone(row.id, row.attempts + 1)
            return
        async with self._database.system_session("send mail") as session:
            now = await self._clock.now(session)
            done = await session.execute(
                update(Mail)
                .where(Mail.id == mail_id, Mail.state == "QUEUED")
                .values(
                    state="FAILED" if refused else "SENT",
                    sent_at=None if refused else now,
                    attempts=row.attempts + 1,
                )
                .returning(Mail.id)
            )
            if done.one_or_none() is not None:
                copies = await copies_of(session, self._vault, row, now)
                await enqueue(session, [Job(SEND_MAIL, copied) for copied in copies])

    async def _waits_for_day(self, session: AsyncSession, row: Mail) -> bool:
        """Advertising that comes up by night stays until the morning."""
        if PURPOSES.get(row.kind) is not MailPurpose.MARKETING:
            return False
        now = await self._clock.now(session)
        row.due_at = max(row.due_at, next_daytime(now))
        return row.due_at > now

    async def _is_still_allowed(self, session: AsyncSession, row: Mail) -> bool:
        purpose = PURPOSES.get(row.kind, MailPurpose.OWN)
        if purpose in TO_ANY_ADDRESS:
            return True
        now = await self._clock.now(session)
        return await _is_allowed(session, purpose, row.account_id, row.recipient_index, now)

    async def _leave(self, mail_id: UUID) -> None:
        """Told in the portal only, or not to be told any more."""
        async with self._database.system_session("send mail") as session:
            await session.execute(
                update(Mail)
                .where(Mail.id == mail_id, Mail.state == "QUEUED")
                .values(state="UNWANTED")
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

    def _words(self, kind: str, language: str, facts: Mapping[str, str]) -> tuple[str, str]:
        """Subject and body."""
        text = self._texts.get_template(f"{kind}.{language}.txt").render(facts)
        subject, _, body = text.partition("\n")
        return subject, body

    def _told(self, account_id: UUID | None, facts: Mapping[str, str]) -> dict[str, str]:
        """The facts with the link that ends advertising: it is made anew for each mail."""
        if account_id is None:
            return {"unsubscribe": self.links.example(), **facts}
        return {"unsubscribe": self.links.page(account_id), **facts}

    def _compose(
        self, row: Mail, campaign: Campaign | None, attachments: tuple[MailAttachment, ...]
    ) -> OutgoingMail:
        facts = msgspec.json.decode(self._vault.open("mails.facts", row.facts), type=dict[str, str])
        if campaign is not None:
            facts |= campaign_facts(campaign)
        facts = self._told(row.account_id, facts)
        subject, body = self._words(row.kind, row.language, facts)
        one_click = None
        if PURPOSES.get(row.kind) is MailPurpose.MARKETING and row.account_id is not None:
            check_marketing(subject, facts)
            one_click = self.links.one_click(row.account_id)
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
            unsubscribe=one_click,
        )


def campaign_facts(campaign: Campaign) -> dict[str, str]:
    """The operator's words as the texts `campaign` and `campaign_test` name them."""
    return {
        "subject_ko": campaign.subject_ko,
        "body_ko": campaign.body_ko,
        "subject_en": campaign.subject_en,
        "body_en": campaign.body_en,
    }


async def _is_allowed(
    session: AsyncSession,
    purpose: MailPurpose,
    account_id: UUID | None,
    email_index: bytes | None,
    now: datetime,
) -> bool:
    """Whether the account's address, which must still be this one, gets a mail of this purpose."""
    values = {"account": account_id, "email_index": email_index}
    row = (await session.execute(_ADDRESS, values)).one_or_none()
    consent = None
    if row is not None and row.agreed is not None:
        consent = MarketingConsent(row.agreed, row.given_at)
    verified = row is not None and row.verified
    return may_be_sent(purpose, verified=verified, marketing=consent, now=now)


def _check_purpose(mail: NewMail) -> None:
    if PURPOSES.get(mail.kind) not in TO_ANY_ADDRESS:
        raise ValueError(f"not for any address: {mail.kind}")
