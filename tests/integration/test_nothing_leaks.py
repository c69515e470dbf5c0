"""Logs and problem documents name nobody and give no secret away, also when things go wrong."""

import contextlib
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError

from app.logs import LibraryLines, configure_logging
from app.services.new_accounts import NewAccounts
from tests.flows import PASSWORD, individual_body, verify_person
from tests.integration import test_erasure
from tests.lives import (
    Stage,
    a_closed_companys_life,
    a_prospects_life,
    an_admins_life,
    signs_up,
)
from tests.openid import FakeProvider

fake, social, portal = test_erasure.fake, test_erasure.social, test_erasure.portal
stages, stage = test_erasure.stages, test_erasure.stage


class Heard:
    """What was logged, what was refused, and the secrets that were handed out meanwhile."""

    def __init__(self, logged: io.StringIO, portal: FastAPI) -> None:
        self._logged = logged
        self.problems: list[str] = []
        self.secrets: set[str] = {PASSWORD}
        for value in dict(portal.state.deps.settings).values():
            if isinstance(value, SecretStr):
                self.secrets |= set(value.get_secret_value().split())

    @property
    def logged(self) -> str:
        return self._logged.getvalue()

    async def note(self, answer: httpx.Response) -> None:
        await answer.aread()
        if answer.status_code >= 400:
            self.problems.append(answer.text)
        if answer.headers.get("content-type", "").startswith("application/json"):
            self._learn(answer.json())
        if answer.request.headers.get("content-type") == "application/json":
            with contextlib.suppress(ValueError):  # what was no JSON was meant to be none
                self._learn(json.loads(answer.request.content))

    def _learn(self, body: Any, name: str = "") -> None:
        if isinstance(body, dict):
            for key, value in body.items():
                self._learn(value, key)
        elif isinstance(body, list):
            for value in body:
                self._learn(value, name)
        elif isinstance(body, str) and len(body) > 5:
            words = name.split("_")
            if {"token", "secret", "ticket", "otp", "password"} & set(words) and body != "Bearer":
                self.secrets.add(body)

    def leaks(self, stage: Stage, words: str) -> set[str]:
        """Her values by name, secrets by their first letters. Devices are no secret of a log."""
        given = {f"{secret[:6]}…" for secret in self.secrets if secret in words}
        return stage.planted.seen_in(words) | given


@pytest.fixture
async def heard(stage: Stage) -> Iterator[Heard]:
    """Production's log lines, one level further down, and every library's."""
    logged = io.StringIO()
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(logged),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(logged)
    handler.setFormatter(LibraryLines())
    root.handlers[:], root.level = [handler], logging.DEBUG
    heard = Heard(logged, stage.portal)
    stage.client.event_hooks["response"].append(heard.note)
    yield heard
    root.handlers[:], root.level = handlers, level
    structlog.configure(**before)


async def everything_goes_wrong(stage: Stage) -> None:
    """Her data in every place where it is refused."""
    planted, client = stage.planted, stage.client
    identity = await stage.verify()
    sign_up = individual_body(identity, login_id=planted.login_id, contact={"email": planted.email})
    bad = [
        ("/v1/accounts/individual", sign_up),
        ("/v1/accounts/individual", sign_up | {"contact": {"email": planted.name}}),
        ("/v1/accounts/individual", sign_up | {"password": planted.login_id * 2}),
        ("/v1/accounts/individual", sign_up | {"birth": planted.birth_date}),
        ("/v1/accounts/individual", sign_up | {"login_id": planted.email}),
        ("/v1/auth/login", {"login_id": planted.login_id, "password": planted.name}),
        (
            "/v1/auth/login",
            {"login_id": planted.login_id, "password": planted.name, "client_type": "NATIVE"},
        ),
        ("/v1/business-verifications", {"business_number": planted.phone, "company_name": "x"}),
        (
            "/v1/business-verifications",
            {
                "business_number": "1018100001",
                "company_name": "한빛상사",
                "representative_name": planted.name + "불일치",
                "opened_on": "2015-03-02",
            },
        ),
        ("/v1/email-verifications/confirm", {"token": planted.email}),
        ("/v1/invitations/preview", {"token": planted.login_id + "x" * 20}),
        ("/v1/price-previews", {"items": [], "coupon_code": planted.name}),
    ]
    for path, body in bad:
        await client.post(path, json=body)
    for content in (f'{{"name": "{planted.name}"', planted.email, "\x00" + planted.phone):
        await client.post(
            "/v1/auth/login", content=content, headers={"Content-Type": "application/json"}
        )
    await client.get(f"/v1/{planted.email}")
    await client.get("/v1/orders", headers={"Authorization": f"Bearer {planted.phone}"})
    await client.get("/v1/orders", headers={"X-Company-Id": planted.login_id})


