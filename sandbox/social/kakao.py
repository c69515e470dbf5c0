"""Kakao Login (OpenID Connect): kauth.kakao.com and kapi.kakao.com.

Source: developers.kakao.com, Kakao Login > REST API, and > Troubleshooting (KOE codes).
"""

import secrets
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.forms import Form
from sandbox.oauth.codes import CodeRefused, Refusal
from sandbox.oauth.requests import client_of
from sandbox.social.flow import Flow, Provider, SocialWorld
from sandbox.social.state import Person

TOKEN_SECONDS = 21_599
KAKAO = Provider(
    key="kakao",
    label="카카오",
    denied={"error": "access_denied", "error_description": "User denied access"},
    unknown_client="KOE101",
    other_redirect_uri="KOE006",
    bad_request="KOE001",
)
_REFUSALS = {
    Refusal.OTHER_REDIRECT_URI: ("Redirect URI mismatch.", "KOE303"),
    Refusal.VERIFIER_MISSING: ("code verifier is missing.", "KOE322"),
    Refusal.VERIFIER_WRONG: ("code verifier mismatch.", "KOE322"),
}


def _refused(status: int, error: str, description: str, code: str) -> Response:
    body = {"error": error, "error_description": description, "error_code": code}
    return JSONResponse(body, status)


def profile(person: Person, now: datetime) -> dict[str, Any]:
    """`GET /v2/user/me`; consent items that were not shared are said to be missing."""
    account: dict[str, Any] = {
        "profile_nickname_needs_agreement": False,
        "profile": {"nickname": person.name, "is_default_nickname": False},
        "has_email": person.email is not None,
        "email_needs_agreement": False,
    }
    if person.email is not None:
        account |= {
            "is_email_valid": True,
            "is_email_verified": person.email_verified,
            "email": person.email,
        }
    return {
        "id": int(person.subject),
        "connected_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "properties": {"nickname": person.name},
        "kakao_account": account,
    }


def build_router(world: SocialWorld) -> APIRouter:
    flow = Flow(world, KAKAO, TOKEN_SECONDS)
    router = APIRouter(prefix="/kakao")

    @router.get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, object]:
        return {
            "issuer": flow.issuer,
            "authorization_endpoint": f"{flow.issuer}/oauth/authorize",
            "token_endpoint": f"{flow.issuer}/oauth/token",
            "userinfo_endpoint": f"{flow.issuer}/v1/oidc/userinfo",
            "jwks_uri": f"{flow.issuer}/.well-known/jwks.json",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": [
                "iss", "aud", "sub", "auth_time", "iat", "exp", "nonce", "nickname", "email",
            ],
        }  # fmt: skip

    @router.get("/.well-known/jwks.json")
    async def jwks() -> dict[str, object]:
        return flow.jwks()

    @router.get("/oauth/authorize")
    async def authorize(request: Request) -> Response:
        return flow.show(request)

    @router.post("/oauth/authorize")
    async def decide(request: Request, sent: Form) -> Response:
        return flow.decide(request, sent)

    @router.post("/oauth/token")
    async def token(request: Request, sent: Form) -> Response:
        return _token(flow, request, sent)

    @router.get("/v2/user/me")
    async def me(request: Request) -> Response:
        person = flow.tokens.of(request.headers.get("authorization"))
        if person is None:
            return JSONResponse({"msg": "this access token does not exist", "code": -401}, 401)
        return JSONResponse(profile(person, datetime.now(UTC)))

    return router


def _token(flow: Flow, request: Request, sent: dict[str, str]) -> Response:
    client_id, secret = client_of(request, sent)
    if client_id != flow.client.client_id:
        return _refused(401, "invalid_client", f"Not exist client_id [{client_id}]", "KOE101")
    if not flow.client.has_secret(secret):
        return _refused(401, "invalid_client", "Bad client credentials", "KOE010")
    if sent.get("grant_type") != "authorization_code":
        return _refused(400, "unsupported_grant_type", "invalid grant type.", "KOE203")
    code = sent.get("code", "")
    try:
        grant = flow.codes.redeem(
            code, client_id, sent.get("redirect_uri", ""), sent.get("code_verifier")
        )
    except CodeRefused as refused:
        unknown = (f"authorization code not found for code={code}", "KOE320")
        return _refused(400, "invalid_grant", *_REFUSALS.get(refused.reason, unknown))
    person = grant.who
    answer: dict[str, Any] = {
        "token_type": "bearer",
        "access_token": flow.tokens.issue(person),
        "expires_in": TOKEN_SECONDS,
        "refresh_token": secrets.token_urlsafe(40),
        "refresh_token_expires_in": 5_183_999,
        "scope": grant.scope or "account_email profile_nickname openid",
    }
    if not grant.scope or "openid" in grant.scope.split():
        more: dict[str, object] = {"auth_time": int(grant.agreed_at), "nickname": person.name}
        if person.email is not None:
            more["email"] = person.email
        answer["id_token"] = flow.id_token(grant, TOKEN_SECONDS, **more)
    return JSONResponse(answer)
