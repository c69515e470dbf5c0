"""The rules that every provider adapter keeps: circuit, retries, nothing secret in a log."""

import asyncio
import json
import logging
from datetime import date

import httpx
import pytest
import structlog

from app.adapters.circuit import CircuitBreaker
from app.adapters.http import Call, ProviderHttp
from app.adapters.nts import NtsBusinessRegistry
from app.domain.provider_errors import (
    ProviderNonsense,
    ProviderRefused,
    ProviderUnavailable,
    Refusal,
)
from app.domain.registry import BusinessState, TaxType

NUMBER = "1208800767"
IN_BUSINESS = {
    "status_code": "OK",
    "request_cnt": 1,
    "match_cnt": 1,
    "data": [{"b_no": NUMBER, "b_stt": "계속사업자", "b_stt_cd": "01", "tax_type_cd": "01"}],
}


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Provider:
    """Answers from a list, the last one for ever, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


async def no_wait(_seconds: float) -> None:
    return None


def registry(provider: Provider, clock: Clock | None = None) -> NtsBusinessRegistry:
    return NtsBusinessRegistry(
        "http://nts.test/v1",
        "the/secret+key",
        transport=httpx.MockTransport(provider),
        breaker=CircuitBreaker(now=clock or Clock()),
        sleep=no_wait,
    )


async def test_a_business_in_business_is_active_and_taxed_generally() -> None:
    provider = Provider(httpx.Response(200, json=IN_BUSINESS))
    status = await registry(provider).status(NUMBER)
    assert (status.state, status.tax_type) == (BusinessState.ACTIVE, TaxType.GENERAL)
    assert provider.requests[0].url.params["serviceKey"] == "the/secret+key"
    assert provider.requests[0].content == b'{"b_no":["1208800767"]}'


@pytest.mark.parametrize(
    ("code", "state"), [("02", "SUSPENDED"), ("03", "CLOSED"), ("", "UNKNOWN")]
)
async def test_a_business_that_is_not_in_business_is_an_answer(code: str, state: str) -> None:
    data = [{"b_no": NUMBER, "b_stt_cd": code, "tax_type_cd": "", "end_dt": ""}]
    answer = httpx.Response(200, json={"status_code": "OK", "data": data})
    assert (await registry(Provider(answer)).status(NUMBER)).state == state


@pytest.mark.parametrize(("valid", "matches"), [("01", True), ("02", False)])
async def test_number_representative_and_opening_date_are_matched(
    valid: str, matches: bool
) -> None:
    found = {"b_no": NUMBER, "valid": valid, "status": {"b_no": NUMBER, "b_stt_cd": "01"}}
    provider = Provider(httpx.Response(200, json={"status_code": "OK", "data": [found]}))
    match = await registry(provider).validate(NUMBER, "홍길동", date(2001, 2, 3))
    assert match.matches is matches
    (asked,) = json.loads(provider.requests[0].content)["businesses"]
    assert (asked["b_no"], asked["p_nm"], asked["start_dt"]) == (NUMBER, "홍길동", "20010203")


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b"[]",
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"status_code":"OK","data":[]}',
        b'{"status_code":"OK","data":[{"b_no":"1208800767","b_stt_cd":"09"}]}',
        b'{"status_code":"OK","data":[{"b_no":"9999999999","b_stt_cd":"01"}]}',
        b" " * 1_100_000,
    ],
)
async def test_what_cannot_be_read_is_nonsense_and_never_a_guess(content: bytes) -> None:
    with pytest.raises(ProviderNonsense):
        await registry(Provider(httpx.Response(200, content=content))).status(NUMBER)


def no_refusal(_status: int, _body: bytes) -> tuple[Refusal, str] | None:
    return None


async def ask(provider: Provider, *, repeatable: bool) -> object:
    http = ProviderHttp(
        "bank",
        "http://bank.test",
        no_refusal,
        transport=httpx.MockTransport(provider),
        sleep=no_wait,
    )
    return await http.call(Call("read", "POST", "/read", repeatable=repeatable), dict)


class Silent(Provider):
    """Takes a request and never answers it."""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")


async def test_a_provider_that_never_answers_is_given_up_and_not_asked_again() -> None:
    silent = Silent()
    http = ProviderHttp(
        "bank",
        "http://bank.test",
        no_refusal,
        read_seconds=0.02,
        connect_seconds=0.01,
        transport=httpx.MockTransport(silent),
        sleep=no_wait,
    )
    with pytest.raises(ProviderUnavailable) as caught:
        await asyncio.wait_for(http.call(Call("read", "GET", "/", repeatable=True), dict), 5)
    assert (caught.value.reason, len(silent.requests)) == ("timeout", 1)


@pytest.mark.parametrize(
    "failure", [httpx.ConnectTimeout("slow"), httpx.ReadError("gone"), httpx.Response(503)]
)
async def test_what_must_not_be_repeated_is_asked_once(
    failure: httpx.Response | Exception,
) -> None:
    provider = Provider(failure)
    with pytest.raises(ProviderUnavailable):
        await ask(provider, repeatable=False)
    assert len(provider.requests) == 1


async def test_a_time_out_is_tried_again_where_a_repeat_does_no_harm() -> None:
    provider = Provider(httpx.ReadTimeout("slow"), httpx.Response(200, json={"read": 1}))
    assert await ask(provider, repeatable=True) == {"read": 1}


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [("120", 120), ("0", 1), ("Wed, 21 Oct 2026 07:28:00 GMT", 5), ("9" * 9, 5)],
)
async def test_the_wait_is_the_providers_own_where_it_is_in_seconds(
    sent: str, seconds: int
) -> None:
    with pytest.raises(ProviderUnavailable) as caught:
        await ask(Provider(httpx.Response(429, headers={"Retry-After": sent})), repeatable=False)
    assert caught.value.retry_after == seconds


async def test_a_redirect_is_followed_nowhere() -> None:
    provider = Provider(httpx.Response(302, headers={"Location": "http://elsewhere.test/"}))
    with pytest.raises(ProviderNonsense, match="status 302"):
        await ask(provider, repeatable=True)
    assert len(provider.requests) == 1


async def test_a_dropped_connection_is_tried_again_where_a_repeat_does_no_harm() -> None:
    provider = Provider(httpx.ReadError("gone"), httpx.Response(200, json=IN_BUSINESS))
    assert (await registry(provider).status(NUMBER)).state == BusinessState.ACTIVE
    assert len(provider.requests) == 2


async def test_a_provider_that_stays_down_is_asked_three_times_a_call() -> None:
    provider = Provider(httpx.Response(500, json={"status_code": "INTERNAL_ERROR"}))
    with pytest.raises(ProviderUnavailable):
        await registry(provider).status(NUMBER)
    assert len(provider.requests) == 3


async def test_after_five_failures_the_circuit_answers_at_once_until_a_probe_succeeds() -> None:
    clock = Clock()
    provider = Provider(httpx.Response(503))
    nts = registry(provider, clock)
    for _ in range(5):
        with pytest.raises(ProviderUnavailable):
            await nts.status(NUMBER)
    asked = len(provider.requests)
    clock.seconds = 10
    with pytest.raises(ProviderUnavailable) as caught:
        await nts.status(NUMBER)
    assert (len(provider.requests), caught.value.retry_after) == (asked, 20)
    clock.seconds = 31
    provider.answers = [httpx.Response(200, json=IN_BUSINESS)]
    assert (await nts.status(NUMBER)).state == BusinessState.ACTIVE
    assert (await nts.status(NUMBER)).state == BusinessState.ACTIVE


async def test_five_answers_that_cannot_be_read_open_the_circuit_too() -> None:
    provider = Provider(httpx.Response(200, content=b"<html>"))
    nts = registry(provider)
    for _ in range(5):
        with pytest.raises(ProviderNonsense):
            await nts.status(NUMBER)
    with pytest.raises(ProviderUnavailable) as caught:
        await nts.status(NUMBER)
    assert (caught.value.reason, len(provider.requests)) == ("circuit open", 5)


async def test_refusals_never_open_the_circuit() -> None:
    provider = Provider(httpx.Response(401))
    nts = registry(provider)
    for _ in range(7):
        with pytest.raises(ProviderRefused):
            await nts.status(NUMBER)
    assert len(provider.requests) == 7


def test_only_one_probe_goes_out_and_its_failure_opens_again() -> None:
    clock = Clock()
    breaker = CircuitBreaker(now=clock)
    for _ in range(5):
        permit = breaker.enter()
        assert permit is not None
        breaker.failed(permit)
    clock.seconds = 30
    probe = breaker.enter()
    assert probe is not None
    assert breaker.enter() is None
    breaker.abandoned(probe)
    probe = breaker.enter()
    assert probe is not None
    breaker.failed(probe)
    assert breaker.enter() is None
    assert breaker.seconds_left() == 30


def test_five_failures_in_more_than_thirty_seconds_leave_the_circuit_closed() -> None:
    clock = Clock()
    breaker = CircuitBreaker(now=clock)
    for second in (0, 10, 20, 25, 30.5):
        clock.seconds = second
        permit = breaker.enter()
        assert permit is not None
        breaker.failed(permit)
    assert breaker.enter() is not None


async def test_neither_key_nor_number_is_in_a_log_or_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as logs, pytest.raises(ProviderUnavailable) as caught:
        await registry(Provider(httpx.ConnectError("down"))).status(NUMBER)
    told = f"{logs}{caplog.text}{caught.value!r}{caught.value.__cause__!r}"
    assert "secret" not in told
    assert NUMBER not in told
    assert logs[0]["outcome"] == "unavailable:connection"
    with structlog.testing.capture_logs():
        await registry(Provider(httpx.Response(200, json=IN_BUSINESS))).status(NUMBER)
    assert "secret" not in caplog.text
