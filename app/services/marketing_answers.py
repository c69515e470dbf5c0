"""Advertising by mailed link: ended, confirmed, and asked for again (docs/decisions/0035).

Whoever has the link has the mailbox, so that ending needs no sign-in (제50조 제6항 †).
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import enqueue
from app.db.tables.accounts import Account, Consent
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.mail_rules import CONSENT_LASTS, MarketingConsent, check_renewal, says_nothing_new
from app.domain.terms import MARKETING, GivenConsent, version_in_force
from app.services.account_mails import spoken_time
from app.services.audit import AuditEntry, company_of, record
from app.services.consents import Consents, lock_account
from app.services.mails import Mails, NewMail
from app.services.order_events import account_actor
from app.services.rate_limits import RateLimit, RateLimited, count_hit

ASK_MARKETING_AGAIN: Final = "ask_marketing_again"
ANSWERS: Final = RateLimit("marketing_answer", 30, timedelta(hours=1))
"""Of one account: many people's mail clients post from the few addresses of one provider."""
GUESSES: Final = RateLimit("marketing_guess", 30, timedelta(hours=1))
"""Of one address, whose tokens are none of ours."""

_NEWEST = text(
    "SELECT agreed, given_at FROM consents WHERE account_id = :account AND kind = 'MARKETING'"
    " AND erase_due_at IS NULL ORDER BY given_at DESC, id DESC LIMIT 1"
)


class MarketingAnswers:
    """What links do, and the job that sends one."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        consents: Consents,
        mails: Mails,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._links = mails.links
        self._consents = consents
        self._mails = mails

    async def answer(self, token: str, agreed: bool, address: str, language: str) -> None:
        """The same answer again on one day adds nothing.

        Raises `marketing_link_invalid`, whatever is wrong with it, `RateLimited`, and
        `marketing_consent_needs_sign_in` for a consent where none is in force.
        """
        account_id = self._links.account_of(token)
        if account_id is None:
            await count_hit(self._database, GUESSES, address)
            raise DomainError("marketing_link_invalid", "/token")
        await count_hit(self._database, ANSWERS, str(account_id))
        if not await self._answer(account_id, agreed, language):
            raise DomainError("marketing_link_invalid", "/token")

    async def unsubscribe(self, token: str, address: str) -> None:
        """One click in a mail client (RFC 8058). Says nothing of the token, right or wrong."""
        account_id = self._links.account_of(token)
        if account_id is None:
            await count_hit(self._database, GUESSES, address)
            return
        try:
            await count_hit(self._database, ANSWERS, str(account_id))
        except RateLimited:
            return  # Thirty an hour say the same; the first of them was heard.
        await self._answer(account_id, False, "ko")

    async def _answer(self, account_id: UUID, agreed: bool, language: str) -> bool:
        """False for an account that is over."""
        async with self._database.system_session("marketing answer") as session:
            if await lock_account(session, account_id) is None:
                return False
            now = await self._clock.now(session)
            newest = await _newest(session, account_id)
            if agreed:
                check_renewal(newest, now)
            if says_nothing_new(newest, agreed, now):
                return True
            given = GivenConsent(MARKETING, version_in_force(MARKETING), agreed)
            await self._consents.add(session, account_id, given, now, language)
            record(
                session,
                AuditEntry(
                    company_id=await company_of(session, account_id),
                    account_id=account_id,
                    actor=account_actor(account_id),
                    action=AuditAction.CONSENTS_CHANGED,
                    at=now,
                    subject=MARKETING,
                    details={"agreed": agreed, "by": "LINK"},
                ),
            )
            return True

    async def ask_again(self, consent_id: UUID) -> None:
        """The job of a consent that is 700 days old: whoever says nothing gets no more.

        Asked once, a verified address only; a consent that is over already is not asked for.
        """
        async with self._database.system_session("ask about marketing") as session:
            now = await self._clock.now(session)
            consent = await session.get(Consent, consent_id, with_for_update=True)
            if consent is None or consent.renewal_due_at is None or consent.renewal_due_at > now:
                return
            consent.renewal_due_at = None
            known = MarketingConsent(consent.agreed, consent.given_at)
            sealed = await session.scalar(
                select(Account.email).where(
                    Account.id == consent.account_id, Account.status == "ACTIVE"
                )
            )
            if sealed is None or not known.in_force(now):
                return
            facts = {
                "given_at": spoken_time(consent.given_at),
                "ends_at": spoken_time(consent.given_at + CONSENT_LASTS),
            }
            address = self._vault.open("accounts.email", sealed)
            mail = NewMail("marketing_renewal", address, facts, account_id=consent.account_id)
            job = await self._mails.queue_if_allowed(session, mail, now)
            await session.flush()
            await enqueue(session, [job] if job else [])


async def _newest(session: AsyncSession, account_id: UUID) -> MarketingConsent | None:
    row = (await session.execute(_NEWEST, {"account": account_id})).one_or_none()
    return None if row is None else MarketingConsent(row.agreed, row.given_at)
