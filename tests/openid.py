"""Small providers for tests that need what a good one never does: other keys and claims."""

import json
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey

Json = dict[str, Any]


class FakeProvider(httpx.AsyncBaseTransport):
    """One OAuth provider below `base`; an OpenID Provider where `issuer` is given.

    `consent` is the browser's visit to the authorization page. What is changed for the next token:
    `claims` (None removes one), `header`, `key`; for every answer: `answers` by path.
    """

    def __init__(
        self,
        base: str,
        client: tuple[str, str],
        *,
        authorize: str,
        token: str,
        profile: str | None = None,
        issuer: str | None = None,
    ) -> None:
        self.base = base
        self.client = client
        self.paths = {"authorize": authorize, "token": token, "profile": profile or "/no-profile"}
        self.issuer = issuer
        self.keys: list[Key] = [RSAKey.generate_key(2048, {"kid": "first"}, auto_kid=False)]
        self.claims: Json = {}
        self.header: Json = {}
        self.key: Key | None = None
        self.profile_of: Callable[[Json], Json] = lambda claims: claims
        self.answers: dict[str, httpx.Response | Exception] = {}
        self.asked: list[str] = []
        self._codes: dict[str, tuple[Json, Json]] = {}
        self._access: dict[str, Json] = {}

    def consent(self, url: str, user: Json) -> tuple[str, str]:
        """(code, state) with which the browser comes back."""
        assert url.startswith(self.base + self.paths["authorize"] + "?"), url
        asked = dict(parse_qsl(urlsplit(url).query))
        assert asked["client_id"] == self.client[0]
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = (asked, user)
        return code, asked["state"]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = str(request.url).partition("?")[0].removeprefix(self.base)
        self.asked.append(path)
        if path in self.answers:
            answer = self.answers[path]
            if isinstance(answer, Exception):
                raise answer
            return answer
        if path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self._metadata())
        if path == "/.well-known/jwks.json":
            return httpx.Response(
                200, json={"keys": [key.as_dict(private=False) for key in self.keys]}
            )
        if path == self.paths["token"]:
            return self._token({k: v[0] for k, v in parse_qs(request.content.decode()).items()})
        if path == self.paths["profile"]:
            token = request.headers["authorization"].removeprefix("Bearer ")
            return httpx.Response(200, json=self.profile_of(self._access.pop(token)))
        return httpx.Response(404)

    def _metadata(self) -> Json:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": self.base + self.paths["authorize"],
            "token_endpoint": self.base + self.paths["token"],
            "jwks_uri": self.base + "/.well-known/jwks.json",
        }

    def _token(self, form: dict[str, str]) -> httpx.Response:
        asked, user = self._codes.pop(form["code"], ({}, {}))
        fits = (
            bool(asked)
            and (form.get("client_id"), form.get("client_secret")) == self.client
            and form.get("redirect_uri") == asked["redirect_uri"]
            and create_s256_code_challenge(form.get("code_verifier", "")) == asked["code_challenge"]
        )
        if not fits:
            return httpx.Response(400, json={"error": "invalid_grant"})
        access = secrets.token_urlsafe(16)
        self._access[access] = user
        answer = {"access_token": access, "token_type": "bearer", "expires_in": 3600}
        if self.issuer is not None:
            answer["id_token"] = self._id_token(asked, user)
        return httpx.Response(200, json=answer)

    def _id_token(self, asked: Json, user: Json) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.client[0],
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": asked.get("nonce"),
            **user,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.key or self.keys[0]
        algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
        header = {"alg": algorithm, "kid": key.kid or "first"} | self.header
        return jwt.encode(header, claims, key, algorithms=[header["alg"]])


class Routed(httpx.AsyncBaseTransport):
    """Requests below a fake's base go to it, all others to `inner`."""

    def __init__(self, inner: httpx.AsyncBaseTransport, *fakes: FakeProvider) -> None:
        self._inner = inner
        self._fakes = fakes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for fake in self._fakes:
            if str(request.url).startswith(fake.base):
                return await fake.handle_async_request(request)
        return await self._inner.handle_async_request(request)


def kakao() -> FakeProvider:
    base = "http://127.0.0.1:8001/social/kakao"
    fake = FakeProvider(
        base,
        ("sandbox-kakao", "sandbox-kakao-secret"),
        authorize="/oauth/authorize",
        token="/oauth/token",
        profile="/v2/user/me",
        issuer=base,
    )
    fake.profile_of = lambda claims: {
        "id": int(claims["sub"]),
        "kakao_account": {
            "email": claims.get("email"),
            "is_email_valid": True,
            "is_email_verified": claims.get("email_verified", True),
            "profile": {"nickname": claims.get("name")},
        },
    }
    return fake


def naver() -> FakeProvider:
    fake = FakeProvider(
        "http://127.0.0.1:8001/social/naver",
        ("sandbox-naver", "sandbox-naver-secret"),
        authorize="/oauth2.0/authorize",
        token="/oauth2.0/token",
        profile="/v1/nid/me",
    )
    fake.profile_of = lambda claims: {
        "resultcode": "00",
        "message": "success",
        "response": {"id": claims["sub"], "email": claims.get("email"), "name": claims.get("name")},
    }
    return fake


def google() -> FakeProvider:
    base = "http://127.0.0.1:8001/social/google"
    return FakeProvider(
        base,
        ("sandbox-google", "sandbox-google-secret"),
        authorize="/o/oauth2/v2/auth",
        token="/token",
        issuer=base,
    )


def as_json(response: httpx.Response) -> Json:
    found: Json = json.loads(response.content)
    return found
