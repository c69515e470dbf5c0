"""Mails about a company's business to one account: whoever ordered, or the company's own."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.queue import enqueue
from app.db.tables.companies import Company
from app.services.emails import Emails
from app.services.mails import Mails, NewMail


class CompanyMails:
    """Queues in the caller's transaction, which must see the account."""

    def __init__(self, mails: Mails, emails: Emails) -> None:
        self._mails = mails
        self._emails = emails

    async def tell(
        self,
        session: AsyncSession,
        company_id: UUID,
        account_id: UUID | None,
        kind: str,
        facts: Mapping[str, str],
        now: datetime,
    ) -> None:
        """To the account's address, in Korean; nobody, and one that left, is told nothing."""
        email = await self._emails.of(session, account_id) if account_id else None
        if email is None:
            return
        mail = NewMail(kind, email, dict(facts), "ko", company_id, account_id)
        job = self._mails.queue(session, mail, now)
        await session.flush()
        await enqueue(session, [job])

    async def tell_owner(
        self,
        session: AsyncSession,
        company_id: UUID,
        kind: str,
        facts: Mapping[str, str],
        now: datetime,
    ) -> None:
        """To the company's own account, where it has one."""
        owner = await session.scalar(
            select(Company.corporate_account_id).where(Company.id == company_id)
        )
        await self.tell(session, company_id, owner, kind, facts, now)
