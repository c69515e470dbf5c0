"""The sandbox's own JSON interface for tests and scripts, below /_sandbox/v1."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Literal, TypeVar

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sandbox import clock_moves as moves
from sandbox.faults import PROVIDERS, Fault
from sandbox.groupware.state import IdTokenOverrides
from sandbox.portone import PortOneFailure
from sandbox.portone.billing_keys import (
    CARD_NUMBER,
    OUTCOMES,
    billing_key_json,
    decide_charges,
    delete_billing_key,
    issue_billing_key,
)
from sandbox.portone.console_actions import (
    approve,
    approve_identity,
    change_number,
    fail,
    hold,
    open_dispute,
    payment_json,
    resolve_disputes,
)
from sandbox.portone.virtual_accounts import deposit
from sandbox.site_api import add_openid, add_sites
from sandbox.world import World

T = TypeVar("T")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Approve(Strict):
    """Everything may be changed on purpose, to see the portal refuse it."""

    method: Literal["CARD", "TRANSFER"] = "CARD"
    channel_type: Literal["LIVE", "TEST"] = "LIVE"
    amount: int | None = None
    currency: str | None = None
    store_id: str | None = None
    vat: int | None = None
    cash_receipt: bool = False
    """The payer asks for a 현금영수증 in the window."""


class IssueBillingKey(Strict):
    """What the issuing window would do; the ids are those that the portal gave for it."""

    card: str = Field(pattern=CARD_NUMBER.pattern)
    expires: str | None = Field(default=None, pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")
    issue_id: str | None = None
    customer_id: str | None = None
    channel_type: Literal["LIVE", "TEST"] = "LIVE"
    store_id: str | None = None


class Deposit(Strict):
    """What somebody pays in, in KRW; what is asked for where no amount is named."""

    amount: int | None = Field(default=None, gt=0)
    name: str = "한빛상사"


class HoldAccount(Strict):
    """Whose a bank account is from now on."""

    name: str = Field(min_length=1)


class BankDepositLine(Strict):
    """What somebody pays into our own account, in KRW."""

    amount: int = Field(gt=0)
    name: str = Field(min_length=1, max_length=50)


class DecideCharges(Strict):
    """What becomes of a card's charges from now on."""

    outcome: str = Field(pattern=f"^({'|'.join(OUTCOMES)})$")


class ChangeNumber(Strict):
    """A person gets another phone and stays who they are."""

    former: str = Field(pattern="^01[0-9]{8,9}$")
    new: str = Field(pattern="^01[0-9]{8,9}$")


class MoveClock(Strict):
    now: AwareDatetime


def build_router(world: World) -> APIRouter:
    router = APIRouter(prefix="/_sandbox/v1")
    _add_messages(router, world)
    _add_payments(router, world)
    _add_billing_keys(router, world)
    add_sites(router, world)
    add_openid(router, world)
    _add_clock(router, world)
    _add_faults(router, world)
    return router


def _add_messages(router: APIRouter, world: World) -> None:
    @router.get("/messages")
    async def messages(to: str | None = None) -> dict[str, object]:
        found = world.messages.to(to)
        return {"items": [asdict(m) | {"at": m.at.isoformat()} for m in found]}


def _add_payments(router: APIRouter, world: World) -> None:
    @router.get("/payments")
    async def payments() -> dict[str, object]:
        return {"items": [payment_json(p) for p in world.portone.payments.values()]}

    @router.post("/payments/{payment_id}/approve")
    async def approve_payment(payment_id: str, body: Approve | None = None) -> Response:
        changed = (body or Approve()).model_dump()
        paid = await _action(lambda: approve(world, payment_id, **changed))
        return JSONResponse(payment_json(paid))

    @router.post("/payments/{payment_id}/hold")
    async def hold_payment(payment_id: str) -> Response:
        return JSONResponse(payment_json(await _action(lambda: hold(world, payment_id))))

    @router.post("/payments/{payment_id}/fail")
    async def fail_payment(payment_id: str) -> Response:
        failed = await _action(lambda: fail(world, payment_id))
        return JSONResponse(payment_json(failed))

    @router.put("/bank-accounts/{number}/holder", status_code=204)
    async def hold_account(number: str, body: HoldAccount) -> None:
        world.portone.account_holders[number] = body.name
        world.changed()

    @router.post("/identity-verifications/{identity_id}/approve", status_code=204)
    async def approve_person(identity_id: str) -> None:
        await _action(lambda: approve_identity(world, identity_id))

    @router.post("/people/change-number", status_code=204)
    async def give_number(body: ChangeNumber) -> None:
        change_number(world, body.former, body.new)

    @router.get("/webhooks")
    async def webhooks() -> dict[str, object]:
        return {"items": [asdict(message) for message in world.webhooks.sent]}

    @router.post("/webhooks/{webhook_id}/resend", status_code=204)
    async def resend(webhook_id: str, times: int = 1) -> None:
        for message in list(world.webhooks.sent):
            if message.id == webhook_id:
                for _ in range(max(1, min(times, 200))):
                    world.webhooks.deliver(message)
                return
        raise HTTPException(404, "webhook_not_found")


