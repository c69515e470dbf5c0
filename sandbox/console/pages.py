"""The console: what a frontend developer looks at and clicks, Korean first."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, select_autoescape

from sandbox.console.faults import add_fault_pages
from sandbox.console.money import add_money_pages
from sandbox.console.payments import add_payment_pages
from sandbox.console.sites import add_site_pages
from sandbox.faults import Fault
from sandbox.nts import NUMBER_TABLE
from sandbox.world import World

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
        " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


PAGES = (
    ("messages", "메일·문자"),
    ("payments", "결제"),
    ("money", "카드·계좌"),
    ("sites", "사이트"),
    ("numbers", "사업자번호"),
    ("faults", "시계·장애"),
    ("requests", "요청 기록"),
)


def _seoul(at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo('Asia/Seoul')):%Y-%m-%d %H:%M}"


def build_router(world: World) -> APIRouter:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(default=True),
    )
    templates.filters["seoul"] = _seoul
    templates.globals["once"] = world.once.make
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    def show(page: str, **facts: object) -> HTMLResponse:
        template = templates.get_template(f"{page}.html")
        now = world.clock.now()
        active = [name for name, fault in world.faults.all().items() if fault != Fault()]
        content = template.render(page=page, pages=PAGES, now=now, active=active, **facts)
        return HTMLResponse(content, headers=HEADERS)

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

    add_site_pages(router, world, show)

    @router.get("/console/numbers")
    async def numbers() -> HTMLResponse:
        return show("numbers", numbers=NUMBER_TABLE)

    add_fault_pages(router, world, show)
    return router
