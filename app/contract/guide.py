"""Which page of the operator's guide (고객포털 이용 가이드) an operation belongs to.

By its tag, or by its own name where it is on another page than the rest of its tag.
"""

from typing import Any

PAGE_OF_TAG = {
    "accounts": "02. 고객포털 접속 방법 및 회원가입",
    "me": "내 정보 관리",
    "company": "회사정보관리",
    "catalogue": "주문 및 결제 > 신규주문",
    "quotes": "주문 및 결제 > 신규주문 > 견적서 받기",
    "orders": "주문 및 결제",
    "payments": "주문 및 결제 > 결제",
    "documents": "멤버십 현황 > 주문/구매내역",
    "memberships": "멤버십 현황 > 멤버십현황",
    "help": "고객포털 FAQ",
    "system status": "서비스 관리 > 시스템현황",
}
"""What is not here is on no page: the service itself, and what providers call."""

_SIGN_IN = "02. 고객포털 접속 방법 및 회원가입 > 로그인"
_POPUPS = "02. 고객포털 접속 방법 및 회원가입 > 와플메뉴의 고객포털"
_FIRST_INVITATION = "02. 고객포털 접속 방법 및 회원가입 > 기업회원 계정을 생성해 주세요"
_USERS = "회사정보관리 > 사용자초대/관리"
_INFORMATION = "회사정보관리 > 회사법인정보관리"
_HISTORY = "멤버십 현황 > 주문/구매내역"
_NEW_ORDER = "주문 및 결제 > 신규주문, 추가/연장주문"
_LEAVING = "04. 고객포털 탈퇴 방법"
PAGE_OF_OPERATION = {
    **dict.fromkeys(("log_in", "refresh", "log_out", "step_up"), _SIGN_IN),
    **dict.fromkeys(("find_login_id", "reset_password"), _SIGN_IN),
    **dict.fromkeys(("start_social", "complete_social"), _SIGN_IN),
    **dict.fromkeys(
        (
            "start_groupware_sign_in",
            "return_from_groupware",
            "exchange_sso_code",
            "link_groupware_user",
        ),
        _POPUPS,
    ),
    **dict.fromkeys(
        (
            "invite_corporate_account",
            "preview_corporate_invitation",
            "resend_corporate_invitation",
        ),
        _FIRST_INVITATION,
    ),
    **dict.fromkeys(
        (
            *("list_users", "update_user", "remove_user", "invite_user", "list_invitations"),
            *("resend_invitation", "approve_invitation", "cancel_invitation"),
            *("preview_invitation", "accept_invitation"),
        ),
        _USERS,
    ),
    **dict.fromkeys(
        (
            *("get_company", "update_company", "get_tax_invoice_contact"),
            *("set_tax_invoice_contact", "get_refund_account", "set_refund_account"),
            *("list_company_business_documents", "send_company_business_document"),
            *("create_change_request", "list_change_requests"),
            *("create_refund_account_request", "list_refund_account_requests"),
        ),
        _INFORMATION,
    ),
    **dict.fromkeys(
        (
            *("get_support", "list_inquiry_forms", "create_inquiry", "list_inquiries"),
            *("get_inquiry", "add_inquiry_message", "open_inquiry", "reply_to_inquiry"),
            *("create_attachment_ticket", "send_attachment", "get_inquiry_attachment"),
        ),
        "고객케어라운지 > 문의등록",
    ),
    "get_home": "Home",
    **dict.fromkeys(("create_order", "preview_price"), _NEW_ORDER),
    **dict.fromkeys(
        ("list_orders", "get_order", "export_orders", "get_order_export", "get_order_export_file"),
        _HISTORY,
    ),
    **dict.fromkeys(
        ("preview_termination", "request_termination", "undo_termination", "withdraw"), _LEAVING
    ),
}


def name_pages(paths: dict[str, Any]) -> None:
    """Ends each operation's description with its page, which `x-guide-page` gives by itself."""
    for operations in paths.values():
        for operation in operations.values():
            page = _page_of(operation)
            if page is None:
                continue
            operation["x-guide-page"] = page
            said = operation.get("description", "")
            operation["description"] = f"{said}\n\n이용 가이드: {page}".strip()


def _page_of(operation: dict[str, Any]) -> str | None:
    named = PAGE_OF_OPERATION.get(operation["operationId"])
    return named or PAGE_OF_TAG.get(operation["tags"][0])
