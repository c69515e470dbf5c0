"""The sandbox as one process: clock, faults, inbox, console, and a state that outlives it."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from app.adapters.mail import SmtpMailTransport, SmtpSecurity
from app.domain.mails import MailAttachment, OutgoingMail
from app.domain.provider_errors import ProviderUnavailable
from sandbox.app import create_sandbox
from sandbox.faults import DroppedConnection, Fault, Faults
from sandbox.messages import Messages
from sandbox.settings import SandboxSettings
from sandbox.smtp import start_smtp
from sandbox.world import Clock, World

NTS = "/nts/api/nts-businessman/v1/status?serviceKey=sandbox-nts-service-key"
NUMBERS = {"b_no": ["1248100998"]}
PORTONE = {"Authorization": "PortOne sandbox-portone-api-secret"}
MAIL_LINK = "https://portal.example/open#token=1"


@dataclass
class Internal:
    """The portal's internal listener."""

    status: int = 200
    asked: list[tuple[str, str, str | None, object]] = field(default_factory=list)
    moved_at: datetime | None = None
    """Real time at which it moved."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        sent = await request.json()
        secret = request.headers.get("x-internal-secret")
        self.asked.append((request.method, str(request.url), secret, sent))
        self.moved_at = datetime.now(UTC)
        answer = {"now": sent["now"], "ran": 4, "settled": True} if self.status == 200 else {}
        await JSONResponse(answer, self.status)(scope, receive, send)


@dataclass
class Setting:
    world: World
    internal: Internal
    client: httpx.AsyncClient


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Setting]:
    internal = Internal()
    settings = SandboxSettings(data_dir=tmp_path, metrics_port=8002)
    world = World(settings, transport=httpx.ASGITransport(internal))
    transport = httpx.ASGITransport(create_sandbox(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield Setting(world, internal, client)
    await world.close()


async def test_the_clock_moves_the_portal_first_and_follows(sandbox: Setting) -> None:
    to = (datetime.now(UTC) + timedelta(days=40)).isoformat()
    answer = await sandbox.client.put("/_sandbox/v1/clock", json={"now": to})
    assert answer.json() == {"now": to, "ran": 4, "settled": True}
    url = "http://127.0.0.1:8002/internal/clock"
    assert sandbox.internal.asked == [("PUT", url, "sandbox-internal-secret", {"now": to})]
    now = (await sandbox.client.get("/_sandbox/v1/clock")).json()["now"]
    assert timedelta() <= datetime.fromisoformat(now) - datetime.fromisoformat(to)
    assert sandbox.world.clock.now() >= datetime.fromisoformat(to)


async def test_the_clock_is_never_behind_the_portals_however_long_that_works(
    sandbox: Setting,
) -> None:
    """Else what is paid at once was paid before it was ordered, and is sent back."""
    to = datetime.now(UTC) + timedelta(days=3)
    await sandbox.client.put("/_sandbox/v1/clock", json={"now": to.isoformat()})
    assert sandbox.internal.moved_at is not None
    assert sandbox.world.clock.ahead >= to - sandbox.internal.moved_at


async def test_the_clock_never_goes_back(sandbox: Setting) -> None:
    to = (datetime.now(UTC) - timedelta(seconds=5)).isoformat()
    answer = await sandbox.client.put("/_sandbox/v1/clock", json={"now": to})
    assert answer.status_code == 409
    assert sandbox.internal.asked == []


async def test_the_clock_stays_when_the_portal_refuses_to_move(sandbox: Setting) -> None:
    sandbox.internal.status = 409
    to = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    answer = await sandbox.client.put("/_sandbox/v1/clock", json={"now": to})
    assert answer.status_code == 409
    assert sandbox.world.clock.ahead == timedelta()


async def test_a_time_without_an_offset_is_422(sandbox: Setting) -> None:
    sent = {"now": "2031-01-01T00:00:00"}
    assert (await sandbox.client.put("/_sandbox/v1/clock", json=sent)).status_code == 422


async def test_an_unreachable_portal_is_503_and_the_clock_stays(tmp_path: Path) -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    world = World(SandboxSettings(data_dir=tmp_path), transport=httpx.MockTransport(nobody))
    transport = httpx.ASGITransport(create_sandbox(world))
    to = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        answer = await client.put("/_sandbox/v1/clock", json={"now": to})
    await world.close()
    assert (answer.status_code, answer.json()) == (503, {"error": "portal_unreachable"})
    assert world.clock.ahead == timedelta()


async def test_a_moved_clock_outlives_a_restart(sandbox: Setting, tmp_path: Path) -> None:
    to = datetime.now(UTC) + timedelta(days=40)
    await sandbox.client.put("/_sandbox/v1/clock", json={"now": to.isoformat()})
    sandbox.world.write()
    again = World(SandboxSettings(data_dir=tmp_path))
    again.start()
    assert timedelta() <= again.clock.now() - to < timedelta(minutes=5)
    await again.close()


async def test_latency_keeps_only_its_own_provider_waiting(sandbox: Setting) -> None:
    await sandbox.client.put("/_sandbox/v1/faults/portone", json={"latency_ms": 60_000})
    assert (await sandbox.client.post(NTS, json=NUMBERS)).status_code == 200
    await sandbox.client.put("/_sandbox/v1/faults/nts", json={"latency_ms": 60})
    started = time.monotonic()
    assert (await sandbox.client.post(NTS, json=NUMBERS)).status_code == 200
    assert time.monotonic() - started >= 0.05


async def test_a_provider_that_is_down_answers_503_and_the_others_go_on(sandbox: Setting) -> None:
    await sandbox.client.put("/_sandbox/v1/faults/nts", json={"down": True})
    assert (await sandbox.client.post(NTS, json=NUMBERS)).status_code == 503
    other = await sandbox.client.get("/portone/payments/none", headers=PORTONE)
    assert other.json()["type"] == "PAYMENT_NOT_FOUND"
    await sandbox.client.delete("/_sandbox/v1/faults")
    assert (await sandbox.client.post(NTS, json=NUMBERS)).status_code == 200


async def test_an_error_rate_of_one_fails_every_call(sandbox: Setting) -> None:
    await sandbox.client.put("/_sandbox/v1/faults/nts", json={"error_rate": 1})
    assert (await sandbox.client.post(NTS, json=NUMBERS)).status_code == 503


async def test_nonsense_is_a_200_that_is_no_json(sandbox: Setting) -> None:
    await sandbox.client.put("/_sandbox/v1/faults/nts", json={"nonsense": True})
    answer = await sandbox.client.post(NTS, json=NUMBERS)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()


async def test_after_so_many_answers_the_work_is_done_but_its_answer_is_lost(
    sandbox: Setting,
) -> None:
    await sandbox.client.put("/_sandbox/v1/faults/portone", json={"drop_after": 1})
    register = {"totalAmount": 583000, "currency": "KRW"}

    async def pre_register(payment_id: str) -> httpx.Response:
        path = f"/portone/payments/{payment_id}/pre-register"
        return await sandbox.client.post(path, json=register, headers=PORTONE)

    assert (await pre_register("first")).status_code == 200
    with pytest.raises(DroppedConnection):
        await pre_register("second")
    assert sandbox.world.portone.payments["second"].total == 583000


@pytest.mark.parametrize(
    ("path", "fault", "status"),
    [("nts", {"error_rate": 2}, 422), ("nts", {"slow": 1}, 422), ("bank", {"down": True}, 404)],
)
async def test_a_fault_that_does_not_exist_is_refused(
    sandbox: Setting, path: str, fault: dict[str, object], status: int
) -> None:
    answer = await sandbox.client.put(f"/_sandbox/v1/faults/{path}", json=fault)
    assert answer.status_code == status


async def test_a_payment_is_approved_or_refused_by_hand_once(sandbox: Setting) -> None:
    path = "/_sandbox/v1/payments/p-1"
    assert (await sandbox.client.post(f"{path}/fail")).status_code == 404
    paid = await sandbox.client.post(f"{path}/approve", json={"amount": 583000})
    assert (paid.json()["status"], paid.json()["amount"]["total"]) == ("PAID", 583000)
    assert (await sandbox.client.post(f"{path}/approve")).status_code == 409


async def test_messages_to_a_number_are_found_whatever_its_hyphens(sandbox: Setting) -> None:
    sandbox.world.messages.add_sms("01012345678", "[본인확인] 인증번호 483920", "483920")
    sandbox.world.messages.add_sms("01099998888", "다른 사람", None)
    found = await sandbox.client.get("/_sandbox/v1/messages", params={"to": "010-1234-5678"})
    assert [item["otp"] for item in found.json()["items"]] == ["483920"]


async def test_the_inbox_keeps_the_last_thousand() -> None:
    messages = Messages(Clock())
    for number in range(1001):
        messages.add_sms("01012345678", str(number), None)
    assert [messages.to()[0].text, messages.to()[-1].text] == ["1", "1000"]


@asynccontextmanager
async def mail_server(faults: Faults) -> AsyncIterator[tuple[Messages, int]]:
    messages = Messages(Clock())
    server = await start_smtp(messages, faults, 0)
    try:
        yield messages, server.sockets[0].getsockname()[1]
    finally:
        server.close()


MAIL = OutgoingMail(
    message_id="<job-1@portal.example>",
    to="kim@garam.example",
    subject="사이트가 개설되었습니다 – 지금 바로 관리자 비밀번호를 설정하고 시작하세요",
    text=f"여기에서 시작하세요: {MAIL_LINK}\n문의: https://portal.example/help에서, https://portal.example/faq.\n",
    html="<p>시작하세요</p>",
    attachments=(MailAttachment("견적서.pdf", "application/pdf", b"%PDF-1.7"),),
)


async def send(port: int) -> None:
    """With the portal's own adapter."""
    sender = "고객포털 <portal@portal.example>"
    transport = SmtpMailTransport("127.0.0.1", port, sender, security=SmtpSecurity.NONE)
    await transport.send(MAIL)


