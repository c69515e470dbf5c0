"""Why an ID token is not believed (OpenID Connect Core 1.0, section 3.1.3.7)."""

from enum import StrEnum


class TokenFault(StrEnum):
    """One fault a check; a token with several is refused for the first."""

    MALFORMED = "token_malformed"
    ALGORITHM = "algorithm_refused"
    """`none`, an HMAC with a public key, or anything else than what is pinned."""
    KEY_UNKNOWN = "key_unknown"
    SIGNATURE = "signature_invalid"
    ISSUER = "issuer_mismatch"
    AUDIENCE = "audience_mismatch"
    NONCE = "nonce_mismatch"
    EXPIRED = "token_expired"
    """Past its `exp`, or issued in the future, by more than the skew."""
    CLAIM_MISSING = "claim_missing"
    """A claim that has to be there is missing or of another kind."""


class TokenRefused(Exception):
    """An ID token that is not believed."""

    def __init__(self, provider: str, fault: TokenFault) -> None:
        super().__init__(f"{provider} ID token refused: {fault}")
        self.provider = provider
        self.fault = fault
