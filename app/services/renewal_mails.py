"""Who is told of a renewal: the company's own account and its ADMINs, once each."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.queue import enqueue
from app.db.tables.accounts import Account
from app.db.tables.companies import Company, CompanyMember
from app.services.emails import Emails
from app.services.mails import Mails, NewMail


class RenewalMails:
    """Queues in the caller's transaction, which must see the accounts."""

    def __init__(self, mails: Mails, emails: Emails) -> None:
        self._mails = mails
        self._emails = emails

    async def tell(
        self,
        session: AsyncSession,
        company_id: UUID,
        kind: str,
        facts: Mapping[str, str],
        now: datetime,
    ) -> None:
        """Two statements, and one for the jobs. Members who are suspended are told nothing."""
        members = select(CompanyMember.account_id).where(
            CompanyMember.company_id == company_id, CompanyMember.state == "ACTIVE"
        )
        owner = select(Company.corporate_account_id).where(Company.id == company_id)
        rows = await session.execute(
            select(Account.id, Account.email)
            .where(
                or_(Account.id.in_(members), Account.id.in_(owner)),
                Account.status == "ACTIVE",
                Account.email.is_not(None),
            )
            .order_by(Account.id)
        )
        told: dict[str, UUID] = {}
        for row in rows:
            told.setdefault(self._emails.opened(row.email), row.id)
        jobs = [
            self._mails.queue(
                session, NewMail(kind, address, dict(facts), "ko", company_id, account_id), now
            )
            for address, account_id in told.items()
        ]
        await session.flush()
        await enqueue(session, jobs)
