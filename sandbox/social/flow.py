"""The authorization code flow as the three share it; each has its own words and shapes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape

from sandbox.oauth.codes import BearerTokens, Codes, Grant, challenge_is_valid, wire_seconds
from sandbox.oauth.keys import Claims, KeyRing
from sandbox.oauth.requests import AuthorizationRequest, Client
from sandbox.settings import SandboxSettings
from sandbox.social.state import Person, SocialState

CODE_SECONDS = 600
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True),
)


class SocialWorld(Protocol):
    """The part of the world that the providers use."""

    @property
    def settings(self) -> SandboxSettings: ...
    @property
    def social(self) -> SocialState: ...
    def changed(self) -> object: ...


@dataclass(frozen=True, slots=True)
class Provider:
    """What differs before the code is there. `denied` is sent back when a person declines."""

    key: str
    label: str
    denied: dict[str, str]
    unknown_client: str
    other_redirect_uri: str
    bad_request: str


class Flow:
    """One provider's authorization endpoint, codes and tokens."""

    def __init__(self, world: SocialWorld, provider: Provider, token_seconds: int) -> None:
        self._world = world
        self.provider = provider
        settings = world.settings
        self.client = Client(
            client_id=f"sandbox-{provider.key}",
            secret=settings.social_secret(provider.key),
            redirect_uris=tuple(settings.social_redirect_uris.split()),
            any_loopback=True,
        )
        self.issuer = f"{settings.sandbox_url}/social/{provider.key}"
        self.codes: Codes[Person] = Codes(CODE_SECONDS)
        self.tokens: BearerTokens[Person] = BearerTokens(token_seconds)

    def show(self, request: Request) -> Response:
        """The consent page, or why not: a client that is not known is never redirected to."""
        asked = AuthorizationRequest.of(request.query_params)
        return self._refusal(asked) or self._page(asked)

    def _page(self, asked: AuthorizationRequest, error: str = "") -> Response:
        page = _TEMPLATES.get_template("consent.html").render(
            provider=self.provider,
            people=list(reversed(self._world.social.people(self.provider.key))),
            asked=asked,
            error=error,
        )
        return HTMLResponse(page, 422 if error else 200, HEADERS)

    def _refusal(self, asked: AuthorizationRequest) -> Response | None:
        if asked.client_id != self.client.client_id:
            return self._error(self.provider.unknown_client, "등록되지 않은 앱입니다.")
        if not self.client.may_return_to(asked.redirect_uri):
            return self._error(
                self.provider.other_redirect_uri, "등록되지 않은 Redirect URI입니다."
            )
        if asked.response_type != "code":
            return self._error(self.provider.bad_request, "response_type은 code여야 합니다.")
        if asked.code_challenge_method or asked.code_challenge:
            s256 = asked.code_challenge_method == "S256"
            if not s256 or not challenge_is_valid(asked.code_challenge):
                return self._error(
                    self.provider.bad_request, "PKCE는 S256 code_challenge여야 합니다."
                )
        return None

    def _error(self, code: str, why: str) -> Response:
        page = _TEMPLATES.get_template("error.html").render(
            provider=self.provider, code=code, why=why
        )
        return HTMLResponse(page, 400, HEADERS)

    def decide(self, request: Request, sent: dict[str, str]) -> Response:
        """Agreed or declined: back to the client."""
        asked = AuthorizationRequest.of(request.query_params)
        refusal = self._refusal(asked)
        if refusal is not None:
            return refusal
        if sent.get("action") != "agree":
            return asked.answer(**self.provider.denied)
        person = self._person(sent)
        if person is None:
            return self._page(asked, "이름을 적거나 사람을 고르세요.")
        grant = Grant(
            who=person,
            client_id=asked.client_id,
            redirect_uri=asked.redirect_uri,
            scope=asked.scope,
            nonce=asked.nonce or None,
            code_challenge=asked.code_challenge or None,
            agreed_at=wire_seconds(),
        )
        return asked.answer(code=self.codes.issue(grant))

    def _person(self, sent: dict[str, str]) -> Person | None:
        key = self.provider.key
        chosen = sent.get("person", "new")
        if chosen != "new":
            return self._world.social.person(key, chosen)
        name = sent.get("name", "").strip()
        if not name:
            return None
        email = sent.get("email", "").strip() or None
        made = self._world.social.add(key, name, email, "verified" in sent)
        self._world.changed()
        return made

    def id_token(self, grant: Grant[Person], seconds: int, **more: object) -> str:
        """RS256, with what all OpenID providers put in it."""
        now = int(wire_seconds())
        claims: Claims = {
            "iss": self.issuer,
            "aud": grant.client_id,
            "sub": grant.who.subject,
            "iat": now,
            "exp": now + seconds,
            **more,
        }
        if grant.nonce:
            claims["nonce"] = grant.nonce
        return self._keys.signing.sign(claims)

    def jwks(self) -> dict[str, object]:
        return self._keys.jwks()

    @property
    def _keys(self) -> KeyRing:
        """Made when first needed, and kept."""
        keys = self._world.social.keys(self.provider.key)
        if not keys.pems:
            keys.rotate(keep_old=False)
            self._world.changed()
        return keys
