"""A forgotten WHERE returns nothing: the policies, through the API's own pool."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.engine import Database

NOW = datetime(2026, 11, 24, tzinfo=UTC)
FIRST, SECOND = UUID(int=1), UUID(int=2)

INSERT_COMPANY = text(
    "INSERT INTO companies (id, legal_name, business_number, verification_level,"
    " verification_status, verified_at, revision, created_at, updated_at)"
    " VALUES (:id, '한빛상사', :number, 'STATUS', 'IN_BUSINESS', :now, 1, :now, :now)"
)
INSERT_SITE = text(
    "INSERT INTO sites (company_id, name, plan, subdomain, state, business_number, admin_login_id,"
    " revision, applied_revision, accounting_visible, created_at, updated_at)"
    " VALUES (:company, '본사', 'SHARED', :subdomain, 'OPEN', '1', 'admin', 1, 1, true, :now, :now)"
)


@pytest.fixture(scope="module")
async def database(portal: FastAPI) -> Database:
    """Two companies with a site each, written by the system's role."""
    database: Database = portal.state.deps.database
    async with database.system_session("test data") as session:
        for company, number in ((FIRST, "1000000001"), (SECOND, "1000000002")):
            await session.execute(INSERT_COMPANY, {"id": company, "number": number, "now": NOW})
            await session.execute(
                INSERT_SITE, {"company": company, "subdomain": f"site-{number}", "now": NOW}
            )
    return database


async def test_without_a_where_a_tenant_sees_its_own_rows_only(database: Database) -> None:
    async with database.tenant_session(uuid4(), FIRST) as session:
        companies = (await session.execute(text("SELECT company_id FROM sites"))).scalars().all()
        assert companies == [FIRST]
        named = (await session.execute(text("SELECT id FROM companies"))).scalars().all()
        assert named == [FIRST]


async def test_a_session_that_names_no_company_sees_nothing(database: Database) -> None:
    async with database.sessions.begin() as session:
        assert (await session.execute(text("SELECT count(*) FROM sites"))).scalar_one() == 0
    async with database.tenant_session(uuid4(), None) as session:
        assert (await session.execute(text("SELECT count(*) FROM sites"))).scalar_one() == 0


async def test_a_tenant_cannot_write_into_a_neighbour(database: Database) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.tenant_session(uuid4(), FIRST) as session:
            await session.execute(
                INSERT_SITE, {"company": SECOND, "subdomain": "stolen", "now": NOW}
            )
    async with database.tenant_session(uuid4(), FIRST) as session:
        changed = await session.execute(text("UPDATE sites SET name = 'x' RETURNING company_id"))
        assert changed.scalars().all() == [FIRST]


async def test_the_settings_end_with_their_transaction(database: Database) -> None:
    async with database.tenant_session(uuid4(), FIRST):
        pass
    async with database.sessions.begin() as session:
        assert (await session.execute(text("SELECT count(*) FROM sites"))).scalar_one() == 0
        role = (await session.execute(text("SELECT current_user"))).scalar_one()
        assert role == "portal_api"


async def test_the_pools_role_is_neither_mighty_nor_an_owner(
    database: Database, owner_engine: AsyncEngine
) -> None:
    async with database.sessions.begin() as session:
        role = (await session.execute(text("SELECT session_user"))).scalar_one()
    async with owner_engine.connect() as connection:
        facts = (
            await connection.execute(
                text(
                    "SELECT rolsuper, rolbypassrls, (SELECT count(*) FROM pg_class"
                    " WHERE relowner = r.oid) FROM pg_roles r WHERE rolname = :role"
                ),
                {"role": role},
            )
        ).one()
    assert tuple(facts) == (False, False, 0)


async def test_every_table_of_a_tenant_has_a_policy_for_every_command(
    owner_engine: AsyncEngine,
) -> None:
    """A table that names a company or account must be guarded, or closed to the API's role."""
    async with owner_engine.connect() as connection:
        unguarded = await connection.execute(
            text(
                "SELECT DISTINCT c.relname FROM pg_class c"
                " JOIN pg_attribute a ON a.attrelid = c.oid"
                " AND a.attname IN ('company_id', 'account_id')"
                " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
                " AND has_table_privilege('portal_api', c.oid, 'SELECT, INSERT, UPDATE, DELETE')"
                " AND NOT (c.relrowsecurity AND EXISTS (SELECT 1 FROM pg_policy p"
                "   WHERE p.polrelid = c.oid AND p.polcmd = '*'"
                "     AND 'portal_api'::regrole = ANY (p.polroles)))"
            )
        )
        assert unguarded.scalars().all() == []
