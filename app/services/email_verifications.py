"""E-mail addresses are verified by a link: it works for that address, once, for a day."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import enqueue
from app.db.tables.accounts import Account, EmailVerification
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.services.audit import AuditEntry, company_of, record
from app.services.mails import Mails, NewMail
from app.services.one_time import OneTimeTokens
from app.services.order_events import account_actor
from app.services.principals import Access
from app.services.rate_limits import RateLimit, count_hit

LIFETIME = timedelta(hours=24)
PER_ACCOUNT = RateLimit("email_verification", 5, timedelta(hours=1))


class EmailVerifications:
    """Sends links and takes them."""

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

    async def send(
        self, session: AsyncSession, account_id: UUID, email: str, language: str, now: datetime
    ) -> None:
        """A link to the address, in the caller's transaction. Earlier links stay good."""
        token, token_hash = self._tokens.make()
        session.add(
            EmailVerification(
                id=new_id(),
                account_id=account_id,
                email_index=self._vault.index("email", email.lower()),
                token_hash=token_hash,
                expires_at=now + LIFETIME,
                used_at=None,
                created_at=now,
            )
        )
        facts = {"link": f"{self._spa_url}/verify-email#token={token}"}
        mail = NewMail("verify_email", email, facts, language, account_id=account_id)
        await enqueue(session, [self._mails.queue(session, mail, now)])

    async def send_again(self, access: Access, language: str) -> None:
        """Raises `email_already_verified`, RateLimited."""
        principal = await access.principal()
        await count_hit(self._database, PER_ACCOUNT, str(principal.account_id))
        async with self._database.system_session("e-mail verification") as session:
            account = await session.get_one(Account, principal.account_id, with_for_update=True)
            if account.email is None or account.email_verified_at is not None:
                raise DomainError("email_already_verified")
            email = self._vault.open("accounts.email", account.email)
            await self.send(session, account.id, email, language, principal.now)

    async def confirm(self, token: str) -> None:
        """Raises `email_verification_invalid`, whatever is wrong with the link."""
        async with self._database.system_session("e-mail verification") as session:
            now = await self._clock.now(session)
            used = await session.execute(
                update(EmailVerification)
                .where(
                    EmailVerification.token_hash == self._tokens.hash(token),
                    EmailVerification.used_at.is_(None),
                    EmailVerification.expires_at > now,
                )
                .values(used_at=now)
                .returning(EmailVerification.account_id, EmailVerification.email_index)
            )
            link = used.one_or_none()
            account = None
            if link is not None:
                account = await session.scalar(
                    select(Account)
                    .where(Account.id == link.account_id, Account.email_index == link.email_index)
                    .with_for_update()
                )
            if account is None:
                raise DomainError("email_verification_invalid", "/token")
            account.email_verified_at = account.email_verified_at or now
            account.updated_at = now
            record(
                session,
                AuditEntry(
                    company_id=await company_of(session, account.id),
                    account_id=account.id,
                    actor=account_actor(account.id),
                    action=AuditAction.EMAIL_VERIFIED,
                    at=now,
                ),
            )
