"""ETags made of a row's revision, and the `If-Match` that names one (RFC 9110, PRODUCT.md 7)."""

from typing import Annotated, Final

from fastapi import Header

from app.domain.errors import DomainError

LONGEST: Final = 100
ETAG_HEADER = {"ETag": {"schema": {"type": "string"}, "description": "For If-Match."}}
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=LONGEST,
        description="The ETag of what was read.",
        examples=['"r1"'],
    ),
]


def etag_of(revision: int) -> str:
    """`"r3"` of revision 3."""
    return f'"r{revision}"'


def etag_of_all(*revisions: int) -> str:
    """`"r3.1.0"` of a page whose parts have revisions of their own."""
    return f'"r{".".join(map(str, revisions))}"'


def seen_revisions(if_match: str | None, parts: int) -> tuple[int, ...] | None:
    """The same for such a page. Raises `precondition_required` where the header is missing."""
    if if_match is None:
        raise DomainError("precondition_required")
    values = if_match.strip().removeprefix('"r').removesuffix('"').split(".")
    fits = all(value.isascii() and value.isdigit() and len(value) < 10 for value in values)
    return tuple(map(int, values)) if fits and len(values) == parts else None


def seen_revision(if_match: str | None) -> int | None:
    """The revision of an ETag of ours; None, which matches nothing, for any other.

    Raises `precondition_required` where the header is missing.
    """
    if if_match is None:
        raise DomainError("precondition_required")
    value = if_match.strip().removeprefix('"r').removesuffix('"')
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
