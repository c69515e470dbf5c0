"""The groupware as an OpenID Provider (contracts/groupware.md, SSO)."""

import time
from collections.abc import Callable

import msgspec

from app.adapters.http import ProviderHttp
from app.adapters.oauth import CodeFlow
from app.adapters.oidc import Discovery, IdTokens, SigningKeys
from app.domain.authorization import Authorization
from app.domain.id_tokens import TokenFault, TokenRefused
from app.domain.sso import GroupwareUser

LONGEST_CLAIM = 255
PROVIDER = "groupware_sso"


class _Claims(msgspec.Struct):
    """All of them have to be there; an e-mail may be long, nothing may be endless."""

    sub: str
    auth_time: int
    site_id: str
    external_id: str
    site_admin: bool
    preferred_username: str
    name: str
    email: str
    business_number: str
    company_name: str


class GroupwareSso:
    """One client at one issuer."""

    def __init__(
        self,
        http: ProviderHttp,
        issuer: str,
        client_id: str,
        client_secret: str,
        wire_seconds: Callable[[], float] = time.time,
    ) -> None:
        self._http = http
        self._issuer = issuer
        self._flow = CodeFlow(http, client_id, client_secret, "openid profile email")
        self._discovery = Discovery(http, issuer)
        keys = SigningKeys(http, self._keys_address)
        self._tokens = IdTokens(PROVIDER, issuer, client_id, keys, wire_seconds)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _keys_address(self) -> str:
        return (await self._discovery.metadata()).jwks_uri

    async def authorization_url(self, wanted: Authorization, login_hint: str | None) -> str:
        return self._flow.authorization_url(
            (await self._discovery.metadata()).authorization_endpoint,
            wanted.redirect_uri,
            wanted.state,
            wanted.verifier,
            nonce=wanted.nonce,
            login_hint=login_hint,
        )

    async def redeem(self, code: str, given: Authorization) -> GroupwareUser:
        endpoint = (await self._discovery.metadata()).token_endpoint
        tokens = await self._flow.redeem(endpoint, code, given.verifier, given.redirect_uri)
        if tokens.id_token is None:
            raise TokenRefused(PROVIDER, TokenFault.MALFORMED)
        plain = await self._tokens.verify(tokens.id_token, given.nonce)
        try:
            claims = msgspec.convert(plain, _Claims)
        except msgspec.ValidationError:
            raise TokenRefused(PROVIDER, TokenFault.CLAIM_MISSING) from None
        words = (claims.sub, claims.site_id, claims.external_id, claims.preferred_username)
        shown = (claims.name, claims.email)
        if not all(words) or any(len(word) > LONGEST_CLAIM for word in (*words, *shown)):
            raise TokenRefused(PROVIDER, TokenFault.CLAIM_MISSING)
        return GroupwareUser(
            issuer=self._issuer,
            subject=claims.sub,
            external_id=claims.external_id,
            groupware_site_id=claims.site_id,
            site_admin=claims.site_admin,
            login_id=claims.preferred_username,
            name=claims.name,
            email=claims.email,
        )
