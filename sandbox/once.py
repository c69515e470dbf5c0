"""A form of the console does what it does once, however often it is sent."""

from collections import OrderedDict
from uuid import uuid4

KEPT = 2_000


class Repeated(Exception):
    """This form was sent before; nothing is done again."""


class OnceTokens:
    """Each form that is shown carries one; a token that was seen does nothing more."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    @staticmethod
    def make() -> str:
        return uuid4().hex

    def take(self, token: str | None) -> None:
        """A form without a token, as scripts send it, is always done. Raises `Repeated`."""
        if not token:
            return
        if token in self._seen:
            raise Repeated
        self._seen[token] = None
        if len(self._seen) > KEPT:
            self._seen.popitem(last=False)
