"""문의등록 (guide, page 27): beside the menu, for everybody."""

from app.domain.roles import Role
from tests.e2e.guide.actors import Actor
from tests.e2e.guide.registry import story
from tests.e2e.guide.town import Town
from tests.inquiries import DETAILS, inquiry
from tests.papers import PNG

TEMPLATE = ["등록자명:", "현상 발생 날짜 및 시간:", "오류 발생 직원 이름/ID:"]


async def asks_how_to_end_the_service(town: Town, actor: Actor) -> None:
    """기타 문의, 빠른 답변이 필요한 일반 문의, with a picture; by mail and here."""
    support = await actor.reads("/v1/support")
    assert (support["phone"], support["email"]) == ("1577-3019", "daouoffice@daou.co.kr")
    forms = (await actor.reads("/v1/inquiry-forms"))["items"]
    other = next(form for form in forms if form["kind_label"] == "기타 문의")
    (kind,) = other["types"]
    assert kind["code_label"] == "빠른 답변이 필요한 일반 문의"
    assert kind["details_template"].splitlines()[:3] == TEMPLATE
    ticket = await actor.sends("/v1/attachment-tickets", {"filename": "오류 화면.png"})
    plain = {"Content-Type": "application/octet-stream"}
    await actor.asks("PUT", ticket["upload_url"], 200, headers=plain, content=PNG)
    wish = inquiry(email=actor.email, attachments=[ticket["token"]])
    asked = await actor.sends("/v1/inquiries", wish)
    assert (asked["title"], asked["state_label"]) == ("서비스 해지 문의", "접수")
    mail = await town.mail(actor.email, asked["number"])
    assert "기타 문의" in mail["text"]
    listed = (await actor.reads("/v1/inquiries"))["items"]
    assert asked["number"] in [each["number"] for each in listed]
    path = f"/v1/inquiries/{asked['id']}"
    (first,) = (await actor.reads(path))["messages"]
    assert (first["author"], first["text"]) == ("CUSTOMER", DETAILS)
    (file,) = first["attachments"]
    sent = f"{path}/attachments/{file['id']}"
    assert await actor.downloads(sent, "application/octet-stream", b"\x89PNG") == PNG
    more = await actor.sends(f"{path}/messages", {"text": "빠른 답변 부탁드립니다."}, 200)
    assert [message["text"] for message in more["messages"]] == [
        DETAILS,
        "빠른 답변 부탁드립니다.",
    ]


@story("inquiries", Role.SUPER_ADMIN)
async def test_inquiries_as_super_admin(town: Town, super_admin: Actor) -> None:
    """문의등록: how a company asks to end its service, which by itself ends nothing."""
    await asks_how_to_end_the_service(town, super_admin)
    path = f"/v1/memberships/{super_admin.membership_id}"
    assert (await super_admin.reads(path))["status_label"] == "사용 중"


@story("inquiries", Role.ADMIN)
async def test_inquiries_as_admin(town: Town, admin: Actor) -> None:
    """문의등록: an administrator's own."""
    await asks_how_to_end_the_service(town, admin)


@story("inquiries", Role.PROSPECT)
async def test_inquiries_as_prospect(town: Town, prospect: Actor) -> None:
    """문의등록: before the first order."""
    await asks_how_to_end_the_service(town, prospect)


@story("inquiries", Role.MEMBER)
async def test_inquiries_as_member(town: Town, member: Actor) -> None:
    """문의등록: a person without a company."""
    await asks_how_to_end_the_service(town, member)
