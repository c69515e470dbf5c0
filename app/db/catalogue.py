"""Queries on catalogue versions and coupons."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.catalogue import CatalogueVersion
from app.domain.catalogue import Catalogue, parse_catalogue


async def load_catalogues(session: AsyncSession) -> tuple[Catalogue, ...]:
    """Every version, the newest `effective_from` first."""
    rows = await session.execute(
        select(CatalogueVersion.document).order_by(CatalogueVersion.effective_from.desc())
    )
    return tuple(parse_catalogue(document) for document in rows.scalars())
