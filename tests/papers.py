"""Forms with files, as clients send them, and files that are what they say, or are not."""

from typing import Any

from app.domain.uploads import MAX_FILE_BYTES

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(40)
ZIP = b"PK\x03\x04" + bytes(60)
TOO_LARGE = PDF + bytes(MAX_FILE_BYTES + 1 - len(PDF))

Part = tuple[str, tuple[str, bytes, str]]


def paper(
    content: bytes = PDF, name: str = "사업자등록증.pdf", media_type: str = "application/pdf"
) -> Part:
    """A file of the form."""
    return "files", (name, content, media_type)


def form(*files: Part, **words: str) -> dict[str, Any]:
    """What httpx takes: fields first, then the files, or one paper where none is named."""
    fields = [(name, (None, value.encode())) for name, value in words.items()]
    return {"files": [*fields, *(files or (paper(),))]}
