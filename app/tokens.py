"""Access tokens: the only module that knows python-jose. HS256 alone, from a key ring by `kid`."""

import hashlib
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from jose import JWTError, jwt

ALGORITHM: Final = "HS256"
LIFETIME_SECONDS: Final = 600
_REMEMBERED: Final = 10_000


class InvalidAccessToken(Exception):
    """Not ours, changed, expired, or for somebody else: the reason is nobody's business."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a verified token says: whose it is and which session it belongs to."""

    account_id: UUID
    session_id: UUID
    expires_at: int


class AccessTokens:
    """Issues and verifies. A verified token is remembered by its hash until it expires, since the

    session behind it is read from the database on each request anyway (`docs/performance.md`).
    """

    def __init__(self, ring: str, issuer: str, audience: str) -> None:
        keys = [entry.partition(":") for entry in ring.split()]
        if not keys or any(len(key) < 32 for _, _, key in keys):
            raise ValueError("access token keys need 32 characters or more")
        self._keys = {kid: key for kid, _, key in keys}
        self._first = keys[0][0]
        self._issuer = issuer
        self._audience = audience
        self._verified: OrderedDict[bytes, AccessClaims] = OrderedDict()

    def issue(self, account_id: UUID, session_id: UUID) -> str:
        """A token for ten minutes of wire time."""
        issued_at = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(account_id),
            "sid": str(session_id),
            "iat": issued_at,
            "exp": issued_at + LIFETIME_SECONDS,
            "jti": uuid.uuid4().hex,
        }
        headers = {"kid": self._first}
        return jwt.encode(claims, self._keys[self._first], algorithm=ALGORITHM, headers=headers)

    def verify(self, token: str) -> AccessClaims:
        """Raises `InvalidAccessToken`."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._verified.get(digest)
        if known is None:
            known = self._decode(token)
            self._verified[digest] = known
            if len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        elif known.expires_at <= time.time():
            del self._verified[digest]
            raise InvalidAccessToken
        return known

    def _decode(self, token: str) -> AccessClaims:
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys[header["kid"]]
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                options={"require_exp": True, "require_sub": True, "require_iat": True},
            )
            return AccessClaims(UUID(claims["sub"]), UUID(claims["sid"]), int(claims["exp"]))
        except (JWTError, KeyError, ValueError, TypeError, AttributeError) as refused:
            raise InvalidAccessToken from refused
