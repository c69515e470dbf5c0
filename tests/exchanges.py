"""What was really asked and answered, as examples of the contract: kept once, played ever after."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi.routing import APIRoute

from app.contract.examples import FOLDER

Json = Any
FREE = {"details"}
"""Fields whose own fields depend on what they are about."""
TAKEN = {"total"}
"""What has to be named as it is at the moment."""
LARGEST = 4000
"""Characters of an answer that still reads as an example."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SECRET = re.compile(r"(?<![A-Za-z0-9_.-])[A-Za-z0-9_.-]{40,}(?![A-Za-z0-9_.-])")
_MOMENTARY = re.compile(
    r"\d{4}-\d\d-\d\d.*|[0-9a-f]{12}@.*|01\d{8,9}|\d{10}|(user|s-|shop)[0-9a-f-]+|Q-.*"
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A JSON body that was sent, if any, and the JSON that came back with a success."""

    operation: str
    sent: Json
    status: int
    answered: Json


def operation_of(routes: Iterable[APIRoute], method: str, path: str) -> str | None:
    """Literal paths first, as the application finds them."""
    for route in sorted(routes, key=lambda route: bool(route.param_convertors)):
        if method in (route.methods or ()) and route.path_regex.match(path):
            return route.operation_id
    return None


def exchange(
    routes: Iterable[APIRoute], request: httpx.Request, answer: httpx.Response
) -> Exchange | None:
    """What there is to keep of a request whose body, and of an answer whose body, was read."""
    operation = operation_of(routes, request.method, request.url.path)
    if operation is None or not answer.is_success:
        return None
    sent = httpx.Response(200, content=request.content, headers=request.headers)
    return Exchange(operation, _json(sent), answer.status_code, _json(answer))


def _json(message: httpx.Response) -> Json:
    kind = message.headers.get("content-type", "").partition(";")[0]
    return message.json() if kind == "application/json" and message.content else None


def size_of(sent: Json, answered: Json) -> int:
    return len(str(sent)) + len(str(answered))


def keep(found: Exchange) -> None:
    """Writes it as the operation's example."""
    kept: dict[str, Json] = {"status": found.status, "answer": _without_secrets(found.answered)}
    if found.sent is not None:
        kept = {"request": _without_secrets(found.sent)} | kept
    text = json.dumps(kept, ensure_ascii=False, indent=2) + "\n"
    (FOLDER / f"{found.operation}.json").write_text(text, encoding="utf-8")


def _without_secrets(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _without_secrets(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    return _SECRET.sub(_word, value) if isinstance(value, str) else value


def _word(secret: re.Match[str]) -> str:
    """As long as it was, so that it is as valid."""
    return ("example-" * 100)[: len(secret[0])]


def filled(example: Json, live: Json) -> Json:
    """The example as it can be sent now: ids and secrets are those of what is there."""
    if isinstance(example, dict) and isinstance(live, dict):
        return {
            name: live[name] if name in TAKEN else filled(value, live.get(name))
            for name, value in example.items()
        }
    if isinstance(example, list) and isinstance(live, list):
        return [filled(*pair) for pair in zip(example, live, strict=False)]
    return live if _of_the_moment(example) else example


def _of_the_moment(value: Json) -> bool:
    """Ids, tokens, days, and what a scenario makes anew each time."""
    if not isinstance(value, str):
        return False
    return any(kind.fullmatch(value) for kind in (_UUID, _SECRET, _MOMENTARY))


def alike(one: Json, other: Json) -> bool:
    """The same fields where both have something; null and an empty list stand for anything."""
    if one is None or other is None or one == [] or other == []:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return False
        return all(alike(one[name], other[name]) for name in one if name not in FREE)
    if isinstance(one, list) and isinstance(other, list):
        return alike(one[0], other[0])
    return type(one) is type(other)
