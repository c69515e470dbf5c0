"""The operator imports contracts over the API: asked for, done by a job, told with every error."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.ids import new_id
from app.domain.contract_import import COLUMNS
from app.domain.contract_imports import TRIES
from app.domain.operators import Operator, OperatorRole
from app.domain.provisioning import SiteFacts
from app.services.contract_import import ContractImport, ImportReport
from app.services.contract_imports import SEALED, Overtaken, _Lease
from sandbox.faults import Fault
from sandbox.world import World
from tests.contracts import refused
from tests.flows import business_number, run_jobs
from tests.integration.test_contract_import import at_the_groupware, companies, csv_of
from tests.mails import mails_to
from tests.operators import once
from tests.statements import counted

IMPORTS = "/v1/operator/contract-imports"
CSV = {"Content-Type": "text/csv"}


async def ask(
    operator: httpx.AsyncClient,
    document: bytes,
    *,
    dry_run: bool | None = None,
    key: dict[str, str] | None = None,
) -> dict[str, Any]:
    params = {} if dry_run is None else {"dry_run": dry_run}
    answer = await operator.post(
        IMPORTS, content=document, headers=CSV | (key or once()), params=params
    )
    assert answer.status_code == 202, answer.text
    asked: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{IMPORTS}/{asked['id']}"
    return asked


async def told(operator: httpx.AsyncClient, asked: dict[str, Any]) -> dict[str, Any]:
    answer = await operator.get(f"{IMPORTS}/{asked['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def end_of(
    portal: FastAPI, operator: httpx.AsyncClient, document: bytes, *, dry_run: bool | None = None
) -> dict[str, Any]:
    asked = await ask(operator, document, dry_run=dry_run)
    await run_jobs(portal)
    return await told(operator, asked)


def figures(found: dict[str, Any]) -> tuple[object, ...]:
    return tuple(found[n] for n in ("status", "rows", "imported", "known", "invited"))


async def execute(engine: AsyncEngine, statement: str, **values: object) -> list[Any]:
    async with engine.begin() as connection:
        found = await connection.execute(text(statement), values)
        return list(found.all()) if found.returns_rows else []


async def its_time_comes(engine: AsyncEngine, asked: dict[str, Any]) -> None:
    await execute(
        engine,
        "UPDATE contract_imports SET due_at = created_at WHERE id = :id AND due_at IS NOT NULL",
        id=UUID(asked["id"]),
    )


@pytest.fixture
async def number(portal: FastAPI) -> str:
    """Of a business with one site at the groupware, `old-{number}`."""
    found = business_number()
    await at_the_groupware(portal, found, f"old-{found}")
    return found


async def test_a_file_is_tried_imported_and_known(
    portal: FastAPI, operator: httpx.AsyncClient, owner_engine: AsyncEngine, number: str
) -> None:
    document = await csv_of(portal, number, f"old-{number}")
    asked = await ask(operator, document)
    assert (asked["object"], asked["status"], asked["dry_run"]) == (
        "contract_import",
        "QUEUED",
        True,
    )
    assert asked["file_sha256"] == hashlib.sha256(document).hexdigest()
    assert (asked["rows"], asked["errors"], asked["created_by"]) == (None, [], "bootstrap")
    await run_jobs(portal)
    found = await told(operator, asked)
    assert figures(found) == ("DONE", 1, 1, 0, 1)
    assert found["finished_at"] is not None
    assert await companies(owner_engine, number) == 0

    done = await end_of(portal, operator, document, dry_run=False)
    assert (done["dry_run"], *figures(done)) == (False, "DONE", 1, 1, 0, 1)
    assert await companies(owner_engine, number) == 1
    address = f"contact@{number}.example"
    assert len(await mails_to(portal, address, "corporate_invitation")) == 1

    known = await end_of(portal, operator, document)
    assert known["id"] != asked["id"]
    assert figures(known) == ("DONE", 1, 0, 1, 0)
    assert len(await mails_to(portal, address, "corporate_invitation")) == 1

    listed = (await operator.get(IMPORTS, params={"size": 2})).json()
    assert [item["id"] for item in listed["items"]] == [known["id"], done["id"]]
    assert "errors" not in listed["items"][0]
    more = await operator.get(IMPORTS, params={"size": 1, "cursor": listed["next_cursor"]})
    assert [item["id"] for item in more.json()["items"]] == [asked["id"]]
    lines = await execute(
        owner_engine,
        "SELECT actor, details ->> 'dry_run' FROM audit_events"
        " WHERE action = 'contract_import.asked' AND details ->> 'file' = :file ORDER BY id",
        file=asked["file_sha256"],
    )
    assert [tuple(line) for line in lines] == [
        ("operator:bootstrap", dry_run) for dry_run in ("true", "false", "true")
    ]


async def test_its_mails_are_taken_up_by_the_sweep(
    portal: FastAPI, operator: httpx.AsyncClient, owner_engine: AsyncEngine, number: str
) -> None:
    await end_of(portal, operator, await csv_of(portal, number, f"old-{number}"), dry_run=False)
    (waiting,) = await execute(
        owner_engine,
        "SELECT m.state, q.id IS NOT NULL FROM mails m JOIN companies c ON c.id = m.company_id"
        " LEFT JOIN pgqueuer q ON q.dedupe_key = 'send_mail:' || m.id"
        " WHERE c.business_number = :number",
        number=number,
    )
    assert tuple(waiting) == ("QUEUED", True)


async def test_a_key_is_one_import(
    portal: FastAPI, operator: httpx.AsyncClient, number: str
) -> None:
    """Of two requests at once and when it has ended; of one file, and of what is asked of it."""
    document = await csv_of(portal, number, f"old-{number}")
    key = once()
    sent = [
        operator.post(IMPORTS, content=document, headers=CSV | key, params={"dry_run": False})
        for _ in range(3)
    ]
    answers = await asyncio.gather(*sent)
    made = [answer for answer in answers if answer.status_code == 202]
    assert len({answer.json()["id"] for answer in made}) == 1
    assert {refused(a) for a in answers if a.status_code != 202} <= {(409, "request_in_progress")}
    await run_jobs(portal)
    again = await operator.post(
        IMPORTS, content=document, headers=CSV | key, params={"dry_run": False}
    )
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == made[0].headers["location"]
    assert again.json() == made[0].json()
    for content, params in ((document + b"\n", {"dry_run": False}), (document, {"dry_run": True})):
        answer = await operator.post(IMPORTS, content=content, headers=CSV | key, params=params)
        assert refused(answer) == (422, "idempotency_key_reused")
    missing = await operator.post(IMPORTS, content=document, headers=CSV)
    assert refused(missing) == (400, "idempotency_key_required")
    other = await end_of(portal, operator, document, dry_run=False)
    assert other["id"] != again.json()["id"]
    assert figures(other) == ("DONE", 1, 0, 1, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
async def test_a_file_of_each_encoding_with_quotes_brings_its_names(
    portal: FastAPI,
    operator: httpx.AsyncClient,
    owner_engine: AsyncEngine,
    number: str,
    encoding: str,
) -> None:
    plain = (await csv_of(portal, number, f"old-{number}")).decode()
    quoted = plain.replace("옛길물산", '"뷁, ""옛길"" 물산"').replace("\n", "\r\n")
    done = await end_of(portal, operator, quoted.encode(encoding), dry_run=False)
    assert figures(done) == ("DONE", 1, 1, 0, 1)
    name = "SELECT legal_name FROM companies WHERE business_number = :number"
    assert await execute(owner_engine, name, number=number) == [('뷁, "옛길" 물산',)]


async def test_what_is_no_csv_that_can_be_read_is_refused_at_once(
    operator: httpx.AsyncClient,
) -> None:
    for kind in ("application/json", "text/plain", "text/csvx"):
        answer = await operator.post(IMPORTS, content=b"a", headers={"Content-Type": kind})
        assert refused(answer) == (415, "csv_required")
    for document in ("상호".encode("utf-16"), b"\xef\xbb\xbf\xbb\xf3\xc8\xa3", b"a\x00b"):
        answer = await operator.post(IMPORTS, content=document, headers=CSV)
        assert refused(answer) == (422, "import_encoding_unknown")
    header = ",".join(COLUMNS)
    for wrong in ("", "{}", f"\n{header}", f"{header},more", header.replace(",", ";"), '"a'):
        answer = await operator.post(IMPORTS, content=wrong.encode(), headers=CSV)
        assert refused(answer) == (422, "import_columns_unknown")
    missing = await operator.get(f"{IMPORTS}/{uuid4()}")
    assert refused(missing) == (404, "contract_import_not_found")
    asked = await operator.post(
        IMPORTS,
        content=header.encode(),
        headers=once() | {"Content-Type": "Text/CSV; charset=utf-8"},
    )
    assert asked.status_code == 202


async def test_a_file_of_more_than_twenty_mebibytes_is_refused(
    operator: httpx.AsyncClient,
) -> None:
    """Whether its length was told or not; one of twenty is taken."""

    mebibyte, header = 1024 * 1024, ",".join(COLUMNS).encode() + b"\n"

    async def parts(count: int) -> AsyncIterator[bytes]:
        yield header.ljust(mebibyte, b"\n")
        for _ in range(count - 1):
            yield b"\n" * mebibyte

    for content in (header.ljust(20 * mebibyte + 1, b"\n"), parts(21)):
        answer = await operator.post(IMPORTS, content=content, headers=CSV)
        assert refused(answer) == (413, "payload_too_large")
    taken = await operator.post(IMPORTS, content=parts(20), headers=CSV | once())
    assert taken.status_code == 202


async def test_every_error_is_told_and_a_thousand_are_kept(
    portal: FastAPI, operator: httpx.AsyncClient, owner_engine: AsyncEngine, number: str
) -> None:
    """What was refused may be right when it is asked again: the groupware has its site now."""
    document = await csv_of(portal, number, *(f"x_{turn}" for turn in range(1_200)))
    found = await end_of(portal, operator, document, dry_run=False)
    assert figures(found) == ("REFUSED", 1_200, 0, 0, 0)
    assert (found["errors_total"], len(found["errors"])) == (1_200, 1_000)
    assert found["errors"][0] == {
        "line": 2,
        "column": "subdomain",
        "reason": "missing or not of the right form",
    }
    assert await companies(owner_engine, number) == 0
    document = await csv_of(portal, number, f"old-{number}", f"new-{number}")
    missing = await end_of(portal, operator, document, dry_run=False)
    assert (missing["status"], [e["line"] for e in missing["errors"]]) == ("REFUSED", [3])
    assert await companies(owner_engine, number) == 0
    await at_the_groupware(portal, number, f"new-{number}")
    again = await end_of(portal, operator, document, dry_run=False)
    assert again["id"] != missing["id"]
    assert figures(again) == ("DONE", 2, 2, 0, 1)


async def test_while_the_groupware_is_away_nothing_is_guessed_and_it_is_tried_again(
    portal: FastAPI,
    world: World,
    operator: httpx.AsyncClient,
    owner_engine: AsyncEngine,
    number: str,
) -> None:
    world.faults.put("groupware", Fault(down=True))
    document = await csv_of(portal, number, f"old-{number}")
    waiting = await end_of(portal, operator, document, dry_run=False)
    assert figures(waiting) == ("QUEUED", None, None, None, None)
    assert await companies(owner_engine, number) == 0
    world.faults.clear()
    await its_time_comes(owner_engine, waiting)
    await run_jobs(portal)
    assert figures(await told(operator, waiting)) == ("DONE", 1, 1, 0, 1)


async def test_after_all_tries_it_has_failed_and_its_file_is_gone(
    portal: FastAPI, operator: httpx.AsyncClient, owner_engine: AsyncEngine, number: str
) -> None:
    """Also where each try was lost with its worker."""
    asked = await ask(operator, await csv_of(portal, number, f"old-{number}"), dry_run=False)
    for _ in range(TRIES):
        assert await portal.state.deps.contract_imports._begin(UUID(asked["id"])) is not None
        await its_time_comes(owner_engine, asked)
    await run_jobs(portal)
    found = await told(operator, asked)
    assert figures(found) == ("FAILED", None, None, None, None)
    assert found["finished_at"] is not None
    assert await companies(owner_engine, number) == 0


async def test_what_a_lost_worker_began_is_taken_up_and_done_once(
    portal: FastAPI, operator: httpx.AsyncClient, owner_engine: AsyncEngine, number: str
) -> None:
    """The lost one comes back when the other is done, and when it is in the middle."""
    deps = portal.state.deps
    document = await csv_of(portal, number, f"old-{number}")
    asked = await ask(operator, document, dry_run=False)
    first = await deps.contract_imports._begin(UUID(asked["id"]))
    assert (await told(operator, asked))["status"] == "RUNNING"
    await run_jobs(portal)  # its lease is not over
    assert (await told(operator, asked))["status"] == "RUNNING"
    await its_time_comes(owner_engine, asked)
    second = await deps.contract_imports._begin(UUID(asked["id"]))
    assert (first.attempt, second.attempt) == (1, 2)
    lost = _Lease(deps.database, deps.clock, UUID(asked["id"]), first.attempt)
    lost._renewed -= 61
    with pytest.raises(Overtaken):
        await lost.go_on()
    lost = _Lease(deps.database, deps.clock, UUID(asked["id"]), first.attempt)
    with pytest.raises(Overtaken):
        await deps.contract_import.run(document, "bootstrap", dry_run=False, by=lost)
    assert await companies(owner_engine, number) == 0
    await its_time_comes(owner_engine, asked)
    await run_jobs(portal)
    assert figures(await told(operator, asked)) == ("DONE", 1, 1, 0, 1)
    with pytest.raises(Overtaken):
        await deps.contract_import.run(document, "bootstrap", dry_run=False, by=lost)
    assert await companies(owner_engine, number) == 1


async def test_a_worker_that_is_stopped_in_its_transaction_has_done_nothing(
    portal: FastAPI, operator: httpx.AsyncClient, owner_engine: AsyncEngine, number: str
) -> None:
    deps = portal.state.deps
    document = await csv_of(portal, number, f"old-{number}")
    asked = await ask(operator, document, dry_run=False)
    taken = await deps.contract_imports._begin(UUID(asked["id"]))

    class Stopped(_Lease):
        async def end(self, session: Any, report: ImportReport) -> None:
            assert report.imported == [2]
            raise asyncio.CancelledError

    by = Stopped(deps.database, deps.clock, UUID(asked["id"]), taken.attempt)
    with pytest.raises(asyncio.CancelledError):
        await deps.contract_import.run(document, "bootstrap", dry_run=False, by=by)
    assert await companies(owner_engine, number) == 0
    assert await mails_to(portal, f"contact@{number}.example", "corporate_invitation") == []
    await its_time_comes(owner_engine, asked)
    await run_jobs(portal)
    assert figures(await told(operator, asked)) == ("DONE", 1, 1, 0, 1)


async def test_a_failure_of_our_own_is_tried_again_and_listed(
    portal: FastAPI,
    operator: httpx.AsyncClient,
    owner_engine: AsyncEngine,
    number: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The worker notes what a job raises."""
    asked = await ask(operator, await csv_of(portal, number, f"old-{number}"), dry_run=False)

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr("app.services.contract_import._read_books", broken)
        with pytest.raises(ZeroDivisionError):
            await portal.state.deps.contract_imports.run(UUID(asked["id"]))
    assert (await told(operator, asked))["status"] == "QUEUED"
    await its_time_comes(owner_engine, asked)
    await run_jobs(portal)
    assert (await told(operator, asked))["status"] == "DONE"


