"""The Python SDK: async and typed, playing the main job; an error is an object of its type."""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.e2e.stack import Stack
from tests.flows import business_number
from tools import sdks


@pytest.fixture(scope="module")
def portal(made: None) -> Iterator[ModuleType]:
    sys.path.insert(0, str(sdks.BUILD / "python"))
    yield importlib.import_module("customer_portal_client.portal")
    sys.path.remove(str(sdks.BUILD / "python"))


@pytest.fixture(scope="module")
def models(portal: ModuleType) -> ModuleType:
    return importlib.import_module("customer_portal_client.models")


def agreed(models: ModuleType, *kinds: str) -> list[Any]:
    return [models.ConsentRequest(kind=kind, version="2023-09", agreed=True) for kind in kinds]


async def sign_up(stack: Stack, portal: ModuleType, models: ModuleType, client: Any) -> str:
    """The access token of a new company."""
    suffix = f"{uuid4().int % 10**8:08d}"
    phone = f"010{suffix}"
    business = await portal.BusinessVerifications.create(
        client=client,
        body=models.VerifyBusinessRequest(
            business_number=business_number(), company_name="한빛상사"
        ),
    )
    started = await portal.IdentityVerifications.start(
        client=client,
        body=models.StartIdentityRequest.from_dict(
            {
                "purpose": "SIGN_UP",
                "method": "SMS",
                "carrier": "SKT",
                "name": "홍길동",
                "birth_date": "1985-03-01",
                "gender_digit": "1",
                "phone": phone,
                "consents": [
                    {"kind": kind, "version": "2023-09", "agreed": True}
                    for kind in (
                        "IDENTITY_PRIVACY",
                        "IDENTITY_UNIQUE_ID",
                        "IDENTITY_CARRIER",
                        "IDENTITY_AGENCY",
                    )
                ],
            }
        ),
    )
    inbox = stack.sandbox("GET", f"/messages?to={phone}")
    person = await portal.IdentityVerifications.confirm(
        started.id,
        client=client,
        body=models.ConfirmIdentityRequest(
            client_secret=started.client_secret, otp=inbox["items"][-1]["otp"]
        ),
    )
    signed_up = await portal.Accounts.sign_up_corporate(
        client=client,
        body=models.SignUpCorporateRequest(
            business_verification_token=business.verification_token,
            identity_verification_token=person.verification_token,
            login_id=f"py{suffix}",
            password="correct horse battery",
            company_name="한빛상사",
            contact=models.SignUpContactRequest(email=f"py{suffix}@hanbit.example"),
            consents=agreed(models, "PRIVACY", "AGE_14", "SERVICE_TERMS"),
            client_type="NATIVE",
        ),
    )
    return str(signed_up.session.access_token)


async def test_it_plays_the_main_job(stack: Stack, portal: ModuleType, models: ModuleType) -> None:
    from customer_portal_client import AuthenticatedClient, Client  # noqa: PLC0415

    base = f"http://127.0.0.1:{stack.ports[0]}"
    async with Client(base_url=base) as nobody:
        token = await sign_up(stack, portal, models, nobody)
    async with AuthenticatedClient(base_url=base, token=token) as client:
        await orders(stack, portal, models, client)


async def orders(stack: Stack, portal: ModuleType, models: ModuleType, client: Any) -> None:
    """A total that is wrong, then the right one, paid."""
    wanted: dict[str, Any] = {"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}
    price = await portal.PricePreviews.create(
        client=client, body=models.PricePreviewRequest.from_dict({"items": [wanted]})
    )
    site = {
        "name": "한빛",
        "subdomain": f"py-{uuid4().hex[:10]}",
        "admin_name": "홍길동",
        "admin_login_id": "admin",
        "admin_email": "admin@hanbit.example",
    }
    body = {
        "items": [wanted | {"site": site}],
        "expected_total": price.total,
        "payment_method": "CARD",
        "consents": [
            {"kind": kind, "version": "2023-09", "agreed": True}
            for kind in ("SERVICE_CONTRACT", "EARLY_TERMINATION")
        ],
    }
    wrong = await portal.Orders.create(
        client=client,
        body=models.PlaceOrderRequest.from_dict(body | {"expected_total": 1}),
        idempotency_key=uuid4().hex,
    )
    assert isinstance(wrong, models.PriceChangedProblem)
    assert (wrong.code, wrong.status) == ("price_changed", 409)
    order = await portal.Orders.create(
        client=client,
        body=models.PlaceOrderRequest.from_dict(body),
        idempotency_key=uuid4().hex,
    )
    assert isinstance(order, models.OrderBody)
    assert (order.number[:4], order.total) == ("ORD-", 583_000)
    assert isinstance(order.id, UUID)
    payment = await portal.Orders.start_payment(
        order.id,
        client=client,
        body=models.StartPaymentRequest(method="CARD"),
        idempotency_key=uuid4().hex,
    )
    stack.sandbox("POST", f"/payments/{payment.id}/approve", {})
    paid = await portal.Payments.complete(payment.id, client=client)
    assert paid.status == "PAID"
