"""PortOne: identity, payments and webhooks."""

import json
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
import respx
from standardwebhooks import Webhook

from app.adapters.portone import PortOneConnection
from app.adapters.portone_identity import PortOneIdentity
from app.adapters.portone_payments import PortOnePayments
from app.adapters.webhooks import GroupwareWebhooks, PortOneWebhooks
from app.domain.identity import Carrier, IdentityMethod, IdentityRequest, IdentityStatus
from app.domain.provider_errors import ProviderNonsense, ProviderRefused, ProviderUnavailable
from app.domain.provider_payments import CancelRequest, ChannelType, ReportedStatus
from app.domain.webhook_events import PaymentEventKind, WebhookFault, WebhookRefused

BASE = "http://portone.test"
MOMENT = "2026-03-02T01:02:03Z"
PAID = {
    "status": "PAID",
    "id": "pay-1",
    "transactionId": "tx-1",
    "merchantId": "m",
    "storeId": "store-1",
    "channel": {"type": "TEST", "key": "channel-1", "pgProvider": "TOSS", "pgMerchantId": "x"},
    "requestedAt": MOMENT,
    "paidAt": MOMENT,
    "orderName": "다우오피스",
    "amount": {"total": 11000, "taxFree": 0, "vat": 1000, "discount": 0, "paid": 11000}
    | {"cancelled": 0, "cancelledTaxFree": 0},
    "currency": "KRW",
    "method": {
        "type": "PaymentMethodCard",
        "card": {"issuer": "SHINHAN_CARD", "number": "433012******1234"},
    },
}
VERIFIED = {
    "status": "VERIFIED",
    "id": "iv-1",
    "verifiedAt": MOMENT,
    "verifiedCustomer": {"name": "홍길동", "birthDate": "1990-01-02", "ci": "CI", "di": "DI"},
}


async def no_wait(_seconds: float) -> None:
    return None


def connection() -> PortOneConnection:
    return PortOneConnection(BASE, "s3cret", "store-1", sleep=no_wait)


@respx.mock
async def test_a_paid_payment_is_reported_with_amount_vat_channel_and_card_end() -> None:
    route = respx.get(f"{BASE}/payments/pay-1").respond(json=PAID)
    payment = await PortOnePayments(connection()).get("pay-1")
    assert payment is not None
    assert payment.status is ReportedStatus.PAID
    assert (payment.amount_total, payment.vat, payment.cancellable) == (11000, 1000, 11000)
    assert (payment.channel_key, payment.channel_type) == ("channel-1", ChannelType.TEST)
    assert (payment.card_issuer, payment.card_last4) == ("SHINHAN_CARD", "1234")
    assert payment.paid_at == datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC)
    assert route.calls.last.request.headers["Authorization"] == "PortOne s3cret"


@respx.mock
async def test_a_payment_nobody_began_is_none() -> None:
    respx.get(f"{BASE}/payments/pay-1").respond(404, json={"type": "PAYMENT_NOT_FOUND"})
    assert await PortOnePayments(connection()).get("pay-1") is None


@pytest.mark.parametrize(
    "change",
    [
        {"id": "pay-2"},
        {"status": "SPENT"},
        {"paidAt": None},
        {"channel": None},
        {"paidAt": "2026-03-02T01:02:03"},
        {"amount": {"total": "11000"}},
    ],
)
@respx.mock
async def test_a_report_that_is_not_whole_is_nonsense(change: dict[str, object]) -> None:
    respx.get(f"{BASE}/payments/pay-1").respond(json=PAID | change)
    with pytest.raises(ProviderNonsense):
        await PortOnePayments(connection()).get("pay-1")


@respx.mock
async def test_an_amount_is_registered_in_won_before_the_payer_pays() -> None:
    route = respx.post(f"{BASE}/payments/pay-1/pre-register").respond(json={})
    await PortOnePayments(connection()).pre_register("pay-1", 11000)
    sent = json.loads(route.calls.last.request.content)
    assert sent == {"storeId": "store-1", "totalAmount": 11000, "currency": "KRW"}


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (409, "ALREADY_PAID", "ALREADY_DONE"),
        (401, "UNAUTHORIZED", "NOT_ALLOWED"),
        (400, "SOMETHING_NEW", "INVALID"),
    ],
)
@respx.mock
async def test_an_amount_that_is_not_registered_says_why(status: int, kind: str, code: str) -> None:
    respx.post(f"{BASE}/payments/pay-1/pre-register").respond(status, json={"type": kind})
    with pytest.raises(ProviderRefused) as caught:
        await PortOnePayments(connection()).pre_register("pay-1", 11000)
    assert (caught.value.code, caught.value.detail) == (code, kind)


