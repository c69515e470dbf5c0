"""Integer KRW: the two roundings of the product, and shares that add up."""

from collections.abc import Sequence

VAT_PERCENT = 10


def percent_of(amount: int, percent: int) -> int:
    """`percent` of an amount ≥ 0, rounded half up to a won."""
    return (amount * percent * 2 + 100) // 200


def rounded(numerator: int, denominator: int) -> int:
    """A quotient of whole numbers, the first ≥ 0 and the second > 0, rounded half up."""
    return (numerator * 2 + denominator) // (denominator * 2)


def vat_of(supply: int) -> int:
    """VAT of a supply amount, rounded towards zero (PRODUCT.md section 8, 6)."""
    vat = abs(supply) * VAT_PERCENT // 100
    return vat if supply >= 0 else -vat


def allot(amount: int, weights: Sequence[int]) -> list[int]:
    """Shares of `amount` in proportion to weights ≥ 0, by largest remainder, ties to the earlier.

    The shares add up to the amount; where all weights are 0, the amount must be 0 as well.
    """
    whole = sum(weights)
    if whole == 0:
        if amount:
            raise ValueError("nothing to allot to")
        return [0] * len(weights)
    shares = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % whole), i))
    for index in by_remainder[: amount - sum(shares)]:
        shares[index] += 1
    return shares
