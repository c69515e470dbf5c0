"""Console: the clock, faults, and what the portal asked its providers."""

from collections.abc import Callable
from datetime import timedelta

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from sandbox.clock_moves import move_clock, next_renewal
from sandbox.faults import PROVIDERS, Fault
from sandbox.forms import Form
from sandbox.world import World

PAGE = "/console/faults"


def add_fault_pages(router: APIRouter, world: World, show: Callable[..., HTMLResponse]) -> None:
    """Two pages, and what their buttons do."""

    @router.get("/console/requests")
    async def requests(request_id: str = "") -> HTMLResponse:
        return show("requests", requests=world.requests.all(request_id), request_id=request_id)

    @router.get("/console/faults")
    async def faults(error: str = "") -> HTMLResponse:
        return show("faults", faults=world.faults.all(), renewal=next_renewal(world), error=error)

    @router.post("/console/clock")
    async def jump(sent: Form) -> Response:
        """Days ahead, or to the next renewal."""
        to = next_renewal(world) if sent.get("to") == "renewal" else None
        if to is None:
            days = {"day": 1, "week": 7, "month": 30}.get(sent.get("to", ""))
            if days is None:
                raise HTTPException(422, "invalid_jump")
            to = world.clock.now() + timedelta(days=days)
        status, _, error = await move_clock(world, to)
        failed = error or (None if status < 400 else f"portal_{status}")
        return RedirectResponse("/console/faults" + (f"?error={failed}" if failed else ""), 303)

    @router.post("/console/faults")
    async def clear(_: Form) -> Response:
        world.faults.clear()
        return RedirectResponse(PAGE, 303)

    @router.post("/console/faults/{provider}")
    async def set_fault(provider: str, sent: Form) -> Response:
        if provider not in PROVIDERS:
            raise HTTPException(404, "provider_not_found")
        try:
            fault = Fault.model_validate({name: value for name, value in sent.items() if value})
        except ValidationError as broken:
            raise HTTPException(422, "invalid_fault") from broken
        world.faults.put(provider, fault)
        return RedirectResponse(PAGE, 303)