async def test_the_portals_mail_is_kept_with_its_subject_text_html_and_links() -> None:
    async with mail_server(Faults()) as (messages, port):
        await send(port)
    (kept,) = messages.to("KIM@garam.example")
    assert (
        kept.subject == "사이트가 개설되었습니다 – 지금 바로 관리자 비밀번호를 설정하고 시작하세요"
    )
    assert kept.text.startswith("여기에서 시작하세요: https://portal.example/open#token=1")
    assert kept.links == (MAIL_LINK, "https://portal.example/help", "https://portal.example/faq")
    assert kept.html.strip() == "<p>시작하세요</p>"
    assert kept.message_id == "<job-1@portal.example>"
    assert kept.attachments == ("견적서.pdf",)


@pytest.mark.parametrize("fault", [Fault(down=True), Fault(error_rate=1)])
async def test_a_mail_server_that_is_down_answers_451_and_keeps_nothing(fault: Fault) -> None:
    faults = Faults()
    faults.put("smtp", fault)
    async with mail_server(faults) as (messages, port):
        with pytest.raises(ProviderUnavailable) as refused:
            await send(port)
    assert refused.value.reason == "reply 451"
    assert messages.to() == []


async def test_a_mail_whose_answer_is_lost_was_taken_all_the_same() -> None:
    faults = Faults()
    faults.put("smtp", Fault(drop_after=0))
    async with mail_server(faults) as (messages, port):
        with pytest.raises(ProviderUnavailable):
            await send(port)
    assert [kept.message_id for kept in messages.to()] == ["<job-1@portal.example>"]


