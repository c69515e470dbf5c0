"""Amounts in words: what a bank clerk would read back is the amount."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.korean_words import LARGEST, amount_in_words, korean_number

DIGITS = {name: value for value, name in enumerate("영일이삼사오육칠팔구")}
SMALL = {"십": 10, "백": 100, "천": 1_000}
LARGE = {"만": 10**4, "억": 10**8, "조": 10**12, "경": 10**16}


def read_aloud(words: str) -> int:
    """A reader of Korean numbers that knows nothing of how they were written."""
    whole = group = digit = 0
    for letter in words:
        if letter in DIGITS:
            digit = DIGITS[letter]
        elif letter in SMALL:
            group += digit * SMALL[letter]
            digit = 0
        else:
            whole += (group + digit) * LARGE[letter]
            group = digit = 0
    return whole + group + digit


@pytest.mark.parametrize(
    ("won", "words"),
    [
        (583_000, "금 오십팔만삼천원정"),
        (3_817_000, "금 삼백팔십일만칠천원정"),
        (113_560, "금 일십일만삼천오백육십원정"),  # the regulation's own example
        (0, "금 영원정"),
        (1, "금 일원정"),
        (10, "금 일십원정"),
        (10_000, "금 일만원정"),
        (100_000_000, "금 일억원정"),
        (1_000_100_010_001, "금 일조일억일만일원정"),
        (1_111, "금 일천일백일십일원정"),
    ],
)
def test_an_amount_in_words(won: int, words: str) -> None:
    assert amount_in_words(won) == words


@given(st.integers(0, LARGEST))
def test_whoever_reads_the_words_gets_the_number(number: int) -> None:
    assert read_aloud(korean_number(number)) == number


@given(st.integers(1, LARGEST))
def test_each_digit_has_its_own_word_so_that_nothing_can_be_put_before_it(number: int) -> None:
    words = korean_number(number)
    assert len(re.findall("[일이삼사오육칠팔구]", words)) == len(str(number).replace("0", ""))


@pytest.mark.parametrize("number", [-1, LARGEST + 1])
def test_what_has_no_words_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="Korean words"):
        korean_number(number)
