"""What all API models share: strict types, no unknown fields, the problem document's schema."""

from pydantic import BaseModel, ConfigDict, Field


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
