"""The language of an answer: Korean, or English where `Accept-Language` prefers it."""

from enum import StrEnum
from functools import lru_cache

from starlette.requests import Request


class Language(StrEnum):
    KO = "ko"
    EN = "en"


def parse_accept_language(value: str | None) -> Language:
    """The better of ko and en by quality, the earlier on a tie; Korean where neither is named."""
    return _preferred(value[:1000]) if value else Language.KO


@lru_cache(maxsize=256)
def _preferred(value: str) -> Language:
    best, best_quality = Language.KO, 0.0
    for part in value.split(","):
        tag, _, parameter = part.strip().partition(";")
        quality = _quality(parameter)
        primary = tag.strip().lower().partition("-")[0]
        if primary in (Language.KO, Language.EN) and quality > best_quality:
            best, best_quality = Language(primary), quality
    return best


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def language_of(request: Request) -> Language:
    return parse_accept_language(request.headers.get("accept-language"))