@respx.mock
async def test_a_payment_that_only_waits_has_no_channel_and_no_method() -> None:
    ready = PAID | {"status": "READY", "paidAt": None, "channel": None, "method": None}
    respx.get(f"{BASE}/payments/pay-1").respond(json=ready)
    payment = await PortOnePayments(connection()).get("pay-1")
    assert payment is not None
    assert (payment.status, payment.method) == (ReportedStatus.READY, None)
    assert (payment.channel_type, payment.card_last4, payment.paid_at) == (None, None, None)


@respx.mock
async def test_all_of_a_payment_is_sent_back_by_naming_no_amount() -> None:
    made = {"id": "c-1", "status": "REQUESTED", "totalAmount": 11000, "vatAmount": 1000}
    route = respx.post(f"{BASE}/payments/pay-1/cancel").respond(
        json={"cancellation": made | {"requestedAt": MOMENT}}
    )
    result = await PortOnePayments(connection()).cancel(CancelRequest("pay-1", "해지", 11000))
    assert (result.status, result.amount, result.cancelled_at) == ("REQUESTED", 11000, None)
    sent = json.loads(route.calls.last.request.content)
    assert sent == {"storeId": "store-1", "reason": "해지", "currentCancellableAmount": 11000}


@respx.mock
async def test_a_cancellation_names_what_can_be_cancelled_and_is_repeated_when_lost() -> None:
    made = {"id": "c-1", "status": "SUCCEEDED", "totalAmount": 1100, "vatAmount": 100}
    route = respx.post(f"{BASE}/payments/pay-1/cancel").mock(
        side_effect=[
            httpx.RemoteProtocolError("dropped"),
            httpx.Response(200, json={"cancellation": made | {"requestedAt": MOMENT}}),
        ]
    )
    request = CancelRequest("pay-1", "환불", cancellable=11000, amount=1100, vat=100)
    result = await PortOnePayments(connection()).cancel(request)
    assert (result.amount, result.vat) == (1100, 100)
    assert json.loads(route.calls.last.request.content) == {
        "storeId": "store-1",
        "reason": "환불",
        "currentCancellableAmount": 11000,
        "amount": 1100,
        "vatAmount": 100,
    }
    assert route.call_count == 2


@respx.mock
async def test_a_lost_race_of_cancellations_is_told_as_amount_changed() -> None:
    respx.post(f"{BASE}/payments/pay-1/cancel").respond(
        409, json={"type": "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN", "message": "…"}
    )
    with pytest.raises(ProviderRefused) as caught:
        await PortOnePayments(connection()).cancel(CancelRequest("pay-1", "환불", 11000))
    assert caught.value.code == "AMOUNT_CHANGED"


@respx.mock
async def test_the_one_time_code_is_sent_once_even_when_the_connection_drops() -> None:
    route = respx.post(f"{BASE}/identity-verifications/iv-1/send").mock(
        side_effect=httpx.ReadError("dropped")
    )
    request = IdentityRequest(
        id="iv-1",
        method=IdentityMethod.SMS,
        carrier=Carrier.SKT,
        name="홍길동",
        birth_date=date(1990, 1, 2),
        gender_digit="1",
        phone="01012345678",
        ip_address="127.0.0.1",
    )
    with pytest.raises(ProviderUnavailable):
        await PortOneIdentity(connection(), "ch").send(request)
    assert route.call_count == 1
    body = json.loads(route.calls.last.request.content)
    assert body["customer"]["identityNumber"] == "9001021"
    assert "홍길동" not in repr(request)


@respx.mock
async def test_a_wrong_code_is_a_refusal_although_it_comes_as_502() -> None:
    respx.post(f"{BASE}/identity-verifications/iv-1/confirm").respond(
        502, json={"type": "PG_PROVIDER", "pgCode": "X", "pgMessage": "홍길동"}
    )
    with pytest.raises(ProviderRefused) as caught:
        await PortOneIdentity(connection(), "ch").confirm("iv-1", "000000")
    assert caught.value.code == "REJECTED"
    assert "홍길동" not in str(caught.value)


