"""One authorization request of ours (RFC 6749, 7636; OpenID Connect Core 1.0)."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Authorization:
    """What one authorization request is bound to. `nonce` goes to OpenID providers only."""

    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
