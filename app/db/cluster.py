"""What the database server must be like, checked at every start.

Trigram search sees no Hangul under the locale C: the database has to be UTF-8 with a ctype that
knows letters (libc `C.UTF-8` here). See PRODUCT.md section 14 and `docs/decisions/`.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MINIMUM_VERSION = 180000


class UnfitCluster(RuntimeError):
    """The server is too old, has another encoding, or cannot search Korean."""


_FACTS = text(
    "SELECT current_setting('server_version_num')::int AS version,"
    " current_setting('server_encoding') AS encoding,"
    " cardinality(show_trgm('환불')) AS trigrams,"
    " (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) AS too_mighty"
)


async def check_cluster(connection: AsyncConnection, *, application_role: bool) -> None:
    """Raises `UnfitCluster` with the reason. `application_role`: also refuse a mighty role."""
    facts = (await connection.execute(_FACTS)).one()
    if facts.version < MINIMUM_VERSION:
        raise UnfitCluster(f"PostgreSQL 18 or newer is needed, this is {facts.version}")
    if facts.encoding != "UTF8":
        raise UnfitCluster(f"the database must be UTF8, it is {facts.encoding}")
    if not facts.trigrams:
        raise UnfitCluster("pg_trgm sees no Hangul: make the database with the locale C.UTF-8")
    if application_role and facts.too_mighty:
        raise UnfitCluster("the API's role must be neither superuser nor BYPASSRLS")
