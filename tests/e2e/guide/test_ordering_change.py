"""추가/연장주문 (guide, pages 12 and 19)."""

from app.domain.roles import Role
from tests.contracts import add_extend
from tests.e2e.guide.actors import Actor, Json
from tests.e2e.guide.registry import story
from tests.e2e.guide.town import Town
from tests.flows import order_body


async def prices(actor: Actor, wish: Json) -> tuple[int, int, int]:
    """상품 금액, 부가세, 총 금액."""
    price = await actor.sends("/v1/price-previews", {"items": [wish]}, 200)
    return price["amount"], price["vat"], price["total"]


async def orders(town: Town, actor: Actor, wish: Json, total: int) -> Json:
    """Ordered, paid by card, delivered."""
    order = await actor.sends("/v1/orders", order_body(wish, total=total))
    await town.pays_by_card(actor, order)
    return await town.becomes(actor, f"/v1/orders/{order['id']}", status="COMPLETED")


async def adds_and_extends(town: Town, actor: Actor) -> None:
    """Five users and 20 GB to the year that has just begun, then another year of it all."""
    path = f"/v1/memberships/{actor.membership_id}"
    nothing = add_extend(actor.membership_id)
    assert await prices(actor, nothing) == (0, 0, 0)
    await actor.is_refused(
        "POST", "/v1/orders", "nothing_to_order", order_body(nothing, total=0), status=422
    )
    # 5 × 4,000 × 12 + 20 × 500 × 12: the term's first day, so all of it.
    more = add_extend(actor.membership_id, users=5, STORAGE_GB=20)
    assert await prices(actor, more) == (360_000, 36_000, 396_000)
    added = await orders(town, actor, more, 396_000)
    assert (added["type"], added["type_label"]) == ("ADD", "추가")
    before = await actor.reads(path)
    assert before["users"] == {"base": 10, "added": 5, "complimentary": 0, "total": 15}
    assert (before["storage_gb"]["total"], before["monthly_fee"]) == (35, 70_000)
    # 15 × 4,000 × 12 + 20 × 500 × 12
    longer = add_extend(actor.membership_id, months=12)
    assert await prices(actor, longer) == (840_000, 84_000, 924_000)
    quote = await actor.sends("/v1/quotes", {"items": [longer], "recipients": ["OWN"]})
    assert (quote["items"][0]["type_label"], quote["total"]) == ("연장", 924_000)
    await actor.downloads(f"/v1/quotes/{quote['id']}/pdf", "application/pdf", b"%PDF-")
    extended = await orders(town, actor, longer, 924_000)
    assert (extended["type"], extended["type_label"]) == ("EXTEND", "연장")
    after = await actor.reads(path)
    assert after["starts_on"] == before["starts_on"]
    assert int(after["expires_on"][:4]) == int(before["expires_on"][:4]) + 1
    assert after["remaining"]["days"] in {730, 731}
    done = (await actor.reads("/v1/orders"))["items"]
    assert [(row["type_label"], row["total"]) for row in done] == [
        ("연장", 924_000),
        ("추가", 396_000),
        ("신규", 583_000),
    ]


async def is_kept_out(actor: Actor, membership_id: str, refusal: str) -> None:
    assert "ordering.change" not in await actor.sees_pages()
    wish = add_extend(membership_id, users=1)
    await actor.is_refused("POST", "/v1/orders", refusal, order_body(wish, total=52_800))


@story("ordering.change", Role.SUPER_ADMIN)
async def test_ordering_change_as_super_admin(town: Town) -> None:
    """추가/연장주문: users and storage are added, then the term is lengthened."""
    await adds_and_extends(town, await town.super_admin())


@story("ordering.change", Role.ADMIN)
async def test_ordering_change_as_admin(town: Town) -> None:
    """추가/연장주문: an administrator orders like the company."""
    await adds_and_extends(town, await town.admin(await town.super_admin()))


@story("ordering.change", Role.PROSPECT)
async def test_ordering_change_as_prospect(prospect: Actor, super_admin: Actor) -> None:
    """추가/연장주문 needs something to add to."""
    await is_kept_out(prospect, super_admin.membership_id, "permission_denied")


@story("ordering.change", Role.MEMBER)
async def test_ordering_change_as_member(member: Actor, super_admin: Actor) -> None:
    """추가/연장주문 is not for a person without a company."""
    await is_kept_out(member, super_admin.membership_id, "corporate_account_required")
