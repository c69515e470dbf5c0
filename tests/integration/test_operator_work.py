"""What the operator's staff works with: companies, mails, failed jobs, reports (section 16)."""

import asyncio
import csv
import io
import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import wire_now
from app.domain.faq import jamo, like_pattern
from app.domain.periods import seoul_date
from app.services.operator_companies import BY_NAME
from sandbox.world import World
from tests.contracts import refused
from tests.flows import (
    Member,
    business_number,
    customer,
    item,
    order_body,
    pay,
    place,
    run_jobs,
    sign_up,
)
from tests.mails import mails_to


async def find(operator: httpx.AsyncClient, query: str) -> list[dict[str, Any]]:
    answer = await operator.get("/v1/operator/companies", params={"query": query})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def execute(portal: FastAPI, statement: str, **values: object) -> list[Any]:
    async with portal.state.deps.database.system_session("test data") as session:
        found = await session.execute(text(statement), values)
        return list(found.all()) if found.returns_rows else []


async def named(client: httpx.AsyncClient, world: World, portal: FastAPI, name: str) -> Member:
    member = await sign_up(client, world)
    await execute(
        portal,
        "UPDATE companies SET legal_name = :name WHERE id = :id",
        name=name,
        id=UUID(member.company_id),
    )
    return member


class TestCompanies:
    @pytest.mark.parametrize(
        "query", ["달빛연구", "빛연구소", "달빗연구소", "DALBIT", "달빛연구소 (주)"]
    )
    async def test_a_name_is_found_by_a_part_and_with_a_slip(
        self,
        client: httpx.AsyncClient,
        world: World,
        portal: FastAPI,
        operator: httpx.AsyncClient,
        query: str,
    ) -> None:
        member = await named(client, world, portal, "달빛연구소 Dalbit (주)")
        assert member.company_id in {company["id"] for company in await find(operator, query)}

    async def test_a_number_and_an_address_find_their_company_alone(
        self,
        client: httpx.AsyncClient,
        world: World,
        portal: FastAPI,
        operator: httpx.AsyncClient,
    ) -> None:
        member = await sign_up(client, world)
        ((number,),) = await execute(
            portal,
            "SELECT business_number FROM companies WHERE id = :id",
            id=UUID(member.company_id),
        )
        hyphened = f"{number[:3]}-{number[3:5]}-{number[5:]}"
        for query in (number, hyphened, member.email, member.email.upper()):
            assert [c["id"] for c in await find(operator, query)] == [member.company_id], query
        assert await find(operator, business_number()) == []
        assert await find(operator, "nobody@nowhere.example") == []

    @pytest.mark.parametrize(
        "query", ["", "   ", "%", "_", "'; DROP TABLE companies --", "🙂🙂", "\\", "a" * 200]
    )
    async def test_whatever_is_typed_is_looked_for_as_it_is(
        self, operator: httpx.AsyncClient, query: str
    ) -> None:
        assert len(await find(operator, query)) <= 50

    async def test_ten_kilobytes_and_nul_are_refused(self, operator: httpx.AsyncClient) -> None:
        for query in ("a" * 10_000, "a\x00"):
            answer = await operator.get("/v1/operator/companies", params={"query": query})
            assert refused(answer) == (422, "invalid_request")

    async def test_the_index_is_used_at_ten_thousand_companies(
        self, owner_engine: AsyncEngine
    ) -> None:
        async with owner_engine.connect() as connection:
            transaction = await connection.begin()
            await connection.execute(
                text(
                    "INSERT INTO companies (id, legal_name, business_number, verification_level,"
                    " verification_status, verified_at, revision, created_at, updated_at)"
                    " SELECT uuidv7(), '회사 ' || md5(n::text) || n, lpad(n::text, 10, '0'),"
                    " 'STATUS', 'ACTIVE', now(), 1, now(), now() FROM generate_series(1, 10000) n"
                )
            )
            # What autovacuum does; until then the index has a list to read through first.
            await connection.execute(text("SELECT gin_clean_pending_list('ix_companies_searched')"))
            await connection.execute(text("ANALYZE companies"))
            await connection.execute(
                text("SELECT set_config('pg_trgm.word_similarity_threshold', '0.4', true)")
            )
            looked = {
                "words": jamo("달빛연구소"),
                "pattern": like_pattern("달빛연구소"),
                "most": 50,
            }
            plan = await connection.execute(text(f"EXPLAIN {BY_NAME}"), looked)
            said = "\n".join(plan.scalars())
            await transaction.rollback()
        assert "ix_companies_searched" in said, said

    async def test_reading_one_takes_a_reason_and_is_in_the_companys_log(
        self,
        client: httpx.AsyncClient,
        world: World,
        portal: FastAPI,
        operator: httpx.AsyncClient,
    ) -> None:
        member = await customer(client, world, portal)
        path = f"/v1/operator/companies/{member.company_id}/read"
        assert refused(await operator.post(path, json={})) == (422, "invalid_request")
        read = (await operator.post(path, json={"reason": "CALLED_US"})).json()
        assert read["person"]["email"] == member.email
        assert read["person"]["login_id"] == member.login_id
        log = (await client.get("/v1/company/audit-log", headers=member.headers)).json()["items"]
        assert "company.read" in {line["action"] for line in log}
        none = await operator.post(
            f"/v1/operator/companies/{uuid4()}/read", json={"reason": "CALLED_US"}
        )
        assert refused(none) == (404, "company_not_found")

    async def test_the_timeline_is_one_order_page_by_page_and_names_nobody(
        self,
        client: httpx.AsyncClient,
        world: World,
        portal: FastAPI,
        operator: httpx.AsyncClient,
    ) -> None:
        member = await customer(client, world, portal)
        path = f"/v1/operator/companies/{member.company_id}/timeline"
        entries: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            params: dict[str, Any] = {"size": 3} | ({"cursor": cursor} if cursor else {})
            page = (await operator.get(path, params=params)).json()
            entries += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert {"ORDER", "PAYMENT", "MAIL"} <= {entry["what"] for entry in entries}
        assert len({entry["id"] for entry in entries}) == len(entries)
        times = [entry["at"] for entry in entries]
        assert times == sorted(times, reverse=True)
        payment = next(entry for entry in entries if entry["what"] == "PAYMENT")
        assert (payment["kind"], payment["detail"]) == ("CARD", "583000")
        assert member.email not in json.dumps(entries)
        none = await operator.get(f"/v1/operator/companies/{uuid4()}/timeline")
        assert refused(none) == (404, "company_not_found")


