"""약관: every document that somebody agrees to, by kind and version (PRODUCT.md section 3).

A version's text never changes; a new text is a new version, and consents name the one shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.catalogue import Name
from app.domain.errors import DomainError

MARKETING: Final = "MARKETING"
"""The document about advertising: an account agrees to it, and takes that back."""


class TermsUse(StrEnum):
    """Where a document is shown."""

    SIGN_UP = "SIGN_UP"
    IDENTITY = "IDENTITY"
    ORDER = "ORDER"
    INQUIRY = "INQUIRY"


@dataclass(frozen=True, slots=True)
class TermsDocument:
    """One document in force. `required`: without it the step is refused."""

    kind: str
    version: str
    use: TermsUse
    required: bool
    title: Name
    body: Name


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """What a person answered to one document."""

    kind: str
    version: str
    agreed: bool


def _sign_up(kind: str, required: bool, title: Name, body: Name) -> TermsDocument:
    return TermsDocument(kind, "2023-09", TermsUse.SIGN_UP, required, title, body)


def _identity(kind: str, title: Name, body: Name) -> TermsDocument:
    return TermsDocument(kind, "2023-09", TermsUse.IDENTITY, True, title, body)


def _order(kind: str, required: bool, title: Name, body: Name) -> TermsDocument:
    return TermsDocument(kind, "2023-09", TermsUse.ORDER, required, title, body)


def _inquiry(kind: str, required: bool, title: Name, body: Name) -> TermsDocument:
    return TermsDocument(kind, "2023-09", TermsUse.INQUIRY, required, title, body)


DOCUMENTS: tuple[TermsDocument, ...] = (
    _sign_up(
        "PRIVACY",
        True,
        Name("개인정보 수집 및 이용에 동의합니다.", "I agree to the use of my personal data."),
        Name(
            "수집 항목: 이름, 생년월일, 휴대전화, 이메일. "
            "이용 목적: 회원 식별, 계약 이행, 고객 안내. "
            "보유 기간: 탈퇴 후 5일 이내 파기하며 법령이 정한 기간 동안 분리 보관합니다.",
            "Collected: name, birth date, phone, e-mail. Used for: telling members apart, "
            "performing the contract, notices. Kept: erased within 5 days of withdrawal, save "
            "what law keeps.",
        ),
    ),
    _sign_up(
        "AGE_14",
        True,
        Name("만 14세 이상입니다.", "I am 14 or older."),
        Name(
            "만 14세 미만은 가입할 수 없습니다.",
            "Persons under 14 cannot sign up.",
        ),
    ),
    _sign_up(
        "SERVICE_TERMS",
        True,
        Name("고객포털 서비스 이용약관에 동의합니다.", "I agree to the portal's terms of service."),
        Name(
            "회원은 본인의 정보로 가입하고 계정을 스스로 관리합니다. "
            "회사는 서비스를 안정적으로 제공합니다.",
            "Members sign up with their own data and look after their account. We keep the service "
            "running.",
        ),
    ),
    _sign_up(
        MARKETING,
        False,
        Name("마케팅 수집 및 활용에 동의합니다.", "I agree to marketing messages."),
        Name(
            "혜택과 소식을 이메일과 문자로 보냅니다. 언제든지 철회할 수 있습니다.",
            "Offers and news by mail and text message. You may withdraw at any time.",
        ),
    ),
    _identity(
        "IDENTITY_PRIVACY",
        Name("본인확인 개인정보 이용 동의", "Personal data for identity verification"),
        Name(
            "본인확인을 위해 이름, 생년월일, 성별, 휴대전화를 본인확인기관에 제공합니다.",
            "Name, birth date, gender and phone are given to the identity agency.",
        ),
    ),
    _identity(
        "IDENTITY_UNIQUE_ID",
        Name("고유식별정보 처리 동의", "Unique identifiers"),
        Name(
            "본인확인기관이 연계정보(CI)와 중복가입확인정보(DI)를 처리합니다.",
            "The agency handles the connecting information (CI) and duplication information (DI).",
        ),
    ),
    _identity(
        "IDENTITY_CARRIER",
        Name("통신사 이용약관 동의", "The carrier's terms"),
        Name(
            "선택한 통신사의 본인확인 서비스 약관에 동의합니다.",
            "The identity terms of the chosen carrier.",
        ),
    ),
    _identity(
        "IDENTITY_AGENCY",
        Name("본인확인서비스 이용약관 동의", "The agency's terms"),
        Name(
            "본인확인기관의 서비스 이용약관에 동의합니다.",
            "The terms of the identity agency.",
        ),
    ),
    _order(
        "SERVICE_CONTRACT",
        True,
        Name("서비스 계약에 동의합니다.", "I agree to the service contract."),
        Name(
            "주문한 상품을 표시된 금액과 기간으로 이용합니다. 계약서는 주문확인서로 갈음합니다.",
            "What is ordered is used at the price and for the term shown. The order confirmation "
            "stands for the contract.",
        ),
    ),
    _order(
        "EARLY_TERMINATION",
        False,
        Name("중도 해지 위약금에 동의합니다.", "I agree to the fee for early termination."),
        Name(
            "12개월, 24개월 계약을 중도 해지하면 남은 기간 이용료의 10%를 위약금으로 공제합니다. "
            "설치비는 환불되지 않습니다.",
            "Ending a contract of 12 or 24 months early costs 10 % of the unused fees. Set-up is "
            "not refunded.",
        ),
    ),
    _inquiry(
        "INQUIRY_PRIVACY",
        True,
        Name("개인정보 처리방침에 동의합니다.", "I agree to the privacy policy."),
        Name(
            "수집 항목: 이메일, 회사명, 전화번호, 문의 내용과 첨부 파일. 이용 목적: 문의 답변. "
            "보유 기간: 문의 처리 후 3년간 보관하고 파기합니다.",
            "Collected: e-mail, company, phones, what you write and attach. Used for: answering. "
            "Kept: three years after the inquiry was dealt with, then erased.",
        ),
    ),
    _inquiry(
        "INQUIRY_MARKETING",
        False,
        Name(
            "마케팅 정보 수집 및 활용에 동의합니다.",
            "I agree to the use of my data for marketing.",
        ),
        Name(
            "문의하신 서비스의 안내에 연락처를 활용합니다. 언제든지 철회할 수 있습니다.",
            "Your contact data is used to tell you about the services you ask for. You may withdraw"
            " at any time.",
        ),
    ),
)


def version_in_force(kind: str) -> str:
    """Of one document."""
    return next(document.version for document in DOCUMENTS if document.kind == kind)


def order_consents_needed(months: Sequence[int | None]) -> frozenset[str]:
    """Which documents an order of these terms needs: 12 and 24 months have an early end."""
    long = any(month is not None and month >= 12 for month in months)
    return frozenset({"SERVICE_CONTRACT", *(("EARLY_TERMINATION",) if long else ())})


def check_consents(
    use: TermsUse, given: Sequence[GivenConsent], needed: frozenset[str] | None = None
) -> None:
    """Every needed document of the step agreed to in the version in force, none twice or unknown.

    `needed`: the kinds, where it is not simply every required one.

    Raises `consent_required` or `consent_unknown` with the pointer of the entry.
    """
    shown = {document.kind: document for document in DOCUMENTS if document.use is use}
    agreed: set[str] = set()
    seen: set[str] = set()
    for index, consent in enumerate(given):
        document = shown.get(consent.kind)
        if document is None or document.version != consent.version or consent.kind in seen:
            raise DomainError("consent_unknown", f"/consents/{index}")
        seen.add(consent.kind)
        if consent.agreed:
            agreed.add(consent.kind)
    wanted = needed if needed is not None else {d.kind for d in shown.values() if d.required}
    missing = sorted(wanted - agreed)
    if missing:
        raise DomainError("consent_required", "/consents", missing=", ".join(missing))
