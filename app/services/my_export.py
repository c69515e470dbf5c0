"""내 정보 내려받기: everything that the portal holds about the person, opened, for that person.

What is left out and why is said once, in `app.domain.personal_data`: secrets, keyed hashes, what
is gone within a day. Invitations and mails to an address are its owner's, so they are shown to an
account whose address is verified, besides those of the account itself.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, TextClause
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import export_reads as reads
from app.db.engine import Database
from app.db.quote_reads import WishRead
from app.db.vault import Vault
from app.domain.persons import mask_email
from app.services.account_changes import require_settings
from app.services.exported import (
    Export,
    ExportedAccount,
    ExportedAgreement,
    ExportedCompany,
    ExportedConsent,
    ExportedDevice,
    ExportedEvent,
    ExportedGroupwareLink,
    ExportedInquiry,
    ExportedInquiryMessage,
    ExportedInvitation,
    ExportedLinks,
    ExportedMail,
    ExportedOrder,
    ExportedPayment,
    ExportedQuote,
    ExportedSession,
    ExportedSignIn,
    ExportedSocialLink,
    ExportedWish,
)
from app.services.inquiries import Asker
from app.services.principals import Access
from app.services.rate_limits import RateLimit, count_hit

PER_ACCOUNT: Final = RateLimit("export", 20, timedelta(hours=1))


class _SealedMessage(msgspec.Struct, frozen=True):
    """As the statement finds it; bytes are base64."""

    author: str
    text: bytes
    files: list[bytes]
    at: datetime


class MyExport:
    """One use case: one transaction, a statement a section."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def of(self, access: Access) -> Export:
        """The caller's own. Raises `reauthentication_required` for a session from the groupware,

        which reaches no account settings without it, and RateLimited.
        """
        async with access.transaction() as (session, principal):
            await require_settings(session, principal)
        await count_hit(self._database, PER_ACCOUNT, str(principal.account_id))
        async with self._database.system_session("export of an account") as session:
            return await self._read(session, principal.account_id, principal.now)

    async def _read(self, session: AsyncSession, account_id: UUID, now: datetime) -> Export:
        """Values that a statement does not name are left aside."""
        known: dict[str, object] = {"account": account_id, "account_text": str(account_id)}

        async def rows(statement: TextClause) -> Sequence[Row[*tuple[Any, ...]]]:
            return (await session.execute(statement, known)).all()

        (account,) = await rows(reads.ACCOUNT)
        known |= {
            "email_index": account.email_index,
            "verified": account.email_verified_at is not None,
        }
        return Export(
            made_at=now,
            account=self._account(account_id, account),
            companies=[ExportedCompany(*row) for row in await rows(reads.COMPANIES)],
            links=ExportedLinks(
                social=[self._social(row) for row in await rows(reads.SOCIAL)],
                groupware=[ExportedGroupwareLink(*row) for row in await rows(reads.GROUPWARE)],
            ),
            consents=[ExportedConsent(*row) for row in await rows(reads.CONSENTS)],
            sessions=[ExportedSession(*row) for row in await rows(reads.SESSIONS)],
            devices=[ExportedDevice(*row) for row in await rows(reads.DEVICES)],
            sign_ins=[ExportedSignIn(*row) for row in await rows(reads.SIGN_INS)],
            invitations=[self._invitation(row) for row in await rows(reads.INVITATIONS)],
            orders=[_order(row) for row in await rows(reads.ORDERS)],
            quotes=[_quote(row) for row in await rows(reads.QUOTES)],
            inquiries=[self._inquiry(row) for row in await rows(reads.INQUIRIES)],
            mails=[self._mail(row) for row in await rows(reads.MAILS)],
            log=[ExportedEvent(*row) for row in await rows(reads.LOG)],
        )

    def _account(self, account_id: UUID, row: Row[*tuple[Any, ...]]) -> ExportedAccount:
        return ExportedAccount(
            id=account_id,
            kind=row.kind,
            login_id=row.login_id,
            name=self._vault.opened("accounts.name", row.name),
            birth_date=self._vault.opened("accounts.birth_date", row.birth_date),
            phone=self._vault.opened("accounts.phone", row.phone),
            email=self._vault.opened("accounts.email", row.email),
            email_verified_at=row.email_verified_at,
            department=self._vault.opened("accounts.department", row.department),
            position=self._vault.opened("accounts.position", row.position),
            landline=self._vault.opened("accounts.landline", row.landline),
            created_at=row.created_at,
            last_signed_in_at=row.last_signed_in_at,
        )

    def _social(self, row: Row[*tuple[Any, ...]]) -> ExportedSocialLink:
        email = self._vault.opened("social_links.email", row.email)
        return ExportedSocialLink(row.provider, email, row.created_at)

    def _invitation(self, row: Row[*tuple[Any, ...]]) -> ExportedInvitation:
        return ExportedInvitation(
            company=row.company,
            state=row.state,
            name=self._vault.opened("invitations.name", row.name),
            email=self._vault.opened("invitations.email", row.email),
            note=self._vault.opened("invitations.note", row.note),
            sent_at=row.sent_at,
            expires_at=row.expires_at,
        )

    def _inquiry(self, row: Row[*tuple[Any, ...]]) -> ExportedInquiry:
        opened = self._vault.open("inquiries.asker", row.asker)
        asker = msgspec.json.decode(opened, type=Asker)
        messages = msgspec.convert(row.messages, list[_SealedMessage])
        return ExportedInquiry(
            number=row.number,
            kind=row.kind,
            type=row.type,
            state=row.state,
            title=self._vault.open("inquiries.title", row.title),
            email=asker.email,
            company_name=asker.company_name,
            mobile_phone=asker.mobile_phone,
            landline=asker.landline,
            consents=msgspec.convert(row.consents, list[ExportedAgreement]),
            messages=[
                ExportedInquiryMessage(
                    author=message.author,
                    text=self._vault.open("inquiry_messages.text", message.text),
                    files=[
                        self._vault.open("attachments.filename", name) for name in message.files
                    ],
                    at=message.at,
                )
                for message in messages
            ],
            asked_at=row.created_at,
        )

    def _mail(self, row: Row[*tuple[Any, ...]]) -> ExportedMail:
        recipient = self._vault.open("mails.recipient", row.recipient)
        facts = msgspec.json.decode(self._vault.open("mails.facts", row.facts), type=dict[str, str])
        return ExportedMail(
            kind=row.kind,
            language=row.language,
            recipient=recipient if row.to_present_address else mask_email(recipient),
            facts={name: value for name, value in facts.items() if "://" not in value},
            state=row.state,
            queued_at=row.created_at,
            sent_at=row.sent_at,
        )


def _order(row: Row[*tuple[Any, ...]]) -> ExportedOrder:
    return ExportedOrder(
        number=row.number,
        kind=row.kind,
        status=row.status,
        payment_status=row.payment_status,
        total=row.total,
        placed_at=row.created_at,
        consents=msgspec.convert(row.consents, list[ExportedAgreement]),
        payments=msgspec.convert(row.payments, list[ExportedPayment]),
    )


def _quote(row: Row[*tuple[Any, ...]]) -> ExportedQuote:
    wishes = msgspec.convert(row.wishes, list[WishRead])
    return ExportedQuote(
        number=row.number,
        company_id=row.company_id,
        items=[ExportedWish(w.type, w.plan, w.users, w.months, dict(w.add_ons)) for w in wishes],
        total=row.total,
        quoted_on=row.quoted_on,
        expires_at=row.expires_at,
        recipients=row.recipients,
        mailed_at=row.mailed_at,
    )
