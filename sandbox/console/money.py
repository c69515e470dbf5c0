"""Console: cards that are charged automatically, virtual accounts, and our own bank account."""

from collections.abc import Callable

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from sandbox.forms import Form
from sandbox.portone import PortOneFailure
from sandbox.portone.billing_keys import (
    CARDS,
    OUTCOMES,
    decide_charges,
    delete_billing_key,
    issue_billing_key,
)
from sandbox.portone.virtual_accounts import close_account, deposit
from sandbox.world import World

PAGE = "/console/money"
OUTCOME_WORDS = {
    "APPROVED": "승인",
    "INSUFFICIENT_FUNDS": "한도 초과·잔액 부족",
    "DECLINED": "승인 거절",
    "LOST_OR_STOLEN": "분실·도난",
    "STOPPED": "정지",
    "EXPIRED": "유효기간 만료",
}
Show = Callable[..., HTMLResponse]


def add_money_pages(router: APIRouter, world: World, show: Show) -> None:
    """One page, and what its buttons do."""
    _add_page(router, world, show)
    _add_cards(router, world)
    _add_accounts(router, world)


def _add_page(router: APIRouter, world: World, show: Show) -> None:
    @router.get(PAGE)
    async def money(error: str = "", issued: str = "") -> HTMLResponse:
        portone = world.portone
        return show(
            "money",
            cards=[(number, OUTCOME_WORDS[outcome]) for number, outcome in CARDS.items()],
            outcomes=[(name, OUTCOME_WORDS[name]) for name in OUTCOMES],
            keys=list(reversed(portone.billing_keys.values())),
            accounts=[p for p in reversed(portone.payments.values()) if p.account is not None],
            deposits=list(reversed(world.bank.deposits)),
            issued=issued,
            error=error,
        )

    @router.get("/console/bank-statement.csv")
    async def statement() -> Response:
        headers = {"Content-Disposition": 'attachment; filename="statement.csv"'}
        text = "\ufeff" + world.bank.statement()
        return Response(text, headers=headers, media_type="text/csv; charset=utf-8")


def _add_cards(router: APIRouter, world: World) -> None:
    @router.post("/console/billing-keys")
    async def issue(sent: Form) -> Response:
        def work() -> str:
            key = issue_billing_key(
                world,
                sent.get("card", ""),
                issue_id=sent.get("issue_id") or None,
                customer_id=sent.get("customer_id") or None,
            )
            return f"?issued={key.key}"

        return _done(work)

    @router.post("/console/billing-keys/{key}")
    async def change(key: str, sent: Form) -> Response:
        def work() -> str:
            if sent.get("action") == "delete":
                delete_billing_key(world, key)
            else:
                decide_charges(world, key, sent.get("outcome", ""))
            return ""

        return _done(work)


def _add_accounts(router: APIRouter, world: World) -> None:
    @router.post("/console/virtual-accounts/{payment_id}")
    async def pay_in(payment_id: str, sent: Form) -> Response:
        def work() -> str:
            if sent.get("action") == "close":
                close_account(world, payment_id)
                return ""
            payment = world.portone.payments.get(payment_id)
            if payment is None or payment.account is None:
                raise HTTPException(404, "account_not_found")
            amount = _won(sent.get("amount", ""))
            deposit(world, payment.account.number, amount, sent.get("name") or "한빛상사")
            return ""

        return _done(work)

    @router.post("/console/bank-deposits")
    async def pay_into_ours(sent: Form) -> Response:
        amount, name = _won(sent.get("amount", "")), sent.get("name", "").strip()
        if amount is None or not 0 < len(name) <= 50:
            raise HTTPException(422, "invalid_deposit")
        world.bank.add(amount, name, world.clock.now())
        world.changed()
        return RedirectResponse(PAGE, 303)


def _won(text: str) -> int | None:
    """None: what is asked for."""
    digits = text.replace(",", "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 13 else None


def _done(work: Callable[[], str]) -> Response:
    """Back to the page, with what came of it."""
    try:
        return RedirectResponse(PAGE + work(), 303)
    except PortOneFailure as refused:
        return RedirectResponse(f"{PAGE}?error={refused.body()['type']}", 303)
