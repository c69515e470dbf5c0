"""Console: sites, what is in use of them, and the groupware's users."""

from collections.abc import Callable

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field, ValidationError

from sandbox.forms import Form
from sandbox.groupware.people import UserChange, change_user
from sandbox.world import World

GB = 2**30
PAGE = "/console/sites"


class _Usage(BaseModel):
    """What the sliders say."""

    users: int = Field(ge=0, le=100_000)
    account_gb: float = Field(ge=0, le=100_000)


def add_site_pages(router: APIRouter, world: World, show: Callable[..., HTMLResponse]) -> None:
    """One page, and what its buttons and sliders do."""

    @router.get("/console/sites")
    async def sites() -> HTMLResponse:
        return show(
            "sites",
            sites=list(world.groupware.sites.values()),
            groupware=world.settings.groupware_url,
            spa=world.settings.spa_url,
        )

    @router.post("/console/users/{external_id}/{sub}")
    async def change(external_id: str, sub: str, sent: Form) -> Response:
        site = world.groupware.sites.get(external_id)
        user = site.user(sub) if site else None
        if site is None or user is None:
            raise HTTPException(404, "user_not_found")
        wanted = {name: value == "on" for name, value in sent.items()}
        try:
            change_user(world, site, user, UserChange.model_validate(wanted))
        except ValidationError as broken:
            raise HTTPException(422, "invalid_change") from broken
        return RedirectResponse(PAGE, 303)

    @router.post("/console/sites/{external_id}/usage")
    async def use(external_id: str, sent: Form) -> Response:
        site = world.groupware.sites.get(external_id)
        if site is None:
            raise HTTPException(404, "site_not_found")
        try:
            wanted = _Usage.model_validate(sent)
        except ValidationError as broken:
            raise HTTPException(422, "invalid_usage") from broken
        site.usage = site.usage.model_copy(
            update={"users": wanted.users, "account_bytes": int(wanted.account_gb * GB)}
        )
        world.changed()
        world.webhooks.send("groupware", "usage.changed", {"external_id": external_id})
        return RedirectResponse(PAGE, 303)
