"""How one signs in, what came of it, and how long a failure makes wait (PRODUCT.md section 4)."""

from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address

FIRST_BLOCK = timedelta(minutes=1)
LONGEST_BLOCK = timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(hours=24)
BY_PAIR = 5
"""Of one ID from one address; of one known device; of one session stepping up."""
BY_ADDRESS = 100
BY_ID = 50
"""Of one ID from everywhere. One address adds `BY_PAIR` at the most: it takes ten addresses."""


class SignInWay(StrEnum):
    """What a session began with."""

    PASSWORD = "PASSWORD"  # noqa: S105 - a way, not a password
    SOCIAL = "SOCIAL"
    GROUPWARE = "GROUPWARE"
    SIGN_UP = "SIGN_UP"


PROVES_THE_OWNER = frozenset({SignInWay.PASSWORD, SignInWay.SIGN_UP})
"""Ways that are as good as a step-up: a password or a phone identity was shown just now."""


class SignInOutcome(StrEnum):
    """What came of a try. The person who tried is told the same for all but the first."""

    SIGNED_IN = "SIGNED_IN"
    WRONG_PASSWORD = "WRONG_PASSWORD"  # noqa: S105 - an outcome, not a password
    SUSPENDED = "SUSPENDED"


def blocked_until(failures: int, allowed: int, last_failed_at: datetime) -> datetime | None:
    """From the allowed number of failures on: a minute, doubling with each one to an hour."""
    if failures < allowed:
        return None
    doubled = FIRST_BLOCK * (1 << min(failures - allowed, 6))
    return last_failed_at + min(doubled, LONGEST_BLOCK)


def address_group(address: str) -> str:
    """What counts as one address: a whole /64 of IPv6, since that is what one customer is given.

    An IPv4 address in IPv6's clothes is the IPv4 address; what is no address stands for itself.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed)
