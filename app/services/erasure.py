"""What is left of a person who leaves: nothing but what `app.domain.personal_data` keeps.

Each is one statement, so that all of it is gone or none. Which column goes how is tested with a
planted person (tests/integration/test_erasure.py).
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import wire_now
from app.domain.personal_data import CONTRACT

FAREWELL: Final = "withdrawn"
"""The kind of the one mail that is still sent; it goes with the second erasure."""

_OF_SESSIONS = """
    -- The rows are due at once: retention takes them and their thousands of tokens by the batch.
    signed_in AS (
        UPDATE sessions
           SET device = '', address = '', revoked_at = coalesce(revoked_at, :wire),
               revoked_reason = coalesce(revoked_reason, :reason),
               expires_at = least(expires_at, :wire)
         WHERE account_id = :account
    ), devices_known AS (
        DELETE FROM known_devices WHERE account_id = :account
    ), news AS (
        DELETE FROM notifications WHERE account_id = :account
    ), preferences AS (
        DELETE FROM notification_preferences WHERE account_id = :account
    ), address_links AS (
        DELETE FROM email_verifications WHERE account_id = :account
    ), kept_answers AS (
        DELETE FROM idempotency_records WHERE account_id = :account
    ), proofs AS (
        UPDATE consents SET erase_due_at = :proofs_due, renewal_due_at = NULL
         WHERE account_id = :account AND erase_due_at IS NULL
    )"""
_OF_COMPANY = """
    handing_over AS (
        DELETE FROM handovers WHERE company_id = :company
    ), invited AS (
        DELETE FROM invitations WHERE company_id = :company
    ), users AS (
        DELETE FROM company_members WHERE company_id = :company
    ), cards AS (
        UPDATE payment_methods SET state = 'DELETING', role = 'OTHER', due_at = :now
         WHERE company_id = :company AND state IN ('ACTIVE', 'LOST')
    ), invoiced_to AS (
        DELETE FROM tax_invoice_contacts WHERE company_id = :company
    ), refunded_to AS (
        DELETE FROM refund_accounts WHERE company_id = :company
    ), papers AS (
        INSERT INTO uploads (id, due_at)
        SELECT upload_id, cast(:now AS timestamptz)
          FROM case_files WHERE company_id = :company ON CONFLICT DO NOTHING
    )"""

_PERSON = text(
    f"""
    WITH {_OF_SESSIONS}, social AS (
        DELETE FROM social_links WHERE account_id = :account
    ), groupware AS (
        DELETE FROM groupware_links WHERE account_id = :account
    ), member_of AS (
        DELETE FROM company_members WHERE account_id = :account
    ), invited AS (
        DELETE FROM invitations WHERE account_id = :account OR email_index = :email_index
    ), asked_for AS (
        DELETE FROM corporate_invitations WHERE email_index = :email_index AND site_id IS NOT NULL
    ), own_quotes AS (
        DELETE FROM quotes WHERE account_id = :account AND company_id IS NULL
    ), mailed AS (
        DELETE FROM mails
         WHERE (account_id = :account OR about_account_id = :account
                OR recipient_index = :email_index)
           AND kind <> :but
    )
    UPDATE accounts
       SET login_id = NULL, password_hash = NULL, name = NULL, name_index = NULL,
           birth_date = NULL, phone = NULL, phone_index = NULL,
           email = NULL, email_index = NULL, email_verified_at = NULL,
           ci_hash = NULL, department = NULL, position = NULL, landline = NULL,
           last_signed_in_at = NULL, erase_due_at = :due
     WHERE id = :account
    """  # noqa: S608 - our own text
)
_FORMER_PERSON = text(
    f"""
    WITH {_OF_SESSIONS}, mailed AS (
        DELETE FROM mails WHERE recipient_index = :email_index
    )
    UPDATE accounts
       SET department = NULL, position = NULL, landline = NULL, last_signed_in_at = NULL,
           person_since = :now
     WHERE id = :account
    """  # noqa: S608 - our own text
)
_COMPANY = text(
    f"""
    WITH {_OF_COMPANY}, contacts AS (
        DELETE FROM corporate_invitations WHERE company_id = :company
    ), mailed AS (
        DELETE FROM mails WHERE company_id = :company
    ), paper_cases AS (
        DELETE FROM cases WHERE company_id = :company
    ), administrators AS (
        UPDATE sites SET admin_name = NULL, admin_login_id = NULL, admin_email = NULL
         WHERE company_id = :company
    )
    UPDATE companies
       SET representative = CASE
               WHEN EXISTS (SELECT 1 FROM memberships m WHERE m.company_id = :company)
               THEN representative END
     WHERE id = :company
    """  # noqa: S608 - our own text
)
_HOLDER = text(
    f"""
    WITH {_OF_COMPANY}
    DELETE FROM cases WHERE company_id = :company
    """  # noqa: S608 - our own text
)


async def erase_person(
    session: AsyncSession,
    account_id: UUID,
    email_index: bytes | None,
    now: datetime,
    again: datetime | None,
) -> None:
    """Everything of the account but its id, and invitations and mails to its address.

    `again`: when it is done once more, for what was written at the same moment and the farewell
    mail, which stays until then; None: this is that time. Needs a session that sees all rows.
    """
    values = {
        "account": account_id,
        "email_index": email_index,
        "but": FAREWELL if again is not None else "",
        "due": again,
        "proofs_due": _proofs_due(now),
        "wire": wire_now(),
        "reason": "WITHDRAWN",
    }
    await session.execute(_PERSON, values)


async def erase_former_person(
    session: AsyncSession, account_id: UUID, email_index: bytes | None, now: datetime
) -> None:
    """For an account that goes to another person: nothing that the new one could see is left.

    The former one's sign-ins stay for their three months, and consents as proof; neither is shown
    to who comes after. `email_index` None: the mailbox goes along with the account.
    """
    values = {
        "account": account_id,
        "email_index": email_index,
        "now": now,
        "proofs_due": _proofs_due(now),
        "wire": wire_now(),
        "reason": "HANDED_OVER",
    }
    await session.execute(_FORMER_PERSON, values)


def _proofs_due(now: datetime) -> datetime:
    assert CONTRACT.days is not None
    return now + timedelta(days=CONTRACT.days)


async def erase_company_people(session: AsyncSession, company_id: UUID, now: datetime) -> None:
    """Whoever the company named: users, invited and handed over to, its sites' administrators.

    Its papers are due to leave the storage.

    The 대표자 stays with a company that had a contract, as long as the contract is kept.
    """
    await session.execute(_COMPANY, {"company": company_id, "now": now})


async def erase_former_holder(session: AsyncSession, company_id: UUID, now: datetime) -> None:
    """For a company that goes to somebody else: whom its former holder named, and its papers."""
    await session.execute(_HOLDER, {"company": company_id, "now": now})
