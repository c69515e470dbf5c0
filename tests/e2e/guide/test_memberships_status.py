"""멤버십현황 (guide, pages 11 and 18)."""

from app.domain.roles import Role
from tests.e2e.guide.actors import Actor, Json
from tests.e2e.guide.registry import story
from tests.e2e.guide.town import Town
from tests.flows import CARD, item

NOTICE = "계약은 30일 전 서면으로 변경/해지 통보가 없을 시 1년 단위로 자동 연장됩니다."
WITH_ACCOUNTING = {"add_ons": [{"code": "ACCOUNTING", "quantity": 1}]}


async def reads_the_card(actor: Actor) -> None:
    """사용자, 계약용량, 사용기간, 옵션 상품, and the table below."""
    page = await actor.reads("/v1/memberships")
    assert (page["summary"]["sites"], page["summary"]["monthly_fee"]) == (1, 40_000)
    membership = await actor.reads(f"/v1/memberships/{actor.membership_id}")
    assert membership == page["items"][0]
    assert (membership["status_label"], membership["paid"]) == ("사용 중", True)
    assert (membership["service_type_label"], membership["plan_label"]) == (
        "공유형",
        "클라우드 공유형",
    )
    assert membership["users"] == {"base": 10, "added": 0, "complimentary": 0, "total": 10}
    assert membership["storage_gb"]["total"] == 10
    assert membership["remaining"]["days"] in {365, 366}
    assert membership["contract_notice"] == NOTICE
    (group,) = membership["add_on_groups"]
    assert group["name"] == "경리회계 경영지원 부가서비스"
    assert [(line["label"], line["quantity"]) for line in group["items"]][:2] == [
        ("경리회계", 1),
        ("[무료] 법인 카드 등록 2개", 2),
    ]
    upcoming = await actor.reads(f"/v1/memberships/{actor.membership_id}/upcoming")
    assert (upcoming["supply"], upcoming["vat"], upcoming["total"]) == (480_000, 48_000, 528_000)


async def pays_by_itself_from_now_on(town: Town, actor: Actor) -> None:
    """A card is registered; with 자동 연장 결제 on, the badge 자동카드결제 is there."""
    await actor.steps_up()
    window = await actor.sends("/v1/payment-methods/start")
    typed = {
        "card": CARD,
        "issue_id": window["issue_id"],
        "customer_id": window["customer"]["customer_id"],
    }
    issued = await town.sandbox("POST", "/billing-keys", typed)
    body = {"issue_id": window["issue_id"], "billing_key": issued["billing_key"]}
    card = await actor.sends("/v1/payment-methods", body)
    assert (card["last4"], card["role_label"]) == ("1234", "기본 카드")
    path = f"/v1/memberships/{actor.membership_id}"
    attached = await actor.changes("PATCH", path, {"payment_method_id": card["id"]})
    assert (attached["auto_card_payment"], attached["auto_renew"]) == (True, False)
    switched = await actor.changes("PATCH", path, {"auto_renew": True})
    assert switched["auto_renew"] is True
    charge = await next_charge(town, actor, "자동 결제 예정")
    assert (charge["on"], charge["amount"]) == (switched["expires_on"], 528_000)
    listed = (await actor.reads("/v1/payment-methods"))["items"]
    assert [each["last4"] for each in listed] == ["1234"]


async def next_charge(town: Town, actor: Actor, label: str) -> Json:
    """A worker plans it when the site is open, and again when something of it changes."""

    def fits(found: Json) -> bool:
        charge = found["next_charge"]
        return charge is not None and bool(charge["status_label"] == label)

    planned = await town.until(actor, f"/v1/memberships/{actor.membership_id}", fits)
    charge: Json = planned["next_charge"]
    return charge


async def is_kept_out(actor: Actor, membership_id: str) -> None:
    assert "memberships.status" not in await actor.sees_pages()
    path = f"/v1/memberships/{membership_id}"
    for read in ("/v1/memberships", path, f"{path}/upcoming", f"{path}/termination-preview"):
        await actor.is_refused("GET", read, "permission_denied")
    await actor.is_refused("PATCH", path, "permission_denied", {"auto_renew": True})


@story("memberships.status", Role.SUPER_ADMIN)
async def test_memberships_status_as_super_admin(town: Town) -> None:
    """멤버십현황: read, renewed by card from now on; ending it is asked for and undone."""
    owner = await town.super_admin(item() | WITH_ACCOUNTING)
    await reads_the_card(owner)
    await pays_by_itself_from_now_on(town, owner)
    path = f"/v1/memberships/{owner.membership_id}"
    preview = await owner.reads(f"{path}/termination-preview")
    assert (preview["fee"], preview["refund"]) == (0, 583_000)  # unused, within seven days
    asked = await owner.sends(
        f"{path}/termination", {"last_day": preview["last_day"], "reason": "NOT_NEEDED"}
    )
    assert asked["membership_id"] == owner.membership_id
    await owner.asks("DELETE", f"{path}/termination", 204)
    assert (await owner.reads(path))["status"] == "IN_USE"


@story("memberships.status", Role.ADMIN)
async def test_memberships_status_as_admin(town: Town) -> None:
    """멤버십현황: as the company, but ending a service is not an ADMIN's to ask."""
    owner = await town.super_admin(item() | WITH_ACCOUNTING)
    admin = await town.admin(owner)
    await reads_the_card(admin)
    await pays_by_itself_from_now_on(town, admin)
    ending = f"/v1/memberships/{admin.membership_id}/termination"
    await admin.is_refused("GET", f"{ending}-preview", "permission_denied")
    await admin.is_refused(
        "POST", ending, "permission_denied", {"last_day": "2030-01-01", "reason": "NOT_NEEDED"}
    )


@story("memberships.status", Role.PROSPECT)
async def test_memberships_status_as_prospect(prospect: Actor, super_admin: Actor) -> None:
    """멤버십현황 comes with the first open site."""
    await is_kept_out(prospect, super_admin.membership_id)


@story("memberships.status", Role.MEMBER)
async def test_memberships_status_as_member(member: Actor, super_admin: Actor) -> None:
    """멤버십현황 is not for a person without a company."""
    await is_kept_out(member, super_admin.membership_id)
