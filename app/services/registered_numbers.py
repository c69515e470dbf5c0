"""Whether a business number has its company at the portal already."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.companies import Company
from app.domain.errors import DomainError


async def refuse_registered(session: AsyncSession, number: str) -> None:
    """The friendly answer; the unique index on the number gives the sure one.

    Raises `company_already_registered` (it can be claimed), and `corporate_invitation_required`
    for a customer whose contract was imported. Needs a session that sees all companies.
    """
    held = await session.execute(
        select(Company.corporate_account_id).where(
            Company.business_number == number, Company.withdrawn_at.is_(None)
        )
    )
    row = held.one_or_none()
    if row is not None:
        imported = row.corporate_account_id is None
        raise DomainError(
            "corporate_invitation_required" if imported else "company_already_registered"
        )
