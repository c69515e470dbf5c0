"""사용자 초대, the company's side: invite, list, send again, approve, take back.

The token is a hash here and a secret in the mail's fragment; sending again makes a new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.ids import new_id
from app.db.queue import enqueue
from app.db.tables.invitations import Invitation
from app.db.user_reads import InvitationRow, read_invitations, read_inviting_facts
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.invitations import (
    LIFETIME,
    MOST_SENDS,
    MOST_USERS,
    RESEND_AFTER,
    InvitationState,
    check_no_link,
)
from app.domain.persons import mask_email, mask_name
from app.services.acceptances import add_member, forget_invited
from app.services.audit import AuditEntry, record
from app.services.cursors import make_cursor, read_cursor
from app.services.mails import Mails, NewMail
from app.services.one_time import OneTimeTokens
from app.services.principals import Principal
from app.services.rate_limits import RateLimited

SPA_PAGE: Final = "/invitations/accept"
MAILS_A_DAY: Final = 200
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """What the form of the guide's page 8 sends; `language` is the mail's."""

    name: str
    email: str
    note: str | None
    language: str


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """`applicant_*`: who accepted with another address, masked; waits for approval."""

    id: UUID
    name: str
    email: str
    note: str | None
    state: InvitationState
    sends: int
    sent_at: datetime
    resend_at: datetime
    expires_at: datetime
    created_at: datetime
    applicant_name: str | None
    applicant_email: str | None


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[OpenInvitation]
    next_cursor: str | None


class Invitations:
    """Each in the caller's transaction, which sees its company's rows only."""

    def __init__(self, vault: Vault, tokens: OneTimeTokens, mails: Mails, spa_url: str) -> None:
        self._vault = vault
        self._tokens = tokens
        self._mails = mails
        self._spa_url = spa_url

    async def invite(
        self, session: AsyncSession, principal: Principal, command: NewInvitation
    ) -> OpenInvitation:
        """Raises `text_has_link`, `company_unproven`, `user_exists` for one of its users,
        `invitation_pending` for an address that was invited, `users_limit_reached`, RateLimited.

        An invitation that has expired is made new.
        """
        check_no_link(command.name, "/name")
        if command.note is not None:
            check_no_link(command.note, "/note")
        email_index = self._vault.index("email", command.email.lower())
        now, company_id = principal.now, principal.company_id
        facts = await read_inviting_facts(session, company_id, email_index, now - DAY)
        if not facts.proven:
            raise DomainError("company_unproven")
        if facts.known:
            raise DomainError("user_exists", "/email")
        if facts.people >= MOST_USERS:
            raise DomainError("users_limit_reached")
        if facts.sent >= MAILS_A_DAY:
            raise RateLimited(int(DAY.total_seconds()))
        token, token_hash = self._tokens.make()
        invitation_id = await self._keep(session, principal, command, email_index, token_hash)
        if invitation_id is None:
            raise DomainError("invitation_pending", "/email")
        record(session, _entry(principal, invitation_id, AuditAction.USER_INVITED))
        await self._mail(session, principal, command, facts.legal_name, token)
        return await self._read(session, principal, invitation_id)

    async def _keep(
        self,
        session: AsyncSession,
        principal: Principal,
        command: NewInvitation,
        email_index: bytes,
        token_hash: bytes,
    ) -> UUID | None:
        """None where the address has an open invitation."""
        now = principal.now
        seal = self._vault.seal
        fresh = {
            "name": seal("invitations.name", command.name),
            "note": seal("invitations.note", command.note) if command.note else None,
            "language": command.language,
            "token_hash": token_hash,
            "sends": 1,
            "sent_at": now,
            "expires_at": now + LIFETIME,
            "account_id": None,
            "created_at": now,
            "updated_at": now,
        }
        wish = insert(Invitation).values(
            id=new_id(),
            company_id=principal.company_id,
            state="INVITED",
            email=seal("invitations.email", command.email),
            email_index=email_index,
            **fresh,
        )
        lapsed = and_(Invitation.state == "INVITED", Invitation.expires_at <= now)
        wish = wish.on_conflict_do_update(
            index_elements=["company_id", "email_index"], set_=fresh, where=lapsed
        )
        kept: UUID | None = await session.scalar(wish.returning(Invitation.id))
        return kept

    async def _mail(
        self,
        session: AsyncSession,
        principal: Principal,
        command: NewInvitation,
        company_name: str,
        token: str,
    ) -> None:
        facts = {
            "company": company_name,
            "name": command.name,
            "note": command.note or "",
            "link": f"{self._spa_url}{SPA_PAGE}#token={token}",
            "days": str(LIFETIME.days),
        }
        mail = NewMail(
            "user_invitation", command.email, facts, command.language, principal.company_id
        )
        job = self._mails.queue(session, mail, principal.now)
        await session.flush()
        await enqueue(session, [job])

    async def page(
        self, session: AsyncSession, principal: Principal, cursor: str | None, size: int
    ) -> InvitationPage:
        """The open ones, expired ones included, the newest first. Raises `cursor_invalid`."""
        rows = await read_invitations(
            session, principal.company_id, before=read_cursor(cursor), limit=size + 1
        )
        shown = rows[:size]
        more = len(rows) > size
        return InvitationPage(
            [self._open(row) for row in shown],
            make_cursor(shown[-1].created_at, shown[-1].id) if more else None,
        )

    async def resend(
        self, session: AsyncSession, principal: Principal, invitation_id: UUID
    ) -> OpenInvitation:
        """A new link for seven days; the former one ends.

        Raises `invitation_not_found`, `invitation_state_conflict` when it waits for approval,
        `invitation_resend_too_early`, `invitation_sends_used_up`.
        """
        row = await self._lock(session, principal, invitation_id)
        now = principal.now
        if row.state != InvitationState.INVITED:
            raise DomainError("invitation_state_conflict")
        if row.sends >= MOST_SENDS:
            raise DomainError("invitation_sends_used_up")
        again = row.sent_at + RESEND_AFTER
        if now < again:
            wait = int((again - now).total_seconds()) + 1
            raise DomainError("invitation_resend_too_early", retry_after=wait)
        assert row.name is not None
        assert row.email is not None
        command = NewInvitation(
            self._vault.open("invitations.name", row.name),
            self._vault.open("invitations.email", row.email),
            self._vault.open("invitations.note", row.note) if row.note else None,
            row.language,
        )
        token, row.token_hash = self._tokens.make()
        row.sends += 1
        row.sent_at = row.updated_at = now
        row.expires_at = now + LIFETIME
        record(session, _entry(principal, row.id, AuditAction.USER_INVITATION_RESENT))
        assert principal.company is not None
        await self._mail(session, principal, command, principal.company.name, token)
        return await self._read(session, principal, invitation_id)

    async def approve(
        self, session: AsyncSession, principal: Principal, invitation_id: UUID
    ) -> None:
        """Lets in who accepted with another address.

        Raises `invitation_not_found`, `invitation_state_conflict` where nobody waits.
        """
        row = await self._lock(session, principal, invitation_id)
        if row.state != InvitationState.APPROVAL_PENDING:
            raise DomainError("invitation_state_conflict")
        assert row.account_id is not None
        await add_member(session, row.company_id, row.account_id, principal.now)
        await forget_invited(session, row, row.account_id, principal.now)
        action = AuditAction.USER_INVITATION_APPROVED
        record(session, _entry(principal, row.id, action, row.account_id))

    async def cancel(
        self, session: AsyncSession, principal: Principal, invitation_id: UUID
    ) -> None:
        """Its link ends at once; who waits for approval is turned down. Raises
        `invitation_not_found`."""
        gone = await session.execute(
            delete(Invitation)
            .where(
                Invitation.id == invitation_id,
                Invitation.company_id == principal.company_id,
                Invitation.state != "ACCEPTED",
            )
            .returning(Invitation.id)
        )
        if gone.one_or_none() is None:
            raise DomainError("invitation_not_found")
        action = AuditAction.USER_INVITATION_CANCELLED
        record(session, _entry(principal, invitation_id, action))

    async def _lock(
        self, session: AsyncSession, principal: Principal, invitation_id: UUID
    ) -> Invitation:
        found = await session.execute(
            select(Invitation)
            .where(
                Invitation.id == invitation_id,
                Invitation.company_id == principal.company_id,
                Invitation.state != "ACCEPTED",
            )
            .with_for_update()
        )
        row = found.scalar_one_or_none()
        if row is None:
            raise DomainError("invitation_not_found")
        return row

    async def _read(
        self, session: AsyncSession, principal: Principal, invitation_id: UUID
    ) -> OpenInvitation:
        rows = await read_invitations(session, principal.company_id, only=invitation_id)
        return self._open(rows[0])

    def _open(self, row: InvitationRow) -> OpenInvitation:
        open_ = self._vault.open
        applicant, address = row.applicant_name, row.applicant_email
        return OpenInvitation(
            id=row.id,
            name=open_("invitations.name", row.name),
            email=open_("invitations.email", row.email),
            note=open_("invitations.note", row.note) if row.note else None,
            state=InvitationState(row.state),
            sends=row.sends,
            sent_at=row.sent_at,
            resend_at=row.sent_at + RESEND_AFTER,
            expires_at=row.expires_at,
            created_at=row.created_at,
            applicant_name=mask_name(open_("accounts.name", applicant)) if applicant else None,
            applicant_email=mask_email(open_("accounts.email", address)) if address else None,
        )


def _entry(
    principal: Principal, invitation_id: UUID, action: AuditAction, account_id: UUID | None = None
) -> AuditEntry:
    return AuditEntry.of_company(principal, action, account_id, str(invitation_id))
