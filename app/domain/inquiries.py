"""문의: its forms as data, its states, and what is taken with it (PRODUCT.md section 14)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.domain.catalogue import Name
from app.domain.errors import DomainError

MAX_TITLE: Final = 200
MAX_TEXT: Final = 5_000


class InquiryKind(StrEnum):
    """문의할 유형."""

    USAGE = "USAGE"
    ORDER = "ORDER"
    TERMINATION = "TERMINATION"
    OTHER = "OTHER"


class InquiryType(StrEnum):
    """문의 타입."""

    GENERAL = "GENERAL"
    FAULT = "FAULT"


class InquiryState(StrEnum):
    """RECEIVED waits for the operator, ANSWERED for nobody; CLOSED takes no more messages."""

    RECEIVED = "RECEIVED"
    ANSWERED = "ANSWERED"
    CLOSED = "CLOSED"


class InquiryAuthor(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "CUSTOMER"
    OPERATOR = "OPERATOR"


class InquiryField(StrEnum):
    """What a form asks for besides its details."""

    EMAIL = "email"
    TITLE = "title"
    COMPANY_NAME = "company_name"
    MOBILE_PHONE = "mobile_phone"
    LANDLINE = "landline"


@dataclass(frozen=True, slots=True)
class FormField:
    """A line of a form; `longest` in characters."""

    key: InquiryField
    label: Name
    required: bool
    longest: int
    placeholder: Name | None = None


@dataclass(frozen=True, slots=True)
class FormType:
    """A type with what its details begin with."""

    label: Name
    details_template: Name


@dataclass(frozen=True, slots=True)
class InquiryForm:
    """A kind's form; the fields in the order of the page."""

    label: Name
    types: Mapping[InquiryType, FormType]
    fields: tuple[FormField, ...]


_DETAILS: Final = Name(
    "등록자명:\n현상 발생 날짜 및 시간:\n오류 발생 직원 이름/ID:\n오류 발생 화면 URL:\n오류 현상:",
    "Your name:\nDate and time of the problem:\nName/ID of the user affected:\n"
    "URL of the page affected:\nWhat happens:",
)
_GENERAL: Final = FormType(
    Name("빠른 답변이 필요한 일반 문의", "General question, quick answer"), _DETAILS
)
_FAULT: Final = FormType(Name("오류/장애 문의", "Something does not work"), _DETAILS)
_FIELDS: Final = (
    FormField(InquiryField.EMAIL, Name("이메일 주소", "E-mail address"), True, 254),
    FormField(
        InquiryField.TITLE,
        Name("문의 제목", "Title"),
        True,
        MAX_TITLE,
        Name("서비스 해지 문의", "About ending the service"),
    ),
    FormField(
        InquiryField.COMPANY_NAME,
        Name("회사명", "Company"),
        True,
        100,
        Name("근무하는 회사명을 기록해주세요", "The company you work for"),
    ),
    FormField(InquiryField.MOBILE_PHONE, Name("휴대폰 번호", "Mobile phone"), False, 20),
    FormField(InquiryField.LANDLINE, Name("유선 전화번호", "Landline"), False, 20),
)


def _form(label: Name, **types: FormType) -> InquiryForm:
    kinds = {InquiryType(name): kind for name, kind in types.items()}
    return InquiryForm(label, MappingProxyType(kinds), _FIELDS)


FORMS: Final[Mapping[InquiryKind, InquiryForm]] = MappingProxyType(
    {
        InquiryKind.USAGE: _form(
            Name("서비스 이용 문의", "Using the service"), GENERAL=_GENERAL, FAULT=_FAULT
        ),
        InquiryKind.ORDER: _form(Name("주문/결제 문의", "Orders and payments"), GENERAL=_GENERAL),
        InquiryKind.TERMINATION: _form(
            Name("계약/해지 문의", "Contract and termination"), GENERAL=_GENERAL
        ),
        InquiryKind.OTHER: _form(Name("기타 문의", "Other"), GENERAL=_GENERAL),
    }
)
"""In the order of the page. The guide's form is OTHER with GENERAL."""

STATE_LABELS: Final[Mapping[InquiryState, Name]] = MappingProxyType(
    {
        InquiryState.RECEIVED: Name("접수", "Received"),
        InquiryState.ANSWERED: Name("답변 완료", "Answered"),
        InquiryState.CLOSED: Name("종료", "Closed"),
    }
)


def check_type_of(kind: InquiryKind, wanted: InquiryType) -> None:
    """Raises `inquiry_type_not_offered` for a type that the kind's form does not have."""
    if wanted not in FORMS[kind].types:
        raise DomainError("inquiry_type_not_offered", "/type")


def after_message(state: InquiryState, author: InquiryAuthor) -> InquiryState:
    """What the inquiry is once somebody wrote. Raises `inquiry_closed`."""
    if state is InquiryState.CLOSED:
        raise DomainError("inquiry_closed")
    return InquiryState.ANSWERED if author is InquiryAuthor.OPERATOR else InquiryState.RECEIVED
