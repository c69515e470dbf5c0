"""Queries on catalogue versions and coupons."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.catalogue import CatalogueVersion, CouponRow
from app.domain.catalogue import Catalogue, Name, parse_catalogue
from app.domain.coupons import Coupon, CouponScope


async def load_catalogues(session: AsyncSession) -> tuple[Catalogue, ...]:
    """Every version, the newest `effective_from` first."""
    rows = await session.execute(
        select(CatalogueVersion.document).order_by(CatalogueVersion.effective_from.desc())
    )
    return tuple(parse_catalogue(document) for document in rows.scalars())


async def find_coupon(session: AsyncSession, code: str) -> Coupon | None:
    """The coupon by its exact code; None also where it was ended or all its uses are taken."""
    row = (await session.execute(select(CouponRow).where(CouponRow.code == code))).scalar()
    if row is None or row.ended_at is not None:
        return None
    if row.uses_in_all is not None and row.uses >= row.uses_in_all:
        return None
    return to_coupon(row)


def to_coupon(row: CouponRow) -> Coupon:
    """As the domain knows it."""
    return Coupon(
        code=row.code,
        name=Name(row.name_ko, row.name_en),
        scope=CouponScope(row.scope),
        percent=row.percent,
        amount=row.amount,
        first_day=row.first_day,
        last_day=row.last_day,
        plans=frozenset(row.plans),
        order_types=frozenset(row.order_types),
        minimum_amount=row.minimum_amount,
    )
