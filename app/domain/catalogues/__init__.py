"""The catalogue versions that ship with the portal, as data files beside this module."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files

from app.domain.catalogue import parse_catalogue

SHIPPED = ("2023-09.json",)


@dataclass(frozen=True, slots=True)
class ShippedCatalogue:
    """A version's document as it is stored, checked once."""

    code: str
    effective_from: date
    published_at: datetime
    document: Mapping[str, object]


def shipped_catalogues() -> tuple[ShippedCatalogue, ...]:
    """Every shipped version. Raises `InvalidCatalogue` for one that is not whole."""
    return tuple(_read(name) for name in SHIPPED)


def _read(name: str) -> ShippedCatalogue:
    document = json.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    catalogue = parse_catalogue(document)
    first_day = catalogue.effective_from
    published_at = datetime(first_day.year, first_day.month, first_day.day, tzinfo=UTC)
    return ShippedCatalogue(catalogue.code, first_day, published_at, document)
