"""The groupware as an OpenID Provider (contracts/groupware.md): code flow with PKCE S256 only."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from sandbox.forms import Form
from sandbox.groupware.api import GroupwareWorld
from sandbox.groupware.people import signed_in
from sandbox.groupware.rendering import page
from sandbox.groupware.state import SignedIn, Site, SiteUser
from sandbox.oauth.codes import CodeRefused, Codes, Grant, challenge_is_valid, wire_seconds
from sandbox.oauth.keys import Claims, SigningKey
from sandbox.oauth.requests import AuthorizationRequest, Client, client_of

CODE_SECONDS = 60
ID_TOKEN_SECONDS = 300
CALLBACK = "/v1/sso/groupware/callback"


class Provider:
    """Authorization, codes, ID tokens."""

    def __init__(self, world: GroupwareWorld) -> None:
        self._world = world
        settings = world.settings
        self.issuer = settings.groupware_url
        self.client = Client(
            client_id=settings.groupware_oidc_client_id,
            secret=settings.groupware_oidc_secret,
            redirect_uris=(settings.portal_url + CALLBACK,),
        )
        self.codes: Codes[SignedIn] = Codes(CODE_SECONDS)

    def discovery(self) -> dict[str, object]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/oidc/authorize",
            "token_endpoint": f"{self.issuer}/oidc/token",
            "jwks_uri": f"{self.issuer}/oidc/jwks",
            "scopes_supported": ["openid", "profile", "email"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": [
                "iss", "aud", "sub", "nonce", "iat", "exp", "auth_time", "site_id", "external_id",
                "site_admin", "preferred_username", "name", "email", "business_number",
                "company_name",
            ],
        }  # fmt: skip

    def authorize(self, request: Request) -> Response:
        """No page for who is signed in already; a client that is not known is never led to."""
        asked = AuthorizationRequest.of(request.query_params)
        known = asked.client_id == self.client.client_id
        if not known or not self.client.may_return_to(asked.redirect_uri):
            why = (
                "등록되지 않은 Redirect URI입니다." if known else "등록되지 않은 클라이언트입니다."
            )
            return HTMLResponse(*page("error.html", 400, why=why))
        error = _error(asked)
        if error is not None:
            return asked.answer(error=error[0], error_description=error[1])
        here = signed_in(self._world, request)
        if here is None or not _is_enough(asked, *here):
            if asked.prompt == "none":
                return asked.answer(error="login_required")
            return _to_sign_in(request, asked)
        site, user, auth_time = here
        who = SignedIn(external_id=site.external_id, sub=user.sub, auth_time=auth_time)
        grant = Grant(
            who=who,
            client_id=asked.client_id,
            redirect_uri=asked.redirect_uri,
            scope=asked.scope,
            nonce=asked.nonce or None,
            code_challenge=asked.code_challenge,
            agreed_at=wire_seconds(),
        )
        return asked.answer(code=self.codes.issue(grant))

    def token(self, request: Request, sent: dict[str, str]) -> Response:
        client_id, secret = client_of(request, sent)
        if client_id != self.client.client_id or not self.client.has_secret(secret):
            answer = _refused(401, "invalid_client")
            answer.headers["WWW-Authenticate"] = 'Basic realm="groupware"'
            return answer
        if sent.get("grant_type") != "authorization_code":
            return _refused(400, "unsupported_grant_type")
        try:
            grant = self.codes.redeem(
                sent.get("code", ""),
                client_id,
                sent.get("redirect_uri", ""),
                sent.get("code_verifier"),
            )
        except CodeRefused as refused:
            return _refused(400, "invalid_grant", refused.reason)
        site = self._world.groupware.sites[grant.who.external_id]
        user = site.user(grant.who.sub)
        if user is None or not user.active:
            return _refused(400, "invalid_grant", "USER_GONE")
        answer = JSONResponse(
            {
                "access_token": f"at_{grant.who.sub}",
                "token_type": "Bearer",
                "expires_in": ID_TOKEN_SECONDS,
                "scope": grant.scope,
                "id_token": self._id_token(grant, site, user),
            }
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _id_token(self, grant: Grant[SignedIn], site: Site, user: SiteUser) -> str:
        """With what was asked to be wrong with it."""
        wrong = self._world.groupware.id_token
        claims = self._claims(grant, site, user)
        if wrong.expired:
            claims["exp"] = int(wire_seconds()) - 3600
        claims |= wrong.claims
        for name in wrong.without:
            claims.pop(name, None)
        key = SigningKey.generate() if wrong.unknown_kid else self.signing_key()
        return key.sign(claims, wrong.algorithm, spoil=wrong.bad_signature)

    def _claims(self, grant: Grant[SignedIn], site: Site, user: SiteUser) -> Claims:
        now = int(wire_seconds())
        claims: Claims = {
            "iss": self.issuer,
            "aud": grant.client_id,
            "sub": user.sub,
            "iat": now,
            "exp": now + ID_TOKEN_SECONDS,
            "auth_time": int(grant.who.auth_time),
            "site_id": site.site_id,
            "external_id": site.external_id,
            "site_admin": user.site_admin,
            "preferred_username": user.login_id,
            "name": user.name,
            "email": site.email_of(user),
            "business_number": site.wanted.business_number,
            "company_name": site.company_name or site.wanted.name,
        }
        if grant.nonce is not None:
            claims["nonce"] = grant.nonce
        return claims

    def signing_key(self) -> SigningKey:
        """Made when first needed, and kept."""
        keys = self._world.groupware.keys
        if not keys.pems:
            self._world.changed()
        return keys.signing

    def jwks(self) -> dict[str, object]:
        self.signing_key()
        return self._world.groupware.keys.jwks()


def _error(asked: AuthorizationRequest) -> tuple[str, str] | None:
    """What the client is told of a request that is not as it must be."""
    if asked.response_type != "code":
        return "unsupported_response_type", "response_type must be code"
    if "openid" not in asked.scope.split():
        return "invalid_scope", "scope must contain openid"
    s256 = asked.code_challenge_method == "S256"
    if not s256 or not challenge_is_valid(asked.code_challenge):
        return "invalid_request", "PKCE with S256 is required"
    if asked.max_age and not asked.max_age.isdigit():
        return "invalid_request", "max_age is a number of seconds"
    return None


def _is_enough(asked: AuthorizationRequest, site: Site, user: SiteUser, auth_time: float) -> bool:
    """Whether this sign-in answers the request: the right person, recent enough."""
    hints = ("", site.address_of(user), user.login_id, user.sub)
    recent = not asked.max_age or wire_seconds() - auth_time <= int(asked.max_age)
    return asked.login_hint in hints and recent and asked.prompt != "login"


def _to_sign_in(request: Request, asked: AuthorizationRequest) -> Response:
    """To the sign-in page, and back here without what asked for it."""
    again = [
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in {"prompt", "login_hint"}
    ]
    query = {"return_to": f"{request.url.path}?{urlencode(again)}", "q": asked.login_hint}
    return RedirectResponse(f"/groupware/sign-in?{urlencode(query)}", 302)


def _refused(status: int, error: str, description: str = "") -> JSONResponse:
    body = {"error": error} | ({"error_description": description} if description else {})
    return JSONResponse(body, status, {"Cache-Control": "no-store"})


def build_oidc_router(world: GroupwareWorld) -> APIRouter:
    """Below /groupware."""
    provider = Provider(world)
    router = APIRouter(prefix="/groupware", include_in_schema=False)

    @router.get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, object]:
        return provider.discovery()

    @router.get("/oidc/jwks")
    async def jwks() -> dict[str, object]:
        return provider.jwks()

    @router.get("/oidc/authorize")
    async def authorize(request: Request) -> Response:
        return provider.authorize(request)

    @router.post("/oidc/token")
    async def token(request: Request, sent: Form) -> Response:
        return provider.token(request, sent)

    return router
