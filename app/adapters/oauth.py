"""The authorization code flow as a client with PKCE S256, by Authlib over our own connections."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

import httpx
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.client import OAuth2Client

from app.adapters.http import ProviderHttp
from app.domain.provider_errors import ProviderRefused, Refusal

_NOTHING: Final = MappingProxyType[str, str]({})


@dataclass(frozen=True, slots=True)
class ProviderTokens:
    """What a code was exchanged for: used at once and forgotten."""

    access_token: str = field(repr=False)
    id_token: str | None = field(repr=False)


class CodeFlow:
    """One client at one provider. `scope` is None where the provider has none."""

    def __init__(
        self, http: ProviderHttp, client_id: str, client_secret: str, scope: str | None
    ) -> None:
        self._http = http
        self.client_id = client_id
        self._client_secret = client_secret
        self._scope = scope

    def authorization_url(
        self,
        endpoint: str,
        redirect_uri: str,
        state: str,
        verifier: str,
        *,
        nonce: str | None = None,
        login_hint: str | None = None,
    ) -> str:
        """Where the browser goes; only the verifier's hash is in it."""
        extra = {"nonce": nonce, "login_hint": login_hint}
        client = OAuth2Client(
            None, client_id=self.client_id, code_challenge_method="S256", scope=self._scope
        )
        url, _ = client.create_authorization_url(
            endpoint,
            state=state,
            code_verifier=verifier,
            redirect_uri=redirect_uri,
            **{name: value for name, value in extra.items() if value is not None},
        )
        return str(url)

    async def redeem(
        self,
        endpoint: str,
        code: str,
        verifier: str,
        redirect_uri: str,
        also: Mapping[str, str] = _NOTHING,
    ) -> ProviderTokens:
        """The tokens for a code. Refused REJECTED: the code or its verifier is not accepted.

        `also`: what this provider wants in the request beyond RFC 6749 and 7636.
        """

        async def work(transport: httpx.AsyncBaseTransport) -> ProviderTokens:
            async with self._client(transport) as client:
                try:
                    answer = await client.fetch_token(
                        endpoint,
                        body=urlencode(also),
                        grant_type="authorization_code",
                        code=code,
                        code_verifier=verifier,
                        redirect_uri=redirect_uri,
                    )
                    found = answer.get("access_token"), answer.get("id_token")
                except OAuthError as error:
                    raise self._refused(str(error.error)) from None
                except (ValueError, TypeError, AttributeError, RecursionError):
                    raise self._http.nonsense("token", "shape") from None
            access_token, id_token = found
            if not isinstance(access_token, str) or not isinstance(id_token, str | None):
                raise self._http.nonsense("token", "content")
            return ProviderTokens(access_token, id_token)

        return await self._http.lend("token", work)

    def _client(self, transport: httpx.AsyncBaseTransport) -> AsyncOAuth2Client:
        """A client for one exchange: it holds what it was given until then and no longer."""
        return AsyncOAuth2Client(
            client_id=self.client_id,
            client_secret=self._client_secret,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - a method's name
            transport=transport,
            timeout=self._http.timeout,
            trust_env=False,
        )

    def _refused(self, code: str) -> ProviderRefused:
        refusal = Refusal.REJECTED if code == "invalid_grant" else Refusal.NOT_ALLOWED
        return ProviderRefused(self._http.provider, "token", refusal, code[:40])