async def test_one_runs_at_a_time(
    portal: FastAPI, operator: httpx.AsyncClient, owner_engine: AsyncEngine, number: str
) -> None:
    imports = portal.state.deps.contract_imports
    document = await csv_of(portal, number, f"old-{number}")
    first, second = await ask(operator, document), await ask(operator, document + b"\n")
    assert await imports._begin(UUID(first["id"])) is not None
    await imports.run(UUID(second["id"]))
    assert (await told(operator, second))["status"] == "QUEUED"
    for asked in (first, second):
        await its_time_comes(owner_engine, asked)
        await run_jobs(portal)
        assert (await told(operator, asked))["status"] == "DONE"


async def test_the_file_is_sealed_while_it_waits_and_then_gone(
    portal: FastAPI, operator: httpx.AsyncClient, owner_engine: AsyncEngine, number: str
) -> None:
    deps = portal.state.deps
    document = await csv_of(portal, number, f"old-{number}")
    asked = await ask(operator, document)
    row = "SELECT * FROM contract_imports WHERE id = :id"
    (kept,) = await execute(owner_engine, row, id=UUID(asked["id"]))
    assert number.encode() not in kept.document
    assert deps.vault.open_bytes(SEALED, kept.document) == document
    await run_jobs(portal)
    (left,) = await execute(owner_engine, row, id=UUID(asked["id"]))
    assert (left.status, left.document) == ("DONE", None)
    words = " ".join(str(value) for value in left)
    assert number not in words
    assert "정도현" not in words


