"""What all API models share: strict types, no unknown fields, the problem document's schema."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    create_model,
)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _iso_date(value: object) -> date:
    """A full date and nothing that merely looks like one: no numbers, no times."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("a date is YYYY-MM-DD")
    return date.fromisoformat(value)


IsoDate = Annotated[date, BeforeValidator(_iso_date)]


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _moment(value: object) -> datetime:
    """RFC 3339 with its offset, and no number that could be one."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("a time is RFC 3339 with its offset")
    return datetime.fromisoformat(value.upper())


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]


def _id(value: object) -> UUID:
    if not isinstance(value, str):
        raise ValueError("an id is a text")
    return UUID(value)


Id = Annotated[UUID, BeforeValidator(_id)]
"""An id in a body."""


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


class AnswerStruct(msgspec.Struct, frozen=True):
    """An answer of a hot read: documented like the other answers, written without being validated.

    Building and validating pydantic models of what our own tables hold costs as much as a
    statement (`docs/performance.md`); a test validates the bytes against the document instead.
    """

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _: object, handler: GetCoreSchemaHandler
    ) -> Mapping[str, object]:
        fields: dict[str, Any] = {
            field.name: (field.type, Field(alias=field.encode_name))
            for field in msgspec.structs.fields(cls)
        }
        model = create_model(
            cls.__name__, __base__=AnswerModel, __module__=cls.__module__, **fields
        )
        model.__doc__ = cls.__doc__
        return handler(model)


def values_of(kind: type[StrEnum]) -> Any:
    """For a text of an answer that is one of these; the document lists them, nothing checks them.

    Clients take an unknown one, too: docs/compatibility.md.
    """
    return Field(json_schema_extra={"enum": [str(value) for value in kind]})


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
