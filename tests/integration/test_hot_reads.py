"""Hot reads: one statement past the session, with row-level security as everywhere."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest
from fastapi import FastAPI

from app.db.engine import Database
from app.db.reads import read_many
from app.domain.errors import DomainError
from app.domain.roles import Permission
from app.services.principals import Access
from app.settings import Settings
from app.tokens import AccessClaims
from sandbox.world import World
from tests.flows import Member, customer, sign_up


class SiteOf(msgspec.Struct, frozen=True):
    company_id: UUID


WITHOUT_WHERE = read_many("SELECT s.company_id FROM sites s", SiteOf)


@pytest.fixture
async def narrow(settings: Settings) -> AsyncIterator[Database]:
    """A pool of one connection: what one statement leaves behind, the next would meet."""
    database = Database.connect(settings.database_url, 1)
    yield database
    await database.close()


def access_of(portal: FastAPI, database: Database, member: Member, wants: Permission) -> Access:
    token = member.headers["Authorization"].removeprefix("Bearer ")
    claims: AccessClaims = portal.state.deps.access_tokens.verify(token)
    return Access(database, claims, None, wants)


async def test_a_read_without_a_where_sees_its_own_company_only(
    client: httpx.AsyncClient, world: World, portal: FastAPI, narrow: Database
) -> None:
    for member in [await customer(client, world, portal) for _ in range(2)]:
        access = access_of(portal, narrow, member, Permission.MEMBERSHIPS_READ)
        for _ in range(7):  # past the fifth, PostgreSQL plans without looking at the values
            principal, sites = await access.read(WITHOUT_WHERE)
            assert str(principal.company_id) == member.company_id
            assert [site.company_id for site in sites] == [principal.company_id]


async def test_what_a_read_set_ends_with_its_statement(
    client: httpx.AsyncClient, world: World, portal: FastAPI, narrow: Database
) -> None:
    member = await customer(client, world, portal)
    await access_of(portal, narrow, member, Permission.MEMBERSHIPS_READ).read(WITHOUT_WHERE)
    left = await narrow.fetch_row(
        "SELECT count(*) AS sites, current_setting('app.company_id', true) AS company,"
        " current_setting('app.account_id', true) AS account FROM sites",
        [],
    )
    assert left is not None
    assert (left["sites"], left["company"] or "", left["account"] or "") == (0, "", "")


async def test_a_refused_principal_is_told_nothing_of_what_was_read(
    client: httpx.AsyncClient, world: World, portal: FastAPI, narrow: Database
) -> None:
    prospect = await sign_up(client, world)
    access = access_of(portal, narrow, prospect, Permission.MEMBERSHIPS_READ)
    with pytest.raises(DomainError, match="permission_denied"):
        await access.read(WITHOUT_WHERE)
    gone = AccessClaims(UUID(int=1), UUID(int=2), 0)
    with pytest.raises(DomainError, match="not_authenticated"):
        await Access(narrow, gone, None, Permission.ME_READ).read(WITHOUT_WHERE)


async def test_a_session_of_another_account_is_nobody(
    client: httpx.AsyncClient, world: World, portal: FastAPI, narrow: Database
) -> None:
    member, other = await sign_up(client, world), await sign_up(client, world)
    mine: AccessClaims = portal.state.deps.access_tokens.verify(
        member.headers["Authorization"].removeprefix("Bearer ")
    )
    forged = AccessClaims(UUID(other.account_id), mine.session_id, mine.expires_at)
    with pytest.raises(DomainError, match="not_authenticated"):
        await Access(narrow, forged, None, Permission.ME_READ).read(WITHOUT_WHERE)


async def test_a_connection_that_was_lost_is_not_used_again(narrow: Database) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await narrow.fetch_row("SELECT pg_terminate_backend(pg_backend_pid())", [])
    assert await narrow.fetch_row("SELECT 1 AS one", []) is not None


async def test_a_connection_whose_reader_went_away_is_not_used_again(narrow: Database) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(narrow.fetch_row("SELECT pg_sleep(30)", []), 0.2)
    async with asyncio.timeout(5):
        assert await narrow.fetch_row("SELECT 1 AS one", []) is not None


async def test_times_in_json_have_the_drivers_offset(narrow: Database) -> None:
    row = await narrow.fetch_row(
        "SELECT to_json(cast($1 AS timestamptz))::text AS at", [datetime(2026, 11, 24, tzinfo=UTC)]
    )
    assert row is not None
    assert row["at"] == '"2026-11-24T00:00:00+00:00"'
