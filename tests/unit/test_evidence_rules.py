"""One kind of evidence for a payment, and what a refund makes of it."""

from datetime import UTC, date, datetime

import pytest

from app.domain.errors import DomainError
from app.domain.evidence import (
    Contact,
    EvidenceKind,
    ModificationReason,
    Recipient,
    Supplied,
    alarm_at,
    check_complete,
    corrected_by,
    evidence_of,
    held_by,
    missing_of,
    reason_of,
)
from app.domain.orders import PaymentMethod
from app.domain.registry import BusinessState, BusinessStatus

COMPLETE = Recipient(
    "1248100998",
    "한빛상사",
    "홍길동",
    "서울특별시 중구 세종대로 110",
    "도소매",
    "사무용품",
    (Contact("정도현", "tax@hanbit.example"),),
)


@pytest.mark.parametrize("method", PaymentMethod)
def test_every_method_has_one_kind(method: PaymentMethod) -> None:
    card = method in {PaymentMethod.CARD, PaymentMethod.BILLING_KEY}
    assert evidence_of(method) is (EvidenceKind.CARD_SLIP if card else EvidenceKind.TAX_INVOICE)


def test_a_fee_is_kept_and_no_supply() -> None:
    """Of a termination 360,000 go back: 360,000 supply and 36,000 VAT less a fee of 36,000."""
    assert corrected_by(360_000, 36_000, 36_000) == Supplied(-360_000, -36_000)


def test_all_of_it_back_cancels_the_contract_and_a_part_changes_what_it_costs() -> None:
    original = Supplied(530_000, 53_000)
    assert reason_of(original, corrected_by(583_000, 53_000, 0)) is (
        ModificationReason.CANCELLATION_OF_CONTRACT
    )
    assert reason_of(original, corrected_by(360_000, 36_000, 36_000)) is (
        ModificationReason.CHANGE_IN_SUPPLY_COST
    )


@pytest.mark.parametrize(
    ("written_on", "day"),
    [
        (date(2031, 1, 1), (2031, 2, 8)),
        (date(2031, 1, 31), (2031, 2, 8)),
        (date(2031, 12, 15), (2032, 1, 8)),
    ],
)
def test_somebody_is_woken_before_the_tenth_of_the_next_month(
    written_on: date, day: tuple[int, int, int]
) -> None:
    assert alarm_at(written_on) == datetime(*day, 1, 0, tzinfo=UTC)


def test_an_invoice_needs_its_recipient_whole() -> None:
    assert missing_of(COMPLETE) == ()
    check_complete(COMPLETE)
    bare = Recipient("1248100998", "한빛상사", None, None, None, None)
    with pytest.raises(DomainError, match="tax_invoice_information_required") as refused:
        check_complete(bare)
    assert [m["pointer"] for m in refused.value.facts["missing"]] == [  # type: ignore[index,union-attr]
        "/representative_name",
        "/road_address",
        "/business_type",
        "/business_class",
        "/contacts",
    ]


@pytest.mark.parametrize(
    ("state", "closed_on", "held"),
    [
        (BusinessState.ACTIVE, None, None),
        (BusinessState.SUSPENDED, None, "business_suspended"),
        (BusinessState.UNKNOWN, None, "business_unknown"),
        (BusinessState.CLOSED, None, "business_closed"),
        (BusinessState.CLOSED, date(2026, 3, 2), "business_closed"),
        (BusinessState.CLOSED, date(2026, 3, 3), None),
    ],
)
def test_an_invoice_goes_to_a_business_that_was_one_on_its_day(
    state: BusinessState, closed_on: date | None, held: str | None
) -> None:
    status = BusinessStatus("1248100998", state, None, closed_on)
    assert held_by(status, date(2026, 3, 2)) == held
