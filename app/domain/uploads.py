"""Files that customers send: what is taken, and how each is told from what it only claims to be."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import filetype

from app.domain.errors import DomainError

MAX_FILES: Final = 5
MAX_FILE_BYTES: Final = 10 * 1024 * 1024
HEAD_BYTES: Final = 8192
"""What the type is told by."""
MAX_NAME: Final = 100
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069]')


@dataclass(frozen=True, slots=True)
class FileType:
    """A type by its media type, and the endings that its names may have."""

    media_type: str
    endings: tuple[str, ...]
    claims: tuple[str, ...] = ()
    """What else browsers call it."""


PAPER_TYPES: Final = (
    FileType("application/pdf", (".pdf",)),
    FileType("image/jpeg", (".jpg", ".jpeg")),
    FileType("image/png", (".png",)),
)
"""A scanned paper. No archives, nothing that a browser or an office runs."""


_HANCOM: Final = (
    "application/haansofthwp",
    "application/haansofthwpx",
    "application/vnd.hancom.hwp",
)
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
ATTACHMENT_TYPES: Final = (
    *PAPER_TYPES,
    FileType("image/gif", (".gif",)),
    FileType("image/webp", (".webp",)),
    FileType("application/x-hwp", (".hwp",), _HANCOM),
    FileType("application/hwp+zip", (".hwpx",), _HANCOM),
    FileType(f"{_OFFICE}.wordprocessingml.document", (".docx",)),
    FileType(f"{_OFFICE}.spreadsheetml.sheet", (".xlsx",)),
    FileType(f"{_OFFICE}.presentationml.presentation", (".pptx",)),
)
"""What goes with an inquiry: pictures of a screen, and documents of offices here. No archives."""
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_HWPX: Final = b"mimetypeapplication/hwp+zip"
"""Its first entry's name and content: stored and not packed, so nothing is ever unpacked."""
_ZIP_NAME: Final = 30
"""Where the name of a zip's first entry begins."""


@dataclass(frozen=True, slots=True)
class PartBegins:
    """A part of a form. `filename` is None for a field; both are the sender's words."""

    name: str
    filename: str | None
    media_type: str | None


@dataclass(frozen=True, slots=True)
class PartBytes:
    """Some of the part's content."""

    content: bytes


@dataclass(frozen=True, slots=True)
class PartEnds:
    """The part was whole."""


FormEvent = PartBegins | PartBytes | PartEnds


def check_type(
    head: bytes,
    filename: str,
    claimed: str | None,
    types: tuple[FileType, ...] = PAPER_TYPES,
    pointer: str | None = "/files",
) -> str:
    """The media type that the content has, from its first `HEAD_BYTES`.

    Raises `file_type_not_allowed` for what is none of `types`, `file_type_mismatch` where the
    content is another type than the name's ending or the media type say.
    """
    sniffed = _sniffed(head)
    found = next((kind for kind in types if kind.media_type == sniffed), None)
    if found is None:
        raise DomainError("file_type_not_allowed", pointer)
    if not filename.lower().endswith(found.endings):
        raise DomainError("file_type_mismatch", pointer)
    if claimed not in (None, "", "application/octet-stream", found.media_type, *found.claims):
        raise DomainError("file_type_mismatch", pointer)
    return found.media_type


def check_ending(filename: str) -> None:
    """Before a file is sent. Raises `file_type_not_allowed` for a name that no such file has."""
    endings = tuple(ending for kind in ATTACHMENT_TYPES for ending in kind.endings)
    if not filename.lower().endswith(endings):
        raise DomainError("file_type_not_allowed", "/filename")


def _sniffed(head: bytes) -> str | None:
    """한글 first: a library takes its documents for any zip and any OLE file."""
    if head.startswith((_OLE, b"HWP Document File")):
        return "application/x-hwp"
    if head.startswith(b"PK\x03\x04") and head[_ZIP_NAME:].startswith(_HWPX):
        return "application/hwp+zip"
    mime: str | None = filetype.guess_mime(head)
    return mime


def shown_name(filename: str) -> str:
    """The name as it may be shown to people: no path, no control or direction characters.

    Never used to store anything by.
    """
    last = re.split(r"[/\\]", filename)[-1]
    plain = _NOT_IN_NAMES.sub("", unicodedata.normalize("NFC", last)).strip(" .")
    if len(plain) > MAX_NAME:
        stem, dot, ending = plain.rpartition(".")
        plain = stem[: MAX_NAME - len(dot + ending)] + dot + ending if stem else plain[:MAX_NAME]
    return plain[-MAX_NAME:] or "file"
