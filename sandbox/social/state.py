"""Who has an account at Kakao, Naver or Google, and the keys those sign with."""

import base64
import secrets
from collections.abc import Callable

from pydantic import BaseModel, Field

from sandbox.oauth.keys import KeyRing


class Person(BaseModel):
    """`subject` is the provider's own key. Without an e-mail the person did not share one."""

    subject: str
    name: str
    email: str | None = None
    email_verified: bool = True


def _digits(count: int) -> str:
    return str(secrets.randbelow(9) + 1) + "".join(
        str(secrets.randbelow(10)) for _ in range(count - 1)
    )


_SUBJECTS: dict[str, Callable[[], str]] = {
    "kakao": lambda: _digits(10),
    "naver": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode(),
    "google": lambda: _digits(21),
}
PROVIDERS = tuple(_SUBJECTS)


class Snapshot(BaseModel):
    people: dict[str, list[Person]] = Field(default_factory=dict)
    keys: dict[str, KeyRing] = Field(default_factory=dict)


class SocialState:
    """People and keys by provider."""

    def __init__(self) -> None:
        self._kept = Snapshot()

    def people(self, provider: str) -> list[Person]:
        return self._kept.people.setdefault(provider, [])

    def person(self, provider: str, subject: str) -> Person | None:
        return next((p for p in self.people(provider) if p.subject == subject), None)

    def add(self, provider: str, name: str, email: str | None, verified: bool) -> Person:
        """A new person with a subject in the provider's manner."""
        subject = _SUBJECTS[provider]()
        made = Person(subject=subject, name=name, email=email, email_verified=verified)
        self.people(provider).append(made)
        return made

    def keys(self, provider: str) -> KeyRing:
        return self._kept.keys.setdefault(provider, KeyRing())

    def dump(self) -> dict[str, object]:
        return self._kept.model_dump(mode="json")

    def load(self, plain: dict[str, object]) -> None:
        self._kept = Snapshot.model_validate(plain)
