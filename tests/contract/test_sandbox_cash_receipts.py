"""The official PortOne SDK is the judge of the sandbox's cash receipts."""

from collections.abc import AsyncIterator

import pytest
from portone_server_sdk import errors
from portone_server_sdk.common import PaymentAmountInput
from portone_server_sdk.payment.cash_receipt import (
    CancelledCashReceipt,
    CashReceiptSummary,
    IssueCashReceiptCustomerInput,
    IssuedCashReceipt,
)

from sandbox.portone.console_actions import approve
from tests.contract.portone_judge import World, judged


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with judged() as world:
        yield world


def issue(
    world: World,
    payment_id: str = "pay-1",
    number: str = "1248100998",
    channel: str = "channel-key-cash-receipt",
    total: int = 583_000,
) -> CashReceiptSummary:
    answer = world.client().cash_receipt.issue_cash_receipt(
        payment_id=payment_id,
        channel_key=channel,
        type="CORPORATE",
        order_name="2026030200001",
        currency="KRW",
        amount=PaymentAmountInput(total=total, vat=53_000),
        customer=IssueCashReceiptCustomerInput(identity_number=number),
    )
    return answer.cash_receipt


def test_one_is_issued_read_and_cancelled_as_a_whole_and_can_be_issued_again(world: World) -> None:
    receipts = world.client().cash_receipt
    with pytest.raises(errors.CashReceiptNotFoundError):
        receipts.get_cash_receipt_by_payment_id(payment_id="pay-1")
    with pytest.raises(errors.CashReceiptNotFoundError):
        receipts.cancel_cash_receipt_by_payment_id(payment_id="pay-1")
    made = issue(world)
    with pytest.raises(errors.CashReceiptAlreadyIssuedError):
        issue(world)
    found = receipts.get_cash_receipt_by_payment_id(payment_id="pay-1")
    assert isinstance(found, IssuedCashReceipt)
    assert (found.issue_number, found.url) == (made.issue_number, made.url)
    assert (found.amount, found.vat_amount, found.type) == (583_000, 53_000, "CORPORATE")
    assert found.is_manual
    assert (
        receipts.cancel_cash_receipt_by_payment_id(payment_id="pay-1").cancelled_amount == 583_000
    )
    assert isinstance(
        receipts.get_cash_receipt_by_payment_id(payment_id="pay-1"), CancelledCashReceipt
    )
    with pytest.raises(errors.CashReceiptNotIssuedError):
        receipts.cancel_cash_receipt_by_payment_id(payment_id="pay-1")
    assert issue(world).issue_number


def test_what_cannot_be_issued_is_refused_in_the_classes_of_the_sdk(world: World) -> None:
    with pytest.raises(errors.ChannelNotFoundError):
        issue(world, channel="nowhere")
    with pytest.raises(errors.InvalidRequestError):
        issue(world, number="124-81-00998")
    with pytest.raises(errors.InvalidRequestError):
        issue(world, total=52_999)
    with pytest.raises(errors.PgProviderError):
        issue(world, number="01000000000")


async def test_there_is_none_beside_the_windows(world: World) -> None:
    world.client().payment.pre_register_payment(
        payment_id="pay-1", total_amount=583_000, currency="KRW"
    )
    await approve(world, "pay-1", method="TRANSFER", cash_receipt=True)
    with pytest.raises(errors.CashReceiptAlreadyIssuedError):
        issue(world)
