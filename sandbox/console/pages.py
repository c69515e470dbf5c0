"""The console: what a frontend developer looks at and clicks, Korean first."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, select_autoescape
from pydantic import ValidationError

from sandbox.console.money import add_money_pages
from sandbox.console.payments import add_payment_pages
from sandbox.faults import PROVIDERS, Fault
from sandbox.forms import Form
from sandbox.groupware.people import UserChange, change_user
from sandbox.nts import NUMBER_TABLE
from sandbox.world import World

PAGES = (
    ("messages", "메일·문자"),
    ("payments", "결제"),
    ("money", "카드·계좌"),
    ("sites", "사이트"),
    ("numbers", "사업자번호"),
    ("faults", "시계·장애"),
)


def _seoul(at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo('Asia/Seoul')):%Y-%m-%d %H:%M}"


def build_router(world: World) -> APIRouter:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(default=True),
    )
    templates.filters["seoul"] = _seoul
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    def show(page: str, **facts: object) -> HTMLResponse:
        template = templates.get_template(f"{page}.html")
        now = world.clock.now()
        return HTMLResponse(template.render(page=page, pages=PAGES, now=now, **facts))

    def back(page: str) -> Response:
        return RedirectResponse(f"/console/{page}", 303)

    @router.get("/")
    async def start() -> Response:
        return back("messages")

    @router.get("/console/messages")
    async def messages(to: str = "") -> HTMLResponse:
        found = world.messages.to(to or None)
        return show("messages", messages=list(reversed(found)), to=to)

    add_payment_pages(router, world, show)
    add_money_pages(router, world, show)

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
        return back("sites")

    @router.get("/console/numbers")
    async def numbers() -> HTMLResponse:
        return show("numbers", numbers=NUMBER_TABLE)

    @router.get("/console/faults")
    async def faults() -> HTMLResponse:
        return show("faults", faults=world.faults.all())

    @router.post("/console/faults/{provider}")
    async def set_fault(provider: str, sent: Form) -> Response:
        if provider not in PROVIDERS:
            raise HTTPException(404, "provider_not_found")
        try:
            fault = Fault.model_validate({name: value for name, value in sent.items() if value})
        except ValidationError as broken:
            raise HTTPException(422, "invalid_fault") from broken
        world.faults.put(provider, fault)
        return back("faults")

    return router
