"""Console: payments in the browser's window, identity verifications, and whose number is whose."""

import re
from collections.abc import Callable

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from sandbox.forms import Form
from sandbox.portone import PortOneFailure
from sandbox.portone.console_actions import (
    approve,
    approve_identity,
    change_number,
    fail,
    open_dispute,
    resolve_disputes,
)
from sandbox.world import World

MOBILE = re.compile("01[0-9]{8,9}")


def add_payment_pages(router: APIRouter, world: World, show: Callable[..., HTMLResponse]) -> None:
    """One page, and what its buttons do."""

    @router.get("/console/payments")
    async def payments(error: str = "") -> HTMLResponse:
        return show(
            "payments",
            payments=list(reversed(world.portone.payments.values())),
            identities=list(reversed(world.portone.identities.values())),
            error=error,
        )

    @router.post("/console/payments/{payment_id}")
    async def settle(payment_id: str, sent: Form) -> Response:
        try:
            if sent.get("action") == "fail":
                await fail(world, payment_id)
            elif sent.get("action") == "dispute":
                open_dispute(world, payment_id)
            elif sent.get("action") == "resolve":
                resolve_disputes(world, payment_id)
            elif sent.get("action") == "approve-test":
                await approve(world, payment_id, channel_type="TEST")
            else:
                await approve(world, payment_id)
        except PortOneFailure as refused:
            return RedirectResponse(f"/console/payments?error={refused.body()['type']}", 303)
        return RedirectResponse("/console/payments", 303)

    @router.post("/console/identities/{identity_id}")
    async def confirm(identity_id: str) -> Response:
        try:
            await approve_identity(world, identity_id)
        except PortOneFailure as refused:
            return RedirectResponse(f"/console/payments?error={refused.body()['type']}", 303)
        return RedirectResponse("/console/payments", 303)

    @router.post("/console/people")
    async def people(sent: Form) -> Response:
        former, new = sent.get("former", ""), sent.get("new", "")
        if not all(MOBILE.fullmatch(number) for number in (former, new)):
            raise HTTPException(422, "invalid_number")
        change_number(world, former, new)
        return RedirectResponse("/console/payments", 303)
