"""기업회원 가입 초대장: how a customer whose contracts were imported gets its corporate account.

The link is a bearer secret: kept as a hash, sent in a mail's URL fragment, valid for 14 days and
until the company has its account. Sending again makes a new link and ends the former one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.bulk import BATCH, batches, insert_rows
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import enqueue
from app.db.tables.companies import Company
from app.db.tables.invitations import CorporateInvitation
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.services.audit import GROUPWARE, AuditEntry, record, record_all
from app.services.business_verifications import BusinessVerifications
from app.services.identity_verifications import IdentityVerifications, Purpose
from app.services.mails import Mails, NewMail
from app.services.one_time import OneTimeTokens
from app.services.order_events import SYSTEM
from app.services.rate_limits import RateLimit, count_hit

LIFETIME: Final = timedelta(days=14)
RESENDS = RateLimit("corporate_invitation_resend", 3, timedelta(hours=1))
PREVIEWS = RateLimit("invitation_preview", 60, timedelta(hours=1))
SPA_PAGE: Final = "/sign-up/corporate"


@dataclass(frozen=True, slots=True)
class InvitedCompany:
    """What the sign-up form shows, locked."""

    company_name: str
    business_number: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """Who is invited for which company."""

    company_id: UUID
    company_name: str
    name: str = field(repr=False)
    email: str = field(repr=False)


class CorporateInvitations:
    """Invite, preview, send again, and use once at sign-up."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        tokens: OneTimeTokens,
        mails: Mails,
        businesses: BusinessVerifications,
        identities: IdentityVerifications,
        spa_url: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._tokens = tokens
        self._mails = mails
        self._businesses = businesses
        self._identities = identities
        self._spa_url = spa_url

    async def invite(
        self,
        session: AsyncSession,
        company_id: UUID,
        site_id: UUID | None,
        name: str,
        email: str,
        now: datetime,
    ) -> None:
        """Queues the mail, in the caller's transaction; the same address gets a new link.

        Raises `company_already_registered` for a company that has its account. `site_id` is the
        site whose administrator asks; None for the contact on file.
        """
        company = await session.get_one(Company, company_id, with_for_update=True)
        if not _waits(company):
            raise DomainError("company_already_registered")
        contact = Contact(company_id, company.legal_name, name, email)
        link, values = self._made(contact, site_id, now)
        new = insert(CorporateInvitation).values(values)
        renewed = {
            "name": new.excluded.name,
            "token_hash": new.excluded.token_hash,
            "sends": CorporateInvitation.sends + 1,
            "sent_at": now,
            "expires_at": new.excluded.expires_at,
            "updated_at": now,
        }
        await session.execute(
            new.on_conflict_do_update(index_elements=["company_id", "email_index"], set_=renewed)
        )
        record(session, _invited(company_id, site_id, now))
        job = self._mails.queue(session, _mail(contact, link), now)
        await session.flush()
        await enqueue(session, [job])

    async def invite_new(
        self, session: AsyncSession, contacts: Sequence[Contact], now: datetime
    ) -> None:
        """The contacts on file of companies that were made in this transaction, thousands at once.

        Their mails go as the sweep finds them.
        """
        for batch in batches(contacts, BATCH):
            made = [self._made(contact, None, now) for contact in batch]
            await insert_rows(session, CorporateInvitation, (values for _, values in made))
            await record_all(session, (_invited(each.company_id, None, now) for each in batch))
            pairs = zip(batch, made, strict=True)
            mails = (_mail(contact, link) for contact, (link, _) in pairs)
            await self._mails.queue_many(session, mails, now)

    def _made(
        self, contact: Contact, site_id: UUID | None, now: datetime
    ) -> tuple[str, dict[str, Any]]:
        """A link, and the invitation's row that keeps its hash."""
        token, token_hash = self._tokens.make()
        values = {
            "id": new_id(),
            "company_id": contact.company_id,
            "site_id": site_id,
            "name": self._vault.seal("corporate_invitations.name", contact.name),
            "email": self._vault.seal("corporate_invitations.email", contact.email),
            "email_index": self._vault.index("email", contact.email.lower()),
            "token_hash": token_hash,
            "sends": 1,
            "sent_at": now,
            "expires_at": now + LIFETIME,
            "created_at": now,
            "updated_at": now,
        }
        return f"{self._spa_url}{SPA_PAGE}#token={token}", values

    async def preview(self, token: str, address: str) -> InvitedCompany:
        """Raises `invitation_invalid`, whatever is wrong with the token; RateLimited."""
        await count_hit(self._database, PREVIEWS, address)
        async with self._database.system_session("corporate invitation") as session:
            now = await self._clock.now(session)
            invitation, company = await self._usable(session, token, now, "/token")
            return InvitedCompany(
                company.legal_name, company.business_number, invitation.expires_at
            )

    async def resend(self, business_token: str, identity_token: str, address: str) -> None:
        """Sends the contact on file a new link; says nothing about whether there is one.

        The tokens are looked at and not used up. Raises what is wrong with them, and RateLimited
        by address and by number.
        """
        await count_hit(self._database, PREVIEWS, address)
        async with self._database.system_session("corporate invitation again") as session:
            now = await self._clock.now(session)
            await self._identities.look(session, identity_token, Purpose.SIGN_UP, now)
            number = (await self._businesses.look(session, business_token, now)).business_number
        await count_hit(self._database, RESENDS, number)
        async with self._database.system_session("corporate invitation again") as session:
            found = await session.execute(
                select(CorporateInvitation)
                .join(Company, Company.id == CorporateInvitation.company_id)
                .where(
                    Company.business_number == number,
                    Company.withdrawn_at.is_(None),
                    Company.corporate_account_id.is_(None),
                )
                .order_by(
                    CorporateInvitation.site_id.is_not(None), CorporateInvitation.created_at.desc()
                )
                .limit(1)
            )
            kept = found.scalar_one_or_none()
            if kept is not None:
                name = self._vault.open("corporate_invitations.name", kept.name)
                email = self._vault.open("corporate_invitations.email", kept.email)
                await self.invite(session, kept.company_id, kept.site_id, name, email, now)

    async def use(
        self, session: AsyncSession, token: str, business_number: str, now: datetime
    ) -> tuple[Company, str]:
        """The company, locked, and the address that the link was sent to; ends all its invitations.

        Raises `invitation_invalid`, and `invitation_number_mismatch` where the verified number is
        not the invitation's.
        """
        pointer = "/invitation_token"
        invitation, company = await self._usable(session, token, now, pointer)
        if company.business_number != business_number:
            raise DomainError("invitation_number_mismatch", "/business_verification_token")
        await session.refresh(company, with_for_update=True)
        if not _waits(company):
            raise DomainError("invitation_invalid", pointer)
        email = self._vault.open("corporate_invitations.email", invitation.email)
        await session.execute(
            delete(CorporateInvitation).where(CorporateInvitation.company_id == company.id)
        )
        return company, email

    async def _usable(
        self, session: AsyncSession, token: str, now: datetime, pointer: str
    ) -> tuple[CorporateInvitation, Company]:
        rows = await session.execute(
            select(CorporateInvitation, Company)
            .join(Company, Company.id == CorporateInvitation.company_id)
            .where(
                CorporateInvitation.token_hash == self._tokens.hash(token),
                CorporateInvitation.expires_at > now,
            )
        )
        row = rows.one_or_none()
        if row is None or not _waits(row[1]):
            raise DomainError("invitation_invalid", pointer)
        return row[0], row[1]


def _invited(company_id: UUID, site_id: UUID | None, now: datetime) -> AuditEntry:
    return AuditEntry(
        company_id=company_id,
        account_id=None,
        actor=GROUPWARE if site_id else SYSTEM,
        action=AuditAction.CORPORATE_INVITED,
        at=now,
        subject=str(site_id) if site_id else None,
    )


def _mail(contact: Contact, link: str) -> NewMail:
    facts = {
        "company": contact.company_name,
        "name": contact.name,
        "link": link,
        "days": str(LIFETIME.days),
    }
    return NewMail("corporate_invitation", contact.email, facts, "ko", contact.company_id)


def _waits(company: Company) -> bool:
    """Imported, and nobody has signed up for it yet."""
    return company.corporate_account_id is None and company.withdrawn_at is None
