"""What can go wrong with the world outside, in three kinds that a service can act upon.

No message here holds personal data, a secret or an address: they may be logged as they are.
"""

from enum import StrEnum


class Refusal(StrEnum):
    """Why a provider said no, whatever words it has for it."""

    NOT_FOUND = "NOT_FOUND"
    ALREADY_DONE = "ALREADY_DONE"
    """The step was taken before: sent, verified, paid or cancelled already."""
    DELETED = "DELETED"
    """It was there once: a billing key that somebody removed."""
    NOT_READY = "NOT_READY"
    """A step that must come first was not taken: nothing was sent, nothing was paid."""
    AMOUNT_CHANGED = "AMOUNT_CHANGED"
    """What can be cancelled is not what we believed: read the payment again."""
    REJECTED = "REJECTED"
    """The agency behind the provider said no: a wrong one-time code, a refused card."""
    TOO_MANY = "TOO_MANY"
    SUBDOMAIN_TAKEN = "SUBDOMAIN_TAKEN"
    RECIPIENT_REFUSED = "RECIPIENT_REFUSED"
    NOT_ALLOWED = "NOT_ALLOWED"
    """Our key or channel is not accepted: a matter for the operator."""
    INVALID = "INVALID"
    """The provider does not accept what was sent."""


class ProviderError(Exception):
    """A call to a provider did not give its result. `operation` is our name for the call."""

    def __init__(self, provider: str, operation: str, message: str) -> None:
        super().__init__(f"{provider} {operation}: {message}")
        self.provider = provider
        self.operation = operation


class ProviderUnavailable(ProviderError):
    """Down, slow, or left alone for a while (circuit open). Whether the work was done is unknown.

    `retry_after` is in seconds, at least 1.
    """

    def __init__(self, provider: str, operation: str, reason: str, retry_after: int = 5) -> None:
        super().__init__(provider, operation, f"unavailable ({reason})")
        self.reason = reason
        self.retry_after = max(1, retry_after)


class ProviderRefused(ProviderError):
    """The provider understood and said no: nothing was done. Repeating changes nothing.

    `detail` is the provider's own code, for logs and the operator only.
    """

    def __init__(self, provider: str, operation: str, code: Refusal, detail: str = "") -> None:
        super().__init__(provider, operation, f"refused {code} {detail}".rstrip())
        self.code = code
        self.detail = detail


class ProviderNonsense(ProviderError):
    """The answer cannot be read. Whether the work was done is unknown; nothing is guessed."""

    def __init__(self, provider: str, operation: str, reason: str) -> None:
        super().__init__(provider, operation, f"unreadable answer ({reason})")
        self.reason = reason
