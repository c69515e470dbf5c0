"""Sites and their users for tests and scripts, below /_sandbox/v1."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.groupware.people import (
    COOKIE,
    ImportedSite,
    NewUser,
    SubdomainTaken,
    UserChange,
    change_user,
    import_site,
    put_user,
    sign_in,
    start_url,
)
from sandbox.groupware.state import IdTokenOverrides, Site, SiteUser, Usage
from sandbox.world import World


class OpenWaffle(BaseModel):
    """Who opens the waffle menu; made where the site does not know the login ID."""

    model_config = ConfigDict(extra="forbid")

    login_id: str = Field(min_length=1)
    site_admin: bool | None = None
    """None: as it is; a new user is an administrator."""


class RotateKeys(BaseModel):
    """`drop_old`: keys of before are no longer published."""

    model_config = ConfigDict(extra="forbid")

    drop_old: bool = False


def site_json(site: Site) -> dict[str, object]:
    return site.model_dump(mode="json", exclude={"setup_token"})


def add_sites(router: APIRouter, world: World) -> None:
    def site_of(site_id: str) -> Site:
        for found in world.groupware.sites.values():
            if site_id in (found.site_id, found.external_id):
                return found
        raise HTTPException(404, "site_not_found")

    Found = Annotated[Site, Depends(site_of)]  # noqa: N806 - a type

    @router.get("/sites")
    async def sites() -> dict[str, object]:
        found = world.groupware.sites.values()
        return {"made": world.groupware.made, "items": [site_json(s) for s in found]}

    @router.post("/sites", status_code=201)
    async def make_site(body: ImportedSite) -> dict[str, object]:
        """A site that the portal does not know, as customers of before the portal have one."""
        try:
            return site_json(import_site(world, body))
        except SubdomainTaken as taken:
            raise HTTPException(409, "subdomain_taken") from taken

    @router.post("/sites/{site_id}/users", status_code=201)
    async def add_user(site: Found, body: NewUser) -> dict[str, object]:
        put_user(world, site, body)
        return site_json(site)

    @router.patch("/sites/{site_id}/users/{sub}")
    async def patch_user(site: Found, sub: str, body: UserChange) -> dict[str, object]:
        user = site.user(sub)
        if user is None:
            raise HTTPException(404, "user_not_found")
        return change_user(world, site, user, body).model_dump(mode="json")

    @router.post("/sites/{site_id}/usage")
    async def set_usage(site: Found, body: Usage) -> dict[str, object]:
        site.usage = body
        world.changed()
        world.webhooks.send("groupware", "usage.changed", {"external_id": site.external_id})
        return site_json(site)

    @router.post("/sites/{site_id}/waffle")
    async def open_waffle(site: Found, body: OpenWaffle, response: Response) -> dict[str, object]:
        """Signs the caller in to the groupware, by a cookie; `url` is 고객포털 of the waffle menu.

        A browser is on `localhost`: a script that called another name sends `cookie` by itself.
        """
        user = _waffle_user(world, site, body)
        value = sign_in(world, site, user, response)
        return {
            "url": start_url(world, site, user),
            "page": f"{world.settings.groupware_url}/sites/{site.wanted.subdomain}",
            "cookie": {"name": COOKIE, "value": value},
            "sub": user.sub,
        }


def _waffle_user(world: World, site: Site, body: OpenWaffle) -> SiteUser:
    held = next((user for user in site.users if user.login_id == body.login_id), None)
    if held is None:
        admin = body.site_admin is not False
        made = NewUser(login_id=body.login_id, name=body.login_id, site_admin=admin)
        return put_user(world, site, made)
    if not held.active:
        raise HTTPException(409, "user_inactive")
    return change_user(world, site, held, UserChange(site_admin=body.site_admin))


def add_openid(router: APIRouter, world: World) -> None:
    @router.post("/groupware/rotate-keys")
    async def rotate_keys(body: RotateKeys | None = None) -> dict[str, object]:
        key = world.groupware.keys.rotate(keep_old=not (body or RotateKeys()).drop_old)
        world.changed()
        return {"kid": key.kid}

    @router.get("/groupware/id-token")
    async def id_token() -> dict[str, object]:
        return world.groupware.id_token.model_dump(mode="json")

    @router.put("/groupware/id-token")
    async def spoil_id_token(body: IdTokenOverrides) -> dict[str, object]:
        """What is wrong with every ID token until `DELETE faults`."""
        world.groupware.id_token = body
        return body.model_dump(mode="json")
