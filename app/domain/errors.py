"""How the domain refuses: a stable code, a place, and facts. Words belong to `app.errors`."""

from collections.abc import Mapping, Sequence

Fact = str | int | Sequence[Mapping[str, str]]
"""What an answer may tell besides its code: words, numbers, or a list to choose from."""


class DomainError(Exception):
    """A rule of the product says no.

    `code` is a code of the problem catalogue, `pointer` a JSON pointer (RFC 6901) into what was
    asked for where one field is to blame, `facts` what the answer may tell.
    """

    def __init__(self, code: str, pointer: str | None = None, **facts: Fact) -> None:
        super().__init__(code)
        self.code = code
        self.pointer = pointer
        self.facts = facts
