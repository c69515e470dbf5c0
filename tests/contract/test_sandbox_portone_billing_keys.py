"""Billing keys and their charges, judged by the official PortOne SDK."""

import json
from collections.abc import AsyncIterator

import pytest
from portone_server_sdk import errors
from portone_server_sdk.common import (
    CardCredential,
    CustomerInput,
    PaymentAmountInput,
)
from portone_server_sdk.payment import FailedPayment, PaidPayment, PaymentMethodCard
from portone_server_sdk.payment.billing_key import (
    BillingKeyPaymentMethodCard,
    DeletedBillingKeyInfo,
    InstantBillingKeyPaymentMethodInput,
    InstantBillingKeyPaymentMethodInputCard,
    IssuedBillingKeyInfo,
)

from sandbox.portone import PortOneState
from sandbox.portone.billing_keys import decide_charges, issue_billing_key
from tests.contract.portone_judge import World, judged


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with judged() as world:
        yield world


async def issue(world: World, number: str = "4518420000001234") -> str:
    credential = CardCredential(number=number, expiry_year="31", expiry_month="12")
    card = InstantBillingKeyPaymentMethodInputCard(credential=credential)
    answer = await world.client().billing_key.issue_billing_key_async(
        channel_key="channel-key-billing",
        method=InstantBillingKeyPaymentMethodInput(card=card),
        customer=CustomerInput(id="customer-1"),
    )
    return str(answer.billing_key_info.billing_key)


async def charge(world: World, key: str, payment_id: str = "pay-1") -> str:
    answer = await world.client().payment.pay_with_billing_key_async(
        payment_id=payment_id,
        billing_key=key,
        order_name="ORD-1",
        amount=PaymentAmountInput(total=583_000, vat=53_000),
        currency="KRW",
        customer=CustomerInput(id="customer-1"),
    )
    return str(answer.payment.paid_at)


async def test_an_issued_key_tells_whose_it_is_and_its_card_masked(world: World) -> None:
    key = await issue(world)
    info = await world.client().billing_key.get_billing_key_info_async(billing_key=key)
    assert isinstance(info, IssuedBillingKeyInfo)
    assert (info.store_id, info.customer.id) == ("store-sandbox", "customer-1")
    assert [channel.key for channel in info.channels] == ["channel-key-billing"]
    assert info.methods is not None
    method = info.methods[0]
    assert isinstance(method, BillingKeyPaymentMethodCard)
    assert method.card is not None
    assert (method.card.number, method.card.issuer) == ("451842******1234", "SHINHAN_CARD")
    assert world.webhooks.types() == ["BillingKey.Issued"]
    assert world.webhooks.sent[-1][2] == {"storeId": "store-sandbox", "billingKey": key}


async def test_a_key_of_the_window_carries_the_portals_issue_id(world: World) -> None:
    key = issue_billing_key(
        world, "4518420000001234", issue_id="issue-1", customer_id="company-1"
    ).key
    info = await world.client().billing_key.get_billing_key_info_async(billing_key=key)
    assert isinstance(info, IssuedBillingKeyInfo)
    assert (info.issue_id, info.customer.id) == ("issue-1", "company-1")


async def test_a_charge_is_a_paid_payment_once(world: World) -> None:
    key = await issue(world)
    await charge(world, key)
    payment = await world.client().payment.get_payment_async(payment_id="pay-1")
    assert isinstance(payment, PaidPayment)
    assert (payment.amount.total, payment.amount.vat) == (583_000, 53_000)
    assert payment.billing_key == key
    assert payment.channel.key == "channel-key-billing"
    assert isinstance(payment.method, PaymentMethodCard)
    assert world.webhooks.types() == ["BillingKey.Issued", "Transaction.Paid"]
    with pytest.raises(errors.AlreadyPaidError):
        await charge(world, key)


@pytest.mark.parametrize(
    ("number", "pg_code"),
    [
        ("4518420000000001", "REJECT_CARD_PAYMENT"),
        ("4518420000000002", "REJECT_CARD_COMPANY"),
        ("4518420000000003", "INVALID_CARD_LOST_OR_STOLEN"),
        ("4518420000000004", "INVALID_STOPPED_CARD"),
        ("4518420000000005", "INVALID_CARD_EXPIRATION"),
    ],
)
async def test_the_cards_number_decides_how_it_is_declined(
    world: World, number: str, pg_code: str
) -> None:
    key = await issue(world, number)
    with pytest.raises(errors.PgProviderError) as declined:
        await charge(world, key)
    assert declined.value.pg_code == pg_code
    payment = await world.client().payment.get_payment_async(payment_id="pay-1")
    assert isinstance(payment, FailedPayment)
    assert payment.failure.pg_code == pg_code
    assert world.webhooks.types()[-1] == "Transaction.Failed"


async def test_a_declined_payment_may_be_charged_again_under_its_id(world: World) -> None:
    key = await issue(world, "4518420000000001")
    with pytest.raises(errors.PgProviderError):
        await charge(world, key)
    first = await world.client().payment.get_payment_async(payment_id="pay-1")
    assert isinstance(first, FailedPayment)
    decide_charges(world, key, "APPROVED")
    await charge(world, key)
    second = await world.client().payment.get_payment_async(payment_id="pay-1")
    assert isinstance(second, PaidPayment)
    assert second.transaction_id != first.transaction_id


async def test_a_card_that_has_expired_is_declined_by_the_sandboxs_clock(world: World) -> None:
    key = await issue(world)
    world.clock.time = world.clock.time.replace(year=2032)
    with pytest.raises(errors.PgProviderError) as declined:
        await charge(world, key)
    assert declined.value.pg_code == "INVALID_CARD_EXPIRATION"


async def test_a_deleted_key_is_told_and_charges_nothing(world: World) -> None:
    key = await issue(world)
    client = world.client().billing_key
    assert (await client.delete_billing_key_async(billing_key=key)).deleted_at
    info = await client.get_billing_key_info_async(billing_key=key)
    assert isinstance(info, DeletedBillingKeyInfo)
    assert world.webhooks.types()[-1] == "BillingKey.Deleted"
    with pytest.raises(errors.BillingKeyAlreadyDeletedError):
        await client.delete_billing_key_async(billing_key=key)
    with pytest.raises(errors.BillingKeyAlreadyDeletedError):
        await charge(world, key)
    with pytest.raises(errors.PaymentNotFoundError):
        await world.client().payment.get_payment_async(payment_id="pay-1")


async def test_billing_key_errors_are_the_classes_of_the_sdk(world: World) -> None:
    with pytest.raises(errors.BillingKeyNotFoundError):
        await world.client().billing_key.get_billing_key_info_async(billing_key="nothing")
    with pytest.raises(errors.BillingKeyNotFoundError):
        await charge(world, "nothing")
    with pytest.raises(errors.InvalidRequestError):
        await issue(world, "12")
    other = world.client(store_id="other-store").billing_key
    with pytest.raises(errors.ForbiddenError):
        await other.get_billing_key_info_async(billing_key="nothing")


async def test_keys_survive_the_snapshot(world: World) -> None:
    await charge(world, await issue(world))
    loaded = PortOneState()
    loaded.load(json.loads(json.dumps(world.portone.dump())))
    assert loaded == world.portone
