"""문의등록 (PRODUCT.md section 14; the guide's page): by anybody, with files, answered by mail."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.clock import wire_now
from app.domain.uploads import MAX_FILE_BYTES
from sandbox.world import World
from tests.contracts import refused, set_clock
from tests.flows import Person, customer, key, run_jobs, sign_up, sign_up_individual
from tests.inquiries import DETAILS, attach, inquire, inquiry, put_file, ticket
from tests.mails import mails_to
from tests.operators import TOKEN, operator_client
from tests.papers import JPEG, PDF, PNG, ZIP

HWP = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
HWPX = b"PK\x03\x04" + bytes(22) + b"\x08\x00\x00\x00" + b"mimetype" + b"application/hwp+zip"
QUEUE = "/v1/operator/inquiries"


def email() -> str:
    return f"{uuid4().hex[:12]}@hanbit.example"


async def ask(client: httpx.AsyncClient, **changed: Any) -> dict[str, Any]:
    headers = changed.pop("headers", {})
    answer = await client.post("/v1/inquiries", json=inquiry(**changed), headers=headers)
    assert answer.status_code == 201, answer.text
    asked: dict[str, Any] = answer.json()
    return asked


async def by_operator(
    portal: FastAPI, inquiry_id: str, step: str, body: object = None
) -> httpx.Response:
    async with operator_client(portal) as operator:
        return await operator.post(f"{QUEUE}/{inquiry_id}/{step}", json=body, headers=TOKEN)


async def link_of(portal: FastAPI, address: str, kind: str = "inquiry_received") -> dict[str, str]:
    """The number and token of the newest mail's link."""
    link = (await mails_to(portal, address, kind))[-1]["link"]
    page, _, fragment = link.partition("#")
    assert page.endswith("/inquiries/answer")
    return dict(pair.split("=", 1) for pair in fragment.split("&"))


def stored(portal: FastAPI) -> set[Path]:
    folder: Path = portal.state.deps.settings.files_dir
    return {path for path in folder.rglob("*") if path.is_file()}


async def count(portal: FastAPI, what: str, **values: object) -> int:
    async with portal.state.deps.database.system_session("test data") as session:
        found = await session.execute(text(f"SELECT count(*) FROM {what}"), values)
        return int(found.scalar_one())


