"""Four eyes: what one operator begins and another one has to confirm (PRODUCT.md section 16)."""

from app.domain.errors import DomainError


def needs_second(amount: int, threshold: int) -> bool:
    """Whether KRW `amount` is for two operators; `threshold` is the first amount that is."""
    return amount >= threshold


def is_first_of_two(amount: int, threshold: int, approved_by: str | None, operator: str) -> bool:
    """Whether this confirmation waits for another operator's.

    Raises `second_operator_required` where the same operator confirms twice.
    """
    return needs_second(amount, threshold) and is_first(approved_by, operator)


def is_first(approved_by: str | None, operator: str) -> bool:
    """Whether nobody approved it before; of what two have to approve.

    Raises `second_operator_required` where the same operator approves twice.
    """
    if approved_by is not None:
        check_another(approved_by, operator)
    return approved_by is None


def check_another(first: str, operator: str) -> None:
    """Raises `second_operator_required` where both are one."""
    if first == operator:
        raise DomainError("second_operator_required")
