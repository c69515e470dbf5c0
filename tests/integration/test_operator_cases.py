"""심사 요청 over the operator's API: read with a reason, decided once, a claim by two operators."""

import httpx
from fastapi import FastAPI

from app.domain.operators import OperatorRole
from sandbox.world import World
from tests.contracts import refused
from tests.flows import sign_up
from tests.mails import mails_to
from tests.operators import TOKEN, operator_client, token_of
from tests.papers import PDF, form

CASES = "/v1/operator/cases"
WHY = {"reason": "DECIDING"}


async def sent(client: httpx.AsyncClient, world: World) -> tuple[str, str]:
    """The case of a company's own paper, and the company's address."""
    member = await sign_up(client, world)
    answer = await client.post(
        "/v1/company/business-documents", headers=member.headers, **form(note="확인 부탁드립니다.")
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"]), member.email


async def test_a_case_is_found_read_and_approved(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    case_id, address = await sent(client, world)
    async with operator_client(portal) as operator:
        listed = (await operator.get(CASES, headers=TOKEN)).json()["items"]
        assert case_id in {case["id"] for case in listed}
        assert address not in str(listed)
        read = (await operator.post(f"{CASES}/{case_id}/read", json=WHY, headers=TOKEN)).json()
        assert (read["email"], read["note"]) == (address, "확인 부탁드립니다.")
        (file,) = read["files"]
        files = f"{CASES}/{case_id}/files"
        content = await operator.post(f"{files}/{file['id']}/read", json=WHY, headers=TOKEN)
        assert content.content == PDF
        assert content.headers["content-disposition"].startswith("attachment;")
        none = await operator.post(
            f"{CASES}/{case_id}/files/{case_id}/read", json=WHY, headers=TOKEN
        )
        assert refused(none) == (404, "attachment_not_found")
        done = await operator.post(f"{CASES}/{case_id}/approve", headers=TOKEN)
        assert done.json() == {"state": "APPROVED", "waits": False}
        again = await operator.post(
            f"{CASES}/{case_id}/refuse", json={"reason": "a"}, headers=TOKEN
        )
        assert refused(again) == (409, "case_decided")
    assert await mails_to(portal, address, "document_approved") == [{"company": "한빛상사"}]


async def test_a_hold_says_why(client: httpx.AsyncClient, world: World, portal: FastAPI) -> None:
    case_id, address = await sent(client, world)
    async with operator_client(portal, OperatorRole.SUPPORT) as operator:
        headers = token_of(OperatorRole.SUPPORT)
        path = f"{CASES}/{case_id}/hold"
        for body in ({}, {"reason": ""}, {"reason": " "}):
            none = await operator.post(path, json=body, headers=headers)
            assert refused(none) == (422, "invalid_request")
        held = await operator.post(path, json={"reason": "사진이 흐립니다."}, headers=headers)
        assert held.json()["state"] == "ON_HOLD"
    (mail,) = await mails_to(portal, address, "document_held")
    assert mail["reason"] == "사진이 흐립니다."