class TestMails:
    async def test_a_mail_is_sent_again_to_whom_it_was_for(
        self,
        client: httpx.AsyncClient,
        world: World,
        portal: FastAPI,
        operator: httpx.AsyncClient,
    ) -> None:
        member = await customer(client, world, portal)
        asked = {"company_id": member.company_id}
        listed = (await operator.get("/v1/operator/mails", params=asked)).json()["items"]
        placed = next(mail for mail in listed if mail["kind"] == "order_placed")
        assert "*" in placed["recipient_masked"]
        assert member.email not in json.dumps(listed)
        await execute(
            portal,
            "UPDATE mails SET state = 'FAILED', attempts = 12 WHERE id = :id",
            id=UUID(placed["id"]),
        )
        failed = await operator.get("/v1/operator/mails", params=asked | {"state": "FAILED"})
        assert [mail["id"] for mail in failed.json()["items"]] == [placed["id"]]
        again = await operator.post(f"/v1/operator/mails/{placed['id']}/send-again")
        assert (again.json()["state"], again.json()["attempts"]) == ("QUEUED", 0)
        assert len(await mails_to(portal, member.email, "order_placed")) == 1
        none = await operator.post(f"/v1/operator/mails/{uuid4()}/send-again")
        assert refused(none) == (404, "mail_not_found")


class TestFailedJobs:
    async def test_a_job_that_failed_is_listed_once_and_tried_again(
        self, portal: FastAPI, operator: httpx.AsyncClient
    ) -> None:
        failures, row = portal.state.deps.failed_jobs, uuid4()
        await asyncio.gather(*(failures.note("mail_quote", row, "ValueError") for _ in range(3)))
        listed = (await operator.get("/v1/operator/failed-jobs")).json()["items"]
        (job,) = [job for job in listed if job["row_id"] == str(row)]
        assert (job["job"], job["error"], job["failures"]) == ("mail_quote", "ValueError", 3)
        path = f"/v1/operator/failed-jobs/{job['id']}/retry"
        assert (await operator.post(path)).status_code == 204
        queued = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'mail_quote' AND payload = :row"
        assert await execute(portal, queued, row=row.bytes) == [(1,)]
        assert refused(await operator.post(path)) == (404, "failed_job_not_found")
        await execute(portal, "DELETE FROM pgqueuer WHERE payload = :row", row=row.bytes)


