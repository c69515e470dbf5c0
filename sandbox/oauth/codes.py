"""Authorization codes and bearer tokens. Wire time: it never moves with the sandbox's clock."""

import base64
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def wire_seconds() -> float:
    """Real time, in one place, for tests that wait ten minutes in none."""
    return time.time()


class Refusal(StrEnum):
    """Why a code is not exchanged; each provider has its own words for it."""

    UNKNOWN_CODE = "UNKNOWN_CODE"
    USED_CODE = "USED_CODE"
    EXPIRED_CODE = "EXPIRED_CODE"
    OTHER_CLIENT = "OTHER_CLIENT"
    OTHER_REDIRECT_URI = "OTHER_REDIRECT_URI"
    VERIFIER_MISSING = "VERIFIER_MISSING"
    VERIFIER_WRONG = "VERIFIER_WRONG"


class CodeRefused(Exception):
    """With the reason."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Grant(Generic[T]):
    """What a person agreed to: for whom, where to, and the request's own secrets."""

    who: T
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str | None
    agreed_at: float


def challenge_is_valid(challenge: str) -> bool:
    return _CHALLENGE.fullmatch(challenge) is not None


class Codes(Generic[T]):
    """Single use, `seconds` long. What is left is forgotten at a restart."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._grants: dict[str, Grant[T]] = {}
        self._used: set[str] = set()

    def issue(self, grant: Grant[T]) -> str:
        # An expired code is told apart from an unknown one for as long again.
        oldest = wire_seconds() - 2 * self._seconds
        self._grants = {code: g for code, g in self._grants.items() if g.agreed_at > oldest}
        self._used &= self._grants.keys()
        code = secrets.token_urlsafe(32)
        self._grants[code] = grant
        return code

    def redeem(
        self, code: str, client_id: str, redirect_uri: str | None, verifier: str | None
    ) -> Grant[T]:
        """The grant, once. `redirect_uri` None: a provider that does not ask for it again.

        Raises CodeRefused. As RFC 6749 asks, a code that was shown is spent by the try.
        """
        grant = self._grants.get(code)
        if grant is None:
            raise CodeRefused(Refusal.UNKNOWN_CODE)
        if code in self._used:
            raise CodeRefused(Refusal.USED_CODE)
        if grant.client_id != client_id:
            raise CodeRefused(Refusal.OTHER_CLIENT)
        self._used.add(code)
        if wire_seconds() >= grant.agreed_at + self._seconds:
            raise CodeRefused(Refusal.EXPIRED_CODE)
        if redirect_uri is not None and redirect_uri != grant.redirect_uri:
            raise CodeRefused(Refusal.OTHER_REDIRECT_URI)
        _check_verifier(grant.code_challenge, verifier)
        return grant


def _check_verifier(challenge: str | None, verifier: str | None) -> None:
    """S256 (RFC 7636): a challenge needs its verifier, and a verifier its challenge."""
    if challenge is None:
        if verifier:
            raise CodeRefused(Refusal.VERIFIER_WRONG)
        return
    if not verifier:
        raise CodeRefused(Refusal.VERIFIER_MISSING)
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    fits = hmac.compare_digest(made, challenge.encode())
    if not _VERIFIER.fullmatch(verifier) or not fits:
        raise CodeRefused(Refusal.VERIFIER_WRONG)


class BearerTokens(Generic[T]):
    """Access tokens in memory: a token of before a restart is unknown."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self._held: dict[str, tuple[T, float]] = {}

    def issue(self, who: T) -> str:
        now = wire_seconds()
        self._held = {token: held for token, held in self._held.items() if held[1] > now}
        token = secrets.token_urlsafe(32)
        self._held[token] = (who, now + self.seconds)
        return token

    def of(self, header: str | None) -> T | None:
        """Whose token an Authorization header carries."""
        scheme, _, token = (header or "").partition(" ")
        who, until = self._held.get(token, (None, 0.0))
        return who if scheme.lower() == "bearer" and until > wire_seconds() else None
