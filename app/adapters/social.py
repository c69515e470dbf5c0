"""Kakao, Naver and Google (contracts/social.md): who is it that came back with this code?"""

import msgspec

from app.adapters.http import Call, ProviderHttp
from app.adapters.oauth import CodeFlow, ProviderTokens
from app.adapters.oidc import Discovery, IdTokens, SigningKeys
from app.domain.authorization import Authorization
from app.domain.id_tokens import TokenFault, TokenRefused
from app.domain.provider_errors import Refusal
from app.domain.social import SocialProvider, SocialUser

LONGEST_SUBJECT = 255


def refusal(status: int, body: bytes) -> tuple[Refusal, str] | None:
    """A profile or key that is not given: ours to mend, not the user's."""
    return (Refusal.NOT_ALLOWED, str(status)) if status in {400, 401, 403, 404} else None


class _KakaoProfile(msgspec.Struct):
    nickname: str | None = None


class _KakaoAccount(msgspec.Struct):
    email: str | None = None
    is_email_valid: bool = False
    is_email_verified: bool = False
    profile: _KakaoProfile | None = None


class _KakaoUser(msgspec.Struct):
    id: int
    kakao_account: _KakaoAccount = msgspec.field(default_factory=_KakaoAccount)


class Kakao:
    """OpenID Connect for the subject, the profile for what is shown. `auth_url` is the issuer."""

    def __init__(
        self, http: ProviderHttp, auth_url: str, api_url: str, client_id: str, client_secret: str
    ) -> None:
        self._http = http
        self._auth_url = auth_url
        self._api_url = api_url
        scope = "openid account_email profile_nickname"
        self._flow = CodeFlow(http, client_id, client_secret, scope)
        keys = SigningKeys(http, self._keys_address)
        self._tokens = IdTokens("kakao", auth_url, client_id, keys)

    async def _keys_address(self) -> str:
        return self._auth_url + "/.well-known/jwks.json"

    async def authorization_url(self, wanted: Authorization) -> str:
        return self._flow.authorization_url(
            self._auth_url + "/oauth/authorize",
            wanted.redirect_uri,
            wanted.state,
            wanted.verifier,
            nonce=wanted.nonce,
        )

    async def redeem(self, code: str, given: Authorization) -> SocialUser:
        endpoint = self._auth_url + "/oauth/token"
        tokens = await self._flow.redeem(endpoint, code, given.verifier, given.redirect_uri)
        claims = await self._tokens.verify(_id_token("kakao", tokens), given.nonce)
        url = self._api_url + "/v2/user/me"
        user = await self._http.call(_profile(url, tokens), _KakaoUser)
        if str(user.id) != claims["sub"]:
            raise self._http.nonsense("profile", "another subject")
        account = user.kakao_account
        valid = account.is_email_valid and account.is_email_verified
        return SocialUser(
            SocialProvider.KAKAO,
            str(user.id),
            account.email if valid else None,
            account.profile.nickname if account.profile else None,
        )

    async def aclose(self) -> None:
        await self._http.aclose()


class _NaverResponse(msgspec.Struct):
    id: str
    email: str | None = None
    name: str | None = None


class _NaverUser(msgspec.Struct):
    resultcode: str
    response: _NaverResponse


class Naver:
    """OAuth 2 without an ID token: the profile is all there is."""

    def __init__(
        self, http: ProviderHttp, auth_url: str, api_url: str, client_id: str, client_secret: str
    ) -> None:
        self._http = http
        self._auth_url = auth_url
        self._api_url = api_url
        self._flow = CodeFlow(http, client_id, client_secret, None)

    async def authorization_url(self, wanted: Authorization) -> str:
        return self._flow.authorization_url(
            self._auth_url + "/oauth2.0/authorize",
            wanted.redirect_uri,
            wanted.state,
            wanted.verifier,
        )

    async def redeem(self, code: str, given: Authorization) -> SocialUser:
        tokens = await self._flow.redeem(
            self._auth_url + "/oauth2.0/token",
            code,
            given.verifier,
            given.redirect_uri,
            {"state": given.state},  # Naver's own demand
        )
        url = self._api_url + "/v1/nid/me"
        user = await self._http.call(_profile(url, tokens), _NaverUser)
        subject = user.response.id
        if user.resultcode != "00" or not 0 < len(subject) <= LONGEST_SUBJECT:
            raise self._http.nonsense("profile", "content")
        return SocialUser(SocialProvider.NAVER, subject, user.response.email, user.response.name)

    async def aclose(self) -> None:
        await self._http.aclose()


class _GoogleClaims(msgspec.Struct):
    sub: str
    email: str | None = None
    email_verified: bool = False
    name: str | None = None


class Google:
    """OpenID Connect by discovery; the ID token is all that is read."""

    def __init__(self, http: ProviderHttp, issuer: str, client_id: str, client_secret: str) -> None:
        self._http = http
        self._flow = CodeFlow(http, client_id, client_secret, "openid email profile")
        self._discovery = Discovery(http, issuer)
        keys = SigningKeys(http, self._keys_address)
        self._tokens = IdTokens("google", issuer, client_id, keys)

    async def _keys_address(self) -> str:
        return (await self._discovery.metadata()).jwks_uri

    async def authorization_url(self, wanted: Authorization) -> str:
        return self._flow.authorization_url(
            (await self._discovery.metadata()).authorization_endpoint,
            wanted.redirect_uri,
            wanted.state,
            wanted.verifier,
            nonce=wanted.nonce,
        )

    async def redeem(self, code: str, given: Authorization) -> SocialUser:
        endpoint = (await self._discovery.metadata()).token_endpoint
        tokens = await self._flow.redeem(endpoint, code, given.verifier, given.redirect_uri)
        claims = await self._tokens.verify(_id_token("google", tokens), given.nonce)
        try:
            user = msgspec.convert(claims, _GoogleClaims)
        except msgspec.ValidationError:
            raise self._http.nonsense("id_token", "content") from None
        if not 0 < len(user.sub) <= LONGEST_SUBJECT:
            raise self._http.nonsense("id_token", "content")
        email = user.email if user.email_verified else None
        return SocialUser(SocialProvider.GOOGLE, user.sub, email, user.name)

    async def aclose(self) -> None:
        await self._http.aclose()


def _id_token(provider: str, tokens: ProviderTokens) -> str:
    if tokens.id_token is None:
        raise TokenRefused(provider, TokenFault.MALFORMED)
    return tokens.id_token


def _profile(url: str, tokens: ProviderTokens) -> Call:
    headers = {"Authorization": f"Bearer {tokens.access_token}"}
    return Call("profile", "GET", url, headers=headers, repeatable=True)
