"""사용자 초대, the invited person's side: preview and accept, before or after linking.

ADMIN needs an accepted invitation and a live link to the groupware, in either order: accepting
first is remembered and takes effect with the link (decision 12).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import enqueue
from app.db.tables.accounts import Account
from app.db.tables.companies import Company, CompanyMember, GroupwareLink
from app.db.tables.invitations import Invitation
from app.db.tables.plumbing import Mail
from app.db.tables.sites import Site
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.invitations import LINK_LASTS, Acceptance, outcome_when_linked
from app.domain.persons import mask_email
from app.services.audit import AuditEntry, record
from app.services.mails import Mails, NewMail
from app.services.one_time import OneTimeTokens
from app.services.order_events import account_actor
from app.services.rate_limits import RateLimit, count_hit

PREVIEWS = RateLimit("user_invitation_preview", 60, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class InvitationPreview:
    """What a holder of the link sees before signing in."""

    company_name: str
    name: str
    email_masked: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of it, and whose company it is."""

    outcome: Acceptance
    company_id: UUID
    company_name: str


@dataclass(frozen=True, slots=True)
class PendingInvitation:
    """An open invitation to the account's own address; `accepted`: it waits for the link only."""

    id: UUID
    company_id: UUID
    company_name: str
    accepted: bool
    expires_at: datetime


class Acceptances:
    """`accept` has its own transaction; the rest is for sign-up, sign-in and linking."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        tokens: OneTimeTokens,
        mails: Mails,
        spa_url: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._tokens = tokens
        self._mails = mails
        self._spa_url = spa_url

    async def preview(self, token: str, address: str) -> InvitationPreview:
        """Raises `invitation_invalid`, whatever is wrong with the token; RateLimited."""
        await count_hit(self._database, PREVIEWS, address)
        async with self._database.system_session("preview invitation") as session:
            now = await self._clock.now(session)
            row = await self._find(session, token, now, "/token")
            if row.name is None or row.email is None:
                raise DomainError("invitation_invalid", "/token")
            company = await session.get_one(Company, row.company_id)
            return InvitationPreview(
                company.legal_name,
                self._vault.open("invitations.name", row.name),
                mask_email(self._vault.open("invitations.email", row.email)),
                row.expires_at,
            )

    async def accept(self, account_id: UUID, token: str) -> Accepted:
        """What `accept_in` does, in a transaction of its own."""
        async with self._database.system_session("accept invitation") as session:
            now = await self._clock.now(session)
            return await self.accept_in(session, account_id, token, now)

    async def accept_in(
        self,
        session: AsyncSession,
        account_id: UUID,
        token: str,
        now: datetime,
        pointer: str = "/token",
    ) -> Accepted:
        """One wins where two accept at once. The outcome LINK_REQUIRED is remembered: commit it.

        Needs a session that sees all rows. Raises `invitation_invalid`,
        `individual_account_required`, and `user_exists` for one who is a user already.
        """
        row = await self._find(session, token, now, pointer, lock=True)
        account = await session.get_one(Account, account_id)
        if account.kind != "INDIVIDUAL":
            raise DomainError("individual_account_required")
        company = await session.get_one(Company, row.company_id)
        if row.state != "INVITED" and row.account_id != account_id:
            raise DomainError("invitation_invalid", pointer)
        outcome = Acceptance.ACCEPTED
        if row.state != "ACCEPTED":
            outcome = await self._take(session, row, account, company, now)
        return Accepted(outcome, company.id, company.legal_name)

    async def linked(
        self, session: AsyncSession, account_id: UUID, company_id: UUID, now: datetime
    ) -> Acceptance | None:
        """After a link to a site of the company was made or confirmed: what waited for it happens.

        In the caller's transaction, which sees all rows. None where nothing waited.
        """
        waiting = await session.execute(
            select(Invitation)
            .where(
                Invitation.company_id == company_id,
                Invitation.account_id == account_id,
                Invitation.state == "INVITED",
                Invitation.expires_at > now,
            )
            .order_by(Invitation.id)
            .limit(1)
            .with_for_update()
        )
        row = waiting.scalar_one_or_none()
        if row is None or await _is_member(session, company_id, account_id):
            return None
        account = await session.get_one(Account, account_id)
        company = await session.get_one(Company, company_id)
        return await self._take(session, row, account, company, now)

    async def pending(
        self, session: AsyncSession, account_id: UUID, now: datetime
    ) -> Sequence[PendingInvitation]:
        """Open invitations to the account's verified address, or remembered as accepted by it."""
        rows = await session.execute(
            select(
                Invitation.id,
                Invitation.company_id,
                Company.legal_name,
                Invitation.account_id,
                Invitation.expires_at,
            )
            .join(Company, Company.id == Invitation.company_id)
            .join(Account, Account.id == account_id)
            .where(
                Invitation.state == "INVITED",
                Invitation.expires_at > now,
                or_(
                    Invitation.account_id == account_id,
                    (Invitation.email_index == Account.email_index)
                    & Account.email_verified_at.is_not(None),
                ),
            )
            .order_by(Invitation.created_at)
        )
        return [
            PendingInvitation(
                row.id, row.company_id, row.legal_name, row.account_id == account_id, row.expires_at
            )
            for row in rows
        ]

    async def _find(
        self, session: AsyncSession, token: str, now: datetime, pointer: str, *, lock: bool = False
    ) -> Invitation:
        """An accepted one is found as well: its own person may ask again."""
        wanted = select(Invitation).where(
            Invitation.token_hash == self._tokens.hash(token),
            or_(Invitation.state != "INVITED", Invitation.expires_at > now),
        )
        found = await session.execute(wanted.with_for_update() if lock else wanted)
        row = found.scalar_one_or_none()
        if row is None:
            raise DomainError("invitation_invalid", pointer)
        return row

    async def _take(
        self,
        session: AsyncSession,
        row: Invitation,
        account: Account,
        company: Company,
        now: datetime,
    ) -> Acceptance:
        if await _is_member(session, company.id, account.id):
            raise DomainError("user_exists")
        row.account_id = account.id
        row.updated_at = now
        if not await _has_live_link(session, company.id, account.id, now):
            return Acceptance.LINK_REQUIRED
        outcome = outcome_when_linked(
            email_verified=account.email_verified_at is not None,
            same_email=account.email_index == row.email_index,
        )
        if outcome is Acceptance.ACCEPTED:
            await add_member(session, company.id, account.id, now)
            await forget_invited(session, row, account.id, now)
            record(session, _entry(row, account, AuditAction.USER_INVITATION_ACCEPTED, now))
        elif row.state != "APPROVAL_PENDING":
            row.state = "APPROVAL_PENDING"
            record(session, _entry(row, account, AuditAction.USER_INVITATION_WAITS, now))
            await self._ask_for_approval(session, row, company, now)
        return outcome

    async def _ask_for_approval(
        self, session: AsyncSession, row: Invitation, company: Company, now: datetime
    ) -> None:
        """To the company's own account; one without has nobody to ask."""
        sealed = await session.scalar(
            select(Account.email).where(Account.id == company.corporate_account_id)
        )
        if sealed is None or row.name is None:
            return
        facts = {
            "company": company.legal_name,
            "name": self._vault.open("invitations.name", row.name),
            "link": f"{self._spa_url}/company/users",
        }
        address = self._vault.open("accounts.email", sealed)
        mail = NewMail(
            "invitation_approval",
            address,
            facts,
            "ko",
            company.id,
            company.corporate_account_id,
            about=row.account_id,
        )
        job = self._mails.queue(session, mail, now)
        await session.flush()
        await enqueue(session, [job])


