"""Sign in with Google (OpenID Connect): accounts.google.com and oauth2.googleapis.com.

Source: developers.google.com/identity/openid-connect.
"""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.forms import Form
from sandbox.oauth.codes import CodeRefused, Refusal
from sandbox.oauth.requests import client_of
from sandbox.social.flow import Flow, Provider, SocialWorld
from sandbox.social.state import Person

TOKEN_SECONDS = 3599
GOOGLE = Provider(
    key="google",
    label="Google",
    denied={"error": "access_denied"},
    unknown_client="invalid_client",
    other_redirect_uri="redirect_uri_mismatch",
    bad_request="invalid_request",
)
_REFUSALS = {
    Refusal.OTHER_REDIRECT_URI: ("redirect_uri_mismatch", "Bad Request"),
    Refusal.VERIFIER_MISSING: ("invalid_grant", "Missing code verifier."),
    Refusal.VERIFIER_WRONG: ("invalid_grant", "Invalid code verifier."),
    Refusal.UNKNOWN_CODE: ("invalid_grant", "Malformed auth code."),
}


def _refused(status: int, error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status)


def profile(person: Person) -> dict[str, object]:
    """The claims about the person, in the ID token and at userinfo."""
    claims: dict[str, object] = {"name": person.name, "given_name": person.name}
    if person.email is not None:
        claims |= {"email": person.email, "email_verified": person.email_verified}
    return claims


def build_router(world: SocialWorld) -> APIRouter:
    flow = Flow(world, GOOGLE, TOKEN_SECONDS)
    router = APIRouter(prefix="/google")

    @router.get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, object]:
        return {
            "issuer": flow.issuer,
            "authorization_endpoint": f"{flow.issuer}/o/oauth2/v2/auth",
            "token_endpoint": f"{flow.issuer}/token",
            "userinfo_endpoint": f"{flow.issuer}/v1/userinfo",
            "jwks_uri": f"{flow.issuer}/oauth2/v3/certs",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": [
                "client_secret_post",
                "client_secret_basic",
            ],
            "claims_supported": [
                "aud", "email", "email_verified", "exp", "given_name", "iat", "iss", "name", "sub",
            ],
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": ["authorization_code"],
        }  # fmt: skip

    @router.get("/oauth2/v3/certs")
    async def certs() -> dict[str, object]:
        return flow.jwks()

    @router.get("/o/oauth2/v2/auth")
    async def authorize(request: Request) -> Response:
        return flow.show(request)

    @router.post("/o/oauth2/v2/auth")
    async def decide(request: Request, sent: Form) -> Response:
        return flow.decide(request, sent)

    @router.post("/token")
    async def token(request: Request, sent: Form) -> Response:
        return _token(flow, request, sent)

    @router.get("/v1/userinfo")
    async def userinfo(request: Request) -> Response:
        person = flow.tokens.of(request.headers.get("authorization"))
        if person is None:
            return _refused(401, "invalid_request", "Invalid Credentials")
        return JSONResponse({"sub": person.subject} | profile(person))

    return router


def _token(flow: Flow, request: Request, sent: dict[str, str]) -> Response:
    client_id, secret = client_of(request, sent)
    if client_id != flow.client.client_id:
        return _refused(401, "invalid_client", "The OAuth client was not found.")
    if not flow.client.has_secret(secret):
        return _refused(401, "invalid_client", "Unauthorized")
    if sent.get("grant_type") != "authorization_code":
        return _refused(400, "unsupported_grant_type", "Invalid grant_type")
    try:
        grant = flow.codes.redeem(
            sent.get("code", ""), client_id, sent.get("redirect_uri", ""), sent.get("code_verifier")
        )
    except CodeRefused as refused:
        error, why = _REFUSALS.get(refused.reason, ("invalid_grant", "Bad Request"))
        return _refused(400, error, why)
    answer: dict[str, object] = {
        "access_token": flow.tokens.issue(grant.who),
        "expires_in": TOKEN_SECONDS,
        "scope": grant.scope,
        "token_type": "Bearer",
    }
    if "openid" in grant.scope.split():
        answer["id_token"] = flow.id_token(
            grant, TOKEN_SECONDS + 1, azp=grant.client_id, **profile(grant.who)
        )
    return JSONResponse(answer)