async def test_a_life_leaves_nothing_in_the_logs(
    stage: Stage, heard: Heard, fake: FakeProvider, social: FakeProvider
) -> None:
    person = await an_admins_life(stage, fake, social)
    await everything_goes_wrong(stage)
    exported = await stage.client.get("/v1/me/export", headers=person.headers)
    assert exported.status_code == 200
    await stage.leave(person)
    await stage.days_later(5)
    assert len(heard.secrets) > 20
    assert heard.logged.count("\n") > 100
    assert heard.leaks(stage, heard.logged) == set()


async def test_no_problem_says_whose_it_is(
    stage: Stage, heard: Heard, fake: FakeProvider, social: FakeProvider
) -> None:
    """Not even to herself: documents end in tickets and screenshots."""
    await an_admins_life(stage, fake, social)
    await everything_goes_wrong(stage)
    assert len(heard.problems) > 12
    found = {(heard.leaks(stage, problem) and problem) or "" for problem in heard.problems}
    assert found == {""}


@pytest.mark.parametrize("life", [a_prospects_life, a_closed_companys_life])
async def test_nor_does_a_companys(stage: Stage, heard: Heard, life: Any) -> None:
    member = await life(stage)
    await stage.leave(member)
    await stage.days_later(5)
    assert heard.leaks(stage, heard.logged + "".join(heard.problems)) == set()


async def test_a_row_that_the_database_refuses_is_not_told(
    stage: Stage, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL says which value was there already; the log says which constraint."""
    await signs_up(stage)

    async def free(*_: object) -> bool:
        return True

    monkeypatch.setattr(NewAccounts, "is_free", free)
    body = individual_body(
        await verify_person(stage.client, stage.world), login_id=stage.planted.login_id
    )
    with pytest.raises(IntegrityError) as refused:
        await stage.client.post("/v1/accounts/individual", json=body)
    assert stage.planted.login_id not in str(refused.value)  # whoever prints it elsewhere
    logging.getLogger("uvicorn.error").error(
        "Exception in ASGI application\n", exc_info=refused.value
    )
    try:
        raise RuntimeError(stage.planted.name) from refused.value
    except RuntimeError:
        structlog.get_logger("portal.worker").exception("job_failed", job="x")
    logging.getLogger("asyncio").error(f"future: {stage.planted.phone}", exc_info=refused.value)
    logging.getLogger("some.library").warning("cannot read %s", stage.planted.email)
    assert heard.leaks(stage, heard.logged) == set()
    told = [json.loads(line) for line in heard.logged.splitlines() if "exception" in line]
    assert [line.get("logger", line["event"]) for line in told] == [
        "uvicorn.error",
        "job_failed",
        "asyncio",
    ]
    assert told[1]["exception"][0]["type"] == "builtins.RuntimeError"
    assert "uq_accounts_login_id" in {e.get("constraint_name") for e in told[1]["exception"]}
    assert any("individual_sign_up.py" in at for e in told[0]["exception"] for at in e["at"])


async def test_an_exception_among_the_facts_is_told_by_its_kind(heard: Heard) -> None:
    structlog.get_logger("portal.worker").warning("refused", error=ValueError("홍길동"))
    line = json.loads(heard.logged.splitlines()[-1])
    assert (line["event"], line["error"]) == ("refused", "ValueError")


@pytest.mark.parametrize("where", ["log", "library", "problem"])
async def test_a_leak_is_heard(stage: Stage, heard: Heard, where: str) -> None:
    """Planted on purpose, so that the tests above are known to be able to fail."""
    planted = stage.planted
    if where == "log":
        structlog.get_logger("portal.planted").info("signed_up", who=planted.name)
    elif where == "library":
        logging.getLogger("planted").warning(f"cannot write to {planted.email}")
    else:
        heard.problems.append(
            json.dumps({"detail": f"{planted.phone[:3]}-{planted.phone[3:7]}-{planted.phone[7:]}"})
        )
    heard.secrets.add("s3cret-token")
    structlog.get_logger("portal.planted").info("called", url="https://x#token=s3cret-token")
    words = heard.logged + "".join(heard.problems)
    assert heard.leaks(stage, words) == {
        {"log": "name", "library": "email", "problem": "phone"}[where],
        "s3cret…",
    }