async def test_the_guides_form_is_among_the_forms(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/v1/inquiry-forms")).json()
    other = next(form for form in answer["items"] if form["kind_label"] == "기타 문의")
    assert [kind["code_label"] for kind in other["types"]] == ["빠른 답변이 필요한 일반 문의"]
    assert other["types"][0]["details_template"].splitlines() == [
        "등록자명:",
        "현상 발생 날짜 및 시간:",
        "오류 발생 직원 이름/ID:",
        "오류 발생 화면 URL:",
        "오류 현상:",
    ]
    assert [(field["key"], field["required"]) for field in other["fields"]] == [
        ("email", True),
        ("title", True),
        ("company_name", True),
        ("mobile_phone", False),
        ("landline", False),
    ]
    assert [(c["kind"], c["required"]) for c in answer["consents"]] == [
        ("INQUIRY_PRIVACY", True),
        ("INQUIRY_MARKETING", False),
    ]
    assert answer["attachments"]["max_files"] == 5
    assert {".hwp", ".hwpx", ".pdf", ".png"} <= set(answer["attachments"]["endings"])


async def test_whoever_is_not_signed_in_is_answered_by_mail_and_goes_on_by_its_link(
    client: httpx.AsyncClient, portal: FastAPI
) -> None:
    address = email()
    asked = await ask(client, email=address)
    assert (asked["state"], asked["state_label"]) == ("RECEIVED", "접수")
    assert asked["number"].startswith("INQ-2")
    assert [message["text"] for message in asked["messages"]] == [DETAILS]
    (received,) = await mails_to(portal, address, "inquiry_received")
    assert (received["number"], received["kind"]) == (asked["number"], "기타 문의")
    link = await link_of(portal, address)
    answered = await by_operator(portal, asked["id"], "messages", {"text": "접수했습니다."})
    assert answered.status_code == 200, answered.text
    assert (await link_of(portal, address, "inquiry_answered")) == link
    opened = (await client.post("/v1/inquiries/open", json=link)).json()
    assert (opened["state"], opened["state_label"]) == ("ANSWERED", "답변 완료")
    assert [(m["author"], m["text"]) for m in opened["messages"]] == [
        ("CUSTOMER", DETAILS),
        ("OPERATOR", "접수했습니다."),
    ]
    more = await client.post("/v1/inquiries/open/messages", json=link | {"text": "감사합니다."})
    assert (more.json()["state"], len(more.json()["messages"])) == ("RECEIVED", 3)
    await run_jobs(portal)


async def test_a_wrong_token_opens_nothing(client: httpx.AsyncClient, portal: FastAPI) -> None:
    address = email()
    await ask(client, email=address)
    link = await link_of(portal, address)
    for wrong in (link | {"token": "x" * 43}, link | {"number": "INQ-20200101-999999"}):
        answer = await client.post("/v1/inquiries/open", json=wrong)
        assert refused(answer) == (404, "inquiry_not_found")
        body = wrong | {"text": "a"}
        answer = await client.post("/v1/inquiries/open/messages", json=body)
        assert refused(answer) == (404, "inquiry_not_found")


async def test_whoever_is_signed_in_finds_the_answer_in_the_portal(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    asked = await ask(client, headers=member.headers, email=member.email)
    listed = (await client.get("/v1/inquiries", headers=member.headers)).json()["items"]
    assert [(line["id"], line["title"]) for line in listed] == [(asked["id"], "서비스 해지 문의")]
    await by_operator(portal, asked["id"], "messages", {"text": "해지는 이렇게 하세요."})
    path = f"/v1/inquiries/{asked['id']}"
    seen = (await client.get(path, headers=member.headers)).json()
    assert [m["author"] for m in seen["messages"]] == ["CUSTOMER", "OPERATOR"]
    told = (await client.get("/v1/notifications", headers=member.headers)).json()["items"]
    news = next(each for each in told if each["kind"] == "inquiry_answered")
    assert "해지는 이렇게 하세요." in news["body"]
    (mail,) = await mails_to(portal, member.email, "inquiry_answered")
    assert mail["link"].endswith(f"/inquiries/{asked['id']}")
    wrote = await client.post(
        f"{path}/messages", json={"text": "고맙습니다."}, headers=member.headers | key()
    )
    assert wrote.json()["state"] == "RECEIVED"


async def test_a_repeated_key_asks_once(client: httpx.AsyncClient, world: World) -> None:
    member = await sign_up(client, world)
    once = member.headers | key()
    body = inquiry()
    first, again = [await client.post("/v1/inquiries", json=body, headers=once) for _ in range(2)]
    assert (first.json()["id"], again.headers["Idempotent-Replayed"]) == (
        again.json()["id"],
        "true",
    )
    listed = (await client.get("/v1/inquiries", headers=member.headers)).json()["items"]
    assert len(listed) == 1


async def test_the_link_of_a_signed_in_inquiry_opens_it_for_nobody_else(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    asked = await ask(client, headers=member.headers)
    async with portal.state.deps.database.system_session("test data") as session:
        found = "SELECT token FROM inquiries WHERE number = :number"
        sealed = await session.scalar(text(found), {"number": asked["number"]})
    token = portal.state.deps.vault.open("inquiries.token", sealed)
    answer = await client.post(
        "/v1/inquiries/open", json={"number": asked["number"], "token": token}
    )
    assert refused(answer) == (404, "inquiry_not_found")


@pytest.mark.parametrize(
    ("changed", "status", "code", "pointer"),
    [
        ({"type": "FAULT"}, 422, "inquiry_type_not_offered", "/type"),
        ({"consents": []}, 422, "consent_required", "/consents"),
        ({"email": "nobody"}, 422, "invalid_request", "/email"),
        ({"title": "두\n줄"}, 422, "invalid_request", "/title"),
        ({"details": ""}, 422, "invalid_request", "/details"),
        ({"kind": "NONE"}, 422, "invalid_request", "/kind"),
        ({"attachments": ["x" * 43]}, 422, "attachment_not_ready", "/attachments/0"),
        ({"attachments": ["x" * 43] * 6}, 422, "invalid_request", "/attachments"),
    ],
)
async def test_bad_input_is_pointed_at_and_nothing_is_kept(
    client: httpx.AsyncClient,
    portal: FastAPI,
    changed: dict[str, Any],
    status: int,
    code: str,
    pointer: str,
) -> None:
    address = email()
    before = await count(portal, "inquiries")
    answer = await client.post("/v1/inquiries", json=inquiry(email=address) | changed)
    assert refused(answer) == (status, code)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert await count(portal, "inquiries") == before
    assert await mails_to(portal, address, "inquiry_received") == []


async def test_a_closed_one_takes_no_more(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    asked = await ask(client, headers=member.headers)
    for _ in range(2):
        closed = await by_operator(portal, asked["id"], "close")
        assert closed.json()["state"] == "CLOSED"
    path = f"/v1/inquiries/{asked['id']}/messages"
    answer = await client.post(path, json={"text": "a"}, headers=member.headers)
    assert refused(answer) == (409, "inquiry_closed")
    answer = await by_operator(portal, asked["id"], "messages", {"text": "a"})
    assert refused(answer) == (409, "inquiry_closed")


async def test_one_address_is_not_mailed_without_end_and_may_ask_all_the_same(
    client: httpx.AsyncClient, portal: FastAPI
) -> None:
    address = email()
    for _ in range(12):
        await ask(client, email=address)
    assert len(await mails_to(portal, address, "inquiry_received")) == 10


async def test_whoever_asks_without_end_is_stopped(client: httpx.AsyncClient) -> None:
    answers = [await client.post("/v1/inquiries", json=inquiry()) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [201] * 20 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def put_scope(path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "PUT",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"portal")],
        "client": ("10.1.2.3", 1),
        "server": ("portal", 80),
    }


class TestAttachments:
    @pytest.fixture
    async def nothing_left(self, portal: FastAPI) -> AsyncIterator[None]:
        before = stored(portal)
        yield
        assert stored(portal) == before

    @pytest.mark.parametrize(
        ("name", "content", "claimed", "media_type"),
        [
            ("화면.png", PNG, "image/png", "image/png"),
            ("사진.JPG", JPEG, "", "image/jpeg"),
            ("문서.pdf", PDF, "application/pdf", "application/pdf"),
            ("기안.hwp", HWP, "application/haansofthwp", "application/x-hwp"),
            ("기안.hwpx", HWPX, "", "application/hwp+zip"),
        ],
        ids=["png", "jpeg", "pdf", "hwp", "hwpx"],
    )
    async def test_what_is_sent_comes_back_as_it_was_never_inline(
        self,
        client: httpx.AsyncClient,
        world: World,
        name: str,
        content: bytes,
        claimed: str,
        media_type: str,
    ) -> None:
        member = await sign_up(client, world)
        made = await ticket(client, name)
        sent = await put_file(client, made, content, claimed)
        assert sent.json() == {
            "id": made["id"],
            "filename": name,
            "media_type": media_type,
            "size": len(content),
        }
        asked = await ask(client, headers=member.headers, attachments=[made["token"]])
        (file,) = asked["messages"][0]["attachments"]
        assert file == sent.json()
        path = f"/v1/inquiries/{asked['id']}/attachments/{file['id']}"
        back = await client.get(path, headers=member.headers)
        assert (back.status_code, back.content) == (200, content)
        assert back.headers["content-disposition"].startswith("attachment;")
        assert back.headers["x-content-type-options"] == "nosniff"
        assert back.headers["content-type"] == "application/octet-stream"

    @pytest.mark.parametrize(
        ("name", "content", "status", "code"),
        [
            ("화면.png", b"<html><script>alert(1)</script>", 422, "file_type_not_allowed"),
            ("화면.png", PDF, 422, "file_type_mismatch"),
            ("묶음.docx", ZIP, 422, "file_type_not_allowed"),
            ("기안.hwp", HWPX, 422, "file_type_mismatch"),
            ("화면.png", b"", 422, "file_empty"),
            ("화면.png", PNG + bytes(MAX_FILE_BYTES + 1 - len(PNG)), 413, "payload_too_large"),
        ],
        ids=["html", "another", "any zip", "hwpx as hwp", "nothing", "too large"],
    )
    async def test_what_lies_about_its_type_is_refused(
        self,
        client: httpx.AsyncClient,
        nothing_left: None,
        name: str,
        content: bytes,
        status: int,
        code: str,
    ) -> None:
        made = await ticket(client, name)
        assert refused(await put_file(client, made, content)) == (status, code)

    async def test_eleven_megabytes_without_a_length_are_stopped_on_the_way(
        self, client: httpx.AsyncClient, nothing_left: None
    ) -> None:
        async def parts() -> AsyncIterator[bytes]:
            yield PNG
            for _ in range(11):
                yield bytes(1024 * 1024)

        made = await ticket(client)
        answer = await client.put(made["upload_url"], content=parts())
        assert answer.status_code == 413

    @pytest.mark.parametrize("name", ["묶음.zip", "실행.exe", "문서", "a.png.html", ".htaccess"])
    async def test_no_ticket_for_what_is_never_taken(
        self, client: httpx.AsyncClient, name: str
    ) -> None:
        answer = await client.post("/v1/attachment-tickets", json={"filename": name})
        assert refused(answer) == (422, "file_type_not_allowed")

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("../../etc/passwd.png", "passwd.png"),
            ("C:\\Users\\kim\\화면.png", "화면.png"),
            ("\u202egnp.png", "gnp.png"),
            ("a\r\nSet-Cookie: b=1.png", "aSet-Cookie b=1.png"),
        ],
    )
    async def test_a_name_is_shown_and_never_trusted(
        self, client: httpx.AsyncClient, portal: FastAPI, name: str, shown: str
    ) -> None:
        made = await ticket(client, name)
        assert made["filename"] == shown
        assert (await put_file(client, made)).status_code == 200
        assert all(shown not in str(path) for path in stored(portal))

    async def test_of_two_at_once_one_is_kept_and_the_other_is_gone(
        self, client: httpx.AsyncClient, portal: FastAPI
    ) -> None:
        before = stored(portal)
        made = await ticket(client)
        answers = await asyncio.gather(*(put_file(client, made) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        assert len(stored(portal) - before) == 1
        assert refused(await put_file(client, made)) == (409, "attachment_already_sent")

    async def test_one_that_broke_off_may_be_sent_again(
        self, client: httpx.AsyncClient, portal: FastAPI
    ) -> None:
        before = stored(portal)
        made = await ticket(client)
        messages = [
            {"type": "http.request", "body": PNG + bytes(500_000), "more_body": True},
            {"type": "http.disconnect"},
        ]
        on_the_way: list[int] = []

        async def receive() -> Any:
            on_the_way.append(len(stored(portal) - before))
            return messages.pop(0)

        async def send(_: Any) -> None:
            """Nobody listens."""

        await portal(put_scope(made["upload_url"]), receive, send)
        assert on_the_way[-1] == 1, "it was on the disk while it came"
        assert stored(portal) == before
        assert (await put_file(client, made)).status_code == 200

    async def test_a_file_goes_with_one_message(
        self, client: httpx.AsyncClient, world: World
    ) -> None:
        member = await sign_up(client, world)
        token = await attach(client)
        twice = await client.post("/v1/inquiries", json=inquiry(attachments=[token, token]))
        assert refused(twice) == (422, "attachment_not_ready")
        asked = await ask(client, headers=member.headers, attachments=[token])
        again = await client.post("/v1/inquiries", json=inquiry(attachments=[token]))
        assert refused(again) == (422, "attachment_not_ready")
        path = f"/v1/inquiries/{asked['id']}/messages"
        more = {"text": "a", "attachments": [await attach(client, "둘째.png")]}
        wrote = (await client.post(path, json=more, headers=member.headers)).json()
        names = [[file["filename"] for file in m["attachments"]] for m in wrote["messages"]]
        assert names == [["오류 화면.png"], ["둘째.png"]]

    async def test_one_that_was_not_sent_goes_with_none(self, client: httpx.AsyncClient) -> None:
        made = await ticket(client)
        answer = await client.post("/v1/inquiries", json=inquiry(attachments=[made["token"]]))
        assert refused(answer) == (422, "attachment_not_ready")

    async def test_what_no_message_takes_is_gone_after_an_hour(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI
    ) -> None:
        member = await sign_up(client, world)
        kept = await inquire(client, member.headers)
        before = stored(portal)
        made = await ticket(client)
        token = await attach(client)
        (orphan,) = stored(portal) - before
        await set_clock(portal, world, wire_now() + timedelta(hours=2))
        await run_jobs(portal)
        assert not orphan.exists()
        assert refused(await put_file(client, made)) == (404, "attachment_ticket_invalid")
        answer = await client.post("/v1/inquiries", json=inquiry(attachments=[token]))
        assert refused(answer) == (422, "attachment_not_ready")
        path = "/v1/inquiries/{inquiry_id}/attachments/{attachment_id}".format(**kept)
        assert (await client.get(path, headers=member.headers)).content == PNG
        await set_clock(portal, world, wire_now())


class TestOperator:
    async def test_the_queue_names_nobody_and_reading_is_in_the_log(
        self, client: httpx.AsyncClient, portal: FastAPI
    ) -> None:
        address = email()
        asked = await ask(client, email=address)
        async with operator_client(portal) as operator:
            found: list[Any] = []
            cursor: str | None = None
            while True:
                params = {"size": 50} | ({"cursor": cursor} if cursor else {})
                page = (await operator.get(QUEUE, params=params, headers=TOKEN)).json()
                found += page["items"]
                cursor = page["next_cursor"]
                if cursor is None:
                    break
        line = next(each for each in found if each["id"] == asked["id"])
        assert "email" not in line
        times = [each["updated_at"] for each in found]
        assert times == sorted(times)
        read = await by_operator(portal, asked["id"], "read", {"reason": "ANSWERING"})
        assert read.json()["email"] == address
        logged = "audit_events WHERE action = 'inquiry.read' AND subject = :id"
        assert await count(portal, logged, id=asked["id"]) == 1
        none = await by_operator(portal, asked["id"], "read", {})
        assert refused(none) == (422, "invalid_request")

    async def test_a_file_of_the_answer_reaches_the_asker(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI
    ) -> None:
        member = await sign_up(client, world)
        kept = await inquire(client, member.headers)
        answer = {"text": "첨부를 보세요.", "attachments": [await attach(client, "안내.png")]}
        seen = (await by_operator(portal, kept["inquiry_id"], "messages", answer)).json()
        (file,) = seen["messages"][1]["attachments"]
        path = f"/v1/inquiries/{kept['inquiry_id']}/attachments/{file['id']}"
        assert (await client.get(path, headers=member.headers)).content == PNG
        why = {"reason": "ANSWERING"}
        step = f"attachments/{kept['attachment_id']}/read"
        assert (await by_operator(portal, kept["inquiry_id"], step, why)).content == PNG
        step = f"attachments/{uuid4()}/read"
        none = await by_operator(portal, kept["inquiry_id"], step, why)
        assert refused(none) == (404, "attachment_not_found")


async def test_the_export_has_what_was_asked_and_answered(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    person: Person = await sign_up_individual(client, world)
    asked = await ask(
        client,
        headers=person.headers,
        mobile_phone="010-1234-5678",
        attachments=[await attach(client)],
    )
    await by_operator(portal, asked["id"], "messages", {"text": "답변입니다."})
    (exported,) = (await client.get("/v1/me/export", headers=person.headers)).json()["inquiries"]
    assert (exported["number"], exported["mobile_phone"]) == (asked["number"], "010-1234-5678")
    assert [(m["author"], m["text"], m["files"]) for m in exported["messages"]] == [
        ("CUSTOMER", DETAILS, ["오류 화면.png"]),
        ("OPERATOR", "답변입니다.", []),
    ]