async def add_member(
    session: AsyncSession, company_id: UUID, account_id: UUID, now: datetime
) -> None:
    """The individual is a user (관리자) of the company from now on."""
    session.add(
        CompanyMember(
            id=new_id(),
            company_id=company_id,
            account_id=account_id,
            state="ACTIVE",
            created_at=now,
            updated_at=now,
        )
    )
    await session.flush()


async def forget_invited(
    session: AsyncSession, row: Invitation, account_id: UUID, now: datetime
) -> None:
    """Accepted: the account knows its person; the hash stays, so that a repeat is recognised.

    The mail that invited them is about that account from now on.
    """
    await session.execute(
        update(Mail)
        .where(
            Mail.company_id == row.company_id,
            Mail.kind == "user_invitation",
            Mail.recipient_index == row.email_index,
        )
        .values(about_account_id=account_id)
    )
    row.state = "ACCEPTED"
    row.account_id = account_id
    row.name = row.email = row.email_index = row.note = None
    row.updated_at = now


async def _is_member(session: AsyncSession, company_id: UUID, account_id: UUID) -> bool:
    found = await session.scalar(
        select(
            exists().where(
                CompanyMember.company_id == company_id, CompanyMember.account_id == account_id
            )
        )
    )
    return bool(found)


async def _has_live_link(
    session: AsyncSession, company_id: UUID, account_id: UUID, now: datetime
) -> bool:
    """What `portal_principal` asks as well: confirmed as administrator of an open site."""
    found = await session.scalar(
        select(
            exists()
            .where(GroupwareLink.site_id == Site.id)
            .where(
                GroupwareLink.account_id == account_id,
                GroupwareLink.company_id == company_id,
                GroupwareLink.site_admin,
                GroupwareLink.confirmed_at > now - LINK_LASTS,
                Site.state == "OPEN",
            )
        )
    )
    return bool(found)


def _entry(row: Invitation, account: Account, action: AuditAction, now: datetime) -> AuditEntry:
    return AuditEntry(
        company_id=row.company_id,
        account_id=account.id,
        actor=account_actor(account.id),
        action=action,
        at=now,
        subject=str(row.id),
    )
