"""Sub-domains: their form, and the words that are kept for the groupware itself."""

import re

from app.domain.errors import DomainError

_FORM = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38})[a-z0-9]")
RESERVED = frozenset(
    [
        "www",
        "mail",
        "smtp",
        "imap",
        "pop",
        "pop3",
        "ftp",
        "api",
        "app",
        "apps",
        "admin",
        "administrator",
        "root",
        "portal",
        "support",
        "help",
        "status",
        "static",
        "assets",
        "cdn",
        "img",
        "images",
        "auth",
        "login",
        "sso",
        "oauth",
        "accounts",
        "account",
        "billing",
        "pay",
        "payment",
        "payments",
        "store",
        "shop",
        "blog",
        "docs",
        "dev",
        "test",
        "staging",
        "demo",
        "sandbox",
        "internal",
        "system",
        "groupware",
        "office",
        "daou",
        "daouoffice",
        "noreply",
        "postmaster",
        "webmaster",
        "hostmaster",
        "abuse",
        "security",
        "ns",
        "ns1",
        "ns2",
        "mx",
        "vpn",
    ]
)


def check_subdomain(subdomain: str, pointer: str) -> None:
    """3-40 of a-z 0-9 -, no hyphen at an end, none at places 3 and 4 (IDNA), no reserved word.

    Raises `subdomain_invalid` or `subdomain_reserved` at the pointer.
    """
    if not _FORM.fullmatch(subdomain) or subdomain[2:4] == "--":
        raise DomainError("subdomain_invalid", pointer)
    if subdomain in RESERVED:
        raise DomainError("subdomain_reserved", pointer)
