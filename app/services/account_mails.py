"""Mails to an account about itself: sign-ins, changes of its keys. They are security mails, which

an address gets before it is verified, too (PRODUCT.md section 3).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.queue import enqueue
from app.domain.periods import SEOUL
from app.services.emails import Emails
from app.services.mails import Mails, NewMail


class AccountMails:
    """Queues in the caller's transaction, which must see the account."""

    def __init__(self, mails: Mails, emails: Emails) -> None:
        self._mails = mails
        self._emails = emails

    async def tell(
        self,
        session: AsyncSession,
        account_id: UUID,
        kind: str,
        now: datetime,
        facts: Mapping[str, str],
        language: str = "ko",
    ) -> None:
        """To the account's own address; an account without one is told nothing. `now`: business

        time. The texts may name it as `at`.
        """
        address = await self._emails.of(session, account_id)
        await self.tell_addresses(
            session, account_id, [address] if address else [], kind, now, facts, language
        )

    async def tell_sealed(
        self,
        session: AsyncSession,
        account_id: UUID,
        email: bytes | None,
        kind: str,
        now: datetime,
        facts: Mapping[str, str],
        language: str = "ko",
    ) -> None:
        """The same where the account's sealed address was read already."""
        addresses = [self._emails.opened(email)] if email else []
        await self.tell_addresses(session, account_id, addresses, kind, now, facts, language)

    async def tell_addresses(
        self,
        session: AsyncSession,
        account_id: UUID | None,
        addresses: Sequence[str],
        kind: str,
        now: datetime,
        facts: Mapping[str, str],
        language: str = "ko",
    ) -> None:
        """To named addresses: a former one, or a company's contacts."""
        facts = {"at": spoken_time(now), **facts}
        jobs = [
            self._mails.queue(
                session,
                NewMail(kind, address, dict(facts), language, None, account_id),
                now,
            )
            for address in addresses
        ]
        await enqueue(session, jobs)


def spoken_time(at: datetime) -> str:
    """2026-11-24 20:17 (KST)."""
    return f"{at.astimezone(SEOUL):%Y-%m-%d %H:%M} (KST)"
