"""The audit log: added to by the portal, read by the SUPER_ADMIN, changed by nobody."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.domain.audit import AuditAction
from app.services.audit import AuditEntry, record
from sandbox.world import World
from tests.flows import Member, customer, sign_up
from tests.statements import counted

AT = datetime(2026, 11, 24, tzinfo=UTC)
CHANGES = (
    "UPDATE audit_events SET actor = 'somebody else'",
    "DELETE FROM audit_events",
    "TRUNCATE audit_events",
)


@pytest.fixture(scope="module")
async def boss(portal: FastAPI, world: World) -> Member:
    """A SUPER_ADMIN."""
    transport = httpx.ASGITransport(app=portal, client=("10.8.8.8", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        return await customer(client, world, portal)


@pytest.fixture
def database(portal: FastAPI) -> Database:
    database: Database = portal.state.deps.database
    return database


def entry(company: UUID | None, account: UUID | None = None, at: datetime = AT) -> AuditEntry:
    return AuditEntry(company, account, "system", AuditAction.PASSWORD_CHANGED, at)


async def events(session: AsyncSession) -> int:
    return int((await session.execute(text("SELECT count(*) FROM audit_events"))).scalar_one())


async def test_a_change_is_in_the_log_with_who_what_and_when(
    client: httpx.AsyncClient, boss: Member
) -> None:
    answer = await client.get("/v1/company/audit-log", headers=boss.headers)
    assert answer.status_code == 200
    (signed_up,) = [e for e in answer.json()["items"] if e["action"] == "account.signed_up"]
    assert (signed_up["action_label_ko"], signed_up["action_label_en"]) == ("회원가입", "Signed up")
    assert signed_up["actor"] == f"account:{boss.account_id}"
    assert signed_up["account_id"] == boss.account_id
    for word in (boss.login_id, boss.email, "홍길동"):
        assert word not in answer.text


async def test_switching_automatic_renewal_is_in_the_log(
    client: httpx.AsyncClient, boss: Member
) -> None:
    listed = await client.get("/v1/memberships", headers=boss.headers)
    membership = listed.json()["items"][0]
    path = f"/v1/memberships/{membership['id']}"
    wanted = not membership["auto_renew"]
    etag = (await client.get(path, headers=boss.headers)).headers["etag"]
    switched = await client.patch(
        path, json={"auto_renew": wanted}, headers=boss.headers | {"If-Match": etag}
    )
    assert switched.status_code == 200
    log = await client.get("/v1/company/audit-log", headers=boss.headers)
    changed = [e for e in log.json()["items"] if e["action"] == "membership.auto_renew_changed"]
    assert [(e["subject"], e["details"]) for e in changed] == [
        (membership["id"], {"auto_renew": wanted})
    ]


async def test_only_a_super_admin_reads_it(client: httpx.AsyncClient, world: World) -> None:
    prospect = await sign_up(client, world)
    answer = await client.get("/v1/company/audit-log", headers=prospect.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


async def test_its_pages_hold_each_line_once_the_newest_first(
    client: httpx.AsyncClient, boss: Member, database: Database
) -> None:
    async with database.system_session("test data") as session:
        for minute in range(5):
            record(session, entry(UUID(boss.company_id), at=AT + timedelta(minutes=minute // 2)))
    seen, cursor = [], ""
    while cursor is not None:
        answer = await client.get(
            f"/v1/company/audit-log?size=2{cursor and '&cursor='}{cursor}", headers=boss.headers
        )
        seen += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
    times = [event["at"] for event in seen]
    assert times == sorted(times, reverse=True)
    assert len({event["id"] for event in seen}) == len(seen) >= 6


async def test_reading_it_costs_two_statements(
    client: httpx.AsyncClient, boss: Member, database: Database
) -> None:
    await client.get("/v1/company/audit-log", headers=boss.headers)
    with counted(database.engine) as statements:
        await client.get("/v1/company/audit-log", headers=boss.headers)
    assert len(statements.seen) == 2


@pytest.mark.parametrize("change", CHANGES)
async def test_no_tenant_changes_or_removes_a_line(
    database: Database, boss: Member, change: str
) -> None:
    async with database.tenant_session(UUID(boss.account_id), UUID(boss.company_id)) as session:
        assert await events(session) > 0
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.tenant_session(UUID(boss.account_id), UUID(boss.company_id)) as session:
            await session.execute(text(change))


@pytest.mark.parametrize("change", CHANGES)
async def test_neither_does_the_system(database: Database, boss: Member, change: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.system_session("test data") as session:
            await session.execute(text(change))


async def test_a_tenant_writes_of_its_own_company_and_account_only(
    database: Database, boss: Member
) -> None:
    account, company = UUID(boss.account_id), UUID(boss.company_id)
    async with database.tenant_session(account, company) as session:
        record(session, entry(company))
        record(session, entry(None, account))
    for foreign in (entry(uuid4()), entry(None), entry(None, uuid4())):
        with pytest.raises(DBAPIError, match="row-level security"):
            async with database.tenant_session(account, company) as session:
                record(session, foreign)


async def test_a_tenant_reads_no_line_of_a_neighbour_without_a_where(
    database: Database, client: httpx.AsyncClient, world: World, boss: Member
) -> None:
    neighbour = await sign_up(client, world, with_tax_contact=False)
    async with database.tenant_session(
        UUID(neighbour.account_id), UUID(neighbour.company_id)
    ) as session:
        assert await events(session) == 1
    async with database.sessions.begin() as session:
        assert await events(session) == 0


async def test_what_was_undone_is_not_in_the_log(database: Database, boss: Member) -> None:
    account, company = UUID(boss.account_id), UUID(boss.company_id)
    async with database.tenant_session(account, company) as session:
        before = await events(session)
    async with database.tenant_session(account, company) as session:
        record(session, entry(company))
        await session.flush()
        await session.rollback()
    async with database.tenant_session(account, company) as session:
        assert await events(session) == before
