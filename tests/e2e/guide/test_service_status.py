"""시스템현황 (guide, pages 13 and 20)."""

from uuid import uuid4

from app.domain.roles import Role
from tests.e2e.guide.actors import Actor
from tests.e2e.guide.registry import story
from tests.e2e.guide.town import Town
from tests.flows import item

GB = 2**30
STATUS = "/v1/system-status"
FREE_WITH_ACCOUNTING = item("SHARED_FREE", None, None) | {
    "add_ons": [{"code": "ACCOUNTING", "quantity": 1}]
}


async def company(town: Town) -> Actor:
    """The guide's: nine users free of charge, eight of them and 3.9 of 9.0 GB in use."""
    free = FREE_WITH_ACCOUNTING | {"site": item()["site"]}
    shown = {"representative_name": "김새롬", "opened_on": "2015-03-02"}
    owner = await town.super_admin(free, **shown)  # nothing is paid that would prove it
    usage = {
        "users": 8,
        "signed_in_ever": 8,
        "account_bytes": 39 * GB // 10,
        "public_bytes": 0,
        "options": {},
    }
    await town.sandbox("POST", f"/sites/{owner.site_id}/usage", usage)
    return owner


async def reads_the_usage(town: Town, actor: Actor) -> None:
    """서비스 사용 현황, 옵션 상품, 사이트 상세 현황."""
    path = f"{STATUS}/{actor.site_id}"
    site = await town.until(actor, path, lambda found: found["users"]["used"] == 8)
    assert site["users"] == {
        "used": 8,
        "contracted": 9,
        "used_percent": 89,
        "left_percent": 11,
    }
    storage = site["storage"]
    assert (storage["used_percent"], storage["left_percent"]) == (43, 57)
    assert (storage["used_bytes"], storage["contracted_bytes"]) == (39 * GB // 10, 9 * GB)
    assert storage["account_contracted_bytes"] == 7 * GB
    assert (storage["public_used_bytes"], storage["public_contracted_bytes"]) == (0, 2 * GB)
    assert [(each["name"], each["contracted"]) for each in site["options"]] == [
        ("법인카드", 2),
        ("개인카드 사용자", 0),
        ("세금계산서 발행", 100),
        ("은행계좌 즉시조회", 0),
        ("전자계약", 100),
    ]
    assert (site["groupware_admin_login_id"], site["expires_on"]) == ("admin", None)
    assert site["site"]["domain"].endswith(".groupware.example")
    assert site["accounting"]["started_on"] == site["starts_on"]
    (listed,) = (await actor.reads(STATUS))["items"]
    assert (listed["site"], listed["users"]) == (site["site"], site["users"])
    days = (await actor.reads(f"{path}/history"))["items"]
    assert [(day["users"], day["users_contracted"]) for day in days] == [(8, 9)]


async def switches_the_accounting_menu(town: Town, actor: Actor) -> None:
    """경영지원-경리회계 OFF and ON: done when the groupware has it so."""
    for visible in (False, True):
        path = f"{STATUS}/{actor.site_id}"
        body = {"visible": visible}
        accepted = (await actor.asks("PUT", f"{path}/accounting", 202, body)).json()
        assert (accepted["visible"], accepted["state"]) == (visible, "PENDING")
        site = await town.until(
            actor, path, lambda found: found["accounting"]["state"] != "PENDING"
        )
        assert site["accounting"]["state"] == "APPLIED"
        assert site["accounting"]["visible"] is visible
        sites = (await town.sandbox("GET", "/sites"))["items"]
        (there,) = [each for each in sites if each["external_id"] == actor.site_id]
        assert there["wanted"]["accounting_menu"] is visible


@story("service.status", Role.SUPER_ADMIN)
async def test_service_status_as_super_admin(town: Town) -> None:
    """시스템현황: 89 % of the users, 43 % of the storage, and the switch 경리회계."""
    owner = await company(town)
    await reads_the_usage(town, owner)
    await switches_the_accounting_menu(town, owner)


@story("service.status", Role.ADMIN)
async def test_service_status_as_admin(town: Town) -> None:
    """시스템현황: an administrator reads and switches like the company."""
    admin = await town.admin(await company(town))
    await reads_the_usage(town, admin)
    await switches_the_accounting_menu(town, admin)


@story("service.status", Role.PROSPECT)
async def test_service_status_as_prospect(prospect: Actor, super_admin: Actor) -> None:
    """시스템현황: in the menu, and empty; others' sites do not exist, nothing is switched."""
    assert "service.status" in await prospect.sees_pages()
    assert (await prospect.reads(STATUS))["items"] == []
    neighbour = f"{STATUS}/{super_admin.site_id}"
    await prospect.is_refused("GET", neighbour, "site_not_found", status=404)
    await prospect.is_refused(
        "PUT", f"{neighbour}/accounting", "permission_denied", {"visible": False}
    )


@story("service.status", Role.MEMBER)
async def test_service_status_as_member(member: Actor) -> None:
    """시스템현황 is not for a person without a company."""
    assert "service.status" not in await member.sees_pages()
    site = f"{STATUS}/{uuid4()}"
    for path in (STATUS, site, f"{site}/history"):
        await member.is_refused("GET", path, "permission_denied")
    await member.is_refused("PUT", f"{site}/accounting", "permission_denied", {"visible": False})
