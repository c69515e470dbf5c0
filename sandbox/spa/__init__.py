"""The reference SPA: what a frontend of the portal does, on the generated SDK and nothing else.

Its sources are TypeScript in `src`; what a browser runs is made of them by `make spa` and kept in
`assets` (docs/decisions/0036-the-reference-spa.md): here nothing is built, nothing comes from
elsewhere.
"""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.staticfiles import StaticFiles

from sandbox.settings import SandboxSettings

HERE = Path(__file__).parent
ASSETS = StaticFiles(directory=HERE / "assets")


def build_router(settings: SandboxSettings) -> APIRouter:
    """Every path below /spa is the same document: its router is in the browser."""
    pages = Environment(
        loader=FileSystemLoader(HERE), autoescape=select_autoescape(default=True)
    ).get_template("index.html")
    document = pages.render(portal_url=settings.portal_url)
    headers = {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            f"connect-src {settings.portal_url}; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        ),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    router = APIRouter(include_in_schema=False)

    @router.get("/spa")
    async def root() -> Response:
        return RedirectResponse("/spa/", 308)

    @router.get("/spa/{path:path}")
    async def page(path: str) -> Response:
        return HTMLResponse(document, headers=headers)

    return router
