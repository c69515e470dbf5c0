"""Entries of the ledger: balanced, and booked where the decision says."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.credit import CreditKind
from app.domain.ledger import (
    Account,
    EntryKind,
    JournalEntry,
    Owed,
    Period,
    Posting,
    Sale,
    Sold,
    adjusted,
    captured,
    charged_back,
    credited,
    deposited,
    ended,
    owed,
    placed,
    sent_back,
    vat_of_rest,
)

COMPANY, ORDER, PAYMENT, ITEM, REFUND = (UUID(int=n) for n in range(1, 6))


def sides(entry: JournalEntry | None) -> dict[str, int]:
    assert entry is not None
    return {posting.account: posting.amount for posting in entry.postings}


def sale(total: int = 583_000, vat: int = 53_000, credit_used: int = 0) -> Sale:
    year = Period(date(2026, 11, 24), date(2027, 11, 23))
    return Sale(ORDER, COMPANY, [Sold(ITEM, total - vat, year)], vat, total, credit_used)


def test_an_order_asks_for_its_total_and_names_the_days_that_are_sold() -> None:
    entry = placed(sale())
    assert sides(entry) == {"RECEIVABLE": 583_000, "SALES": -530_000, "VAT": -53_000}
    assert entry is not None
    [sold] = [p for p in entry.postings if p.account is Account.SALES]
    assert (sold.item_id, sold.period) == (ITEM, Period(date(2026, 11, 24), date(2027, 11, 23)))


def test_credit_pays_first_and_comes_back_with_the_order() -> None:
    used = sale(credit_used=83_000)
    assert sides(placed(used)) == {
        "RECEIVABLE": 500_000,
        "CREDIT": 83_000,
        "SALES": -530_000,
        "VAT": -53_000,
    }
    assert sides(ended(used)) == {
        "RECEIVABLE": -500_000,
        "CREDIT": -83_000,
        "SALES": 530_000,
        "VAT": 53_000,
    }


def test_an_order_that_credit_pays_whole_owes_nothing() -> None:
    assert sides(placed(sale(credit_used=583_000))) == {
        "CREDIT": 583_000,
        "SALES": -530_000,
        "VAT": -53_000,
    }


@pytest.mark.parametrize("total", [0, -1_100])
def test_an_order_that_asks_for_nothing_is_no_entry(total: int) -> None:
    nothing = Sale(ORDER, COMPANY, [Sold(ITEM, total, None)], 0, total)
    assert placed(nothing) is None
    assert ended(nothing) is None


def test_money_that_pays_an_order() -> None:
    entry = captured(COMPANY, ORDER, PAYMENT, 583_000)
    assert sides(entry) == {"PROVIDER": 583_000, "RECEIVABLE": -583_000}
    assert (entry.kind, entry.subject_id) == (EntryKind.CAPTURED, PAYMENT)
    deposit = uuid4()
    part = deposited(COMPANY, ORDER, PAYMENT, deposit, 83_000)
    assert sides(part) == {"BANK": 83_000, "RECEIVABLE": -83_000}
    assert (part.kind, part.subject_id) == (EntryKind.DEPOSITED, deposit)


def test_money_that_pays_nothing_is_owed_until_it_went_back() -> None:
    late = Owed(REFUND, COMPANY, ORDER, PAYMENT, 583_000, 53_000, pays_nothing=True)
    assert sides(owed(late)) == {"PROVIDER": 583_000, "REFUNDS_PAYABLE": -583_000}
    assert sides(sent_back(late, Account.PROVIDER)) == {
        "REFUNDS_PAYABLE": 583_000,
        "PROVIDER": -583_000,
    }


def test_a_part_that_somebody_else_sent_back_is_owed_no_more() -> None:
    late = Owed(REFUND, COMPANY, ORDER, PAYMENT, 583_000, 53_000, pays_nothing=True)
    assert sides(adjusted(late, 500_000, 45_455)) == {
        "PROVIDER": -83_000,
        "REFUNDS_PAYABLE": 83_000,
    }
    assert adjusted(late, 583_000, 53_000) is None


def test_what_is_not_served_is_given_back_less_the_fee() -> None:
    ends = Owed(REFUND, COMPANY, ORDER, PAYMENT, 100_000, 10_000, fee=10_000)
    assert sides(owed(ends)) == {
        "SALES": 100_000,
        "VAT": 10_000,
        "REFUNDS_PAYABLE": -100_000,
        "FEES": -10_000,
    }


def test_another_vat_at_the_provider_moves_it_between_sales_and_vat() -> None:
    part = Owed(REFUND, COMPANY, ORDER, PAYMENT, 1_100, 100)
    assert sides(adjusted(part, 1_100, 99)) == {"SALES": 1, "VAT": -1}


def test_nothing_is_no_entry() -> None:
    none = Owed(REFUND, COMPANY, ORDER, PAYMENT, 0, 0)
    assert owed(none) is None
    assert sent_back(none, Account.PROVIDER) is None


def test_what_is_put_to_the_balance() -> None:
    served = credited(COMPANY, uuid4(), CreditKind.NOT_SERVED, 1_000, 100, ORDER, ITEM)
    assert sides(served) == {"SALES": 1_000, "VAT": 100, "CREDIT": -1_100}
    present = credited(COMPANY, uuid4(), CreditKind.GOODWILL, 5_000, 0)
    assert sides(present) == {"GOODWILL": 5_000, "CREDIT": -5_000}


def test_a_chargeback_takes_money_from_the_provider() -> None:
    entry = charged_back(COMPANY, ORDER, PAYMENT, 583_000)
    assert sides(entry) == {"CHARGEBACKS": 583_000, "PROVIDER": -583_000}


def test_an_entry_that_is_not_balanced_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="unbalanced"):
        JournalEntry(EntryKind.CAPTURED, PAYMENT, COMPANY, (Posting(Account.PROVIDER, 1),))
    with pytest.raises(ValueError, match="empty"):
        JournalEntry(EntryKind.CAPTURED, PAYMENT, COMPANY, ())


@pytest.mark.parametrize(
    ("vat", "total", "used", "rest"),
    [
        (53_000, 583_000, 0, 53_000),
        (53_000, 583_000, 83_000, 45_455),  # 53,000 − floor(53,000 × 83,000 / 583,000 = 7,545.4)
        (53_000, 583_000, 583_000, 0),
        (1, 19, 18, 1),
    ],
)
def test_the_vat_of_what_credit_leaves_to_pay(vat: int, total: int, used: int, rest: int) -> None:
    assert vat_of_rest(vat, total, used) == rest


@given(st.integers(1, 10**9), st.data())
def test_the_vat_of_the_rest_fits_into_the_rest(total: int, data: st.DataObject) -> None:
    vat = data.draw(st.integers(0, total // 11))
    used = data.draw(st.integers(0, total))
    rest = vat_of_rest(vat, total, used)
    assert 0 <= rest <= vat
    assert rest <= total - used or used == total
