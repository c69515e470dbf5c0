"""A person who is found wherever she was written: in clear, as JSON, as bytes, and sealed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.vault import CannotOpen, Vault
from app.domain.personal_data import FACTS
from app.domain.persons import name_key

Found = set[tuple[str, str]]
"""(table.column, which of her values)."""


def _syllables(how_many: int) -> str:
    """Hangul that no other text has."""
    return "".join(chr(0xAC00 + uuid4().int % 11172) for _ in range(how_many))


def _digits(how_many: int) -> str:
    return f"{uuid4().int % 10**how_many:0{how_many}d}"


def _birth_date() -> str:
    day = date(1950, 1, 1) + timedelta(days=uuid4().int % 18_000)
    return day.isoformat()


@dataclass(frozen=True)
class Planted:
    """Values that nobody else has. `hashes`: what the portal makes of them to look them up."""

    name: str = field(default_factory=lambda: "남궁" + _syllables(4))
    birth_date: str = field(default_factory=_birth_date)
    email: str = field(default_factory=lambda: f"mindeulle.{uuid4().hex[:8]}@planted.example")
    phone: str = field(default_factory=lambda: "010" + _digits(8))
    login_id: str = field(default_factory=lambda: f"mindeulle{uuid4().hex[:8]}")
    groupware_id: str = field(default_factory=lambda: f"nam.mindeulle{uuid4().hex[:6]}")
    subject: str = field(default_factory=lambda: f"sub-planted-{uuid4().hex}")
    social_email: str = field(default_factory=lambda: f"dandelion{uuid4().hex[:8]}@social.example")
    social_subject: str = field(default_factory=lambda: "7713" + _digits(12))
    department: str = field(default_factory=lambda: _syllables(6) + "연구실")
    position: str = field(default_factory=lambda: _syllables(6) + "책임")
    landline: str = field(default_factory=lambda: f"02-{_digits(4)}-{_digits(4)}")
    device: str = field(default_factory=lambda: f"DandelionBrowser/{_digits(8)}")
    address: str = field(
        default_factory=lambda: f"203.{uuid4().int % 250 + 1}.113.{uuid4().int % 250 + 1}"
    )
    hashes: dict[str, bytes] = field(default_factory=dict)

    @property
    def words(self) -> Mapping[str, tuple[str, ...]]:
        """Each value, also as people write it otherwise."""
        digits = self.birth_date.replace("-", "")
        phone = self.phone
        return {
            "name": (self.name, self.name[2:]),
            "birth_date": (self.birth_date, digits),
            "email": (self.email,),
            "phone": (phone, f"{phone[:3]}-{phone[3:7]}-{phone[7:]}", "+82" + phone[1:]),
            "login_id": (self.login_id,),
            "groupware_id": (self.groupware_id,),
            "subject": (self.subject,),
            "social_email": (self.social_email,),
            "social_subject": (self.social_subject,),
            "department": (self.department,),
            "position": (self.position,),
            "landline": (self.landline, self.landline.replace("-", "")),
            "device": (self.device,),
            "address": (self.address,),
        }

    def learn(self, vault: Vault, ci_hash: bytes) -> None:
        """What the portal's blind indexes make of her."""
        of_her = {
            "ci_hash": ci_hash,
            "email_hash": vault.index("email", self.email),
            "name_hash": vault.index("name", name_key(self.name)),
            "phone_hash": vault.index("phone", self.phone),
            "social_hash": vault.index("social:kakao", self.social_subject),
            "login_id_hash": vault.index("login_id", self.login_id),
        }
        self.hashes.update(of_her)

    def seen_in(self, words: str) -> set[str]:
        """Which of her values the words have; JSON's and percent escapes are opened first."""
        low = words.lower()
        return {
            value
            for value, ways in self.words.items()
            if any(way.lower() in low or json.dumps(way)[1:-1].lower() in low for way in ways)
        }


TABLES = text(
    "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'm')"
    " AND relnamespace = 'public'::regnamespace ORDER BY relname"
)


async def search(engine: AsyncEngine, vault: Vault, planted: Planted) -> Found:
    """Every column of every row of every table, whoever added it."""
    async with engine.connect() as connection:
        return await search_in(connection, vault, planted)


async def search_in(connection: AsyncConnection, vault: Vault, planted: Planted) -> Found:
    found: Found = set()
    sealed_as = {fact.column for fact in FACTS}
    for table in (await connection.execute(TABLES)).scalars().all():
        rows = (await connection.execute(text(f'SELECT * FROM "{table}"'))).mappings()
        for row in rows:
            for column, value in row.items():
                place = f"{table}.{column}"
                found |= {
                    (place, what) for what in _in_value(value, vault, planted, {place, *sealed_as})
                }
    return found


def _in_value(value: Any, vault: Vault, planted: Planted, names: Iterable[str]) -> set[str]:
    if value is None or isinstance(value, bool):
        return set()
    if isinstance(value, memoryview | bytes | bytearray):
        raw = bytes(value)
        seen = planted.seen_in(raw.decode("utf-8", "ignore"))
        seen |= {name for name, hashed in planted.hashes.items() if hashed and hashed in raw}
        return seen | planted.seen_in(_opened(raw, vault, names))
    if isinstance(value, dict | list):
        return planted.seen_in(json.dumps(value, ensure_ascii=False, default=str))
    return planted.seen_in(str(value))


def _opened(raw: bytes, vault: Vault, names: Iterable[str]) -> str:
    """What a sealed value says, whichever column it was sealed for; empty where it is none."""
    if raw[:1] != b"\x01":
        return ""
    for name in names:
        try:
            return vault.open(name, raw)
        except CannotOpen:
            continue
    return ""
