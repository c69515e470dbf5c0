"""Authlib as the judge of the sandbox's OpenID providers: its client, its claims, joserfc's JWS."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

VERIFIER = generate_token(48)
NONCE = generate_token(20)


def oauth_client(
    transport: httpx.AsyncBaseTransport,
    client_id: str,
    secret: str,
    redirect_uri: str,
    scope: str = "openid email profile",
    auth_method: str = "client_secret_post",
) -> AsyncOAuth2Client:
    return AsyncOAuth2Client(
        client_id,
        secret,
        redirect_uri=redirect_uri,
        scope=scope,
        token_endpoint_auth_method=auth_method,
        code_challenge_method="S256",
        transport=transport,
    )


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def id_token(
    token: str, keys: dict[str, Any], issuer: str, client_id: str, access_token: str
) -> CodeIDToken:
    """The claims, if signature, kid and claims are right; RS256 and nothing else."""
    decoded = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["RS256"])  # type: ignore[arg-type]
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        {"iss": {"essential": True, "value": issuer}, "aud": {"value": client_id}},
        {"nonce": NONCE, "client_id": client_id, "access_token": access_token},
    )
    claims.validate(leeway=30)
    return claims
