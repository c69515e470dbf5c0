"""Answers as bytes, made once."""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from fastapi import Response
from pydantic import BaseModel

from app.routers.models import AnswerStruct

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_encode = msgspec.json.Encoder().encode


def to_json(body: "AnswerStruct | BaseModel | DataclassInstance") -> bytes:
    """The bytes that are sent, in the order of the body's fields."""
    return _encode(body.model_dump(mode="json") if isinstance(body, BaseModel) else body)


def answer(body: AnswerStruct | BaseModel, headers: Mapping[str, str] | None = None) -> Response:
    """200 with the body. The route names the body's type as its `response_model`."""
    return Response(to_json(body), headers=headers, media_type="application/json")


def unless_known(body: bytes, if_none_match: str | None) -> Response:
    """What everybody may keep for a minute, with an ETag of its bytes; 304 to whoever has them."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "public, max-age=60"}
    if if_none_match is not None and etag in [tag.strip() for tag in if_none_match.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
