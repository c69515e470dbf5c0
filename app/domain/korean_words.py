"""Amounts in Korean words, as documents write them: 583,000 → 금 오십팔만삼천원정.

Source: 행정업무의 운영 및 혁신에 관한 규정 시행규칙, article 2 (its example: 금113,560원,
금일십일만삼천오백육십원): every digit is written, also the 1 before 십, 백, 천 and 만, so that
nothing can be put before it. 정 (整) at the end closes the amount.
"""

_DIGITS = ("", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구")
_IN_A_GROUP = ("", "십", "백", "천")
_GROUPS = ("", "만", "억", "조", "경")
LARGEST = 10**20 - 1


def korean_number(number: int) -> str:
    """A whole number in Korean words, in groups of four digits: 10,000 → 일만, 0 → 영.

    Raises ValueError below 0 and from 10^20 on (the groups end at 경).
    """
    if not 0 <= number <= LARGEST:
        raise ValueError("Korean words are for 0 to 10^20 - 1")
    if number == 0:
        return "영"
    words: list[str] = []
    for group in _GROUPS:
        number, four = divmod(number, 10_000)
        if four:
            words.append(_four_digits(four) + group)
    return "".join(reversed(words))


def _four_digits(four: int) -> str:
    digits = f"{four:04d}"
    return "".join(
        _DIGITS[int(digit)] + _IN_A_GROUP[3 - place]
        for place, digit in enumerate(digits)
        if digit != "0"
    )


def amount_in_words(won: int) -> str:
    """An amount of KRW ≥ 0: `금 오십팔만삼천원정`."""
    return f"금 {korean_number(won)}원정"
