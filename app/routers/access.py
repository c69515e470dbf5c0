"""Who may call a route, as a mark that a test reads: public by name, or a permission's type."""

from collections.abc import Callable
from typing import TypeVar

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])

PUBLIC_MARK = "__portal_public__"


def public(reason: str) -> Callable[[Endpoint], Endpoint]:
    """Marks an endpoint as open to everyone; `reason` says why that is right."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, PUBLIC_MARK, reason)
        return endpoint

    return mark
