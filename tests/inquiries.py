"""문의 as a client registers it."""

from typing import Any
from uuid import uuid4

import httpx

from tests.papers import PNG

CONSENTS = [
    {"kind": "INQUIRY_PRIVACY", "version": "2023-09", "agreed": True},
    {"kind": "INQUIRY_MARKETING", "version": "2023-09", "agreed": False},
]
DETAILS = "등록자명: 김지우\n현상 발생 날짜 및 시간: 어제\n오류 현상: 해지하고 싶습니다."


def inquiry(**changed: Any) -> dict[str, Any]:
    """The guide's: 기타 문의, 빠른 답변이 필요한 일반 문의, 서비스 해지 문의."""
    return {
        "kind": "OTHER",
        "type": "GENERAL",
        "email": f"{uuid4().hex[:12]}@hanbit.example",
        "title": "서비스 해지 문의",
        "company_name": "한빛상사",
        "details": DETAILS,
        "consents": CONSENTS,
    } | changed


async def ticket(client: httpx.AsyncClient, filename: str = "오류 화면.png") -> dict[str, Any]:
    answer = await client.post("/v1/attachment-tickets", json={"filename": filename})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def put_file(
    client: httpx.AsyncClient, made: dict[str, Any], content: bytes = PNG, claimed: str = ""
) -> httpx.Response:
    headers = {"Content-Type": claimed or "application/octet-stream"}
    return await client.put(made["upload_url"], content=content, headers=headers)


async def attach(client: httpx.AsyncClient, filename: str = "오류 화면.png") -> str:
    """The token of a file that was sent."""
    made = await ticket(client, filename)
    answer = await put_file(client, made)
    assert answer.status_code == 200, answer.text
    return str(made["token"])


async def inquire(client: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, str]:
    """The ids of an inquiry with a file."""
    body = inquiry(attachments=[await attach(client)])
    answer = await client.post("/v1/inquiries", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    asked = answer.json()
    (file,) = asked["messages"][0]["attachments"]
    return {"inquiry_id": asked["id"], "attachment_id": file["id"]}
