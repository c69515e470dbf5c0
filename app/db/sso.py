"""The exchange of a code from the groupware: used, confirmed and read in one statement."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_EXCHANGE = text(
    """
    WITH taken AS (
        UPDATE sso_logins
           SET exchanged_at = :now, ticket_hash = :ticket_hash, ticket_expires_at = :ticket_until
         WHERE code_hash = :code_hash AND cookie_hash = ANY (:cookies)
           AND exchanged_at IS NULL AND code_expires_at > :now
        RETURNING id, issuer, subject, site_id, site_admin, person
    ), confirmed AS (
        -- What the job has to tell (a role lost or back) makes the link due at once.
        UPDATE groupware_links g
           SET site_admin = t.site_admin, confirmed_at = :now, updated_at = :now, site_id = s.id,
               due_at = CASE WHEN t.site_admin AND g.lapsed_at IS NULL
                             THEN cast(:due AS timestamptz) ELSE :now END
          FROM taken t JOIN sites s ON s.id = t.site_id
         WHERE g.issuer = t.issuer AND g.subject = t.subject AND g.company_id = s.company_id
        RETURNING g.id
    )
    SELECT t.id, t.site_admin, t.person, s.id AS site_id, s.name AS site_name,
           s.state = 'TERMINATED' AS site_terminated, s.company_id, c.legal_name AS company_name,
           c.corporate_account_id IS NOT NULL AND c.withdrawn_at IS NULL AS has_corporate_account,
           coalesce(m.billing_channel = 'RESELLER', false) AS by_reseller,
           m.reseller_name, m.reseller_phone,
           g.account_id, g.company_id AS linked_company_id, a.status = 'ACTIVE' AS account_active,
           cm.state = 'ACTIVE' AS member_active,
           (SELECT json_agg(json_build_object('id', i.id, 'expires_at', i.expires_at,
                                              'accepted', i.account_id IS NOT NULL))::text
              FROM invitations i
             WHERE i.company_id = s.company_id AND i.state = 'INVITED' AND i.expires_at > :now
               AND (i.account_id = g.account_id
                    OR (i.account_id IS NULL AND i.email_index = a.email_index
                        AND a.email_verified_at IS NOT NULL))) AS invitations
      FROM taken t
      JOIN sites s ON s.id = t.site_id
      JOIN companies c ON c.id = s.company_id
      LEFT JOIN memberships m ON m.site_id = s.id
      LEFT JOIN groupware_links g ON g.issuer = t.issuer AND g.subject = t.subject
      LEFT JOIN accounts a ON a.id = g.account_id
      LEFT JOIN company_members cm
             ON cm.account_id = g.account_id AND cm.company_id = s.company_id
    """
)


class InvitationThere(msgspec.Struct, frozen=True):
    """`accepted`: it waits for the link only."""

    id: UUID
    expires_at: datetime
    accepted: bool


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What the database knows of who came; the account's columns are None without a link."""

    id: UUID
    site_admin: bool
    person: bytes
    site_id: UUID
    site_name: str
    site_terminated: bool
    company_id: UUID
    company_name: str
    has_corporate_account: bool
    by_reseller: bool
    reseller_name: str | None
    reseller_phone: str | None
    account_id: UUID | None
    linked_company_id: UUID | None
    account_active: bool | None
    member_active: bool | None
    invitations: list[InvitationThere]
    """Of this company, to this account, not in effect yet."""


_read_invitations = msgspec.json.Decoder(list[InvitationThere]).decode


async def exchange_code(
    session: AsyncSession,
    *,
    code_hash: bytes,
    cookies: list[bytes],
    ticket_hash: bytes,
    ticket_until: datetime,
    due: datetime,
    now: datetime,
) -> Exchanged | None:
    """Uses the code up and confirms the link; None where it cannot be used with these cookies."""
    values = {
        "code_hash": code_hash,
        "cookies": cookies,
        "ticket_hash": ticket_hash,
        "ticket_until": ticket_until,
        "due": due,
        "now": now,
    }
    row = (await session.execute(_EXCHANGE, values)).mappings().one_or_none()
    if row is None:
        return None
    return Exchanged(**{**row, "invitations": _read_invitations(row["invitations"] or "[]")})
