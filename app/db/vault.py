"""Personal data at rest: AES-256-GCM with a key ring, and blind indexes for exact look-ups.

A sealed value is `version (1 byte) | key id length | key id | nonce (12) | ciphertext and tag`. The
column's name is authenticated with it, so that a value moved to another column does not open.
"""

import base64
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = 1
_NONCE = 12


class CannotOpen(ValueError):
    """The value was sealed with a key we do not have, for another column, or was changed."""


class Vault:
    """Seals and opens text. `ring`: `kid:base64 kid:base64`, the first key seals, all open."""

    def __init__(self, ring: str, index_key: str) -> None:
        keys = [entry.partition(":") for entry in ring.split()]
        if not keys:
            raise ValueError("the key ring is empty")
        self._keys = {kid: AESGCM(base64.b64decode(key)) for kid, _, key in keys}
        self._first = keys[0][0]
        self._index_key = index_key.encode()

    def seal(self, column: str, value: str) -> bytes:
        """Different bytes each time, also for the same value."""
        return self.seal_bytes(column, value.encode())

    def seal_bytes(self, column: str, value: bytes) -> bytes:
        """The same of what is no text: a file."""
        kid = self._first.encode()
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._keys[self._first].encrypt(nonce, value, column.encode())
        return bytes((_VERSION, len(kid))) + kid + nonce + sealed

    def open(self, column: str, sealed: bytes) -> str:
        """The text that was sealed for this column. Raises `CannotOpen`."""
        try:
            return self.open_bytes(column, sealed).decode()
        except UnicodeDecodeError as refused:
            raise CannotOpen(column) from refused

    def opened(self, column: str, sealed: bytes | None) -> str | None:
        """The same of a value that may not be there. Raises `CannotOpen`."""
        return self.open(column, sealed) if sealed else None

    def open_bytes(self, column: str, sealed: bytes) -> bytes:
        """The bytes that were sealed for this column. Raises `CannotOpen`."""
        if len(sealed) < 2 or sealed[0] != _VERSION:
            raise CannotOpen(column)
        end = 2 + sealed[1]
        key = self._keys.get(sealed[2:end].decode("ascii", "replace"))
        if key is None:
            raise CannotOpen(column)
        nonce, ciphertext = sealed[end : end + _NONCE], sealed[end + _NONCE :]
        try:
            return key.decrypt(nonce, ciphertext, column.encode())
        except (InvalidTag, ValueError) as refused:
            raise CannotOpen(column) from refused

    def index(self, column: str, value: str) -> bytes:
        """Keyed hash for exact look-ups: equal values of one column have equal indexes."""
        return hmac.digest(self._index_key, f"{column}\x00{value}".encode(), hashlib.sha256)
