"""Price agreements as the domain knows them; every statement reads them in the same shape."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.price_agreements import PriceAgreementRow
from app.domain.price_agreements import PriceAgreement, PriceAgreements


class AgreementRead(msgspec.Struct, frozen=True):
    """One that was not ended, whatever its days."""

    membership_id: UUID | None
    unit_prices: dict[str, int]
    first_day: date
    last_day: date


def agreements_of(company: str) -> str:
    """A scalar query for the agreements of the company that the SQL expression `company` names."""
    return (
        "(SELECT coalesce(jsonb_agg(jsonb_build_object('membership_id', a.membership_id,"  # noqa: S608 - our own text
        " 'unit_prices', a.unit_prices, 'first_day', a.first_day, 'last_day', a.last_day)"
        " ORDER BY a.created_at, a.id), '[]') FROM price_agreements a"
        f" WHERE a.company_id = {company} AND a.ended_at IS NULL)"
    )


def to_agreements(rows: list[AgreementRead]) -> PriceAgreements:
    """The earliest made first, as they were read."""
    return PriceAgreements(
        tuple(
            PriceAgreement(row.membership_id, row.unit_prices, row.first_day, row.last_day)
            for row in rows
        )
    )


async def agreements_by_company(
    session: AsyncSession, companies: Collection[UUID]
) -> dict[UUID, PriceAgreements]:
    """Of several companies, for the system's sessions; those without any are left out."""
    rows = await session.execute(
        select(PriceAgreementRow)
        .where(PriceAgreementRow.company_id.in_(companies), PriceAgreementRow.ended_at.is_(None))
        .order_by(PriceAgreementRow.created_at, PriceAgreementRow.id)
    )
    held: dict[UUID, list[PriceAgreement]] = defaultdict(list)
    for row in rows.scalars():
        held[row.company_id].append(
            PriceAgreement(row.membership_id, row.unit_prices, row.first_day, row.last_day)
        )
    return {company: PriceAgreements(tuple(agreed)) for company, agreed in held.items()}
