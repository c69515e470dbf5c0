"""Which job calls which service: each is one function about one row."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from app.deps import Deps
from app.services.mails import SEND_MAIL


def entrypoints(deps: Deps) -> Mapping[str, Callable[[UUID], Awaitable[None]]]:
    """By the name under which jobs are queued."""
    return {
        SEND_MAIL: deps.mails.send,
    }