class ManySites:
    """A groupware that has a site for each business: as many as are asked for."""

    def __init__(self, sites: dict[str, SiteFacts]) -> None:
        self._sites = sites
        self.now = self.most = 0

    async def find_sites(self, business_number: str) -> Sequence[SiteFacts]:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        return [self._sites[business_number]]


async def many(portal: FastAPI, template: SiteFacts, count: int) -> tuple[bytes, ManySites]:
    """A file of so many businesses, one site each."""
    sites, lines = {}, [",".join(COLUMNS)]
    for _ in range(count):
        number = business_number()
        name = f"many-{number}"
        sites[number] = SiteFacts(
            **{
                field: getattr(template, field)
                for field in template.__dataclass_fields__
                if field not in {"external_id", "subdomain", "site_id"}
            },
            external_id=str(new_id()),
            subdomain=name,
            site_id=f"gw-{number}",
        )
        file = await csv_of(portal, number, name, paid="SHARED_USER:500000")
        lines.append(file.decode().splitlines()[1])
    return "\n".join(lines).encode(), ManySites(sites)


class Undone:
    """Its end undoes what was imported: two hundred sites would be every later test's, too."""

    def __init__(self) -> None:
        self.reports: list[ImportReport] = []

    async def go_on(self) -> None:
        return

    async def end(self, session: Any, report: ImportReport) -> None:
        mails = "SELECT count(*) FROM mails WHERE kind = 'corporate_invitation'"
        assert await session.scalar(text(mails)) >= report.invited
        self.reports.append(report)
        raise ZeroDivisionError


