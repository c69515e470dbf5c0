"""multipart/form-data as a stream of events: nothing is kept but the part that just came.

FastAPI's own forms spool each file through memory and a temporary folder, and count a file's bytes
only when they have it whole.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from app.domain.uploads import (
    MAX_FILE_BYTES,
    MAX_FILES,
    FormEvent,
    PartBegins,
    PartBytes,
    PartEnds,
)
from app.errors import FieldError, Problem
from app.routers.models import RequestModel

MAX_FORM_BYTES: Final = MAX_FILES * MAX_FILE_BYTES + 256 * 1024
BODY_LIMIT_MARK: Final = "__portal_body_limit__"
STORAGE_PROBLEMS: Final = ("provider_unavailable", "provider_failed")
"""Of a store of objects that is away, or says no."""
FORM_PROBLEMS: Final = (
    "malformed_multipart",
    "multipart_required",
    "payload_too_large",
    "invalid_request",
    "form_field_invalid",
    "too_many_files",
    "file_too_large",
    "file_empty",
    "file_type_not_allowed",
    "file_type_mismatch",
    "upload_timeout",
    *STORAGE_PROBLEMS,
)
"""What every operation that takes files can answer."""
Endpoint = TypeVar("Endpoint", bound=Callable[..., object])
Form = TypeVar("Form", bound=RequestModel)


def takes_files(endpoint: Endpoint) -> Endpoint:
    """Marks an endpoint whose body may be as large as its files: `app.edge` reads it."""
    setattr(endpoint, BODY_LIMIT_MARK, MAX_FORM_BYTES)
    return endpoint


def takes_a_file(endpoint: Endpoint) -> Endpoint:
    """The same for one whose body is a file."""
    return takes_bytes(MAX_FILE_BYTES)(endpoint)


def takes_bytes(limit: int) -> Callable[[Endpoint], Endpoint]:
    """The same for one whose body has a limit of its own."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, BODY_LIMIT_MARK, limit)
        return endpoint

    return mark


def body_limits(routes: Iterable[APIRoute]) -> Mapping[str, int]:
    """By path: what a body may have where it is more than usual."""
    marked = ((route.path, getattr(route.endpoint, BODY_LIMIT_MARK, None)) for route in routes)
    return {path.partition("{")[0]: limit for path, limit in marked if limit is not None}


def form_body(model: type[RequestModel], *, files_required: bool) -> dict[str, Any]:
    """`openapi_extra` of an operation that takes the model's fields and `files`."""
    schema = model.model_json_schema()
    for name, field in schema["properties"].items():
        schema["properties"][name] = _without_null(field)
    schema["properties"]["files"] = {
        "type": "array",
        "items": {"type": "string", "format": "binary"},
        "minItems": int(files_required),
        "maxItems": MAX_FILES,
        "description": "PDF, JPEG or PNG, up to 10 MB each.",
    }
    if files_required:
        schema.setdefault("required", []).append("files")
    content = {"multipart/form-data": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """A form leaves out what it does not say: it has no null."""
    kinds: list[dict[str, Any]] = [k for k in field.get("anyOf", ()) if k != {"type": "null"}]
    if len(kinds) != 1:
        return field
    kept = {key: value for key, value in field.items() if key not in {"anyOf", "default"}}
    return kept | kinds[0]


def read_form(model: type[Form], words: dict[str, str]) -> Form:
    """The fields as a model. Raises `invalid_request`."""
    try:
        return model.model_validate(words)
    except ValidationError as refused:
        errors = tuple(
            FieldError("".join(f"/{part}" for part in error["loc"]), error["type"], error["msg"])
            for error in refused.errors()
        )
        raise Problem("invalid_request", errors=errors) from refused


async def form_events(request: Request) -> AsyncGenerator[FormEvent, None]:
    """The body's parts as they come.

    Raises `multipart_required`, and `malformed_multipart` for what is no whole form.
    """
    reader = _Reader(_boundary(request))
    try:
        async for chunk in request.stream():
            for event in reader.feed(chunk):
                yield event
    except (FormParserError, ClientDisconnect, UnicodeDecodeError) as broken:
        raise Problem("malformed_multipart") from broken
    if not reader.ended:
        raise Problem("malformed_multipart")


def _boundary(request: Request) -> bytes:
    media_type, options = parse_options_header(request.headers.get("content-type", ""))
    if media_type != b"multipart/form-data":
        raise Problem("multipart_required")
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:  # RFC 2046
        raise Problem("malformed_multipart")
    return boundary


class _Reader:
    """Turns the parser's callbacks into events, a chunk at a time."""

    def __init__(self, boundary: bytes) -> None:
        self.ended = False
        self._events: list[FormEvent] = []
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> list[FormEvent]:
        if chunk:
            self._parser.write(chunk)
        events, self._events = self._events, []
        return events

    def _begin(self) -> None:
        self._headers = {}

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if kind != b"form-data" or b"name" not in options:
            raise FormParserError("a part has no name")
        filename = options.get(b"filename")
        claimed = self._headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        self._events.append(
            PartBegins(
                options[b"name"].decode(),
                None if filename is None else filename.decode(),
                claimed.decode() or None,
            )
        )

    def _data(self, data: bytes, start: int, end: int) -> None:
        if end > start:
            self._events.append(PartBytes(data[start:end]))

    def _part_end(self) -> None:
        self._events.append(PartEnds())

    def _end(self) -> None:
        self.ended = True
