"""Virtual accounts, judged by the official PortOne SDK."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from portone_server_sdk import errors
from portone_server_sdk.common import PaymentAmountInput
from portone_server_sdk.payment import (
    CancelledPayment,
    CancelPaymentBodyRefundAccount,
    InstantPaymentMethodInput,
    InstantPaymentMethodInputVirtualAccount,
    InstantPaymentMethodInputVirtualAccountExpiry,
    InstantPaymentMethodInputVirtualAccountOption,
    PaidPayment,
    PaymentMethodVirtualAccount,
    VirtualAccountIssuedPayment,
)

from sandbox.portone import PortOneFailure, PortOneState
from sandbox.portone.virtual_accounts import deposit
from tests.contract.portone_judge import World, judged


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with judged() as world:
        yield world


async def issue(
    world: World, payment_id: str = "pay-1", **changed: str
) -> PaymentMethodVirtualAccount:
    due = (world.clock.now() + timedelta(days=7)).isoformat()
    expiry = InstantPaymentMethodInputVirtualAccountExpiry(due_date=changed.get("due", due))
    account = InstantPaymentMethodInputVirtualAccount(
        bank=changed.get("bank", "SHINHAN"),
        expiry=expiry,
        option=InstantPaymentMethodInputVirtualAccountOption(type="NORMAL"),
        remittee_name="다우오피스",
    )
    await world.client().payment.pay_instantly_async(
        payment_id=payment_id,
        channel_key=changed.get("channel", "channel-key-virtual-account"),
        method=InstantPaymentMethodInput(virtual_account=account),
        order_name="ORD-1",
        amount=PaymentAmountInput(total=583_000, vat=53_000),
        currency="KRW",
    )
    issued = await world.client().payment.get_payment_async(payment_id=payment_id)
    assert isinstance(issued, VirtualAccountIssuedPayment)
    assert isinstance(issued.method, PaymentMethodVirtualAccount)
    return issued.method


async def test_an_account_is_issued_with_its_bank_holder_and_last_moment(world: World) -> None:
    account = await issue(world)
    assert account.account_number.isdigit()
    assert (account.bank, account.remittee_name) == ("SHINHAN", "다우오피스")
    assert account.expired_at == (world.clock.now() + timedelta(days=7)).isoformat()
    assert world.webhooks.types() == ["Transaction.VirtualAccountIssued"]


async def test_a_deposit_makes_the_payment_paid(world: World) -> None:
    account = await issue(world)
    deposit(world, account.account_number, name="김담당")
    paid = await world.client().payment.get_payment_async(payment_id="pay-1")
    assert isinstance(paid, PaidPayment)
    assert (paid.amount.total, paid.amount.paid, paid.amount.vat) == (583_000, 583_000, 53_000)
    assert isinstance(paid.method, PaymentMethodVirtualAccount)
    assert paid.method.remitter_name == "김담당"
    assert world.webhooks.types()[-1] == "Transaction.Paid"


async def test_what_is_paid_in_twice_shows_in_what_was_paid(world: World) -> None:
    account = await issue(world)
    for _ in range(2):
        deposit(world, account.account_number)
    paid = await world.client().payment.get_payment_async(payment_id="pay-1")
    assert isinstance(paid, PaidPayment)
    assert (paid.amount.total, paid.amount.paid) == (583_000, 1_166_000)


async def test_an_account_that_is_closed_waits_for_nothing(world: World) -> None:
    await issue(world)
    payments = world.client().payment
    assert (await payments.close_virtual_account_async(payment_id="pay-1")).closed_at
    closed = await payments.get_payment_async(payment_id="pay-1")
    assert isinstance(closed, CancelledPayment)
    assert (closed.cancellations, closed.paid_at) == ([], None)
    with pytest.raises(errors.PaymentNotWaitingForDepositError):
        await payments.close_virtual_account_async(payment_id="pay-1")


async def test_money_of_an_account_goes_back_to_a_named_account_only(world: World) -> None:
    account = await issue(world)
    deposit(world, account.account_number)
    payments = world.client().payment
    with pytest.raises(errors.PgProviderError):
        await payments.cancel_payment_async(payment_id="pay-1", reason="환불")
    to = CancelPaymentBodyRefundAccount(
        bank="SHINHAN", number="110123456789", holder_name="한빛상사"
    )
    await payments.cancel_payment_async(payment_id="pay-1", reason="환불", refund_account=to)
    assert isinstance(await payments.get_payment_async(payment_id="pay-1"), CancelledPayment)


async def test_account_errors_are_the_classes_of_the_sdk(world: World) -> None:
    await issue(world)
    with pytest.raises(errors.AlreadyPaidError):
        await issue(world)
    with pytest.raises(errors.ChannelNotFoundError):
        await issue(world, "pay-2", channel="channel-key-card")
    with pytest.raises(errors.InvalidRequestError):
        await issue(world, "pay-2", bank="NO_BANK")
    with pytest.raises(errors.InvalidRequestError):
        await issue(world, "pay-2", due="2020-01-01T00:00:00Z")
    with pytest.raises(errors.PaymentNotFoundError):
        await world.client().payment.close_virtual_account_async(payment_id="pay-3")
    with pytest.raises(PortOneFailure):
        deposit(world, "000")


async def test_accounts_survive_the_snapshot(world: World) -> None:
    account = await issue(world)
    deposit(world, account.account_number)
    loaded = PortOneState()
    loaded.load(json.loads(json.dumps(world.portone.dump())))
    assert loaded == world.portone
