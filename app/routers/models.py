"""What all API models share: strict types, no unknown fields, the problem document's schema."""

import re
from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _iso_date(value: object) -> date:
    """A full date and nothing that merely looks like one: no numbers, no times."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("a date is YYYY-MM-DD")
    return date.fromisoformat(value)


IsoDate = Annotated[date, BeforeValidator(_iso_date)]


def _whole(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


WHOLE = BeforeValidator(_whole)
"""JSON has one kind of number: 10.0 is the integer 10. Named after a number's bounds, so that the
document knows them."""
LINE = r"^[^ \x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^ \x00-\x1f\x7f])?$"
"""A line of text: no control characters, no blank at its ends."""
OPAQUE = r"^[A-Za-z0-9_.-]+$"
"""Tokens and secrets of ours."""
CODE = r"^[A-Za-z0-9_.-]+$"
"""Kinds and versions."""
NO_NUL = r"^[^\x00]*$"
"""For texts of any characters that PostgreSQL can keep."""


class RequestModel(BaseModel):
    """A body: unknown fields are refused, a number is never a string."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AnswerModel(BaseModel):
    """An answer, built by us and documented for clients."""

    model_config = ConfigDict(frozen=True)


class FieldErrorBody(AnswerModel):
    """One refused field of a problem document."""

    pointer: str = Field(description="JSON pointer (RFC 6901) into the body.")
    code: str = Field(description="Stable code of the reason.")
    message: str


class ProblemDocument(AnswerModel):
    """RFC 9457 problem document. Branch on `code`; `title` and `detail` are for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldErrorBody]
