"""URL-encoded forms of the sandbox's pages and token endpoints."""

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Request


async def form(request: Request) -> dict[str, str]:
    """The last value of each name. Raises `Repeated` for a console's form that was sent before."""
    sent = parse_qs((await request.body()).decode(errors="replace"), keep_blank_values=True)
    words = {name: values[-1] for name, values in sent.items()}
    if "once" in words:
        request.app.state.once.take(words.pop("once"))
    return words


Form = Annotated[dict[str, str], Depends(form)]
