"""The payment window that PortOne's browser SDK opens: a page that a person pays on.

In life the SDK is called with the `checkout` of the portal's answer; here the SPA leads to
`/checkout?paymentId=…&orderName=…&redirectUrl=…`. It comes back as the SDK does: `paymentId`, and
`code` with `message` where nothing was paid. What is true is asked of the provider, never of that
address.
"""

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, select_autoescape

from sandbox.forms import Form
from sandbox.portone.console_actions import approve, fail
from sandbox.portone.errors import PortOneFailure
from sandbox.portone.payments import keep_payment
from sandbox.portone.state import PortOneWorld

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; base-uri 'none';"
    " frame-ancestors 'none'; form-action 'self'"
)
DECLINED = ("FAILURE_TYPE_PG", "카드사에서 거절했습니다.")
CANCELLED = ("FAILURE_TYPE_USER_CANCEL", "결제를 취소했습니다.")


def build_checkout_router(world: PortOneWorld) -> APIRouter:
    """Below /checkout."""
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(default=True),
    )
    router = APIRouter(include_in_schema=False)

    def show(status: int, back: str, **facts: object) -> HTMLResponse:
        address = urlsplit(back)
        # A browser asks the policy of the page about the way back as well.
        origin = f" {address.scheme}://{address.netloc}" if address.netloc else ""
        headers = {"Content-Security-Policy": POLICY + origin, "Cache-Control": "no-store"}
        content = pages.get_template("checkout.html").render(back=back, **facts)
        return HTMLResponse(content, status, headers)

    @router.get("/checkout")
    async def window(
        paymentId: str = "",  # noqa: N803 - named as the SDK names it
        redirectUrl: str = "",  # noqa: N803
        orderName: str = "",  # noqa: N803
    ) -> Response:
        payment = world.portone.payments.get(paymentId)
        if payment is not None and orderName and payment.status == "READY":
            # The name comes with the window: what is registered before has an amount alone.
            payment = replace(payment, order_name=orderName[:100])
            keep_payment(world, payment)
        back = redirectUrl if urlsplit(redirectUrl).scheme in {"http", "https"} else ""
        if payment is None:
            return show(404, back, payment=None)
        return show(200, back, payment=payment, open=payment.status in {"READY", "FAILED"})

    @router.post("/checkout/{payment_id}")
    async def settle(payment_id: str, sent: Form) -> Response:
        back, action = sent.get("back", ""), sent.get("action")
        refused = None
        if payment_id not in world.portone.payments:
            return show(404, back, payment=None)
        try:
            if action == "approve":
                await approve(world, payment_id)
            elif action == "fail":
                await fail(world, payment_id)
                refused = DECLINED
            elif world.portone.payments[payment_id].status == "READY":
                refused = CANCELLED
        except PortOneFailure:
            pass  # it was paid before, by an earlier click: the portal asks and is told so
        if urlsplit(back).scheme not in {"http", "https"}:
            return show(200, "", payment=world.portone.payments[payment_id], open=False)
        return RedirectResponse(_with(back, payment_id, refused), 303)

    return router


def _with(address: str, payment_id: str, refused: tuple[str, str] | None) -> str:
    parts = urlsplit(address)
    said = [*parse_qsl(parts.query), ("paymentId", payment_id)]
    if refused is not None:
        said += [("code", refused[0]), ("message", refused[1])]
    return urlunsplit(parts._replace(query=urlencode(said)))