async def test_two_hundred_rows_take_as_many_statements_as_twenty(
    portal: FastAPI, number: str
) -> None:
    deps = portal.state.deps
    (template,) = await deps.groupware.find_sites(number)
    counts = []
    for rows in (20, 200):
        document, groupware = await many(portal, template, rows)
        importing = ContractImport(
            deps.database, deps.clock, deps.catalogues, groupware, deps.corporate_invitations
        )
        by = Undone()
        deps.catalogues.forget()  # both read it
        with counted(deps.database.engine) as statements, pytest.raises(ZeroDivisionError):
            await importing.run(document, "bootstrap", dry_run=False, by=by)
        (report,) = by.reports
        assert (len(report.imported), report.invited, report.errors) == (rows, rows, ())
        counts.append(len(statements.seen))
        assert groupware.most == 8
    assert counts[0] == counts[1] <= 20, statements.seen


async def test_of_two_imports_of_one_site_at_once_one_is_made(
    portal: FastAPI, owner_engine: AsyncEngine, number: str
) -> None:
    """By two commands, which know nothing of one another: the loser is told by the database."""
    deps = portal.state.deps
    document = await csv_of(portal, number, f"old-{number}")
    ends = await asyncio.gather(
        *(deps.contract_import.run(document, "tester", dry_run=False) for _ in range(2)),
        return_exceptions=True,
    )
    made = [end for end in ends if isinstance(end, ImportReport) and end.imported]
    assert len(made) == 1
    assert await companies(owner_engine, number) == 1
    assert len(await mails_to(portal, f"contact@{number}.example", "corporate_invitation")) == 1


async def test_a_number_is_imported_by_whoever_may(portal: FastAPI) -> None:
    for role in OperatorRole:
        may = {str(each) for each in Operator("x", frozenset({role})).permissions}
        assert ("contracts.import" in may) is (role is OperatorRole.ADMIN)
