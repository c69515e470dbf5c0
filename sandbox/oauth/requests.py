"""Authorization requests and token requests as they come."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus, urlencode, urlsplit, urlunsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client."""

    client_id: str
    secret: str
    redirect_uris: tuple[str, ...]
    any_loopback: bool = False
    """Frontend teams' own addresses on this machine are registered, whatever port and path."""

    def may_return_to(self, uri: str) -> bool:
        if uri in self.redirect_uris:
            return True
        try:
            parts = urlsplit(uri)
            port = parts.port
        except ValueError:
            return False
        host = parts.netloc.removesuffix(f":{port}") if port else parts.netloc
        return (
            self.any_loopback and parts.scheme == "http" and host in LOOPBACK and not parts.fragment
        )

    def has_secret(self, secret: str | None) -> bool:
        return hmac.compare_digest((secret or "").encode(), self.secret.encode())


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """The query of an authorization endpoint; what is not there is the empty string."""

    response_type: str
    client_id: str
    redirect_uri: str
    scope: str
    state: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    login_hint: str
    prompt: str
    max_age: str

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "AuthorizationRequest":
        return cls(**{name: query.get(name, "") for name in cls.__slots__})

    def answer(self, **facts: str) -> Response:
        """Back to the client, with its state."""
        sent = facts | ({"state": self.state} if self.state else {})
        parts = urlsplit(self.redirect_uri)
        query = "&".join(part for part in (parts.query, urlencode(sent)) if part)
        target = urlunsplit(parts._replace(query=query))
        return RedirectResponse(target, 302, {"Cache-Control": "no-store"})


def client_of(request: Request, sent: Mapping[str, str]) -> tuple[str, str]:
    """Client id and secret by `client_secret_basic` or `client_secret_post`."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return unquote_plus(name), unquote_plus(secret)
    return sent.get("client_id", ""), sent.get("client_secret", "")
