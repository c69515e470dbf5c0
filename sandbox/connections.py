"""Connections that can be lost: an ASGI application alone can only fail, which is a 500."""

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_ABORT = "sandbox.abort"


class DroppableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, with a way for the application to cut the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_ABORT: {"now": self.transport.abort}}


async def cut_connection(scope: Scope, receive: Receive) -> bool:
    """Ends the request's connection without a byte of answer; False where nothing can be cut.

    Returns when the server knows of it, so that it does not answer 500 in our place.
    """
    abort = (scope.get("extensions") or {}).get(_ABORT)
    if abort is None:
        return False
    abort["now"]()
    while (await receive())["type"] != "http.disconnect":
        pass
    return True
