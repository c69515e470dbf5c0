"""The steps of a price in words, Korean and English: what each line and discount came from."""

from app.domain.coupons import Coupon, CouponScope
from app.domain.money import percent_of
from app.domain.pricing import Discount, DiscountKind, Line, LineKind


def _won(amount: int) -> str:
    return f"{amount:,}"


def explain_line(line: Line, *, korean: bool) -> str:
    """`10명 × 4,000원 × 12개월 = 480,000원`."""
    unit_ko, unit_en = ("명", " users") if line.kind is LineKind.LICENCE else ("개", "")
    if line.months is None:
        ko, en = " (1회)", " (once)"
    else:
        ko, en = f" × {line.months}개월", f" × {line.months} months"
    if korean:
        return f"{line.quantity:,}{unit_ko} × {_won(line.unit_price)}원{ko} = {_won(line.amount)}원"
    return f"{line.quantity:,}{unit_en} × KRW {_won(line.unit_price)}{en} = KRW {_won(line.amount)}"


def explain_discount(discount: Discount, *, korean: bool) -> str:
    """The percent and what it was taken of; for a capped volume discount, why it stops there."""
    base, amount = _won(discount.base), _won(discount.amount)
    capped = discount.kind is DiscountKind.VOLUME and discount.amount != percent_of(
        discount.base, discount.percent
    )
    if capped:
        if korean:
            return f"다음 구간의 첫 수량보다 비싸지 않도록 {base}원에서 {amount}원 할인"
        return f"KRW {amount} off KRW {base}, so that the next bracket is never cheaper"
    if korean:
        return f"{base}원 × {discount.percent}% = {amount}원 할인"
    return f"KRW {base} × {discount.percent}% = KRW {amount} off"


def explain_coupon(coupon: Coupon, off: int, *, korean: bool) -> str:
    """What the coupon takes and from where."""
    licence = coupon.scope is CouponScope.LICENCE
    if coupon.percent is not None:
        what_ko = what_en = f"{coupon.percent}%"
    else:
        what_ko, what_en = f"{_won(coupon.amount or 0)}원", f"KRW {_won(coupon.amount or 0)}"
    if korean:
        return f"{'사용자 이용료' if licence else '주문 전체'}에서 {what_ko}: {_won(off)}원 할인"
    scope = "user licences" if licence else "the whole order"
    return f"{what_en} off {scope}: KRW {_won(off)} off"