class TestReports:
    async def test_sales_are_what_was_paid_by_month_and_plan(
        self,
        client: httpx.AsyncClient,
        world: World,
        portal: FastAPI,
        operator: httpx.AsyncClient,
    ) -> None:
        today = seoul_date(wire_now())
        asked = {"from": str(today), "to": str(today)}
        before = (await operator.get("/v1/operator/reports/sales", params=asked)).json()
        member = await sign_up(client, world)
        await pay(client, world, member, await place(client, member, order_body()))
        await run_jobs(portal)
        after = (await operator.get("/v1/operator/reports/sales", params=asked)).json()
        month = f"{today:%Y-%m}"

        def of(report: dict[str, Any], part: str, field: str) -> int:
            rows = [
                r for r in report[part] if r["month"] == month and r.get("plan") in (None, "SHARED")
            ]
            return sum(row[field] for row in rows)

        assert of(after, "items", "orders") - of(before, "items", "orders") == 1
        assert of(after, "months", "total") - of(before, "months", "total") == 583_000
        assert of(after, "months", "supply") - of(before, "months", "supply") == 530_000
        assert of(after, "items", "amount") - of(before, "items", "amount") == 530_000

    async def test_plans_add_up_to_their_month_with_discounts_too(
        self,
        client: httpx.AsyncClient,
        world: World,
        portal: FastAPI,
        operator: httpx.AsyncClient,
    ) -> None:
        """530,000 and 1,250,000 won, less a tenth by a coupon."""
        today = seoul_date(wire_now())
        asked = {"from": str(today), "to": str(today)}
        wanted = {
            "code": f"C-{uuid4().hex[:10].upper()}",
            "name": {"ko": "봄 쿠폰", "en": "Spring"},
            "scope": "ALL",
            "percent": 10,
            "first_day": str(today),
            "last_day": str(today),
        }
        assert (await operator.post("/v1/operator/coupons", json=wanted)).status_code == 201
        before = (await operator.get("/v1/operator/reports/sales", params=asked)).json()
        member = await sign_up(client, world)
        sites = (item(), item(users=25))
        body = order_body(*sites, total=1_762_200, coupon_code=wanted["code"])
        await pay(client, world, member, await place(client, member, body))
        after = (await operator.get("/v1/operator/reports/sales", params=asked)).json()

        def sums(report: dict[str, Any]) -> tuple[int, int]:
            plans = sum(row["amount"] for row in report["items"])
            return plans, sum(row["supply"] for row in report["months"])

        (plans, supply), (plans_before, supply_before) = sums(after), sums(before)
        assert plans - plans_before == supply - supply_before > 0
        assert (
            supply - supply_before
            < sum(24 * monthly for monthly in (40_000, 250_000)) + 50_000 + 1_000_000
        )

    async def test_files_are_spreadsheets_without_formulas(
        self,
        client: httpx.AsyncClient,
        world: World,
        portal: FastAPI,
        operator: httpx.AsyncClient,
    ) -> None:
        member = await customer(client, world, portal)
        await execute(
            portal,
            "UPDATE companies SET legal_name = '=1+1' WHERE id = :id",
            id=UUID(member.company_id),
        )
        asked = {"format": "csv", "days": 366}
        answer = await operator.get("/v1/operator/reports/renewals", params=asked)
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert rows[0][0] == "회사명"
        assert not [cell for row in rows for cell in row if cell.startswith("=")]
        sales = await operator.get("/v1/operator/reports/sales", params={"format": "csv"})
        assert sales.content.decode("utf-8-sig").splitlines()[0] == "월,상품,주문 수,품목 수,금액"

    async def test_renewals_are_those_that_end_in_time(
        self,
        client: httpx.AsyncClient,
        world: World,
        portal: FastAPI,
        operator: httpx.AsyncClient,
    ) -> None:
        member = await customer(client, world, portal)
        for days, there in ((366, True), (30, False)):
            answer = await operator.get("/v1/operator/reports/renewals", params={"days": days})
            companies = {row["company_id"] for row in answer.json()["items"]}
            assert (member.company_id in companies) is there

    @pytest.mark.parametrize(
        "asked",
        [{"from": "2026-02-01", "to": "2026-01-01"}, {"from": "2010-01-01", "to": "2026-01-01"}],
    )
    async def test_a_period_makes_sense(
        self, operator: httpx.AsyncClient, asked: dict[str, str]
    ) -> None:
        answer = await operator.get("/v1/operator/reports/sales", params=asked)
        assert refused(answer) == (422, "period_invalid")
