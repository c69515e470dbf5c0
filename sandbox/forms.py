"""URL-encoded forms of the sandbox's pages and token endpoints."""

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Request


async def form(request: Request) -> dict[str, str]:
    """The last value of each name."""
    sent = parse_qs((await request.body()).decode(errors="replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in sent.items()}


Form = Annotated[dict[str, str], Depends(form)]
