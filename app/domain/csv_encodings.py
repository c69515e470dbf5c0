"""What a CSV file of the operator is written in: UTF-8, with or without a BOM, or CP949 (Excel)."""

import codecs
import re
from typing import Final

from app.domain.errors import DomainError

_HANGUL: Final = re.compile("[가-힣]")
_LOST: Final = "\ufffd"


def read_text(document: bytes) -> str:
    """The file's text, without its BOM. Raises `import_encoding_unknown`.

    UTF-8 that is broken somewhere is not taken for CP949, as which its names would be others: it
    says so by its BOM, or by more Hangul than broken places when it is read as UTF-8.
    """
    try:
        text = document.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _cp949(document)
    if "\x00" in text:
        raise DomainError("import_encoding_unknown")
    return text


def _cp949(document: bytes) -> str:
    """Raises `import_encoding_unknown`."""
    read = document.decode("utf-8", "replace")
    broken_utf8 = len(_HANGUL.findall(read)) > read.count(_LOST)
    if document.startswith(codecs.BOM_UTF8) or broken_utf8:
        raise DomainError("import_encoding_unknown")
    try:
        return document.decode("cp949")
    except UnicodeDecodeError as unknown:
        raise DomainError("import_encoding_unknown") from unknown
