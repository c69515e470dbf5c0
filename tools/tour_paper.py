"""How the tour is shown: each request with its answer, coloured where somebody looks."""

import json
import os
import sys
from collections.abc import Iterable

from tools.visitor import Exchange, Json

SECRET = frozenset(
    {
        "access_token",
        "refresh_token",
        "verification_token",
        "client_secret",
        "device_token",
        "business_verification_token",
        "identity_verification_token",
        "password",
    }
)
LEFT_OUT = frozenset(
    {
        "actor",
        "client_type",
        "companies",
        "company_id",
        "consents",
        "created_at",
        "html",
        "index",
        "menu",
        "message_id",
        "permissions",
        "token_type",
    }
)
"""Long, repeated or of the machine: the contract shows them."""
ONLY = {"/approve": ("status", "amount", "currency", "channel", "method")}
"""By the end of a path: what is worth reading of a long answer."""
SHOWN = 120
_RESET, _BOLD, _DIM, _GREEN, _RED, _CYAN, _YELLOW = (
    f"\x1b[{code}m" for code in (0, 1, 2, 32, 31, 36, 33)
)


def in_colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


class Paper:
    """Prints a numbered step for each exchange."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._steps = 0

    def _in(self, colour: str, words: str) -> str:
        return f"{colour}{words}{_RESET}" if self._colour else words

    def heading(self, words: str) -> None:
        self._steps += 1
        print(f"\n{self._in(_BOLD, f'{self._steps:2} {words}')}")

    def exchange(self, seen: Exchange) -> None:
        self.heading(seen.note or "예상과 다른 응답 (not as it should be)")
        base = f"{seen.url.scheme}://{seen.url.netloc.decode()}"
        target = seen.url.raw_path.decode()
        print(f"   {self._in(_CYAN, f'{seen.method} {target}')}  {self._in(_DIM, base)}")
        if seen.sent:
            for line in lines_of(seen.sent):
                print(f"     → {line}")
        colour = _GREEN if seen.status < 300 else _YELLOW if seen.status < 500 else _RED
        print(f"   {self._in(colour, str(seen.status))}")
        for line in lines_of(_interesting(target, seen.answer)):
            print(f"     {line}")

    def fact(self, words: str) -> None:
        """Something that was checked and holds."""
        print(f"   {self._in(_GREEN, '✓')} {words}")

    def failed(self, words: str) -> None:
        print(self._in(_RED, f"✗ {words}"), file=sys.stderr)

    def done(self, words: str) -> None:
        print(f"\n{self._in(_GREEN, words)}")


def _interesting(target: str, answer: Json) -> Json:
    for end, keys in ONLY.items():
        if target.endswith(end):
            return {key: answer[key] for key in keys if key in answer}
    return answer


def lines_of(value: Json) -> Iterable[str]:
    """`key: value`, one a line; what fits stands on its parent's line; secrets shortened."""
    yield from _lines(value, 0)


def _lines(value: Json, depth: int) -> Iterable[str]:
    indent = "  " * depth
    for key, held in _worth_showing(value):
        if isinstance(held, dict):
            yield from _named(f"{indent}{key}", held, depth)
        elif isinstance(held, list) and all(isinstance(part, dict) for part in held):
            for index, part in enumerate(held):
                yield from _named(f"{indent}{key}[{index}]", part, depth)
        else:
            yield f"{indent}{key}: {_cut(_plain(key, held))}"


def _named(name: str, held: Json, depth: int) -> Iterable[str]:
    flat = " · ".join(f"{key} {_plain(key, part)}" for key, part in _worth_showing(held))
    nested = any(isinstance(part, dict | list) for _, part in _worth_showing(held))
    if len(name) + len(flat) < SHOWN and not nested:
        yield f"{name}: {flat}"
    else:
        yield f"{name}:"
        yield from _lines(held, depth + 1)


def _worth_showing(value: Json) -> list[tuple[str, object]]:
    """A code and its label are one: `status: PAID (결제 완료)`."""
    shown: list[tuple[str, object]] = []
    for key, held in value.items():
        code = key.removesuffix("_label")
        if key in LEFT_OUT or held in (None, "", [], {}) or (code != key and code in value):
            continue
        label = value.get(f"{key}_label")
        shown.append((key, f"{held} ({label})" if label else held))
    return shown


def _plain(key: str, held: object) -> str:
    if key in SECRET:
        return f"{str(held)[:6]}…"
    words = held if isinstance(held, str) else json.dumps(held, ensure_ascii=False)
    return " ".join(words.split())


def _cut(words: str) -> str:
    return words if len(words) <= SHOWN else words[: SHOWN - 1] + "…"
