"""The official PortOne SDK is the judge of the sandbox's PortOne."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from portone_server_sdk import errors
from portone_server_sdk.common import SelectedChannel
from portone_server_sdk.identity_verification import (
    FailedIdentityVerification,
    ReadyIdentityVerification,
    SendIdentityVerificationBodyCustomer,
    VerifiedIdentityVerification,
)
from portone_server_sdk.payment import (
    CancelledPayment,
    FailedPayment,
    IssuedPaymentCashReceipt,
    PaidPayment,
    PartialCancelledPayment,
    PaymentMethodCard,
    ReadyPayment,
    SucceededPaymentCancellation,
)

from sandbox.portone import PortOneFailure, PortOneState
from sandbox.portone.console_actions import (
    approve,
    approve_identity,
    fail,
    open_dispute,
    resolve_disputes,
)
from tests.contract.portone_judge import World, judged


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with judged() as world:
        yield world


def send(world: World, identity_id: str = "iv-1", method: str = "SMS", **changed: str) -> None:
    customer = SendIdentityVerificationBodyCustomer(
        name=changed.get("name", "홍길동"),
        phone_number=changed.get("phone", "01012345678"),
        ip_address="127.0.0.1",
        identity_number=changed.get("number", "9003152"),
    )
    world.client().identity_verification.send_identity_verification(
        identity_verification_id=identity_id,
        channel_key=changed.get("channel", "channel-key-identity"),
        customer=customer,
        operator="SKT",
        method=method,
    )


def confirm(world: World, identity_id: str, otp: str | None) -> VerifiedIdentityVerification:
    return (
        world.client()
        .identity_verification.confirm_identity_verification(
            identity_verification_id=identity_id, otp=otp
        )
        .identity_verification
    )


def test_an_sms_identity_is_verified_with_the_code_from_the_phone(world: World) -> None:
    send(world)
    identities = world.client().identity_verification
    ready = identities.get_identity_verification(identity_verification_id="iv-1")
    assert isinstance(ready, ReadyIdentityVerification)
    assert world.messages.sent[-1][0] == "01012345678"
    customer = confirm(world, "iv-1", world.messages.last_otp()).verified_customer
    assert (customer.name, customer.birth_date, customer.gender) == (
        "홍길동",
        "1990-03-15",
        "FEMALE",
    )
    assert (customer.phone_number, customer.operator) == ("01012345678", "SKT")
    assert customer.is_foreigner is False
    assert customer.ci is not None
    assert len(customer.ci) == 88
    got = identities.get_identity_verification(identity_verification_id="iv-1")
    assert isinstance(got, VerifiedIdentityVerification)
    assert got.verified_customer.ci == customer.ci
    with pytest.raises(errors.IdentityVerificationAlreadyVerifiedError):
        send(world)


def test_the_same_person_has_the_same_ci_and_another_has_another(world: World) -> None:
    keys = []
    for identity_id, name in (("a", "홍길동"), ("b", "홍길동"), ("c", "김영희")):
        send(world, identity_id, name=name)
        keys.append(confirm(world, identity_id, world.messages.last_otp()).verified_customer.ci)
    assert keys[0] == keys[1] != keys[2]


def test_a_resent_code_replaces_the_first(world: World) -> None:
    send(world)
    first = world.messages.last_otp()
    client = world.client().identity_verification
    second = first
    while second == first:
        client.resend_identity_verification(identity_verification_id="iv-1")
        second = world.messages.last_otp()
    with pytest.raises(errors.PgProviderError):
        confirm(world, "iv-1", first)
    confirm(world, "iv-1", second)


def test_five_wrong_codes_fail_the_verification(world: World) -> None:
    send(world)
    for _ in range(5):
        with pytest.raises(errors.PgProviderError):
            confirm(world, "iv-1", "wrong")
    got = world.client().identity_verification.get_identity_verification(
        identity_verification_id="iv-1"
    )
    assert isinstance(got, FailedIdentityVerification)
    with pytest.raises(errors.PgProviderError):
        confirm(world, "iv-1", world.messages.last_otp())


def test_a_code_is_good_for_three_minutes(world: World) -> None:
    send(world)
    world.clock.time += timedelta(minutes=3, seconds=1)
    with pytest.raises(errors.PgProviderError):
        confirm(world, "iv-1", world.messages.last_otp())


async def test_an_app_identity_is_verified_after_the_person_confirms(world: World) -> None:
    await asyncio.to_thread(send, world, "iv-1", "APP")
    assert world.messages.sent == []
    with pytest.raises(errors.PgProviderError):
        await asyncio.to_thread(confirm, world, "iv-1", None)
    await approve_identity(world, "iv-1")
    verified = await asyncio.to_thread(confirm, world, "iv-1", None)
    assert verified.verified_customer.name == "홍길동"


def test_the_holder_of_a_bank_account_is_told(world: World) -> None:
    accounts = world.client().account
    found = accounts.get_platform_account_holder(bank="SHINHAN", account_number="110123456789")
    assert found.holder_name == "한빛상사"
    world.portone.account_holders["110123456789"] = "홍길동"
    again = accounts.get_platform_account_holder(bank="SHINHAN", account_number="110123456789")
    assert again.holder_name == "홍길동"
    with pytest.raises(errors.PlatformExternalApiFailedError):
        accounts.get_platform_account_holder(bank="SHINHAN", account_number="110123456000")
    with pytest.raises(errors.InvalidRequestError):
        accounts.get_platform_account_holder(bank="SHINHAN", account_number="110-123")


def test_identity_errors_are_the_classes_of_the_sdk(world: World) -> None:
    send(world)
    with pytest.raises(errors.IdentityVerificationAlreadySentError):
        send(world)
    with pytest.raises(errors.ChannelNotFoundError):
        send(world, "iv-2", channel="nowhere")
    with pytest.raises(errors.InvalidRequestError):
        send(world, "iv-2", phone="010-1234-5678")
    with pytest.raises(errors.InvalidRequestError):
        send(world, "iv-2", number="9013152")
    with pytest.raises(errors.IdentityVerificationNotFoundError):
        confirm(world, "iv-2", "000000")
    with pytest.raises(errors.InvalidRequestError):
        confirm(world, "iv-1", None)


def register(world: World, total: int = 583_000, tax_free: int | None = None) -> None:
    world.client().payment.pre_register_payment(
        payment_id="pay-1", total_amount=total, tax_free_amount=tax_free, currency="KRW"
    )


async def test_a_cash_receipt_of_the_window_is_told_with_the_payment(world: World) -> None:
    payments = world.client().payment
    await asyncio.to_thread(register, world)
    await approve(world, "pay-1", method="TRANSFER", cash_receipt=True)
    paid = await payments.get_payment_async(payment_id="pay-1")
    assert isinstance(paid, PaidPayment)
    assert isinstance(paid.cash_receipt, IssuedPaymentCashReceipt)
    assert (paid.cash_receipt.total_amount, paid.cash_receipt.type) == (583_000, "CORPORATE")


async def test_a_registered_payment_is_ready_then_paid_then_refunded(world: World) -> None:
    payments = world.client().payment
    await asyncio.to_thread(register, world)
    ready = await payments.get_payment_async(payment_id="pay-1")
    assert isinstance(ready, ReadyPayment)
    await approve(world, "pay-1")
    paid = await payments.get_payment_async(payment_id="pay-1")
    assert isinstance(paid, PaidPayment)
    assert isinstance(paid.method, PaymentMethodCard)
    assert paid.channel == SelectedChannel(
        "LIVE", "TOSSPAYMENTS", "sandbox-live", "channel-id-card", "channel-key-card", "카드"
    )
    amount = paid.amount
    assert (amount.total, amount.vat, amount.supply, amount.paid) == (
        583_000,
        53_000,
        530_000,
        583_000,
    )
    part = await payments.cancel_payment_async(
        payment_id="pay-1", reason="축소", amount=110_000, current_cancellable_amount=583_000
    )
    assert isinstance(part.cancellation, SucceededPaymentCancellation)
    assert (part.cancellation.total_amount, part.cancellation.vat_amount) == (110_000, 10_000)
    partial = await payments.get_payment_async(payment_id="pay-1")
    assert isinstance(partial, PartialCancelledPayment)
    assert partial.amount.cancelled == 110_000
    rest = await payments.cancel_payment_async(payment_id="pay-1", reason="해지")
    assert isinstance(rest.cancellation, SucceededPaymentCancellation)
    assert (rest.cancellation.total_amount, rest.cancellation.vat_amount) == (473_000, 43_000)
    whole = await payments.get_payment_async(payment_id="pay-1")
    assert isinstance(whole, CancelledPayment)
    assert world.webhooks.types() == [
        "Transaction.Paid",
        "Transaction.PartialCancelled",
        "Transaction.Cancelled",
    ]
    with pytest.raises(errors.PaymentAlreadyCancelledError):
        await payments.cancel_payment_async(payment_id="pay-1", reason="다시")
    with pytest.raises(errors.AlreadyPaidError):
        await asyncio.to_thread(register, world)


async def test_the_paid_webhook_names_store_payment_and_transaction(world: World) -> None:
    await approve(world, "pay-1", amount=1_000)
    target, kind, data = world.webhooks.sent[0]
    assert target == "portone"
    assert (kind, data["storeId"], data["paymentId"]) == (
        "Transaction.Paid",
        "store-sandbox",
        "pay-1",
    )
    assert set(data) == {"storeId", "paymentId", "transactionId"}


async def test_a_forged_approval_shows_in_the_payment(world: World) -> None:
    await asyncio.to_thread(register, world)
    await approve(
        world, "pay-1", channel_type="TEST", amount=1_000, currency="USD", store_id="other", vat=7
    )
    paid = await world.client().payment.get_payment_async(payment_id="pay-1")
    assert isinstance(paid, PaidPayment)
    assert (paid.channel.type, paid.channel.key) == ("TEST", "channel-key-card-test")
    assert (paid.amount.total, paid.amount.vat) == (1_000, 7)
    assert (paid.currency, paid.store_id) == ("USD", "other")


async def test_a_refused_card_can_be_tried_again(world: World) -> None:
    await asyncio.to_thread(register, world)
    first = await fail(world, "pay-1")
    got = await world.client().payment.get_payment_async(payment_id="pay-1")
    assert isinstance(got, FailedPayment)
    paid = await approve(world, "pay-1")
    assert paid.transaction_id != first.transaction_id
    assert world.webhooks.types() == ["Transaction.Failed", "Transaction.Paid"]
    with pytest.raises(PortOneFailure, match="ALREADY_PAID"):
        await approve(world, "pay-1")


async def test_an_unregistered_payment_needs_an_amount(world: World) -> None:
    with pytest.raises(PortOneFailure, match="INVALID_REQUEST"):
        await approve(world, "pay-1")
    assert world.portone.payments == {}


async def test_cancel_errors_are_the_classes_of_the_sdk(world: World) -> None:
    payments = world.client().payment
    with pytest.raises(errors.PaymentNotFoundError):
        await payments.cancel_payment_async(payment_id="pay-1", reason="x")
    await asyncio.to_thread(register, world, 11_000, 2_200)
    with pytest.raises(errors.PaymentNotPaidError):
        await payments.cancel_payment_async(payment_id="pay-1", reason="x")
    await approve(world, "pay-1")
    for error, amount, tax_free, vat, current in (
        (errors.CancelAmountExceedsCancellableAmountError, 11_001, None, None, None),
        (errors.CancellableAmountConsistencyBrokenError, 1_000, None, None, 10_999),
        (errors.CancelTaxFreeAmountExceedsCancellableTaxFreeAmountError, 5_000, 2_201, None, None),
        (errors.CancelTaxAmountExceedsCancellableTaxAmountError, 8_801, 0, None, None),
        (errors.CancelTaxAmountExceedsCancellableTaxAmountError, 8_000, 0, 801, None),
        (errors.SumOfPartsExceedsCancelAmountError, 1_000, 500, 501, None),
        (errors.InvalidRequestError, 0, None, None, None),
    ):
        with pytest.raises(error):
            await payments.cancel_payment_async(
                payment_id="pay-1",
                reason="x",
                amount=amount,
                tax_free_amount=tax_free,
                vat_amount=vat,
                current_cancellable_amount=current,
            )
    assert world.portone.payments["pay-1"].cancellations == ()


async def test_a_cancel_can_skip_its_webhook(world: World) -> None:
    await approve(world, "pay-1", amount=1_000)
    await world.client().payment.cancel_payment_async(
        payment_id="pay-1", reason="x", skip_webhook=True
    )
    assert world.webhooks.types() == ["Transaction.Paid"]


async def test_the_last_webhook_is_sent_again(world: World) -> None:
    payments = world.client().payment
    await asyncio.to_thread(register, world)
    with pytest.raises(errors.WebhookNotFoundError):
        await payments.resend_webhook_async(payment_id="pay-1")
    await approve(world, "pay-1")
    again = await payments.resend_webhook_async(payment_id="pay-1")
    assert again.webhook.trigger == "MANUAL"
    assert world.webhooks.sent[0] == world.webhooks.sent[1]


async def test_the_books_are_read_page_by_page(world: World) -> None:
    payments = world.client().payment
    for number in range(3):
        await approve(world, f"pay-{number}", amount=1_000)
        world.clock.time += timedelta(days=1)
    first = await payments.get_all_payments_by_cursor_async(size=2)
    second = await payments.get_all_payments_by_cursor_async(cursor=first.items[-1].cursor, size=2)
    assert [len(first.items), len(second.items)] == [2, 1]
    assert isinstance(second.items[0].payment, PaidPayment)
    assert second.items[0].payment.id == "pay-2"
    day = await payments.get_all_payments_by_cursor_async(
        from_="2026-03-03T00:00:00Z", until="2026-03-03T23:59:59Z"
    )
    assert len(day.items) == 1
    with pytest.raises(errors.InvalidRequestError):
        await payments.get_all_payments_by_cursor_async(size=1001)


async def test_another_secret_or_store_is_refused(world: World) -> None:
    with pytest.raises(errors.UnauthorizedError):
        await world.client(secret="wrong").payment.get_payment_async(payment_id="pay-1")
    other = world.client(store_id="other-store").payment
    with pytest.raises(errors.ForbiddenError):
        await other.get_payment_async(payment_id="pay-1")
    with pytest.raises(errors.ForbiddenError):
        await other.pre_register_payment_async(payment_id="pay-1", total_amount=1)
    with pytest.raises(errors.ForbiddenError):
        await other.get_all_payments_by_cursor_async()


async def test_the_state_survives_its_snapshot(world: World) -> None:
    await asyncio.to_thread(send, world)
    await approve(world, "pay-1", amount=1_000)
    loaded = PortOneState()
    loaded.load(json.loads(json.dumps(world.portone.dump())))
    assert loaded == world.portone


async def test_a_disputed_payment_tells_since_when_and_whether_it_is_decided(world: World) -> None:
    payments = world.client().payment
    with pytest.raises(PortOneFailure):
        open_dispute(world, "pay-0")
    await approve(world, "pay-1", amount=1_000)
    open_dispute(world, "pay-1")
    disputed = await payments.get_payment_async(payment_id="pay-1")
    assert isinstance(disputed, PaidPayment)
    (dispute,) = disputed.disputes or []
    assert (dispute.status, dispute.resolved_at) == ("UNRESOLVED", None)
    resolve_disputes(world, "pay-1")
    decided = await payments.get_payment_async(payment_id="pay-1")
    assert isinstance(decided, PaidPayment)
    assert [d.status for d in decided.disputes or []] == ["RESOLVED"]
    assert world.webhooks.types()[-2:] == [
        "Transaction.DisputeCreated",
        "Transaction.DisputeResolved",
    ]
