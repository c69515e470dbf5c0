"""Puts the sandbox together: providers, console and its own interface in one application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from sandbox import api, nts, portone, social, spa
from sandbox.console import pages
from sandbox.faults import FaultMiddleware
from sandbox.groupware import api as groupware
from sandbox.groupware.oidc import build_oidc_router
from sandbox.groupware.pages import build_pages_router
from sandbox.once import Repeated
from sandbox.request_log import RequestLogMiddleware
from sandbox.smtp import start_smtp
from sandbox.world import World

STATIC = Path(__file__).parent / "static"


def create_sandbox(world: World) -> FastAPI:
    """The application of a world. Its life cycle runs the mail server and the snapshots."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        world.start()
        smtp = None
        if world.settings.smtp_port:
            smtp = await start_smtp(world.messages, world.faults, world.settings.smtp_port)
        yield
        if smtp is not None:
            smtp.close()
        await world.close()

    app = FastAPI(title="고객포털 샌드박스", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.include_router(nts.build_router(world))
    app.include_router(portone.build_router(world))
    app.include_router(portone.build_checkout_router(world))
    app.include_router(groupware.build_router(world))
    app.include_router(build_oidc_router(world))
    app.include_router(build_pages_router(world))
    app.include_router(social.build_router(world))
    app.include_router(api.build_router(world))
    app.include_router(pages.build_router(world))
    app.mount("/static", StaticFiles(directory=STATIC))
    app.mount("/spa/assets", spa.ASSETS)
    app.include_router(spa.build_router(world.settings))
    app.add_exception_handler(groupware.Refused, _on_refused)
    app.add_api_route("/healthz", _healthz, include_in_schema=False)
    app.state.once = world.once
    app.add_exception_handler(Repeated, _on_repeated)
    app.add_middleware(FaultMiddleware, faults=world.faults)
    app.add_middleware(RequestLogMiddleware, world=world)
    return app


async def _on_refused(_: Request, exc: Exception) -> Response:
    assert isinstance(exc, groupware.Refused)
    return exc.response


async def _on_repeated(request: Request, _: Exception) -> Response:
    """Back to the page that the form is on."""
    page = urlsplit(request.headers.get("referer", "")).path
    return RedirectResponse(page if page.startswith("/console/") else "/", 303)


async def _healthz() -> Response:
    return JSONResponse({"status": "ok"})
