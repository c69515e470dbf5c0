"""The caller, as a type in the signature: a verified token whose session is alive."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.clock import wire_now
from app.db.principals import PrincipalFacts, find_principal
from app.errors import Problem
from app.routers.dependencies import DepsDep
from app.tokens import InvalidAccessToken

_bearer = HTTPBearer(auto_error=False, scheme_name="access_token", bearerFormat="JWT")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and by which session."""

    session_id: UUID
    facts: PrincipalFacts


async def _signed_in(
    deps: DepsDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Raises 401 `not_authenticated`, whatever is wrong."""
    try:
        claims = deps.access_tokens.verify(credentials.credentials if credentials else "")
    except InvalidAccessToken as refused:
        raise _unauthenticated() from refused
    async with deps.database.sessions.begin() as session:
        facts = await find_principal(session, claims.session_id, None, wire_now())
    if facts is None or facts.account_id != claims.account_id:
        raise _unauthenticated()
    return Caller(claims.session_id, facts)


def _unauthenticated() -> Problem:
    return Problem("not_authenticated", headers={"WWW-Authenticate": "Bearer"})


SignedIn = Annotated[Caller, Depends(_signed_in)]
