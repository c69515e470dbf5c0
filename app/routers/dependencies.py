"""What endpoints name in their signatures."""

from typing import Annotated, cast

from fastapi import Depends, Request

from app.deps import Deps
from app.language import Language, language_of


def deps_of(request: Request) -> Deps:
    return cast("Deps", request.app.state.deps)


def address_of(request: Request) -> str:
    """Whose limits a request counts for; empty where the server does not know."""
    return request.client.host if request.client else ""


async def _deps(request: Request) -> Deps:
    return deps_of(request)


async def _language(request: Request) -> Language:
    return language_of(request)


DepsDep = Annotated[Deps, Depends(_deps)]
LanguageDep = Annotated[Language, Depends(_language)]
