"""후불: who may order on terms, and what is said when."""

from datetime import UTC, date, datetime

import pytest

from app.domain.errors import DomainError
from app.domain.payment_terms import (
    GivenTerms,
    Owing,
    TermsStage,
    check_terms,
    due_on,
    next_stage,
)

NOTHING = Owing(0, overdue=False)


def test_an_order_has_the_days_that_its_company_was_given() -> None:
    assert check_terms(GivenTerms(30, None), NOTHING, 10**9) == 30
    assert check_terms(GivenTerms(60, 1_000), Owing(400, overdue=False), 600) == 60


@pytest.mark.parametrize(
    ("given", "owing", "code"),
    [
        (None, NOTHING, "payment_method_not_allowed"),
        (GivenTerms(30, None), Owing(1, overdue=True), "payment_terms_overdue"),
        (GivenTerms(30, 1_000), Owing(401, overdue=False), "credit_limit_exceeded"),
        (GivenTerms(30, 0), NOTHING, "credit_limit_exceeded"),
    ],
)
def test_without_terms_beyond_the_limit_or_while_overdue_there_is_none(
    given: GivenTerms | None, owing: Owing, code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        check_terms(given, owing, 600)
    assert (refused.value.code, refused.value.pointer) == (code, "/payment_method")


def test_the_day_of_the_delivery_is_not_counted() -> None:
    assert due_on(date(2026, 11, 25), 30) == date(2026, 12, 25)


def test_from_the_invoice_to_what_is_long_overdue() -> None:
    last_day, stage, said = date(2026, 12, 25), None, []
    while (step := next_stage(stage, last_day)) is not None:
        stage, at = step
        said.append((stage, at))
    assert said[1:] == [
        (TermsStage.DUE_SOON, datetime(2026, 12, 17, 15, tzinfo=UTC)),
        (TermsStage.OVERDUE, datetime(2026, 12, 25, 15, tzinfo=UTC)),
        (TermsStage.OVERDUE_7, datetime(2026, 12, 31, 15, tzinfo=UTC)),
        (TermsStage.OVERDUE_14, datetime(2027, 1, 7, 15, tzinfo=UTC)),
    ]
    first, at = said[0]
    assert first is TermsStage.INVOICED
    assert at < datetime(2026, 11, 25, tzinfo=UTC), "the invoice goes out with the delivery"
