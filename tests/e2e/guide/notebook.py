"""Which operations of the contract a story uses, in the order in which it first needs them."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "build" / "guide-stories"
METHODS = frozenset({"get", "post", "put", "patch", "delete"})


class Notebook:
    """Written in while a story is told, and not while its cast gets ready."""

    def __init__(self, document: Path = ROOT / "openapi" / "openapi.json") -> None:
        paths = json.loads(document.read_text(encoding="utf-8"))["paths"]
        # Literal segments go before `{id}`: /v1/orders/export is no order.
        self._routes = [
            (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), facts["operationId"])
            for path in sorted(paths, key=lambda path: path.count("{"))
            for method, facts in paths[path].items()
            if method in METHODS
        ]
        self._used: dict[str, None] = {}
        self._listens = False

    def operation(self, method: str, path: str) -> str:
        """Raises LookupError for a call that the contract does not have."""
        for known, pattern, operation in self._routes:
            if known == method and pattern.fullmatch(path):
                return str(operation)
        raise LookupError(f"{method} {path} is no operation of openapi/openapi.json")

    def note(self, method: str, path: str) -> None:
        operation = self.operation(method, path)
        if self._listens:
            self._used[operation] = None

    @contextmanager
    def story(self, page: str, role: str) -> Iterator[None]:
        """What is used in it is `build/guide-stories/<page>.<role>.txt`, also where it fails."""
        self._used, self._listens = {}, True
        try:
            yield
        finally:
            self._listens = False
            FOLDER.mkdir(parents=True, exist_ok=True)
            lines = "".join(f"{operation}\n" for operation in self._used)
            (FOLDER / f"{page}.{role}.txt").write_text(lines, encoding="utf-8")

    @contextmanager
    def put_aside(self) -> Iterator[None]:
        """While somebody gets ready."""
        listened, self._listens = self._listens, False
        try:
            yield
        finally:
            self._listens = listened
