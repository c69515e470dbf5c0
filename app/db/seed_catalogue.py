"""Loads the catalogue versions that ship with the portal; a version once loaded never changes."""

import json

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.catalogues import shipped_catalogues

_INSERT = text(
    "INSERT INTO catalogue_versions (code, effective_from, document, created_at)"
    " VALUES (:code, :effective_from, cast(:document AS jsonb), :created_at)"
    " ON CONFLICT (code) DO NOTHING"
)


async def seed_catalogue(connection: AsyncConnection) -> None:
    """Inserts what is missing; an existing version keeps its prices."""
    for shipped in shipped_catalogues():
        await connection.execute(
            _INSERT,
            {
                "code": shipped.code,
                "effective_from": shipped.effective_from,
                "document": json.dumps(shipped.document, ensure_ascii=False),
                "created_at": shipped.published_at,
            },
        )
