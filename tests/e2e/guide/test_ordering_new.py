"""신규주문 (guide, pages 12, 19, 23 and 24): 서비스 및 상품 선택, 약관 동의 및 결제, 주문 완료."""

import re

from app.domain.roles import Role
from tests.e2e.guide.actors import Actor, Json
from tests.e2e.guide.registry import story
from tests.e2e.guide.town import Town
from tests.flows import item, order_body

WISH = {"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}
DEDICATED = WISH | {"plan": "DEDICATED"}
SHARED_LINES = [
    "10명 × 4,000원 × 12개월 = 480,000원",
    "1개 × 50,000원 (1회) = 50,000원",
]


async def chooses(actor: Actor) -> None:
    """기본 요금제 선택: three plans, and what the guide's ten users for a year cost."""
    catalogue = await actor.reads("/v1/catalogue")
    assert [(plan["code"], plan["unit_price"]) for plan in catalogue["plans"]] == [
        ("SHARED_FREE", 0),
        ("SHARED", 4_000),
        ("DEDICATED", 5_000),
    ]
    price = await actor.sends("/v1/price-previews", {"items": [WISH]}, 200)
    assert (price["amount"], price["discount"], price["supply"]) == (530_000, 0, 530_000)
    assert (price["vat"], price["total"]) == (53_000, 583_000)
    assert [line["explanation"] for line in price["items"][0]["lines"]] == SHARED_LINES
    assert price["items"][0]["labels"] == ["50% 프로모션"]
    price = await actor.sends("/v1/price-previews", {"items": [DEDICATED]}, 200)
    assert (price["discount"], price["total"]) == (30_000, 3_817_000)


async def asks_for_a_quote(town: Town, actor: Actor) -> tuple[Json, Json]:
    """견적서 받기: the quote, and the mail that it came with."""
    quote = await actor.sends("/v1/quotes", {"items": [WISH], "recipients": ["OWN"]})
    assert (quote["status_label"], quote["total"]) == ("유효", 583_000)
    assert re.fullmatch(r"Q-\d{8}-\d{6}", quote["number"])
    path = f"/v1/quotes/{quote['id']}"
    assert await actor.reads(path) == quote
    assert quote["id"] in {each["id"] for each in (await actor.reads("/v1/quotes"))["items"]}
    await actor.downloads(f"{path}/pdf", "application/pdf", b"%PDF-")
    mail = await town.mail(actor.email, quote["number"])
    assert mail["attachments"] == [f"견적서_{quote['number']}.pdf"]
    assert "583,000원" in mail["text"]
    return quote, mail


def site(address: str) -> Json:
    """A site whose first administrator has an address of their own."""
    return item()["site"] | {"admin_email": address}


async def orders_and_pays(town: Town, actor: Actor, address: str, body: Json) -> Json:
    """서비스 신청: the terms agreed, paid by card, the site opened; the order as it then is."""
    assert (await actor.reads("/v1/terms"))["items"]
    order = await actor.sends("/v1/orders", body)
    assert (order["type_label"], order["status_label"]) == ("신규", "결제 대기")
    assert (order["total"], order["to_pay"]) == (583_000, 583_000)
    paid = await town.pays_by_card(actor, order)
    assert (paid["status"], paid["amount"], paid["vat"]) == ("PAID", 583_000, 53_000)
    done = await town.becomes(actor, f"/v1/orders/{order['id']}", status="COMPLETED")
    assert (done["status_label"], done["payment_status_label"]) == ("완료", "결제 완료")
    (ordered,) = done["items"]
    membership = await actor.reads(f"/v1/memberships/{ordered['membership_id']}")
    assert (membership["status_label"], membership["users"]["total"]) == ("사용 중", 10)
    assert membership["site"]["url"] == ordered["site"]["url"]
    opened = await town.mail(address, "한빛 본사 서비스가 개설되었습니다")
    assert ordered["site"]["url"] in opened["text"]
    return done


@story("ordering.new", Role.SUPER_ADMIN)
async def test_ordering_new_as_super_admin(town: Town) -> None:
    """신규주문: a second site of a company that has one, from a quote at its price."""
    owner = await town.super_admin()
    await chooses(owner)
    quote, _ = await asks_for_a_quote(town, owner)
    body = order_body(total=583_000, quote_id=quote["id"], sites=[site("second@hanbit.example")])
    del body["items"]
    await orders_and_pays(town, owner, "second@hanbit.example", body)
    assert (await owner.reads(f"/v1/quotes/{quote['id']}"))["status"] == "ORDERED"
    assert (await owner.reads("/v1/memberships"))["summary"]["sites"] == 2


@story("ordering.new", Role.ADMIN)
async def test_ordering_new_as_admin(town: Town) -> None:
    """신규주문: an administrator orders like the company."""
    admin = await town.admin(await town.super_admin())
    await chooses(admin)
    await asks_for_a_quote(town, admin)
    wish = item() | {"site": site("other@hanbit.example")}
    body = order_body(wish, confirm_duplicate=True)
    await orders_and_pays(town, admin, "other@hanbit.example", body)
    assert (await admin.reads("/v1/memberships"))["summary"]["sites"] == 2


@story("ordering.new", Role.PROSPECT)
async def test_ordering_new_as_prospect(town: Town) -> None:
    """신규주문: the first order opens the site and makes the account the representative one."""
    prospect = await town.prospect()
    await chooses(prospect)
    await asks_for_a_quote(town, prospect)
    assert (await prospect.reads("/v1/me"))["role"] == "PROSPECT"
    wish = item() | {"site": site("first@hanbit.example")}
    await orders_and_pays(town, prospect, "first@hanbit.example", order_body(wish))
    assert (await prospect.reads("/v1/me"))["role"] == "SUPER_ADMIN"
    assert "company.users" in await prospect.sees_pages()


@story("ordering.new", Role.MEMBER)
async def test_ordering_new_as_member(town: Town) -> None:
    """신규주문: a quote and no more; a company may claim it by the mail's link."""
    member = await town.member()
    await chooses(member)
    quote, mail = await asks_for_a_quote(town, member)
    await member.is_refused("POST", "/v1/orders", "corporate_account_required", order_body())
    (link,) = [link for link in mail["links"] if "/quotes/claim#" in link]
    claim = dict(pair.split("=", 1) for pair in link.partition("#")[2].split("&"))
    company = await town.prospect()
    claimed = await company.sends("/v1/quotes/claim", claim, 200)
    assert (claimed["number"], claimed["total"]) == (quote["number"], 583_000)
