"""Social providers and what they vouch for (PRODUCT.md section 3, contracts/social.md)."""

from dataclasses import dataclass, field
from enum import StrEnum


class SocialProvider(StrEnum):
    """As in paths."""

    KAKAO = "kakao"
    NAVER = "naver"
    GOOGLE = "google"


PROVIDER_NAMES = {
    SocialProvider.KAKAO: "Kakao",
    SocialProvider.NAVER: "Naver",
    SocialProvider.GOOGLE: "Google",
}


@dataclass(frozen=True, slots=True)
class SocialUser:
    """A provider's user. The key is the subject; the address links nobody to anybody.

    `email` is None unless the provider holds it for valid.
    """

    provider: SocialProvider
    subject: str = field(repr=False)
    email: str | None = field(repr=False)
    name: str | None = field(repr=False)
