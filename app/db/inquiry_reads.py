"""문의: a page of an account's own, and one with its thread, each in one statement."""

from datetime import datetime
from uuid import UUID

import msgspec

from app.db.reads import read_many, read_one


class InquiryRead(msgspec.Struct, frozen=True):
    """`title`: base64 of what is sealed."""

    id: UUID
    number: str
    kind: str
    type: str
    state: str
    company_id: UUID | None
    title: bytes
    created_at: datetime
    updated_at: datetime


class InquiryFileRead(msgspec.Struct, frozen=True):
    id: UUID
    filename: bytes
    media_type: str
    size: int


class InquiryMessageRead(msgspec.Struct, frozen=True):
    """`attachments` in the order in which they were sent."""

    id: UUID
    author: str
    text: bytes
    created_at: datetime
    operator: str | None
    attachments: list[InquiryFileRead]


class InquiryThreadRead(InquiryRead, frozen=True):
    """`messages`: the oldest first. `asker`: who asked, sealed."""

    asker: bytes
    messages: list[InquiryMessageRead]


def _base64(column: str) -> str:
    return f"replace(encode({column}, 'base64'), chr(10), '')"


_LINE = (
    "i.id, i.number, i.kind, i.type, i.state, i.company_id,"
    f" {_base64('i.title')} AS title, i.created_at, i.updated_at"
)
INQUIRY_PAGE = read_many(
    f"SELECT {_LINE} FROM inquiries i"  # noqa: S608 - our own text
    " WHERE i.account_id = p.account_id AND (i.created_at, i.id) < (:at, :id)"
    " ORDER BY i.created_at DESC, i.id DESC LIMIT :size",
    InquiryRead,
)
_FILES = (
    "SELECT coalesce(json_agg(json_build_object('id', a.id, 'filename',"  # noqa: S608
    f" {_base64('a.filename')}, 'media_type', a.media_type, 'size', a.size) ORDER BY a.id), '[]')"
    " FROM attachments a WHERE a.message_id = m.id"
)
THREAD = (
    f"SELECT {_LINE}, {_base64('i.asker')} AS asker, (SELECT json_agg(t)"  # noqa: S608
    f" FROM (SELECT m.id, m.author, {_base64('m.text')} AS text, m.created_at, m.operator,"
    f"   ({_FILES}) AS attachments FROM inquiry_messages m WHERE m.inquiry_id = i.id"
    "   ORDER BY m.created_at, m.id) AS t) AS messages FROM inquiries i"
)
INQUIRY = read_one(f"{THREAD} WHERE i.id = :id AND i.account_id = p.account_id", InquiryThreadRead)
