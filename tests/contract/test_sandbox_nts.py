"""The sandbox's tax service answers as contracts say."""

from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI

from sandbox.nts import NUMBER_TABLE, NUMBERS, NtsState, Standing, build_router, check_digit_holds

IN_BUSINESS = "1248100998"
BASE = "http://nts/nts/api/nts-businessman/v1"


@dataclass
class Settings:
    nts_service_key: str = "sandbox-nts-service-key"


@dataclass
class World:
    nts: NtsState = field(default_factory=NtsState)
    settings: Settings = field(default_factory=Settings)
    waited: list[float] = field(default_factory=list)


async def post(
    world: World, path: str, body: object, key: str | None = "sandbox-nts-service-key"
) -> httpx.Response:
    async def pause(seconds: float) -> None:
        world.waited.append(seconds)

    app = FastAPI()
    app.include_router(build_router(world, pause=pause))
    params = {"serviceKey": key} if key else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        content = body if isinstance(body, str) else None
        json = None if isinstance(body, str) else body
        return await client.post(f"{BASE}{path}", params=params, content=content, json=json)


async def status_row(number: str) -> dict[str, str]:
    answer = (await post(World(), "/status", {"b_no": [number]})).json()
    assert answer["status_code"] == "OK"
    assert answer["request_cnt"] == 1
    row: dict[str, str] = answer["data"][0]
    return row


async def validity(**changed: str) -> str:
    business = {"b_no": IN_BUSINESS, "start_dt": "20200101", "p_nm": "홍길동"} | changed
    answer = (await post(World(), "/validate", {"businesses": [business]})).json()
    assert answer["data"][0]["request_param"]["p_nm"] == business["p_nm"]
    valid: str = answer["data"][0]["valid"]
    return valid


@pytest.mark.parametrize("number", ["1248100998", "2208162517", "1208147521", *NUMBERS])
def test_the_check_digit_of_a_real_or_fixed_number_holds(number: str) -> None:
    assert check_digit_holds(number)


@pytest.mark.parametrize("number", ["1248100999", "2208162518", "124-81-00998", "", "0000000000"])
def test_the_check_digit_of_anything_else_does_not_hold(number: str) -> None:
    assert not check_digit_holds(number)


def test_the_table_says_what_each_fixed_number_means() -> None:
    assert ("1018100016", "휴업자") in NUMBER_TABLE
    assert ("1018100020", "폐업자") in NUMBER_TABLE
    assert len(NUMBER_TABLE) == 7


@pytest.mark.parametrize(
    ("number", "business", "tax"),
    [
        (IN_BUSINESS, "01", "01"),
        ("1018100016", "02", "01"),
        ("1018100020", "03", "01"),
        ("1018100035", "", ""),
        ("1248100999", "", ""),
        ("1018100049", "01", "01"),
        ("1018100068", "01", "02"),
        ("1018100073", "01", "04"),
    ],
)
async def test_a_number_stands_as_the_table_says(number: str, business: str, tax: str) -> None:
    row = await status_row(number)
    assert (row["b_no"], row["b_stt_cd"], row["tax_type_cd"]) == (number, business, tax)


async def test_an_unknown_number_is_told_so_with_status_200_and_no_count() -> None:
    response = await post(World(), "/status", {"b_no": ["1018100035"]})
    assert response.status_code == 200
    assert "match_cnt" not in response.json()
    assert response.json()["data"][0]["tax_type"] == "국세청에 등록되지 않은 사업자등록번호입니다."


async def test_a_slow_number_waits_longer_than_the_read_timeout() -> None:
    world = World()
    await post(world, "/status", {"b_no": ["1018100049"]})
    assert world.waited == [8.0]


async def test_a_failing_number_is_an_internal_error() -> None:
    response = await post(World(), "/status", {"b_no": ["1018100054"]})
    assert (response.status_code, response.json()) == (500, {"status_code": "INTERNAL_ERROR"})


async def test_particulars_match_unless_the_name_or_the_date_says_otherwise() -> None:
    assert await validity() == "01"
    assert await validity(p_nm="불일치") == "02"
    assert await validity(b_nm="불일치상사") == "02"
    assert await validity(start_dt="19000101") == "02"
    assert await validity(b_no="1018100035") == "02"


@pytest.mark.parametrize("key", [None, "another"])
async def test_a_missing_or_unregistered_key_is_refused(key: str | None) -> None:
    assert (await post(World(), "/status", {"b_no": [IN_BUSINESS]}, key)).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "BAD_JSON_REQUEST"),
        ({}, 411, "REQUEST_DATA_MALFORMED"),
        ({"b_no": [IN_BUSINESS] * 101}, 413, "TOO_LARGE_REQUEST"),
    ],
)
async def test_a_bad_request_is_named(body: object, status: int, code: str) -> None:
    response = await post(World(), "/status", body)
    assert (response.status_code, response.json()["status_code"]) == (status, code)


async def test_a_standing_chosen_by_hand_survives_the_snapshot() -> None:
    state = NtsState({IN_BUSINESS: Standing.CLOSED})
    loaded = NtsState()
    loaded.load(state.dump())
    assert loaded.standing(IN_BUSINESS) is Standing.CLOSED
