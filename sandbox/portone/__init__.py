"""The sandbox's PortOne V2, judged by the official `portone-server-sdk`."""

import hmac
import json
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request

from sandbox.portone.accounts import build_accounts_router
from sandbox.portone.billing_keys import build_billing_keys_router
from sandbox.portone.cash_receipts import build_cash_receipts_router
from sandbox.portone.checkout import build_checkout_router
from sandbox.portone.errors import ErrorType, PortOneFailure
from sandbox.portone.identity import build_identity_router
from sandbox.portone.payments import build_payments_router
from sandbox.portone.state import PortOneState, PortOneWorld
from sandbox.portone.tax_invoices import build_tax_invoices_router
from sandbox.portone.virtual_accounts import build_virtual_accounts_router

__all__ = ["PortOneFailure", "PortOneState", "build_checkout_router", "build_router"]


async def _store_of(request: Request) -> str | None:
    """`storeId` from the query, `requestBody` of the query, or the JSON body."""
    if "storeId" in request.query_params:
        return request.query_params["storeId"]
    text = request.query_params.get("requestBody") or (await request.body()).decode(
        errors="replace"
    )
    try:
        body = json.loads(text or "{}")
    except ValueError:
        return None
    store = body.get("storeId") if isinstance(body, dict) else None
    return store if isinstance(store, str) else None


def build_router(world: PortOneWorld) -> APIRouter:
    """Everything under `/portone`; the secret and the store are checked for each call."""

    async def check_caller(request: Request, authorization: Annotated[str, Header()] = "") -> None:
        expected = f"PortOne {world.settings.portone_secret}"
        if not hmac.compare_digest(authorization.encode(), expected.encode()):
            raise PortOneFailure(ErrorType.UNAUTHORIZED, "인증 정보가 올바르지 않습니다.")
        if await _store_of(request) not in {None, world.settings.store_id}:
            raise PortOneFailure(ErrorType.FORBIDDEN, "요청이 거절되었습니다.")

    router = APIRouter(prefix="/portone", dependencies=[Depends(check_caller)])
    router.include_router(build_identity_router(world))
    router.include_router(build_payments_router(world))
    router.include_router(build_billing_keys_router(world))
    router.include_router(build_virtual_accounts_router(world))
    router.include_router(build_accounts_router(world))
    router.include_router(build_tax_invoices_router(world))
    router.include_router(build_cash_receipts_router(world))
    return router
