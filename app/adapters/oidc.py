"""OpenID Connect for adapters: a provider's metadata, its keys, what its ID tokens must hold."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import (
    ClaimError,
    ExpiredTokenError,
    JoseError,
    MissingClaimError,
)
from joserfc.jwk import Key, import_key

from app.adapters.http import Call, ProviderHttp
from app.domain.id_tokens import TokenFault, TokenRefused

ALGORITHMS = ("RS256", "ES256")
"""The only ones, whatever a token or a provider says."""
SKEW_SECONDS = 30
KEYS_LAST_SECONDS = 3600.0
"""After which a key that the provider withdrew is forgotten, too."""
REFETCH_PAUSE_SECONDS = 60.0
METADATA_LASTS_SECONDS = 3600.0


class Metadata(msgspec.Struct, frozen=True):
    """What a discovery document says of the four addresses that matter here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class Discovery:
    """The metadata of one issuer, read when first needed and once an hour."""

    def __init__(
        self, http: ProviderHttp, issuer: str, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._http = http
        self._issuer = issuer
        self._now = now
        self._known: Metadata | None = None
        self._until = 0.0
        self._reading = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """Raises provider errors; a document of another issuer, or one that leads from https to
        http, is nonsense."""
        async with self._reading:
            if self._known is None or self._now() >= self._until:
                url = self._issuer + "/.well-known/openid-configuration"
                call = Call("discovery", "GET", url, repeatable=True)
                found = await self._http.call(call, Metadata)
                scheme = self._issuer.partition(":")[0]
                urls = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
                if found.issuer != self._issuer or any(u.partition(":")[0] != scheme for u in urls):
                    raise self._http.nonsense("discovery", "content")
                self._known, self._until = found, self._now() + METADATA_LASTS_SECONDS
            return self._known


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


class SigningKeys:
    """A provider's public keys by `kid`.

    An unknown `kid` makes them be read again, at most once a minute: a rotation needs no restart,
    and nobody can make us hammer the provider.
    """

    def __init__(
        self,
        http: ProviderHttp,
        address: Callable[[], Awaitable[str]],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._address = address
        self._now = now
        self._keys: Mapping[str, Key] = {}
        self._until = 0.0
        self._refetch_from = 0.0
        self._reading = asyncio.Lock()

    async def find(self, kid: str) -> Key | None:
        """None for a `kid` that the provider does not name. Raises provider errors."""
        async with self._reading:
            if self._now() >= self._until:
                await self._read()
            elif kid not in self._keys and self._now() >= self._refetch_from:
                self._refetch_from = self._now() + REFETCH_PAUSE_SECONDS
                await self._read()
            return self._keys.get(kid)

    async def _read(self) -> None:
        call = Call("jwks", "GET", await self._address(), repeatable=True)
        answer = await self._http.call(call, _KeySet)
        self._keys = {key.kid: key for key in map(_public_key, answer.keys) if key and key.kid}
        self._until = self._now() + KEYS_LAST_SECONDS


def _public_key(plain: dict[str, Any]) -> Key | None:
    """None for what cannot sign our algorithms: a symmetric key, one for encryption, nonsense."""
    if plain.get("kty") not in {"RSA", "EC"} or plain.get("use", "sig") != "sig":
        return None
    try:
        return import_key(plain)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


class IdTokens:
    """Verifies the ID tokens of one issuer for one client."""

    def __init__(
        self,
        provider: str,
        issuer: str,
        client_id: str,
        keys: SigningKeys,
        wire_seconds: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._issuer = issuer
        self._client_id = client_id
        self._keys = keys
        self._wire_seconds = wire_seconds

    async def verify(self, token: str, nonce: str) -> Mapping[str, Any]:
        """The claims. Raises TokenRefused, and provider errors while the keys are fetched."""
        kid = self._signed_with(token)
        key = await self._keys.find(kid)
        if key is None:
            raise self._refused(TokenFault.KEY_UNKNOWN)
        try:
            decoded = jwt.decode(token, key, algorithms=ALGORITHMS)
        except (JoseError, ValueError, TypeError):
            raise self._refused(TokenFault.SIGNATURE) from None
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": self._issuer},
                "aud": {"essential": True, "value": self._client_id},
                "nonce": {"essential": True},
            },
            params={"nonce": nonce, "client_id": self._client_id},
        )
        try:
            claims.validate(now=int(self._wire_seconds()), leeway=SKEW_SECONDS)
        except (JoseError, ValueError, TypeError) as error:
            raise self._refused(_fault(error)) from None
        return decoded.claims

    def _signed_with(self, token: str) -> str:
        """The `kid` of a token that says it is signed by one of our algorithms."""
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError, TypeError):
            raise self._refused(TokenFault.MALFORMED) from None
        if header.get("alg") not in ALGORITHMS:
            raise self._refused(TokenFault.ALGORITHM)
        kid = header.get("kid")
        if not isinstance(kid, str) or not kid:
            raise self._refused(TokenFault.KEY_UNKNOWN)
        return kid

    def _refused(self, fault: TokenFault) -> TokenRefused:
        return TokenRefused(self._provider, fault)


_BY_CLAIM = {
    "iss": TokenFault.ISSUER,
    "aud": TokenFault.AUDIENCE,
    "azp": TokenFault.AUDIENCE,
    "nonce": TokenFault.NONCE,
    "exp": TokenFault.EXPIRED,
    "iat": TokenFault.EXPIRED,
    "nbf": TokenFault.EXPIRED,
}


def _fault(error: Exception) -> TokenFault:
    if isinstance(error, ExpiredTokenError):
        return TokenFault.EXPIRED
    if isinstance(error, MissingClaimError) or not isinstance(error, ClaimError):
        return TokenFault.CLAIM_MISSING
    return _BY_CLAIM.get(error.claim, TokenFault.CLAIM_MISSING)
