"""One-time tokens: 256 bits for the client, a keyed hash for the database."""

import hashlib
import hmac
import secrets


class OneTimeTokens:
    """Makes tokens and hashes them; a database that leaks holds nothing that can be used."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def make(self) -> tuple[str, bytes]:
        """(the token to hand out once, the hash to keep)."""
        token = secrets.token_urlsafe(32)
        return token, self.hash(token)

    def hash(self, token: str) -> bytes:
        return hmac.digest(self._key, token.encode(), hashlib.sha256)
