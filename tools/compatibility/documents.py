"""Two OpenAPI documents, operation by operation."""

from collections.abc import Iterator
from typing import Any

from tools.compatibility.changes import Change, Direction, adds, breaks
from tools.compatibility.schemas import Side, compare

Document = dict[str, Any]
Operation = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def changes(old: Document, new: Document) -> list[Change]:
    """Everything that a client could notice, in the order of the older document."""
    return list(_changes(old, new))


def _operations(document: Document) -> dict[tuple[str, str], Operation]:
    return {
        (method, path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def _changes(old: Document, new: Document) -> Iterator[Change]:
    olds, news = _operations(old), _operations(new)
    for key, operation in olds.items():
        place = operation["operationId"]
        if key not in news:
            yield breaks(place, "is gone")
            continue
        yield from _operation(operation, news[key], old, new, place)
    for key in news.keys() - olds.keys():
        yield adds(news[key]["operationId"], "is new")


def _operation(
    old: Operation, new: Operation, older: Document, newer: Document, place: str
) -> Iterator[Change]:
    if old["operationId"] != new["operationId"]:
        yield breaks(place, f"is called {new['operationId']}: methods of SDKs are named after it")
    before, after = old["x-permission"], new["x-permission"]
    if before != after:
        opened = after == "public"
        what = f"needed {before}, needs {after}"
        yield (adds if opened else breaks)(place, what)
    if new.get("deprecated") and not old.get("deprecated"):
        yield adds(place, "is deprecated")
    yield from _parameters(old, new, older, newer, place)
    yield from _body(old, new, older, newer, place)
    yield from _answers(old, new, older, newer, place)


def _parameters(
    old: Operation, new: Operation, older: Document, newer: Document, place: str
) -> Iterator[Change]:
    olds = {(p["in"], p["name"].lower()): p for p in old.get("parameters", [])}
    news = {(p["in"], p["name"].lower()): p for p in new.get("parameters", [])}
    for key, parameter in olds.items():
        inner = f"{place} > {key[0]} {parameter['name']}"
        if key not in news:
            yield breaks(inner, "is gone")
            continue
        if news[key].get("required") and not parameter.get("required"):
            yield breaks(inner, "is required")
        before, after = Side(parameter["schema"], older), Side(news[key]["schema"], newer)
        yield from compare(before, after, Direction.SENT, inner)
    for key in news.keys() - olds.keys():
        needed = news[key].get("required", False)
        inner = f"{place} > {key[0]} {news[key]['name']}"
        yield (breaks if needed else adds)(inner, "is new and required" if needed else "is new")


def _body(
    old: Operation, new: Operation, older: Document, newer: Document, place: str
) -> Iterator[Change]:
    before, after = old.get("requestBody"), new.get("requestBody")
    inner = f"{place} > body"
    if before is None or after is None:
        if after is not None:
            needed = after.get("required", False)
            yield (breaks if needed else adds)(inner, "is new")
        elif before is not None:
            yield breaks(inner, "is gone")
        return
    if after.get("required") and not before.get("required"):
        yield breaks(inner, "is required")
    yield from _contents(before, after, older, newer, Direction.SENT, inner)


def _answers(
    old: Operation, new: Operation, older: Document, newer: Document, place: str
) -> Iterator[Change]:
    """A refusal may come or go: clients branch on codes and know how to read any problem."""
    for status, before in old["responses"].items():
        inner = f"{place} > answer {status}"
        refusal = not status.startswith(("2", "3"))
        after = new["responses"].get(status)
        if after is None:
            yield (adds if refusal else breaks)(inner, "is gone")
            continue
        for name in before.get("headers", {}).keys() - after.get("headers", {}).keys():
            yield breaks(f"{inner} {name}", "is gone")
        yield from _contents(before, after, older, newer, Direction.ANSWERED, inner)
    for status in new["responses"].keys() - old["responses"].keys():
        yield (breaks if status.startswith("2") else adds)(f"{place} > answer {status}", "is new")


def _contents(
    before: Operation,
    after: Operation,
    older: Document,
    newer: Document,
    direction: Direction,
    place: str,
) -> Iterator[Change]:
    olds, news = before.get("content", {}), after.get("content", {})
    for kind in olds.keys() - news.keys():
        yield breaks(place, f"is no {kind} any more")
    for kind in news.keys() - olds.keys():
        yield adds(place, f"may be {kind}")
    for kind in olds.keys() & news.keys():
        yield from compare(
            Side(olds[kind]["schema"], older), Side(news[kind]["schema"], newer), direction, place
        )
