"""Users of sites: made, changed (with callbacks), signed in; sites the portal never made."""

import secrets
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Literal
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.groupware.api import SEOUL, GroupwareWorld
from sandbox.groupware.state import (
    Admin,
    Entitlement,
    Operation,
    SignedIn,
    Site,
    SiteUser,
    Storage,
)
from sandbox.oauth.codes import wire_seconds

COOKIE = "groupware_session"


class NewUser(BaseModel):
    """Without a `sub` the groupware makes one."""

    model_config = ConfigDict(extra="forbid")

    sub: str | None = Field(default=None, min_length=1)
    login_id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    email: str | None = None
    active: bool = True
    site_admin: bool = False


class UserChange(BaseModel):
    """What is not named stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, min_length=1)
    email: str | None = None
    active: bool | None = None
    site_admin: bool | None = None


class ImportedSite(BaseModel):
    """A site of before the portal: open, and found by its business number only."""

    model_config = ConfigDict(extra="forbid")

    business_number: str = Field(pattern=r"^[0-9]{10}$")
    name: str = Field(min_length=1)
    company_name: str | None = None
    subdomain: str = Field(pattern=r"^[a-z0-9-]{3,40}$")
    hosting: Literal["SHARED_FREE", "SHARED", "DEDICATED"] = "SHARED"
    users: int = Field(default=10, ge=1)
    add_ons: dict[str, int] = Field(default_factory=dict)
    starts_on: date | None = None
    expires_on: date | None = None
    accounting_menu: bool = False
    revision: int = Field(default=1, ge=1)
    admin: Admin
    members: list[NewUser] = Field(default_factory=list)


class SubdomainTaken(Exception):
    """Another site has it."""


def _uuid7() -> str:
    """As the portal's own ids look; Python has none before 3.14."""
    milliseconds = int(time.time() * 1000).to_bytes(6, "big")
    raw = bytearray(milliseconds + secrets.token_bytes(10))
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    return str(UUID(bytes=bytes(raw)))


def import_site(world: GroupwareWorld, wanted: ImportedSite) -> Site:
    """The open site, under an id of the groupware's making. Raises SubdomainTaken."""
    state = world.groupware
    if state.owner_of(wanted.subdomain) is not None:
        raise SubdomainTaken(wanted.subdomain)
    now = world.clock.now()
    public = min(2, wanted.users // 2)
    entitlement = Entitlement(
        revision=wanted.revision,
        name=wanted.name,
        subdomain=wanted.subdomain,
        hosting=wanted.hosting,
        users=wanted.users,
        storage=Storage(account_gb=wanted.users - public, public_gb=public),
        add_ons=wanted.add_ons,
        starts_on=wanted.starts_on or now.astimezone(SEOUL).date(),
        expires_on=wanted.expires_on,
        access="ON",
        accounting_menu=wanted.accounting_menu,
        business_number=wanted.business_number,
        admin=wanted.admin,
    )
    external_id = _uuid7()
    operation = Operation(
        id=f"op_{uuid4().hex}",
        external_id=external_id,
        revision=wanted.revision,
        state="SUCCEEDED",
        ready_at=time.time(),
    )
    first = NewUser(
        login_id=wanted.admin.login_id,
        name=wanted.admin.name,
        email=wanted.admin.email,
        site_admin=True,
    )
    state.made += 1
    site = Site(
        external_id=external_id,
        site_id=f"S{state.made:06d}",
        wanted=entitlement,
        applied_revision=wanted.revision,
        operation_id=operation.id,
        opened_at=_opening(entitlement.starts_on, now),
        setup_token=secrets.token_urlsafe(24),
        users=[_made(user) for user in (first, *wanted.members)],
        company_name=wanted.company_name,
    )
    state.sites[external_id] = site
    state.operations[operation.id] = operation
    world.changed()
    return site


def _opening(starts_on: date, now: datetime) -> datetime:
    """Nine in the morning of the first day, and never later than now."""
    morning = datetime.combine(starts_on, datetime.min.time(), SEOUL) + timedelta(hours=9)
    return min(morning, now)


def _made(user: NewUser) -> SiteUser:
    facts = user.model_dump()
    facts["sub"] = user.sub or f"sub_{uuid4().hex}"
    return SiteUser.model_validate(facts)


def put_user(world: GroupwareWorld, site: Site, wanted: NewUser) -> SiteUser:
    """A new user, or the one with this `sub` or login ID as he is now to be."""
    held = next(
        (u for u in site.users if wanted.sub == u.sub or wanted.login_id == u.login_id), None
    )
    if held is None:
        site.users.append(_made(wanted))
        world.changed()
        return site.users[-1]
    held.login_id = wanted.login_id
    change = UserChange.model_validate(wanted.model_dump(exclude={"sub", "login_id"}))
    return change_user(world, site, held, change)


def change_user(world: GroupwareWorld, site: Site, user: SiteUser, change: UserChange) -> SiteUser:
    """The user as changed. Losing access or the administrator's right is called back."""
    was_active, was_admin = user.active, user.site_admin
    for name, value in change.model_dump(exclude_none=True).items():
        setattr(user, name, value)
    data: dict[str, object] = {"external_id": site.external_id, "sub": user.sub}
    if was_active and not user.active:
        world.webhooks.send("groupware", "user.deactivated", data)
    if was_admin and not user.site_admin:
        world.webhooks.send("groupware", "user.admin_revoked", data)
    world.changed()
    return user


def everybody(world: GroupwareWorld) -> Iterator[tuple[Site, SiteUser]]:
    """Who can sign in, of the newest site first."""
    for site in reversed(world.groupware.sites.values()):
        if site.opened_at is not None:
            yield from ((site, user) for user in site.users if user.active)


def sign_in(world: GroupwareWorld, site: Site, user: SiteUser, answer: Response) -> str:
    """Sets the browser's cookie; its value."""
    value = secrets.token_urlsafe(32)
    world.groupware.sessions[value] = SignedIn(
        external_id=site.external_id, sub=user.sub, auth_time=wire_seconds()
    )
    world.changed()
    answer.set_cookie(COOKIE, value, path="/", httponly=True, samesite="lax")
    return value


def signed_in(world: GroupwareWorld, request: Request) -> tuple[Site, SiteUser, float] | None:
    """Whose browser it is, and when he signed in; an inactive user's session is over."""
    session = world.groupware.sessions.get(request.cookies.get(COOKIE, ""))
    if session is None:
        return None
    site = world.groupware.sites.get(session.external_id)
    user = site.user(session.sub) if site else None
    if site is None or user is None or not user.active:
        return None
    return site, user, session.auth_time


def start_url(world: GroupwareWorld, site: Site, user: SiteUser) -> str:
    """고객포털 in the waffle menu: a login that the groupware begins (OIDC Core 4)."""
    query = urlencode(
        {
            "iss": world.settings.groupware_url,
            "login_hint": site.address_of(user),
            "target_link_uri": f"{world.settings.spa_url}/sso",
        }
    )
    return f"{world.settings.portal_url}/v1/sso/groupware/start?{query}"
