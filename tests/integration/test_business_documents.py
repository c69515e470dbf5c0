"""사업자등록증: who may send it, what is taken in, and what nothing is left of."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from sandbox.world import World
from tests.flows import (
    Member,
    business_number,
    customer,
    free_item,
    key,
    order_body,
    pay,
    place,
    run_jobs,
    sign_up,
    sign_up_body,
    verify_business,
    verify_person,
)
from tests.mails import mails_to
from tests.papers import JPEG, PDF, PNG, TOO_LARGE, ZIP, form, paper

OWN = "/v1/company/business-documents"
OPERATOR = "kim"


async def send_own(client: httpx.AsyncClient, member: Member, **sent: Any) -> httpx.Response:
    return await client.post(OWN, headers=member.headers, **(sent or form()))


async def rows(portal: FastAPI, statement: str, **values: object) -> list[Any]:
    async with portal.state.deps.database.system_session("test data") as session:
        return list((await session.execute(text(statement), values)).scalars())


def stored(portal: FastAPI) -> set[Path]:
    folder: Path = portal.state.deps.settings.files_dir
    return {path for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
async def nothing_left(portal: FastAPI) -> AsyncIterator[None]:
    """Neither files nor rows that wait for them to be removed."""
    before = stored(portal)
    cases = await rows(portal, "SELECT id FROM cases")
    yield
    assert stored(portal) == before
    assert await rows(portal, "SELECT id FROM cases") == cases
    assert await rows(portal, "SELECT id FROM uploads") == []


async def test_a_company_sends_its_paper_and_is_proven_when_the_operator_agrees(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    sent = await send_own(client, member, **form(paper(), paper(PNG, "뒷면.png", "image/png")))
    assert sent.status_code == 201, sent.text
    case = sent.json()
    assert (case["state"], case["state_label"], case["files"]) == ("IN_PROGRESS", "확인 중", 2)
    assert await rows(portal, "SELECT id FROM uploads") == []
    decided = await portal.state.deps.case_decisions.approve(case["id"], OPERATOR)
    assert decided.state == "APPROVED"
    listed = (await client.get(OWN, headers=member.headers)).json()["items"]
    assert [(item["id"], item["state"], item["files"]) for item in listed] == [
        (case["id"], "APPROVED", 2)
    ]
    level = "SELECT verification_level || (proven_at IS NOT NULL) FROM companies WHERE id = :id"
    assert await rows(portal, level, id=member.company_id) == ["DOCUMENTtrue"]
    assert await mails_to(portal, member.email, "document_approved") == [{"company": "한빛상사"}]
    again = await send_own(client, member)
    assert (again.status_code, again.json()["code"]) == (409, "company_proven")


async def test_the_audit_log_says_who_sent_and_who_decided(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    case = (await send_own(client, member)).json()
    await portal.state.deps.case_decisions.approve(case["id"], OPERATOR)
    said = "SELECT actor || ' ' || action FROM audit_events WHERE subject = :id ORDER BY id"
    assert await rows(portal, said, id=case["id"]) == [
        f"account:{member.account_id} business_document.sent",
        "operator:kim case.approved",
        "operator:kim company.proven",
    ]


async def test_a_paid_company_has_nothing_to_show(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    refused = await send_own(client, member)
    assert (refused.status_code, refused.json()["code"]) == (409, "company_proven")


async def test_until_it_is_proven_a_company_with_an_open_site_cannot_invite(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    await place(client, member, order_body(free_item(), total=0))
    await run_jobs(portal)
    invited = {"name": "정도현", "email": "new@hanbit.example"}
    refused = await client.post("/v1/invitations", json=invited, headers=member.headers | key())
    assert (refused.status_code, refused.json()["code"]) == (403, "company_unproven")
    case = (await send_own(client, member)).json()
    await portal.state.deps.case_decisions.approve(case["id"], OPERATOR)
    done = await client.post("/v1/invitations", json=invited, headers=member.headers | key())
    assert done.status_code == 201, done.text


async def test_one_that_is_on_hold_is_sent_again_and_is_the_same_case(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    case = (await send_own(client, member)).json()
    again = await send_own(client, member)
    assert (again.status_code, again.json()["code"]) == (409, "case_open")
    await portal.state.deps.case_decisions.hold(case["id"], OPERATOR, "사진이 흐립니다.")
    listed = (await client.get(OWN, headers=member.headers)).json()["items"][0]
    assert (listed["state"], listed["reason"]) == ("ON_HOLD", "사진이 흐립니다.")
    told = await mails_to(portal, member.email, "document_held")
    assert told == [{"company": "한빛상사", "reason": "사진이 흐립니다."}]
    better = (await send_own(client, member)).json()
    assert (better["id"], better["state"], better["files"]) == (case["id"], "IN_PROGRESS", 2)


async def test_a_refused_one_says_why_and_another_may_be_sent(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    case = (await send_own(client, member)).json()
    await portal.state.deps.case_decisions.refuse(case["id"], OPERATOR, "다른 회사의 문서입니다.")
    listed = (await client.get(OWN, headers=member.headers)).json()["items"][0]
    assert (listed["state"], listed["state_label"]) == ("REFUSED", "반려")
    assert listed["reason"] == "다른 회사의 문서입니다."
    assert (await send_own(client, member)).status_code == 201


async def test_a_neighbour_sees_nothing_of_it(client: httpx.AsyncClient, world: World) -> None:
    member, neighbour = await sign_up(client, world), await sign_up(client, world)
    await send_own(client, member)
    assert (await client.get(OWN, headers=neighbour.headers)).json() == {"items": []}


async def test_two_at_once_are_one_case(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    before = stored(portal)
    answers = await asyncio.gather(*(send_own(client, member) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(stored(portal) - before) == 1


async def without_account(
    client: httpx.AsyncClient, world: World, *files: Any, **changed: str
) -> httpx.Response:
    words = {
        "business_number": business_number(),
        "company_name": "새봄상사",
        "identity_verification_token": "",
        "email": "saebom@portal.example",
    } | changed
    if not words["identity_verification_token"]:
        words["identity_verification_token"] = await verify_person(client, world)
    return await client.post("/v1/business-documents", **form(*files, **words))


async def test_who_the_register_cannot_verify_signs_up_by_a_document(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    number, email = business_number(), "register-lags@portal.example"
    sent = await without_account(client, world, business_number=number, email=email)
    assert sent.status_code == 201, sent.text
    await portal.state.deps.case_decisions.approve(sent.json()["id"], OPERATOR)
    mail = (await mails_to(portal, email, "document_approved_sign_up"))[-1]
    assert mail["link"].startswith("http://127.0.0.1:8001/spa/sign-up/corporate#business_token=")
    token = mail["link"].partition("#business_token=")[2]
    body = sign_up_body(token, await verify_person(client, world), company_name="새봄상사")
    signed_up = await client.post("/v1/accounts/corporate", json=body)
    assert signed_up.status_code == 201, signed_up.text
    known = (
        "SELECT business_number || verification_level || (proven_at IS NOT NULL) FROM companies"
        " WHERE id = :id"
    )
    company = signed_up.json()["account"]["company_id"]
    assert await rows(portal, known, id=company) == [f"{number}DOCUMENTtrue"]
    again = sign_up_body(token, await verify_person(client, world), company_name="새봄상사")
    used = await client.post("/v1/accounts/corporate", json=again)
    assert (used.status_code, used.json()["code"]) == (422, "business_verification_invalid")


async def test_a_number_that_is_registered_is_not_shown_again_but_claimed(
    client: httpx.AsyncClient, world: World, nothing_left: None
) -> None:
    number = business_number()
    body = sign_up_body(await verify_business(client, number), await verify_person(client, world))
    assert (await client.post("/v1/accounts/corporate", json=body)).status_code == 201
    refused = await without_account(client, world, business_number=number)
    assert (refused.status_code, refused.json()["code"]) == (409, "company_already_registered")


async def test_without_a_verified_phone_nothing_is_taken_in(
    client: httpx.AsyncClient, world: World, nothing_left: None
) -> None:
    for token in ("x" * 43, await verify_person(client, world, "HANDOVER")):
        refused = await without_account(client, world, identity_verification_token=token)
        assert refused.status_code == 422
        assert refused.json()["code"] == "identity_verification_invalid"


async def test_a_refusal_does_not_use_the_verified_phone_up(
    client: httpx.AsyncClient, world: World
) -> None:
    token = await verify_person(client, world)
    wrong = {"identity_verification_token": token, "business_number": "124-81-00999"}
    refused = await without_account(client, world, **wrong)
    assert (refused.status_code, refused.json()["code"]) == (422, "business_number_invalid")
    assert (await without_account(client, world, identity_verification_token=token)).is_success


BAD = {
    "a zip that says it is a paper": (paper(ZIP), 422, "file_type_not_allowed"),
    "a page that says it is a paper": (
        paper(b"<html><script>alert(1)</script>"),
        422,
        "file_type_not_allowed",
    ),
    "a program that says it is an image": (
        paper(b"MZ" + bytes(90), "a.png", "image/png"),
        422,
        "file_type_not_allowed",
    ),
    "a paper that says it is an image": (
        paper(PDF, "a.pdf", "image/png"),
        422,
        "file_type_mismatch",
    ),
    "an image named as a paper": (paper(PNG, "a.pdf"), 422, "file_type_mismatch"),
    "an image named as a page": (paper(JPEG, "a.jpg.html", ""), 422, "file_type_mismatch"),
    "eleven megabytes": (paper(TOO_LARGE), 413, "file_too_large"),
    "nothing": (paper(b""), 422, "file_empty"),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_file_that_lies_is_refused_and_nothing_is_left(
    client: httpx.AsyncClient, world: World, nothing_left: None, case: str
) -> None:
    file, status, code = BAD[case]
    member = await sign_up(client, world)
    good_before_bad = form(paper(), file)
    refused = await send_own(client, member, **good_before_bad)
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text


async def test_five_files_are_taken_and_six_are_not(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    before = stored(portal)
    refused = await send_own(client, member, **form(*(paper() for _ in range(6))))
    assert (refused.status_code, refused.json()["code"]) == (422, "too_many_files")
    assert stored(portal) == before
    taken = await send_own(client, member, **form(*(paper() for _ in range(5))))
    assert (taken.status_code, taken.json()["files"]) == (201, 5)


async def test_names_are_never_a_path_and_nothing_of_them_is_on_the_disk(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    before = stored(portal)
    names = (
        "../../etc/passwd.pdf",
        r"C:\Users\kim\홍길동.pdf",
        "a\u202efdp.pdf",
        "." * 300 + "pdf",
    )
    sent = await send_own(client, member, **form(*(paper(PDF, name) for name in names)))
    assert sent.status_code == 201, sent.text
    root = portal.state.deps.settings.files_dir
    for path in stored(portal) - before:
        folder, name = path.relative_to(root).parts
        assert len(folder) == len(name) == 32
        assert path.stat().st_mode & 0o777 == 0o600
    case = await portal.state.deps.case_queue.open(sent.json()["id"], OPERATOR, "test")
    shown = {file.filename for file in case.files}
    assert shown == {"passwd.pdf", "홍길동.pdf", "afdp.pdf", "pdf"}


async def test_what_is_read_is_what_was_sent(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    content = PDF + bytes(range(256)) * 3000
    case = (await send_own(client, member, **form(paper(content)))).json()
    queue = portal.state.deps.case_queue
    file = (await queue.open(case["id"], OPERATOR, "test")).files[0]
    assert b"".join([part async for part in await queue.content(file)]) == content
    assert (file.media_type, file.size) == ("application/pdf", len(content))


BOUNDARY = "multipart/form-data; boundary=b"
WHOLE = (
    b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n'
    + PDF
    + b"\r\n--b--\r\n"
)
BROKEN = {
    "another media type": ("application/json", b"{}", 415, "multipart_required"),
    "no media type": ("", WHOLE, 415, "multipart_required"),
    "no boundary": ("multipart/form-data", WHOLE, 400, "malformed_multipart"),
    "an endless boundary": (BOUNDARY + "b" * 80, WHOLE, 400, "malformed_multipart"),
    "another boundary": (BOUNDARY + "c", WHOLE, 400, "malformed_multipart"),
    "no form at all": (BOUNDARY, b"%PDF-1.7 all by itself", 400, "malformed_multipart"),
    "nothing": (BOUNDARY, b"", 400, "malformed_multipart"),
    "cut off": (BOUNDARY, WHOLE[:-20], 400, "malformed_multipart"),
    "without its end": (BOUNDARY, WHOLE[:-4], 400, "malformed_multipart"),
    "a part without a name": (
        BOUNDARY,
        b"--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--\r\n",
        400,
        "malformed_multipart",
    ),
    "headers without end": (
        BOUNDARY,
        b"--b\r\n" + b"X-A: b\r\n" * 50,
        400,
        "malformed_multipart",
    ),
    "a name that is no UTF-8": (
        BOUNDARY,
        WHOLE.replace(b"a.pdf", b"\xff\xfe.pdf"),
        400,
        "malformed_multipart",
    ),
    "a file by another name": (
        BOUNDARY,
        WHOLE.replace(b'name="files"', b'name="other"'),
        422,
        "form_field_invalid",
    ),
    "a field that nobody asked for": (
        BOUNDARY,
        b'--b\r\nContent-Disposition: form-data; name="admin"\r\n\r\n1\r\n' + WHOLE,
        422,
        "invalid_request",
    ),
    "a field that is no text": (
        BOUNDARY,
        b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\n\xff\r\n' + WHOLE,
        422,
        "form_field_invalid",
    ),
    "a field of a megabyte": (
        BOUNDARY,
        b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\n' + bytes(10**6) + WHOLE,
        422,
        "form_field_invalid",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_a_broken_form_is_refused_and_nothing_is_left(
    client: httpx.AsyncClient, world: World, nothing_left: None, case: str
) -> None:
    media_type, body, status, code = BROKEN[case]
    member = await sign_up(client, world)
    headers = member.headers | ({"Content-Type": media_type} if media_type else {})
    refused = await client.post(OWN, headers=headers, content=body)
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text


async def test_an_upload_that_is_cut_off_in_the_middle_leaves_nothing(
    client: httpx.AsyncClient, world: World, portal: FastAPI, nothing_left: None
) -> None:
    member = await sign_up(client, world)
    messages = [
        {"type": "http.request", "body": WHOLE[:-30] + bytes(500_000), "more_body": True},
        {"type": "http.disconnect"},
    ]
    on_the_way: list[int] = []
    before = stored(portal)

    async def receive() -> Any:
        on_the_way.append(len(stored(portal) - before))
        return messages.pop(0)

    async def send(_: Any) -> None:
        """Nobody listens."""

    await portal(scope_of(member, {"content-type": BOUNDARY}), receive, send)
    assert on_the_way[-1] == 1, "it was on the disk while it came"


def scope_of(member: Member, headers: dict[str, str]) -> dict[str, Any]:
    sent = member.headers | headers
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": OWN,
        "raw_path": OWN.encode(),
        "query_string": b"",
        "root_path": "",
        "client": ("10.1.1.1", 1),
        "server": ("portal", 80),
        "headers": [(n.lower().encode(), v.encode()) for n, v in sent.items()],
    }


async def test_a_body_past_all_limits_is_refused_before_it_is_read(
    client: httpx.AsyncClient, world: World, portal: FastAPI, nothing_left: None
) -> None:
    member = await sign_up(client, world)
    asked: list[int] = []
    answered: list[Any] = []

    async def receive() -> Any:
        asked.append(1)
        return {"type": "http.request", "body": bytes(10**6), "more_body": True}

    async def send(message: Any) -> None:
        answered.append(message)

    too_many = {"content-type": BOUNDARY, "content-length": str(60 * 1024 * 1024)}
    await portal(scope_of(member, too_many), receive, send)
    assert (answered[0]["status"], asked) == (413, [])


async def test_other_operations_still_take_a_megabyte_and_no_more(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post(
        "/v1/auth/login", content=bytes(2**20 + 1), headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


async def test_files_that_a_power_cut_left_are_gone_in_an_hour(
    client: httpx.AsyncClient, world: World, portal: FastAPI, nothing_left: None
) -> None:
    deps = portal.state.deps
    folder = "0" * 32
    sink = await deps.uploads._storage.create(f"{folder}/{'1' * 32}")
    await sink.write(PDF)
    await sink.close()
    async with deps.database.system_session("test data") as session:
        now = await deps.clock.now(session)
        await session.execute(
            text("INSERT INTO uploads (id, due_at) VALUES (:id, :now)"),
            {"id": "00000000-0000-0000-0000-000000000000", "now": now},
        )
    await run_jobs(portal)


async def test_eleven_uploads_of_one_company_in_an_hour_are_too_many(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    answers = [(await send_own(client, member, **form(paper(ZIP)))) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_an_operators_words_reach_english_readers_in_english(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    headers = member.headers | {"Accept-Language": "en"}
    case = (await client.post(OWN, headers=headers, **form())).json()
    assert case["state_label"] == "In progress"
    await portal.state.deps.case_decisions.approve(case["id"], OPERATOR)
    language = "SELECT language FROM mails WHERE kind = 'document_approved' AND account_id = :id"
    assert await rows(portal, language, id=member.account_id) == ["en"]


async def test_a_payment_proves_a_company_whose_paper_waits(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    case = (await send_own(client, member)).json()
    await pay(client, world, member, await place(client, member))
    decided = await portal.state.deps.case_decisions.approve(case["id"], OPERATOR)
    assert decided.state == "APPROVED"
