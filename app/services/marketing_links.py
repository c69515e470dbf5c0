"""The link that ends advertising, or confirms it: without a sign-in, for as long as a mail lives.

Its token is the account and a keyed hash of it: nothing is stored, and nothing ends.
"""

import base64
import binascii
import hmac
from typing import Final
from uuid import UUID

from app.services.one_time import OneTimeTokens

PROOF_BYTES: Final = 16
SPA_PAGE: Final = "/unsubscribe"


class MarketingLinks:
    """`spa_url`: where people decide; `api_url`: where their mail clients post."""

    def __init__(self, tokens: OneTimeTokens, spa_url: str, api_url: str) -> None:
        self._tokens = tokens
        self._spa_url = spa_url
        self._api_url = api_url

    def token(self, account_id: UUID) -> str:
        """43 characters of base64url."""
        return base64.urlsafe_b64encode(account_id.bytes + self._proof(account_id)).decode()[:-1]

    def account_of(self, token: str) -> UUID | None:
        """None for whatever we did not make, to the last bit."""
        try:
            known = base64.urlsafe_b64decode(f"{token}=".encode("ascii"))
        except (UnicodeEncodeError, binascii.Error):
            return None
        if len(known) != 16 + PROOF_BYTES:
            return None
        account_id = UUID(bytes=known[:16])
        return account_id if hmac.compare_digest(self.token(account_id), token) else None

    def page(self, account_id: UUID) -> str:
        """The SPA's page; the token is in the fragment, which no server sees."""
        return f"{self._spa_url}{SPA_PAGE}#token={self.token(account_id)}"

    def example(self) -> str:
        """The same page for a mail that is to nobody who could unsubscribe."""
        return f"{self._spa_url}{SPA_PAGE}"

    def one_click(self, account_id: UUID) -> str:
        """For the header of RFC 8058: the one link whose token is in its path."""
        return f"{self._api_url}/v1/marketing/unsubscribe/{self.token(account_id)}"

    def _proof(self, account_id: UUID) -> bytes:
        return self._tokens.hash(f"marketing:{account_id}")[:PROOF_BYTES]
