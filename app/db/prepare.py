"""Makes a database ready for the portal: roles, extensions, newest revision, catalogue.

Run by an administrator of the server, never by the portal: `ADMIN_DATABASE_URL` is a superuser's
address (or the owner's, where the three roles exist already). Running it again changes nothing.
"""

import asyncio
import os

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.db.cluster import check_cluster
from app.db.migrate import upgrade
from app.db.seed_catalogue import seed_catalogue

ROLES = {
    "portal_owner": "NOLOGIN",
    "portal_system": "NOLOGIN",
    "portal_api": "LOGIN NOINHERIT",
}


async def ensure_roles(connection: AsyncConnection) -> None:
    """The owner of the tables, the API's role that owns nothing, and the system's role."""
    have = set((await connection.execute(text("SELECT rolname FROM pg_roles"))).scalars())
    for role, options in ROLES.items():
        if role not in have:
            await connection.execute(text(f"CREATE ROLE {role} {options}"))
    await connection.execute(text("GRANT portal_system TO portal_api WITH INHERIT FALSE, SET TRUE"))
    await connection.execute(text("GRANT portal_owner TO CURRENT_USER WITH SET TRUE"))
    await connection.execute(text("GRANT CREATE ON SCHEMA public TO portal_owner"))
    database = (await connection.execute(text("SELECT current_database()"))).scalar_one()
    await connection.execute(text(f'GRANT CREATE ON DATABASE "{database}" TO portal_owner'))


async def prepare(admin_url: str) -> None:
    """Raises `UnfitCluster` where the server cannot carry the portal."""
    engine = create_async_engine(admin_url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(7061)"))
            await ensure_roles(connection)
            await connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
            await connection.execute(text("CREATE EXTENSION IF NOT EXISTS citext"))
            await check_cluster(connection, application_role=False)
            await connection.execute(text("SET LOCAL ROLE portal_owner"))
            await connection.run_sync(upgrade)
            await seed_catalogue(connection)
    finally:
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(prepare(os.environ["ADMIN_DATABASE_URL"]))
