"""Home (PRODUCT.md section 14; the guide's Home pages): by role, in one call."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from sandbox.world import World
from tests.cast import MAKERS, Stage
from tests.contracts import bring_in, noon, set_clock
from tests.flows import customer, link_to_site, sign_up, sign_up_individual
from tests.operators import TOKEN, operator_client
from tests.statements import counted

_years = iter(range(2041, 2090))


@pytest.fixture
async def today(portal: FastAPI, world: World) -> date:
    day = date(next(_years), 5, 10)
    await set_clock(portal, world, noon(day))
    return day


async def home(client: httpx.AsyncClient, headers: dict[str, str], **more: str) -> dict[str, Any]:
    answer = await client.get("/v1/home", headers=headers | more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_an_administrator_sees_the_membership_that_ends_first(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    early = await bring_in(
        portal, member, today - timedelta(days=20), [(1, {"SHARED_USER": 4_000})], 5
    )
    seen = await home(client, member.headers)
    assert seen["role"] == "SUPER_ADMIN"
    assert seen["membership"]["membership"]["id"] == early
    assert seen["membership"]["may_order"] is True
    assert (seen["sites"], seen["plan_cards"]) == (2, [])
    person = await sign_up_individual(client, world)
    site = seen["membership"]["membership"]["site"]["id"]
    await link_to_site(portal, person, member.company_id, site, member=True)
    assert (await home(client, person.headers))["membership"] == seen["membership"]


async def test_whoever_buys_from_a_reseller_does_not_order_here(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await sign_up(client, world)
    await bring_in(
        portal, member, today, [(12, {"SHARED_USER": 4_000})], 5, billing_channel="RESELLER"
    )
    seen = await home(client, member.headers)
    assert seen["membership"]["may_order"] is False


@pytest.mark.parametrize("role", ["PROSPECT", "MEMBER", "CLOSED"])
async def test_whoever_has_no_site_sees_the_plans_to_begin_with(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date, role: str
) -> None:
    actor = await MAKERS[role](Stage(portal, world, client))
    seen = await home(client, actor.headers)
    assert (seen["role"], seen["membership"], seen["sites"]) == (role, None, None)
    assert [(card["plan"], card["title"], card["label"]) for card in seen["plan_cards"]] == [
        ("SHARED_FREE", "10인 미만 회사라면 완전 무료", "공유형 무료"),
        ("SHARED", "주문 즉시 서비스 사용가능!", "공유형 유료"),
    ]
    assert {card["action"] for card in seen["plan_cards"]} == {"서비스 신청"}


async def test_who_has_to_choose_a_company_sees_nothing_of_any(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    actor = await MAKERS["ADMIN of two"](Stage(portal, world, client))
    seen = await home(client, actor.headers)
    assert (seen["role"], seen["membership"], seen["plan_cards"]) == (None, None, [])
    assert actor.owner is not None
    chosen = {"X-Company-Id": actor.owner.company_id}
    seen = await home(client, actor.headers, **chosen)
    assert (seen["role"], seen["sites"]) == ("ADMIN", 1)


async def test_four_tags_of_the_faq_and_what_to_do_next_are_there(
    client: httpx.AsyncClient, world: World, today: date
) -> None:
    member = await sign_up(client, world)
    seen = await home(client, member.headers)
    assert [tag["tag"] for tag in seen["faq_tags"]][1] == "# 결제 / 환불"
    assert len(seen["faq_tags"]) == 4
    me = (await client.get("/v1/me", headers=member.headers)).json()
    assert seen["next_steps"] == me["next_steps"]
    english = await home(client, member.headers, **{"Accept-Language": "en"})
    assert english["plan_cards"][0]["label"] == "Shared, free"


async def test_it_takes_three_statements_at_most(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    member = await customer(client, world, portal)
    await home(client, member.headers)
    with counted(portal.state.deps.database.engine) as statements:
        await home(client, member.headers)
    assert len(statements.seen) <= 3, statements.seen


def notice(now: datetime, **changed: object) -> dict[str, Any]:
    return {
        "kind": "NOTICE",
        "title_ko": "새 요금제 안내",
        "body_ko": "다음 달부터 적용됩니다.",
        "title_en": "New plans",
        "body_en": "From next month on.",
        "shown_from": (now - timedelta(hours=1)).isoformat(),
        "shown_until": (now + timedelta(hours=1)).isoformat(),
    } | changed


async def test_notices_and_maintenance_are_shown_while_they_last(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    now = noon(today)
    night = {
        "kind": "MAINTENANCE",
        "title_ko": "정기 점검",
        "starts_at": (now + timedelta(days=1)).isoformat(),
        "ends_at": (now + timedelta(days=1, hours=2)).isoformat(),
    }
    member = await sign_up(client, world)
    async with operator_client(portal) as operator:
        made = []
        for body in (
            notice(now),
            notice(now, **night),
            notice(now, title_ko="지난 공지", shown_until=(now - timedelta(minutes=1)).isoformat()),
        ):
            answer = await operator.post("/v1/operator/notices", json=body, headers=TOKEN)
            assert answer.status_code == 201, answer.text
            made.append(answer.json()["id"])
        seen = await home(client, member.headers)
        assert [each["title"] for each in seen["notices"]] == ["새 요금제 안내"]
        [maintenance] = seen["maintenance"]
        assert datetime.fromisoformat(maintenance["starts_at"]) == now + timedelta(days=1)
        listed = await operator.get("/v1/operator/notices", headers=TOKEN)
        assert set(made) <= {each["id"] for each in listed.json()["items"]}
        for notice_id in made[:2]:
            path = f"/v1/operator/notices/{notice_id}/end"
            assert (await operator.post(path, headers=TOKEN)).status_code == 200
    seen = await home(client, member.headers)
    assert (seen["notices"], seen["maintenance"]) == ([], [])


@pytest.mark.parametrize(
    "time", [0, 1.5, "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "", None]
)
async def test_a_time_is_a_text_with_its_offset(portal: FastAPI, time: object) -> None:
    body = notice(datetime(2026, 1, 1, tzinfo=UTC), shown_until=time)
    async with operator_client(portal) as operator:
        answer = await operator.post("/v1/operator/notices", json=body, headers=TOKEN)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] == "/shown_until"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"shown_until": "2020-01-01T00:00:00Z"}, "/shown_until"),
        ({"shown_from": "0001-01-01T00:00:00+23:59"}, "/shown_from"),
        ({"shown_until": "9999-12-31T23:59:59-23:59"}, "/shown_until"),
        ({"kind": "MAINTENANCE"}, "/starts_at"),
        ({"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-02T00:00:00Z"}, "/starts_at"),
        (
            {
                "kind": "MAINTENANCE",
                "starts_at": "2020-01-02T00:00:00Z",
                "ends_at": "2020-01-01T00:00:00Z",
            },
            "/ends_at",
        ),
    ],
)
async def test_times_that_do_not_fit_are_pointed_at(
    portal: FastAPI, changed: dict[str, object], pointer: str
) -> None:
    body = notice(datetime(2026, 1, 1, tzinfo=UTC), **changed)
    async with operator_client(portal) as operator:
        answer = await operator.post("/v1/operator/notices", json=body, headers=TOKEN)
    assert (answer.status_code, answer.json()["code"]) == (422, "notice_times_invalid")
    assert answer.json()["errors"][0]["pointer"] == pointer
