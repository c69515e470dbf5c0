"""Files as answers: always an attachment, with a name that every browser writes right."""

from typing import Any
from urllib.parse import quote

from fastapi import Response

from app.domain.mails import MailAttachment

PDF_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The PDF, as an attachment.",
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def attached(file: MailAttachment) -> Response:
    """200 with the file; `filename*` is UTF-8 by RFC 5987, `filename` what old clients can read."""
    return Response(
        file.content, media_type=file.content_type, headers=attachment_headers(file.filename)
    )


def attachment_headers(filename: str) -> dict[str, str]:
    """Never shown inline, never kept by a cache on the way; the edge forbids to sniff."""
    plain = filename.encode("ascii", "ignore").decode().lstrip("_") or "file"
    return {
        "Content-Disposition": (
            f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
        ),
        "Cache-Control": "private, no-store",
    }
