"""The steps of a price in words, Korean and English: what each line and discount came from."""

from app.domain.coupons import Coupon, CouponScope
from app.domain.money import percent_of
from app.domain.orders import OrderType
from app.domain.periods import Span
from app.domain.prices import CreditBasis, Discount, DiscountKind, Line, LineKind


def _won(amount: int) -> str:
    return f"{amount:,}"


def _length(span: Span, *, korean: bool) -> str:
    """`12개월`, `8/31개월`, `(6개월 + 13/30개월)`."""
    unit = "개월" if korean else " months"
    part = f"{span.days}/{span.of}{unit}"
    if span.of is None or not span.days:
        return f"{span.whole}{unit}"
    return f"({span.whole}{unit} + {part})" if span.whole else part


_HALVES = {OrderType.ADD: ("추가", "added"), OrderType.EXTEND: ("연장", "extended")}


def _days(line: Line, *, korean: bool) -> str:
    """` (추가, 2023-09-21~2023-09-28)` for what joins a contract that is there already."""
    if line.half not in _HALVES or line.first_day is None or line.last_day is None:
        return ""
    ko, en = _HALVES[line.half]
    return f" ({ko if korean else en}, {line.first_day}~{line.last_day})"


def explain_line(line: Line, *, korean: bool) -> str:
    """`10명 × 4,000원 × 12개월 = 480,000원`."""
    if line.basis is not None:
        return _explain_credit(line, line.basis, korean=korean)
    if line.paid_before:
        return _explain_setup(line, korean=korean)
    unit_ko, unit_en = ("명", " users") if line.kind is LineKind.LICENCE else ("개", "")
    if line.months is None:
        ko, en = " (1회)", " (once)"
    else:
        span = Span(line.months, line.days, line.of)
        ko = f" × {_length(span, korean=True)}"
        en = f" × {_length(span, korean=False)}"
    days = _days(line, korean=korean)
    unit, amount = _won(line.unit_price), _won(line.amount)
    if korean:
        return f"{line.quantity:,}{unit_ko} × {unit}원{ko} = {amount}원{days}"
    return f"{line.quantity:,}{unit_en} × KRW {unit}{en} = KRW {amount}{days}"


def _explain_credit(line: Line, basis: CreditBasis, *, korean: bool) -> str:
    """What was paid, times what is left of it, over what it was sold for."""
    left = _length(Span(line.months or 0, line.days, line.of), korean=korean)
    sold = _length(basis.sold, korean=korean)
    if korean:
        return f"결제한 {_won(basis.net)}원 × 남은 {left} ÷ {sold} = {_won(-line.amount)}원 차감"
    return f"KRW {_won(basis.net)} paid × {left} left ÷ {sold} = KRW {_won(-line.amount)} off"


def _explain_setup(line: Line, *, korean: bool) -> str:
    whole, paid = _won(line.amount + line.paid_before), _won(line.paid_before)
    if korean:
        return f"{whole}원 - 이미 결제한 {paid}원 = {_won(line.amount)}원 (1회)"
    return f"KRW {whole} - KRW {paid} paid before = KRW {_won(line.amount)} (once)"


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
