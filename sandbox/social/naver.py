"""네이버 로그인 (OAuth 2): nid.naver.com and openapi.naver.com.

Source: developers.naver.com, 네이버 로그인 API 명세. Refused exchanges are answered 200 with an
`error`, and `expires_in` is a string: clients have to read the body.
"""

import secrets

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.forms import Form
from sandbox.oauth.codes import CodeRefused, Refusal
from sandbox.oauth.requests import client_of
from sandbox.social.flow import Flow, Provider, SocialWorld
from sandbox.social.state import Person

TOKEN_SECONDS = 3600
NAVER = Provider(
    key="naver",
    label="네이버",
    denied={"error": "access_denied", "error_description": "Canceled By User"},
    unknown_client="invalid_client",
    other_redirect_uri="redirect_uri_mismatch",
    bad_request="invalid_request",
)
_REFUSALS = {
    Refusal.VERIFIER_MISSING: "code_verifier is missing",
    Refusal.VERIFIER_WRONG: "wrong code_verifier",
}


def _refused(error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description})


def profile(person: Person) -> dict[str, object]:
    """`GET /v1/nid/me`. Naver shares an e-mail only when the member agrees, and has verified it."""
    response = {"id": person.subject, "name": person.name}
    if person.email is not None:
        response["email"] = person.email
    return {"resultcode": "00", "message": "success", "response": response}


def build_router(world: SocialWorld) -> APIRouter:
    flow = Flow(world, NAVER, TOKEN_SECONDS)
    router = APIRouter(prefix="/naver")

    @router.get("/oauth2.0/authorize")
    async def authorize(request: Request) -> Response:
        return flow.show(request)

    @router.post("/oauth2.0/authorize")
    async def decide(request: Request, sent: Form) -> Response:
        return flow.decide(request, sent)

    @router.post("/oauth2.0/token")
    async def token(request: Request, sent: Form) -> Response:
        return _token(flow, request, sent)

    @router.get("/oauth2.0/token")
    async def token_by_query(request: Request) -> Response:
        """Naver's documents show the exchange as a GET, too."""
        return _token(flow, request, dict(request.query_params))

    @router.get("/v1/nid/me")
    async def me(request: Request) -> Response:
        person = flow.tokens.of(request.headers.get("authorization"))
        if person is None:
            return JSONResponse({"resultcode": "024", "message": "Authentication failed"}, 401)
        return JSONResponse(profile(person))

    return router


def _token(flow: Flow, request: Request, sent: dict[str, str]) -> Response:
    client_id, secret = client_of(request, sent)
    if client_id != flow.client.client_id or not flow.client.has_secret(secret):
        return _refused("invalid_client", "wrong client id / client secret pair")
    if sent.get("grant_type") != "authorization_code":
        return _refused("unsupported_grant_type", "unsupported grant_type")
    try:
        grant = flow.codes.redeem(
            sent.get("code", ""), client_id, sent.get("redirect_uri"), sent.get("code_verifier")
        )
    except CodeRefused as refused:
        why = _REFUSALS.get(refused.reason, "no valid data in session")
        return _refused("invalid_request", why)
    return JSONResponse(
        {
            "access_token": flow.tokens.issue(grant.who),
            "refresh_token": secrets.token_urlsafe(40),
            "token_type": "bearer",
            "expires_in": str(TOKEN_SECONDS),
        }
    )
