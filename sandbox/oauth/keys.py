"""Signing keys and compact JWS, by hand: no library would make the bad tokens asked for."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pydantic import BaseModel, Field

Claims = dict[str, object]
Algorithm = Literal["RS256", "HS256", "none"]


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@dataclass(frozen=True)
class SigningKey:
    """An RSA key of 2048 bits, kept as PEM; its `kid` is the RFC 7638 thumbprint."""

    pem: str = field(repr=False)

    @classmethod
    def generate(cls) -> "SigningKey":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        raw = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return cls(raw.decode())

    @cached_property
    def _private(self) -> rsa.RSAPrivateKey:
        key = serialization.load_pem_private_key(self.pem.encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key

    @cached_property
    def _numbers(self) -> dict[str, str]:
        public = self._private.public_key().public_numbers()
        return {"e": _number(public.e), "kty": "RSA", "n": _number(public.n)}

    @cached_property
    def kid(self) -> str:
        canonical = json.dumps(self._numbers, sort_keys=True, separators=(",", ":"))
        return base64url(hashlib.sha256(canonical.encode()).digest())

    def public_jwk(self) -> dict[str, str]:
        return {**self._numbers, "alg": "RS256", "use": "sig", "kid": self.kid}

    def public_pem(self) -> bytes:
        """What the HS256 confusion attack signs with."""
        return self._private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(
        self,
        claims: Claims,
        algorithm: Algorithm = "RS256",
        kid: str | None = None,
        spoil: bool = False,
    ) -> str:
        """A compact JWS. `spoil` flips a bit of the signature."""
        header = {"alg": algorithm, "typ": "JWT", "kid": kid or self.kid}
        parts = [base64url(json.dumps(part).encode()) for part in (header, claims)]
        message = ".".join(parts).encode()
        signature = self._signature(message, algorithm)
        if spoil and signature:
            signature = bytes([signature[0] ^ 1]) + signature[1:]
        return ".".join([*parts, base64url(signature)])

    def _signature(self, message: bytes, algorithm: Algorithm) -> bytes:
        if algorithm == "none":
            return b""
        if algorithm == "HS256":
            return hmac.digest(self.public_pem(), message, hashlib.sha256)
        return self._private.sign(message, padding.PKCS1v15(), hashes.SHA256())


class KeyRing(BaseModel):
    """PEMs, the newest first: it signs, all are published. Made when first needed."""

    pems: list[str] = Field(default_factory=list)

    @property
    def signing(self) -> SigningKey:
        if not self.pems:
            self.rotate(keep_old=False)
        return SigningKey(self.pems[0])

    def rotate(self, *, keep_old: bool) -> SigningKey:
        """A new key signs from now on; without `keep_old` the others are no longer published."""
        made = SigningKey.generate()
        self.pems = [made.pem, *self.pems[:2]] if keep_old else [made.pem]
        return made

    def jwks(self) -> dict[str, object]:
        first = self.signing
        return {"keys": [first.public_jwk(), *(SigningKey(p).public_jwk() for p in self.pems[1:])]}
