"""What a company sees of its users and of those it invited: one statement each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_USERS = text(
    "SELECT account_id AS user_id, NULL::uuid AS invitation_id, kind, name, email, state, since,"
    " last_signed_in_at FROM portal_company_users()"
    " WHERE cast(:only AS uuid) IS NULL OR account_id = :only"
    " UNION ALL SELECT NULL, id, 'INVITED', name, email, state, created_at, NULL FROM invitations"
    " WHERE company_id = :company AND cast(:only AS uuid) IS NULL AND state <> 'ACCEPTED'"
    " AND (state = 'APPROVAL_PENDING' OR expires_at > :now)"
)
_INVITATIONS = text(
    "SELECT i.id, i.state, i.name, i.email, i.note, i.sends, i.sent_at, i.expires_at,"
    " i.created_at, a.name AS applicant_name, a.email AS applicant_email FROM invitations i"
    " LEFT JOIN portal_invitation_applicants() a ON a.invitation_id = i.id"
    " WHERE i.company_id = :company AND i.state <> 'ACCEPTED'"
    " AND (cast(:only AS uuid) IS NULL OR i.id = :only)"
    " AND (cast(:before AS timestamptz) IS NULL OR (i.created_at, i.id) < (:before, :before_id))"
    " ORDER BY i.created_at DESC, i.id DESC LIMIT :limit"
)
_MAY_INVITE = text(
    "SELECT c.legal_name, c.proven_at IS NOT NULL AS proven,"
    " (SELECT count(*) FROM company_members WHERE company_id = c.id)"
    " + (SELECT count(*) FROM invitations WHERE company_id = c.id AND state <> 'ACCEPTED')"
    "   AS people,"
    " (SELECT count(*) FROM audit_events WHERE company_id = c.id AND at > :since"
    "   AND action IN ('user.invited', 'user_invitation.resent')) AS sent,"
    " EXISTS (SELECT 1 FROM portal_company_users() u"
    "   WHERE u.email_index = :email_index AND u.kind = 'INDIVIDUAL') AS known"
    " FROM companies c WHERE c.id = :company"
)


@dataclass(frozen=True, slots=True)
class UserRow:
    """`kind` is the account's, or INVITED. Name and address are sealed, and may be missing."""

    user_id: UUID | None
    invitation_id: UUID | None
    kind: str
    name: bytes | None
    email: bytes | None
    state: str
    since: datetime
    last_signed_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An open invitation, sealed; the applicant is who waits for approval."""

    id: UUID
    state: str
    name: bytes
    email: bytes
    note: bytes | None
    sends: int
    sent_at: datetime
    expires_at: datetime
    created_at: datetime
    applicant_name: bytes | None
    applicant_email: bytes | None


@dataclass(frozen=True, slots=True)
class InvitingFacts:
    """`people`: users and open invitations. `sent`: mails of this kind since `since`."""

    legal_name: str
    proven: bool
    people: int
    sent: int
    known: bool


async def read_users(
    session: AsyncSession, company_id: UUID, now: datetime, only: UUID | None = None
) -> Sequence[UserRow]:
    """Everybody of the company; with `only` that account, where it is one of them."""
    values = {"company": company_id, "now": now, "only": only}
    return [UserRow(**row) for row in (await session.execute(_USERS, values)).mappings()]


async def read_invitations(
    session: AsyncSession,
    company_id: UUID,
    *,
    only: UUID | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 1,
) -> Sequence[InvitationRow]:
    """The newest first."""
    at, row_id = before or (None, None)
    values = {
        "company": company_id,
        "only": only,
        "before": at,
        "before_id": row_id,
        "limit": limit,
    }
    rows = await session.execute(_INVITATIONS, values)
    return [InvitationRow(**row) for row in rows.mappings()]


async def read_inviting_facts(
    session: AsyncSession, company_id: UUID, email_index: bytes, since: datetime
) -> InvitingFacts:
    values = {"company": company_id, "email_index": email_index, "since": since}
    row = (await session.execute(_MAY_INVITE, values)).mappings().one()
    return InvitingFacts(**row)
