"""내 정보 관리 (guide, pages 26 and 28): beside the menu; 고객포털 탈퇴하기 at its end."""

from app.domain.roles import Role
from tests.e2e.guide.actors import Actor
from tests.e2e.guide.registry import story
from tests.e2e.guide.town import Town
from tests.flows import order_body

MARKETING = {"kind": "MARKETING", "version": "2023-09", "agreed": True}


async def keeps_the_page(actor: Actor, kind: str) -> None:
    """계정 정보, 기본정보, 추가 정보, 연동 관리, 약관 및 정책 동의 현황, and what was told."""
    account = (await actor.reads("/v1/me"))["account"]
    assert (account["login_id"], account["kind"]) == (actor.login_id, kind)
    assert (account["name"], account["email"]) == ("홍길동", actor.email)
    added = {"department": "경영지원팀", "position": "과장", "landline": "02-1234-5678"}
    await actor.asks("PATCH", "/v1/me", 204, added)
    account = (await actor.reads("/v1/me"))["account"]
    assert {name: account[name] for name in added} == added
    agreed = await actor.reads("/v1/me/consents")
    assert {each["kind"] for each in agreed["current"]} == {"AGE_14", "PRIVACY", "SERVICE_TERMS"}
    changed = (await actor.asks("PATCH", "/v1/me/consents", 200, {"consents": [MARKETING]})).json()
    assert "MARKETING" in {each["kind"] for each in changed["current"] if each["agreed"]}
    quiet = {"items": [{"topic": "INQUIRIES", "mail": False}]}
    before = await actor.reads("/v1/me/notification-preferences")
    kept = (await actor.asks("PUT", "/v1/me/notification-preferences", 200, quiet)).json()
    changed = [new for new, old in zip(kept["items"], before["items"], strict=True) if new != old]
    assert [(each["topic_label"], each["mail"]) for each in changed] == [("문의 답변", False)]
    signed_in = (await actor.reads("/v1/me/sign-ins"))["items"]
    assert signed_in[-1]["way"] == "SIGN_UP"
    assert len((await actor.reads("/v1/auth/sessions"))["items"]) == 1
    copy = await actor.reads("/v1/me/export")
    assert copy["account"]["department"] == "경영지원팀"


async def leaves(town: Town, actor: Actor) -> None:
    """고객포털 탈퇴하기: every session ends, and the ID lets nobody in."""
    await actor.steps_up()
    await actor.asks("DELETE", "/v1/me", 204)
    await actor.is_refused("GET", "/v1/me", "not_authenticated", status=401)
    body = {"login_id": actor.login_id, "password": actor.password, "client_type": "NATIVE"}
    await actor.asks("POST", "/v1/auth/login", 401, body)
    assert await town.mail(actor.email, "탈퇴")


@story("me", Role.SUPER_ADMIN)
async def test_me_as_super_admin(town: Town) -> None:
    """내 정보 관리: its notifications; the representative account cannot leave."""
    owner = await town.super_admin()
    await keeps_the_page(owner, "CORPORATE")
    page = await owner.reads("/v1/notifications")
    titles = [each["title"] for each in page["items"]]
    assert any(title.startswith("주문이 접수되었습니다 (ORD-") for title in titles)
    unread = page["items"][0]["id"]
    await owner.asks("POST", f"/v1/notifications/{unread}/read", 204)
    assert (await owner.reads("/v1/notifications"))["unread"] == page["unread"] - 1
    await owner.steps_up()
    await owner.is_refused("DELETE", "/v1/me", "super_admin_cannot_withdraw")
    assert (await owner.reads("/v1/me"))["role"] == "SUPER_ADMIN"


@story("me", Role.ADMIN)
async def test_me_as_admin(town: Town) -> None:
    """내 정보 관리: the groupware link is there; whoever was invited may leave (page 28)."""
    owner = await town.super_admin()
    admin = await town.admin(owner)
    await keeps_the_page(admin, "INDIVIDUAL")
    (link,) = (await admin.reads("/v1/me/links"))["items"]
    assert link["kind"] == "GROUPWARE"
    await leaves(town, admin)
    users = (await owner.reads("/v1/users"))["items"]
    assert [row["role_label"] for row in users] == ["SUPER ADMIN"]


@story("me", Role.PROSPECT)
async def test_me_as_prospect(town: Town) -> None:
    """내 정보 관리: a company that ordered nothing may leave, not while an order waits."""
    prospect = await town.prospect()
    await keeps_the_page(prospect, "CORPORATE")
    assert (await prospect.reads("/v1/me/links"))["items"] == []
    order = await prospect.sends("/v1/orders", order_body())
    await prospect.steps_up()
    await prospect.is_refused("DELETE", "/v1/me", "open_order_exists", status=409)
    await prospect.sends(f"/v1/orders/{order['id']}/cancel", status=200)
    await leaves(town, prospect)


@story("me", Role.MEMBER)
async def test_me_as_member(town: Town) -> None:
    """내 정보 관리: a person's own account, until they leave."""
    member = await town.member()
    await keeps_the_page(member, "INDIVIDUAL")
    await leaves(town, member)
