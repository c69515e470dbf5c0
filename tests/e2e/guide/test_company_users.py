"""사용자초대/관리 (guide, page 10): of the representative account only."""

from uuid import uuid4

from app.domain.roles import Role
from tests.e2e.guide.actors import Actor
from tests.e2e.guide.registry import story
from tests.e2e.guide.town import Town

INVITED = {"name": "정도현", "email": "invited@person.example", "note": "계약 담당자입니다."}


async def is_kept_out(actor: Actor) -> None:
    """Neither in the menu nor by its operations."""
    assert "company.users" not in await actor.sees_pages()
    somebody = str(uuid4())
    await actor.is_refused("GET", "/v1/users", "permission_denied")
    await actor.is_refused("GET", "/v1/invitations", "permission_denied")
    await actor.is_refused("POST", "/v1/invitations", "permission_denied", INVITED)
    await actor.is_refused(
        "PATCH", f"/v1/users/{somebody}", "permission_denied", {"state": "SUSPENDED"}
    )
    await actor.is_refused("DELETE", f"/v1/users/{somebody}", "permission_denied")


async def rows(owner: Actor) -> list[tuple[str, str, str]]:
    """이메일, 권한, 상태 of the page."""
    listed = (await owner.reads("/v1/users"))["items"]
    return [(row["email"], row["role_label"], row["state_label"]) for row in listed]


@story("company.users", Role.SUPER_ADMIN)
async def test_company_users_as_super_admin(town: Town) -> None:
    """사용자초대/관리: invite, send again, cancel; an ADMIN joins, is stopped, let in, removed."""
    owner = await town.super_admin()
    top = (owner.email, "SUPER ADMIN", "정상")
    assert await rows(owner) == [top]
    made = await owner.sends("/v1/invitations", INVITED)
    assert (made["state"], made["sends"]) == ("INVITED", 1)
    mail = await town.mail("invited@person.example", "/invitations/accept#token=")
    assert "한빛상사" in mail["subject"] + mail["text"]
    assert await rows(owner) == [top, ("invited@person.example", "ADMIN", "초대중")]
    invitation = f"/v1/invitations/{made['id']}"
    await owner.is_refused(
        "POST", f"{invitation}/resend", "invitation_resend_too_early", status=409
    )
    await town.passes(seconds=61)
    assert (await owner.sends(f"{invitation}/resend", status=200))["sends"] == 2
    await owner.asks("DELETE", invitation, 204)
    assert await rows(owner) == [top]

    admin = await town.admin(owner)
    assert await rows(owner) == [top, (admin.email, "ADMIN", "정상")]
    user = f"/v1/users/{admin.account_id}"
    await owner.asks("PATCH", user, 200, {"state": "SUSPENDED"})
    assert await rows(owner) == [top, (admin.email, "ADMIN", "정지")]
    await admin.is_refused("GET", "/v1/memberships", "permission_denied")
    await owner.asks("PATCH", user, 200, {"state": "ACTIVE"})
    assert (await admin.reads("/v1/memberships"))["summary"]["sites"] == 1
    await owner.asks("DELETE", user, 204)
    assert await rows(owner) == [top]
    assert (await admin.reads("/v1/me"))["role"] == "MEMBER"
    await owner.is_refused("DELETE", f"/v1/users/{owner.account_id}", "super_admin_protected")
    told = {line["action"] for line in (await owner.reads("/v1/company/audit-log"))["items"]}
    assert {"user.invited", "user_invitation.accepted", "user.suspended", "user.removed"} <= told


@story("company.users", Role.ADMIN)
async def test_company_users_as_admin(admin: Actor) -> None:
    """사용자초대/관리 is of the representative account: an invited administrator lacks it."""
    await is_kept_out(admin)


@story("company.users", Role.PROSPECT)
async def test_company_users_as_prospect(prospect: Actor) -> None:
    """사용자초대/관리 comes with the first open site."""
    await is_kept_out(prospect)


@story("company.users", Role.MEMBER)
async def test_company_users_as_member(member: Actor) -> None:
    """사용자초대/관리 is not for a person without a company."""
    await is_kept_out(member)
