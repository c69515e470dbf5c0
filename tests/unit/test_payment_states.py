"""Payment states, and which reports of the provider are believed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from app.domain.errors import DomainError
from app.domain.payments import (
    PAYMENT_STATE_LABELS,
    ExpectedPayment,
    PaymentState,
    check_report,
    check_vat,
    step_payment,
)
from app.domain.provider_payments import (
    ChannelType,
    ReportedMethod,
    ReportedPayment,
    ReportedStatus,
)

ALLOWED = {
    ("READY", "PAID"),
    ("READY", "FAILED"),
    ("READY", "CANCELLED"),
    ("READY", "REFUND_DUE"),
    ("FAILED", "PAID"),
    ("FAILED", "CANCELLED"),
    ("FAILED", "REFUND_DUE"),
    ("CANCELLED", "PAID"),
    ("CANCELLED", "REFUND_DUE"),
    ("PAID", "REFUND_DUE"),
    ("PAID", "PARTIALLY_REFUNDED"),
    ("PAID", "REFUNDED"),
    ("PARTIALLY_REFUNDED", "REFUND_DUE"),
    ("PARTIALLY_REFUNDED", "REFUNDED"),
    ("REFUND_DUE", "REFUNDED"),
    ("REFUND_DUE", "PAID"),
    ("REFUND_DUE", "PARTIALLY_REFUNDED"),
}


@pytest.mark.parametrize(("current", "to"), list(product(PaymentState, PaymentState)))
def test_each_payment_step_is_allowed_or_refused(current: PaymentState, to: PaymentState) -> None:
    if (current.value, to.value) in ALLOWED:
        assert step_payment(current, to) is to
        return
    with pytest.raises(DomainError) as refused:
        step_payment(current, to)
    assert refused.value.code == "payment_state_conflict"
    assert refused.value.facts == {"current": current.value, "wanted": to.value}


def test_every_payment_state_has_a_label() -> None:
    assert set(PAYMENT_STATE_LABELS) == set(PaymentState)


ORDERED_AT = datetime(2026, 11, 24, 3, 0, 0, 500_000, tzinfo=UTC)
PAID_AT = datetime(2026, 11, 24, 3, 5, tzinfo=UTC)
EXPECTED = ExpectedPayment(
    payment_id="pay-1",
    store_id="store-1",
    channel_key="channel-1",
    amount=583_000,
    vat=53_000,
    ordered_at=ORDERED_AT,
)
REPORTED = ReportedPayment(
    id="pay-1",
    transaction_id="tx-1",
    status=ReportedStatus.PAID,
    store_id="store-1",
    channel_key="channel-1",
    channel_type=ChannelType.LIVE,
    order_name="클라우드 공유형",
    amount_total=583_000,
    vat=53_000,
    paid=583_000,
    cancelled=0,
    currency="KRW",
    requested_at=PAID_AT,
    paid_at=PAID_AT,
    failed_at=None,
    failure_code=None,
    method=ReportedMethod.CARD,
    card_issuer=None,
    card_name=None,
    card_last4=None,
    approval_number=None,
    receipt_url=None,
)


@pytest.mark.parametrize("production", [True, False])
def test_a_report_as_expected_is_believed(production: bool) -> None:
    assert check_report(REPORTED, EXPECTED, production) == ()
    assert check_vat(REPORTED, EXPECTED) == ()


@pytest.mark.parametrize("production", [True, False])
@pytest.mark.parametrize(
    ("reported", "flag"),
    [
        (replace(REPORTED, id="pay-2"), "payment_id_mismatch"),
        (replace(REPORTED, store_id="store-2"), "store_mismatch"),
        (replace(REPORTED, channel_key="channel-2"), "channel_mismatch"),
        (replace(REPORTED, channel_key=None), "channel_mismatch"),
        (replace(REPORTED, amount_total=582_999), "amount_mismatch"),
        (replace(REPORTED, amount_total=583_001), "amount_mismatch"),
        (replace(REPORTED, currency="USD"), "currency_mismatch"),
        (
            replace(REPORTED, paid_at=datetime(2026, 11, 24, 2, 59, 59, tzinfo=UTC)),
            "paid_before_order",
        ),
    ],
)
def test_one_thing_wrong_is_told_as_such(
    reported: ReportedPayment, flag: str, production: bool
) -> None:
    assert check_report(reported, EXPECTED, production) == (flag,)


@pytest.mark.parametrize("channel_type", [ChannelType.TEST, None])
def test_a_channel_that_is_not_live_counts_as_money_only_outside_production(
    channel_type: ChannelType | None,
) -> None:
    reported = replace(REPORTED, channel_type=channel_type)
    assert check_report(reported, EXPECTED, production=True) == ("channel_not_live",)
    assert check_report(reported, EXPECTED, production=False) == ()


def test_the_second_of_the_order_is_not_before_it() -> None:
    same_second = replace(REPORTED, paid_at=ORDERED_AT.replace(microsecond=0))
    assert check_report(same_second, EXPECTED, production=True) == ()
    second_before = replace(same_second, paid_at=same_second.requested_at - timedelta(minutes=6))
    assert check_report(second_before, EXPECTED, production=True) == ("paid_before_order",)


def test_a_payment_that_is_not_paid_yet_is_not_before_its_order() -> None:
    assert check_report(replace(REPORTED, paid_at=None), EXPECTED, production=True) == ()


def test_everything_wrong_is_told_at_once() -> None:
    reported = replace(
        REPORTED,
        id="x",
        store_id="x",
        channel_key="x",
        channel_type=ChannelType.TEST,
        amount_total=1,
        currency="USD",
        paid_at=datetime(2020, 1, 1, tzinfo=UTC),
    )
    assert check_report(reported, EXPECTED, production=True) == (
        "payment_id_mismatch",
        "store_mismatch",
        "channel_mismatch",
        "channel_not_live",
        "amount_mismatch",
        "currency_mismatch",
        "paid_before_order",
    )


def test_another_vat_is_flagged_and_sends_nothing_back() -> None:
    reported = replace(REPORTED, vat=52_999)
    assert check_report(reported, EXPECTED, production=True) == ()
    assert check_vat(reported, EXPECTED) == ("vat_mismatch",)
    assert check_vat(replace(REPORTED, vat=0), EXPECTED) == ("vat_mismatch",)


def test_a_provider_that_tells_no_vat_contradicts_nothing() -> None:
    assert check_vat(replace(REPORTED, vat=None), EXPECTED) == ()
