"""Lines of a bank's statement: how they are read, and which payment they are likely for."""

from datetime import UTC, date, datetime, time
from uuid import UUID

import pytest

from app.domain.bank_deposits import (
    MatchReason,
    Portion,
    WaitingPayment,
    deposit_code,
    deposit_time,
    portion,
    propose,
    read_statement,
)
from app.domain.errors import DomainError

FIRST, SECOND = UUID(int=0x0193F2C8_7A4B), UUID(int=0x0193F2C8_7A4C)
HEADER = "거래일시,입금액,입금자명,거래번호"


def test_a_code_is_six_letters_and_digits_of_the_payment() -> None:
    codes = {deposit_code(payment) for payment in (FIRST, SECOND)}
    assert len(codes) == 2
    assert all(len(code) == 6 and code.isalnum() and code.isupper() for code in codes)


WAITING = [
    WaitingPayment(FIRST, "주식회사 한빛상사", 583_000),
    WaitingPayment(SECOND, "대한물산", 59_400),
]


def test_the_code_says_most_then_the_amount_then_the_name() -> None:
    name = f"대한물산 {deposit_code(FIRST).lower()}"
    proposals = propose(name, 59_400, WAITING)
    assert [(p.payment_id, p.reasons) for p in proposals] == [
        (FIRST, (MatchReason.CODE,)),
        (SECOND, (MatchReason.AMOUNT, MatchReason.NAME)),
    ]


@pytest.mark.parametrize(
    "name", ["한빛상사", "(주)한빛상사", "㈜ 한빛상사", "한빛", "한빛상사 홍길동"]
)
def test_names_are_compared_without_legal_form_and_as_banks_cut_them(name: str) -> None:
    assert [p.payment_id for p in propose(name, 1, WAITING)] == [FIRST]


@pytest.mark.parametrize("name", ["홍길동", "", "한"])
def test_of_no_hint_there_is_no_proposal(name: str) -> None:
    assert propose(name, 1, WAITING) == []


def test_parts_wait_and_what_is_too_much_is_told_apart() -> None:
    assert portion(100, 300) == Portion(100, 0)
    assert portion(300, 300) == Portion(300, 0)
    assert portion(301, 300) == Portion(300, 1)
    assert portion(100, 0) == Portion(0, 100)
    assert portion(100, -5) == Portion(0, 100)


def test_a_statement_is_read_in_korean_time_without_its_withdrawals() -> None:
    text = (
        f'\ufeff{HEADER}\n2026-11-25 09:30:00,"583,000",한빛상사,B1\n'
        "2026.11.25 10:00,0,출금,\n,,,\n2026/11/25 10:05,1000원,김담당,B2\n"
    )
    facts, errors = read_statement(text)
    assert errors == []
    assert [(f.amount, f.name, f.reference) for f in facts] == [
        (583_000, "한빛상사", "B1"),
        (1_000, "김담당", "B2"),
    ]
    assert facts[0].at == datetime(2026, 11, 25, 0, 30, tzinfo=UTC)


def test_two_lines_that_say_the_same_are_two_deposits_and_known_when_read_again() -> None:
    text = "거래일시,입금액,입금자명\n" + "2026-11-25 09:30,1000,김담당\n" * 2
    first, _ = read_statement(text)
    again, _ = read_statement(text)
    assert len({fact.reference for fact in first}) == 2
    assert [f.reference for f in first] == [f.reference for f in again]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("2026-11-25,-5,김담당,B", "amount_invalid"),
        ("2026-11-25,1e3,김담당,B", "amount_invalid"),
        ("2026-11-25,٣,김담당,B", "amount_invalid"),
        ("2026-11-25,1000000000000,김담당,B", "amount_invalid"),
        ("어제,1000,김담당,B", "time_invalid"),
        ("1970-01-01,1000,김담당,B", "time_invalid"),
        ("2026-11-25,1000,,B", "name_invalid"),
        (f"2026-11-25,1000,{'가' * 51},B", "name_invalid"),
        (f"2026-11-25,1000,김담당,{'B' * 61}", "reference_invalid"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_nothing_is_taken(line: str, code: str) -> None:
    facts, errors = read_statement(f"{HEADER}\n2026-11-25,1000,김담당,A\n{line}\n")
    assert facts == []
    assert [(error.line, error.code) for error in errors] == [(3, code)]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "거래일시,입금액\n"])
def test_a_file_without_its_columns_is_no_statement(text: str) -> None:
    facts, errors = read_statement(text)
    assert (facts, [error.code for error in errors]) == ([], ["columns_missing"])


def test_a_deposit_came_on_a_day_that_has_been() -> None:
    today = date(2026, 11, 25)
    assert deposit_time(today, time(9), today) == datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
    for day in (date(2026, 11, 26), date(1999, 12, 31), date.min):
        with pytest.raises(DomainError, match="deposit_day_invalid"):
            deposit_time(day, time(9), today)