@respx.mock
async def test_a_confirmation_whose_answer_was_lost_is_reported_when_repeated() -> None:
    respx.post(f"{BASE}/identity-verifications/iv-1/confirm").respond(
        409, json={"type": "IDENTITY_VERIFICATION_ALREADY_VERIFIED"}
    )
    respx.get(f"{BASE}/identity-verifications/iv-1").respond(json=VERIFIED)
    report = await PortOneIdentity(connection(), "ch").confirm("iv-1", "123456")
    assert report.status is IdentityStatus.VERIFIED
    assert report.person is not None
    assert (report.person.birth_date, report.person.ci) == (date(1990, 1, 2), "CI")


NEW, OLD = "whsec_bmV3bmV3bmV3bmV3bmV3bmV3", "whsec_b2xkb2xkb2xkb2xkb2xkb2xk"
BODY = b'{"type":"Transaction.Paid","timestamp":"2026-03-02T01:02:03Z","data":{"paymentId":"p-1"}}'


def signed(body: bytes, secret: str = NEW, at: datetime | None = None) -> dict[str, str]:
    at = at or datetime.now(UTC)
    return {
        "Webhook-Id": "msg-1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("msg-1", at, body.decode()),
    }


@pytest.mark.parametrize("secret", [NEW, OLD])
def test_either_of_two_secrets_verifies_while_they_are_rotated(secret: str) -> None:
    event = PortOneWebhooks([NEW, OLD]).verify(signed(BODY, secret), BODY)
    assert (event.id, event.kind, event.payment_id) == (
        "msg-1",
        PaymentEventKind.PAYMENT_CHANGED,
        "p-1",
    )


def test_a_secret_that_is_neither_of_the_two_is_refused() -> None:
    strange = "whsec_c3RyYW5nZXN0cmFuZ2VzdHJhbmdl"
    with pytest.raises(WebhookRefused) as caught:
        PortOneWebhooks([NEW, OLD]).verify(signed(BODY, strange), BODY)
    assert caught.value.fault is WebhookFault.SIGNATURE


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_a_message_without_one_of_its_headers_is_refused(name: str) -> None:
    headers = signed(BODY)
    del headers[name]
    with pytest.raises(WebhookRefused):
        PortOneWebhooks([NEW]).verify(headers, BODY)


def test_a_message_may_be_four_minutes_old_and_not_six() -> None:
    now = datetime.now(UTC)
    fresh = signed(BODY, at=now - timedelta(minutes=4))
    assert PortOneWebhooks([NEW]).verify(fresh, BODY).id == "msg-1"
    with pytest.raises(WebhookRefused):
        PortOneWebhooks([NEW]).verify(signed(BODY, at=now - timedelta(minutes=6)), BODY)


@pytest.mark.parametrize("signature", ["", "v1", "v1,", "v1,%%%", "v1,a,b", "v2,AAAA", "v1,한글"])
def test_a_signature_of_any_other_form_is_refused(signature: str) -> None:
    headers = signed(BODY) | {"Webhook-Signature": signature}
    with pytest.raises(WebhookRefused) as caught:
        PortOneWebhooks([NEW]).verify(headers, BODY)
    assert caught.value.fault is WebhookFault.SIGNATURE


@pytest.mark.parametrize("year", [2020, 2099])
def test_an_old_or_future_message_is_refused(year: int) -> None:
    headers = signed(BODY, at=datetime(year, 1, 1, tzinfo=UTC))
    with pytest.raises(WebhookRefused):
        PortOneWebhooks([NEW]).verify(headers, BODY)


def test_another_body_or_bytes_that_are_no_text_are_refused() -> None:
    for body in (BODY + b" ", b"\xff\xfe"):
        with pytest.raises(WebhookRefused):
            PortOneWebhooks([NEW]).verify(signed(BODY), body)


def test_unknown_types_are_ignored_and_known_ones_must_be_whole() -> None:
    strange = b'{"type":"Moon.Full","data":{"paymentId":7}}'
    event = PortOneWebhooks([NEW]).verify(signed(strange), strange)
    assert event.kind is PaymentEventKind.IGNORED
    for body in (b'{"type":"Transaction.Paid","data":{}}', b"[]"):
        with pytest.raises(WebhookRefused) as caught:
            PortOneWebhooks([NEW]).verify(signed(body), body)
        assert caught.value.fault is WebhookFault.MALFORMED


def test_the_groupware_says_which_site_changed() -> None:
    body = b'{"type":"operation.succeeded","data":{"external_id":"s-1"}}'
    assert GroupwareWebhooks([NEW]).verify(signed(body), body).external_id == "s-1"
