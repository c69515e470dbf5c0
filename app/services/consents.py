"""약관 동의: what the account agreed to, now and before; marketing can be taken back or given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.db.ids import new_id
from app.db.tables.accounts import Account, Consent
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.mail_rules import asked_again_at
from app.domain.terms import DOCUMENTS, MARKETING, GivenConsent, TermsUse
from app.services.account_changes import require_settings
from app.services.account_mails import AccountMails
from app.services.audit import AuditEntry, record
from app.services.principals import Access, Principal

HISTORY = 100
"""Answers shown, the newest."""
ANSWERED = "marketing_answered"
_NOT_ASKED_AGAIN = text(
    "UPDATE consents SET renewal_due_at = NULL"
    " WHERE account_id = :account AND renewal_due_at IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class ConsentRead:
    """One answer."""

    kind: str
    version: str
    agreed: bool
    given_at: datetime


async def read_consents(session: AsyncSession, account_id: UUID) -> Sequence[ConsentRead]:
    """The newest first: the first of a kind is what is in force."""
    rows = await session.execute(
        select(Consent.kind, Consent.version, Consent.agreed, Consent.given_at)
        .where(Consent.account_id == account_id, Consent.erase_due_at.is_(None))
        .order_by(Consent.given_at.desc(), Consent.id.desc())
        .limit(HISTORY)
    )
    return [ConsentRead(*row) for row in rows]


class Consents:
    """Answers of whoever has an account already."""

    def __init__(self, database: Database, mails: AccountMails) -> None:
        self._database = database
        self._mails = mails

    async def change(
        self, access: Access, given: Sequence[GivenConsent], language: str
    ) -> Sequence[ConsentRead]:
        """Adds answers; what is in force then, and what was. One about marketing is confirmed.

        Raises `consent_unknown` for what is no optional document of sign-up in force, and
        `consent_not_optional` for one that the account cannot be without.
        """
        async with access.transaction() as (session, principal):
            await require_settings(session, principal)
        _check_optional(given)
        async with self._database.system_session("consents") as session:
            await lock_account(session, principal.account_id)
            for consent in given:
                await self.add(session, principal.account_id, consent, principal.now, language)
                record(session, _entry(principal, consent))
            await session.flush()
            return await read_consents(session, principal.account_id)

    async def add(
        self,
        session: AsyncSession,
        account_id: UUID,
        given: GivenConsent,
        now: datetime,
        language: str,
    ) -> None:
        """One answer in the caller's transaction, which has the account's row locked.

        About marketing: its mail says within the 14 days of 제50조 제7항 † what was answered.
        """
        renewal_due_at = None
        if given.kind == MARKETING:
            await session.execute(_NOT_ASKED_AGAIN, {"account": account_id})
            renewal_due_at = asked_again_at(given.agreed, now)
        session.add(
            Consent(
                id=new_id(),
                account_id=account_id,
                kind=given.kind,
                version=given.version,
                agreed=given.agreed,
                given_at=now,
                renewal_due_at=renewal_due_at,
            )
        )
        if given.kind == MARKETING:
            facts = {"agreed": "yes" if given.agreed else ""}
            await self._mails.tell(session, account_id, ANSWERED, now, facts, language)


async def lock_account(session: AsyncSession, account_id: UUID) -> Account | None:
    """So that one answer is given after another; None for whoever left."""
    account = await session.get(Account, account_id, with_for_update=True)
    return account if account is not None and account.status != "WITHDRAWN" else None


def _check_optional(given: Sequence[GivenConsent]) -> None:
    shown = {d.kind: d for d in DOCUMENTS if d.use is TermsUse.SIGN_UP}
    seen: set[str] = set()
    for index, consent in enumerate(given):
        document = shown.get(consent.kind)
        if document is None or document.version != consent.version or consent.kind in seen:
            raise DomainError("consent_unknown", f"/consents/{index}")
        if document.required:
            raise DomainError("consent_not_optional", f"/consents/{index}")
        seen.add(consent.kind)


def _entry(principal: Principal, consent: GivenConsent) -> AuditEntry:
    return AuditEntry.by(
        principal, AuditAction.CONSENTS_CHANGED, consent.kind, agreed=consent.agreed
    )