def _add_billing_keys(router: APIRouter, world: World) -> None:
    @router.get("/billing-keys")
    async def billing_keys() -> dict[str, object]:
        return {"items": [billing_key_json(k) for k in world.portone.billing_keys.values()]}

    @router.post("/billing-keys", status_code=201)
    async def issue(body: IssueBillingKey) -> dict[str, object]:
        key = issue_billing_key(world, **body.model_dump())
        return {"billing_key": key.key, "outcome": key.outcome}

    @router.put("/billing-keys/{billing_key}/charges", status_code=204)
    async def decide(billing_key: str, body: DecideCharges) -> None:
        _now(lambda: decide_charges(world, billing_key, body.outcome))

    @router.post("/virtual-accounts/{account}/deposit")
    async def pay_in(account: str, body: Deposit | None = None) -> dict[str, object]:
        wanted = body or Deposit()
        return payment_json(_now(lambda: deposit(world, account, wanted.amount, wanted.name)))

    @router.post("/payments/{payment_id}/disputes")
    async def dispute(payment_id: str) -> dict[str, object]:
        return payment_json(_now(lambda: open_dispute(world, payment_id)))

    @router.post("/payments/{payment_id}/disputes/resolve")
    async def resolve(payment_id: str) -> dict[str, object]:
        return payment_json(_now(lambda: resolve_disputes(world, payment_id)))

    @router.post("/bank-deposits", status_code=201)
    async def pay_into_ours(body: BankDepositLine) -> dict[str, object]:
        line = world.bank.add(body.amount, body.name, world.clock.now())
        world.changed()
        return asdict(line) | {"at": line.at.isoformat()}

    @router.get("/bank-deposits")
    async def statement() -> dict[str, object]:
        lines = [asdict(line) | {"at": line.at.isoformat()} for line in world.bank.deposits]
        return {"items": lines, "csv": world.bank.statement()}

    @router.delete("/billing-keys/{billing_key}", status_code=204)
    async def delete(billing_key: str) -> None:
        _now(lambda: delete_billing_key(world, billing_key))


def _now(action: Callable[[], T]) -> T:
    try:
        return action()
    except PortOneFailure as refused:
        raise HTTPException(refused.status, refused.body()) from refused


async def _action(action: Callable[[], Awaitable[T]]) -> T:
    try:
        return await action()
    except PortOneFailure as refused:
        raise HTTPException(refused.status, refused.body()) from refused


def _add_clock(router: APIRouter, world: World) -> None:
    @router.get("/clock")
    async def clock() -> dict[str, object]:
        return {"now": world.clock.now().isoformat()}

    @router.put("/clock")
    async def move_clock(body: MoveClock) -> Response:
        """Forward only. The portal moves first; it answers when everything due has run."""
        status, content, error = await moves.move_clock(world, body.now)
        if error is not None:
            return JSONResponse({"error": error}, status)
        return Response(content, status, media_type="application/json")


def _add_faults(router: APIRouter, world: World) -> None:
    @router.get("/faults")
    async def faults() -> dict[str, object]:
        return {name: fault.model_dump() for name, fault in world.faults.all().items()}

    @router.put("/faults/{provider}")
    async def put_fault(provider: str, body: Fault) -> dict[str, object]:
        if provider not in PROVIDERS:
            raise HTTPException(404, "provider_not_found")
        world.faults.put(provider, body)
        return body.model_dump()

    @router.delete("/faults", status_code=204)
    async def clear_faults() -> None:
        world.faults.clear()
        world.groupware.id_token = IdTokenOverrides()
