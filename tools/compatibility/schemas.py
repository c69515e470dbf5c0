"""Two schemas, the older one and the newer one, and what changed for whoever sends or reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.compatibility.changes import Change, Direction, adds, breaks

Schema = dict[str, Any]
REF = "#/components/"
UPPER = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties")
LOWER = ("minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties")
EXACT = ("pattern", "format", "multipleOf", "uniqueItems", "contentMediaType")
SENT, ANSWERED = Direction.SENT, Direction.ANSWERED


@dataclass(frozen=True, slots=True)
class Side:
    """A schema with the document that its references are of."""

    schema: Schema
    document: Schema

    def of(self, schema: Schema) -> "Side":
        """That schema, or what it refers to."""
        while "$ref" in schema:
            found: Any = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return Side(schema, self.document)

    def variants(self) -> dict[str, "Side"]:
        """The alternatives of a union by their names; null is told apart by `nullable`."""
        found = self.schema.get("oneOf") or self.schema.get("anyOf") or []
        inner = [self.of(each) for each in found if each.get("type") != "null"]
        return {_name(side.schema): side for side in inner}

    def types(self) -> set[str]:
        found = self.schema.get("type", [])
        return {found} if isinstance(found, str) else set(found)

    def nullable(self) -> bool:
        alternatives = self.schema.get("oneOf") or self.schema.get("anyOf") or []
        return "null" in self.types() or any(each.get("type") == "null" for each in alternatives)

    def values(self) -> set[str] | None:
        """What an enumeration or a constant allows; None where anything of the type goes."""
        if "const" in self.schema:
            return {repr(self.schema["const"])}
        return {repr(value) for value in self.schema["enum"]} if "enum" in self.schema else None


def _name(schema: Schema) -> str:
    return str(schema.get("title") or schema.get("type") or sorted(schema))


def compare(
    old: Side,
    new: Side,
    direction: Direction,
    place: str,
    seen: frozenset[tuple[int, int]] = frozenset(),
) -> Iterator[Change]:
    """Every change at this place and below it. A pair that is being compared is not entered."""
    old, new = old.of(old.schema), new.of(new.schema)
    pair = (id(old.schema), id(new.schema))
    if pair in seen or (old.schema == new.schema and old.document is new.document):
        return
    seen |= {pair}
    yield from _null(old, new, direction, place)
    yield from _bounds(old.schema, new.schema, direction, place)
    olds, news = old.variants(), new.variants()
    if len(olds) == len(news) == 1:
        (older,), (newer,) = olds.values(), news.values()
        yield from compare(older, newer, direction, place, seen)
    elif olds or news:
        yield from _variants(olds or {_name(old.schema): old}, news, new, direction, place, seen)
    else:
        yield from _alike(old, new, direction, place, seen)


def _null(old: Side, new: Side, direction: Direction, place: str) -> Iterator[Change]:
    if old.nullable() == new.nullable():
        return
    if new.nullable():
        yield (adds if direction is SENT else breaks)(place, "may be null")
    else:
        yield (breaks if direction is SENT else adds)(place, "is never null")


def _variants(
    olds: dict[str, Side],
    news: dict[str, Side],
    new: Side,
    direction: Direction,
    place: str,
    seen: frozenset[tuple[int, int]],
) -> Iterator[Change]:
    """Alternatives that came are one more for whoever sends; readers take them as unknown."""
    news = news or {_name(new.schema): new}
    for name in olds.keys() - news.keys():
        yield (breaks if direction is SENT else adds)(place, f"is no {name} any more")
    for name in news.keys() - olds.keys():
        yield adds(place, f"may be a {name}")
    for name in olds.keys() & news.keys():
        yield from compare(olds[name], news[name], direction, f"{place} {name}", seen)


def _alike(
    old: Side, new: Side, direction: Direction, place: str, seen: frozenset[tuple[int, int]]
) -> Iterator[Change]:
    kinds = old.types() - {"null"}, new.types() - {"null"}
    widened = kinds == ({"integer"}, {"number"}) and direction is SENT
    if kinds[0] != kinds[1] and not widened:
        yield breaks(place, f"was {_words(kinds[0])}, is {_words(kinds[1])}")
        return
    yield from _values(old, new, direction, place)
    yield from _properties(old, new, direction, place, seen)
    if "items" in old.schema and "items" in new.schema:
        inner = old.of(old.schema["items"]), new.of(new.schema["items"])
        yield from compare(*inner, direction, f"{place}/*", seen)


def _words(kinds: set[str]) -> str:
    return " or ".join(sorted(kinds)) or "anything"


def _values(old: Side, new: Side, direction: Direction, place: str) -> Iterator[Change]:
    """A value that came in an answer is no break: docs/compatibility.md tells clients so."""
    olds, news = old.values(), new.values()
    if olds is None or news is None:
        if olds is None and news is not None:
            yield (breaks if direction is SENT else adds)(place, "is one of a list")
        elif news is None and olds is not None:
            yield (adds if direction is SENT else breaks)(place, "is not one of a list any more")
        return
    for value in sorted(olds - news):
        yield (breaks if direction is SENT else adds)(place, f"{value} is gone")
    for value in sorted(news - olds):
        yield adds(place, f"{value} is new")


def _bounds(old: Schema, new: Schema, direction: Direction, place: str) -> Iterator[Change]:
    tighter, looser = (breaks, adds) if direction is SENT else (adds, breaks)
    for name in (*UPPER, *LOWER):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        gone = after is None
        wider = gone or (
            before is not None and (after > before if name in UPPER else after < before)
        )
        yield (looser if wider else tighter)(place, f"{name} was {before}, is {after}")
    for name in EXACT:
        before, after = old.get(name), new.get(name)
        if before != after:
            wider = after is None
            if direction is SENT:
                yield (adds if wider else breaks)(place, f"{name} was {before}, is {after}")
            elif name == "format":
                yield breaks(place, f"{name} was {before}, is {after}")
    open_before = old.get("additionalProperties", True) is not False
    open_after = new.get("additionalProperties", True) is not False
    if open_before != open_after and direction is SENT:
        yield (adds if open_after else breaks)(
            place, f"{'takes' if open_after else 'refuses'} unknown fields"
        )


def _properties(
    old: Side, new: Side, direction: Direction, place: str, seen: frozenset[tuple[int, int]]
) -> Iterator[Change]:
    olds, news = old.schema.get("properties", {}), new.schema.get("properties", {})
    needed_before = set(old.schema.get("required", []))
    needed_after = set(new.schema.get("required", []))
    for name in sorted(olds.keys() - news.keys()):
        yield breaks(f"{place}/{name}", "is gone")
    for name in sorted(news.keys() - olds.keys()):
        needed = direction is SENT and name in needed_after
        yield (breaks if needed else adds)(f"{place}/{name}", "is new")
    for name in sorted(olds.keys() & news.keys()):
        inner = f"{place}/{name}"
        if name in needed_after - needed_before:
            yield (breaks if direction is SENT else adds)(inner, "is always there")
        if name in needed_before - needed_after:
            yield (adds if direction is SENT else breaks)(inner, "may be missing")
        yield from compare(old.of(olds[name]), new.of(news[name]), direction, inner, seen)