PAGES = ["messages", "payments", "money", "sites", "numbers", "faults", "requests"]


@pytest.mark.parametrize("page", PAGES)
async def test_every_console_page_is_shown_and_loads_nothing_from_elsewhere(
    sandbox: Setting, page: str
) -> None:
    sandbox.world.messages.add_sms("01012345678", "<b>굵게</b> https://portal.example/a", "1")
    shown = await sandbox.client.get(f"/console/{page}")
    assert shown.status_code == 200
    assert 'lang="ko"' in shown.text
    assert "<b>굵게" not in shown.text
    assert re.findall(r'(?:src|href)="(/static/[^"]*)"', shown.text) == [
        "/static/console.css",
        "/static/console.js",
    ]
    assert re.findall(r"<script(?! src=)|<style| style=| on[a-z]+=", shown.text) == []
    policy = shown.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
    assert "http://" not in policy


async def test_a_form_that_is_sent_twice_does_it_once(sandbox: Setting) -> None:
    """A double click, back and again, a reload: one deposit. Scripts send no token."""
    page = (await sandbox.client.get("/console/money")).text
    tokens = re.findall(r'name="once" value="([0-9a-f]{32})"', page)
    assert len(tokens) == len(set(tokens)) >= 2
    sent = {"amount": "1000", "name": "한빛상사", "once": tokens[-1]}
    for _ in range(3):
        answer = await sandbox.client.post(
            "/console/bank-deposits",
            data=sent,
            headers={"Referer": "http://sandbox/console/money"},
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/money")
    assert len(sandbox.world.bank.deposits) == 1
    for _ in range(2):
        await sandbox.client.post("/console/bank-deposits", data={"amount": "1", "name": "a"})
    assert len(sandbox.world.bank.deposits) == 3


async def test_what_the_portal_asks_is_seen_with_its_request_id(sandbox: Setting) -> None:
    headers = {"X-Request-Id": "trace-0123456789"}
    await sandbox.client.post("/nts/api/nts-businessman/v1/status", headers=headers)
    sandbox.world.faults.put("portone", Fault(down=True))
    await sandbox.client.get("/portone/payments/x", headers={"X-Request-Id": "another-012345"})
    shown = (await sandbox.client.get("/console/requests")).text
    assert "/nts/api/nts-businessman/v1/status" in shown
    assert "503" in shown
    assert "장애 1건: portone" in shown
    one = (await sandbox.client.get("/console/requests?request_id=trace-0123456789")).text
    assert "/portone/payments/x" not in one
    assert (await sandbox.client.post("/console/faults", data={})).status_code == 303
    assert sandbox.world.faults.of("portone") == Fault()


async def test_the_clock_jumps_from_the_console(sandbox: Setting) -> None:
    before = sandbox.world.clock.now()
    answer = await sandbox.client.post("/console/clock", data={"to": "week"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/faults")
    assert timedelta(days=7) <= sandbox.world.clock.now() - before < timedelta(days=7, minutes=1)
    assert (await sandbox.client.post("/console/clock", data={"to": "never"})).status_code == 422


async def test_a_fault_set_on_the_console_is_the_one_that_works(sandbox: Setting) -> None:
    sent = {"latency_ms": "0", "error_rate": "0.0", "drop_after": "", "down": "on"}
    sent |= {"answer_after_ms": "250", "only": "/status"}
    assert (await sandbox.client.post("/console/faults/nts", data=sent)).status_code == 303
    wanted = Fault(down=True, answer_after_ms=250, only="/status")
    assert sandbox.world.faults.of("nts") == wanted
    shown = (await sandbox.client.get("/console/faults")).text
    assert 'value="250"' in shown
    assert 'value="/status"' in shown
    broken = await sandbox.client.post("/console/faults/nts", data={"latency_ms": "fast"})
    assert broken.status_code == 422


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def process(data: Path) -> AsyncIterator[tuple[httpx.AsyncClient, asyncio.StreamReader]]:
    """`python -m sandbox` until SIGTERM, with its log; nothing may come on standard output.

    Its portal is itself, which refuses every webhook with 404.
    """
    ports = {name: str(free_port()) for name in ("SANDBOX_PORT", "SMTP_PORT", "METRICS_PORT")}
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        env=os.environ | ports | {"PORT": ports["SANDBOX_PORT"], "DATA_DIR": str(data)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert running.stderr is not None
    base = f"http://127.0.0.1:{ports['SANDBOX_PORT']}"
    try:
        async with httpx.AsyncClient(base_url=base, timeout=10) as client:
            await asyncio.wait_for(_until_it_answers(client), 60)
            yield client, running.stderr
    finally:
        running.send_signal(signal.SIGTERM)
        printed, _ = await asyncio.wait_for(running.communicate(), 20)
    assert printed == b""


async def _until_it_answers(client: httpx.AsyncClient) -> None:
    while True:
        try:
            (await client.get("/healthz")).raise_for_status()
            return
        except httpx.TransportError:
            await asyncio.sleep(0.05)


async def test_a_process_drops_the_connection_and_its_state_outlives_it(tmp_path: Path) -> None:
    path = "/portone/payments/p-1/pre-register"
    async with process(tmp_path) as (client, log):
        await client.put("/_sandbox/v1/faults/portone", json={"drop_after": 0})
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await client.post(path, json={"totalAmount": 583000}, headers=PORTONE)
        await client.post("/_sandbox/v1/payments/p-2/approve", json={"amount": 1000})
        await asyncio.wait_for(log.readuntil(b"webhook_refused"), 20)
    async with process(tmp_path) as (client, _):
        kept = await client.get("/portone/payments/p-1", headers=PORTONE)
        assert kept.json()["amount"]["total"] == 583000
        approved = await client.get("/portone/payments/p-2", headers=PORTONE)
        assert approved.json()["status"] == "PAID"
