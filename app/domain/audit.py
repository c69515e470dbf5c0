"""What the audit log says: every change of who may do what, by a stable name (PRODUCT.md 15).

A name is never reused for something else: rows are kept for years.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from app.domain.catalogue import Name


class AuditAction(StrEnum):
    """What was done, `subject.verb`."""

    ACCOUNT_SIGNED_UP = "account.signed_up"
    ACCOUNT_WITHDRAWN = "account.withdrawn"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - an action, not a password
    PASSWORD_RESET = "password.reset"  # noqa: S105
    PHONE_CHANGED = "phone.changed"
    EMAIL_CHANGED = "email.changed"
    EMAIL_VERIFIED = "email.verified"
    CONSENTS_CHANGED = "consents.changed"
    SESSION_ENDED = "session.ended"
    SESSIONS_ENDED = "sessions.ended"
    REFRESH_TOKEN_REUSED = "refresh_token.reused"  # noqa: S105
    USER_INVITED = "user.invited"
    USER_INVITATION_RESENT = "user_invitation.resent"
    USER_INVITATION_CANCELLED = "user_invitation.cancelled"
    USER_INVITATION_ACCEPTED = "user_invitation.accepted"
    USER_INVITATION_WAITS = "user_invitation.waits_for_approval"
    USER_INVITATION_APPROVED = "user_invitation.approved"
    USER_SUSPENDED = "user.suspended"
    USER_RESTORED = "user.restored"
    USER_REMOVED = "user.removed"
    HANDOVER_BEGUN = "handover.begun"
    HANDOVER_CANCELLED = "handover.cancelled"
    HANDED_OVER = "handover.accepted"
    HANDOVER_ASKED = "handover.asked"
    HANDOVER_AGREED = "handover.agreed"
    HANDOVER_OBJECTED = "handover.objected"
    HANDOVER_OPENED = "handover.opened"
    CONTRACT_IMPORTED = "contract.imported"
    IMPORT_ASKED = "contract_import.asked"
    CORPORATE_INVITED = "corporate_invitation.sent"
    SOCIAL_LINKED = "social.linked"
    SOCIAL_UNLINKED = "social.unlinked"
    GROUPWARE_LINKED = "groupware.linked"
    GROUPWARE_UNLINKED = "groupware.unlinked"
    GROUPWARE_ADMIN_LOST = "groupware.admin_lost"
    GROUPWARE_ADMIN_RESTORED = "groupware.admin_restored"
    AUTO_RENEW_CHANGED = "membership.auto_renew_changed"
    MEMBERSHIP_CARD_CHANGED = "membership.payment_method_changed"
    CARD_REGISTERED = "payment_method.registered"
    CARD_CHANGED = "payment_method.changed"
    CARD_REMOVED = "payment_method.removed"
    CARD_LOST = "payment_method.lost"
    TERMS_GIVEN = "payment_terms.given"
    DEPOSITS_ADDED = "bank_deposits.added"
    DEPOSIT_CONFIRMED = "bank_deposit.confirmed"
    DEPOSIT_REJECTED = "bank_deposit.rejected"
    CHANGE_SCHEDULED = "membership.change_scheduled"
    SCHEDULED_CHANGE_UNDONE = "membership.scheduled_change_undone"
    RENEWAL_PRICE_AGREED = "membership.renewal_price_agreed"
    MEMBERSHIP_ENDED = "membership.ended"
    PRICE_AGREED = "price_agreement.made"
    PRICE_AGREEMENT_ENDED = "price_agreement.ended"
    CATALOGUE_DRAFTED = "catalogue_version.drafted"
    CATALOGUE_ACTIVATED = "catalogue_version.activated"
    COUPON_CREATED = "coupon.created"
    TAX_INVOICE_RETRIED = "tax_invoice.retried"
    DISPUTE_CORRECTED = "dispute.corrected"
    CASH_RECEIPT_RETRIED = "cash_receipt.retried"
    TAX_INVOICE_OVERRIDDEN = "tax_invoice.overridden"
    NOTICE_CREATED = "notice.created"
    NOTICE_ENDED = "notice.ended"
    FAQ_CREATED = "faq.created"
    FAQ_CHANGED = "faq.changed"
    COMPANY_READ = "company.read"
    MAIL_SENT_AGAIN = "mail.sent_again"
    JOB_RETRIED = "job.retried"
    COMPANY_UPDATED = "company.updated"
    COMPANY_VERIFIED = "company.verified"
    COMPANY_CHANGE_REQUESTED = "company.change_requested"
    COMPANY_CHANGED = "company.changed"
    ACCOUNTING_SWITCHED = "site.accounting_switched"
    OPERATOR_CREATED = "operator.created"
    OPERATOR_CHANGED = "operator.changed"
    OPERATOR_DISABLED = "operator.disabled"
    OPERATOR_SIGNED_IN = "operator.signed_in"
    OPERATOR_SIGNED_OUT = "operator.signed_out"
    OPERATOR_PASSWORD_CHANGED = "operator.password_changed"  # noqa: S105
    INQUIRY_READ = "inquiry.read"
    INQUIRY_ANSWERED = "inquiry.answered"
    INQUIRY_CLOSED = "inquiry.closed"
    COUPON_ENDED = "coupon.ended"
    BUSINESS_DOCUMENT_SENT = "business_document.sent"
    COMPANY_CLAIMED = "company.claimed"
    COMPANY_PROVEN = "company.proven"
    COMPANY_MOVED = "company.moved"
    TERMINATION_REQUESTED = "termination.requested"
    TERMINATION_UNDONE = "termination.undone"
    COMPANY_WITHDRAWN = "company.withdrawn"
    REFUND_ACCOUNT_SET = "refund_account.set"
    REFUND_ACCOUNT_REQUESTED = "refund_account.requested"
    REFUND_ACCOUNT_READ = "refund_account.read"
    TAX_CONTACT_CHANGED = "tax_invoice_contact.changed"
    REFUND_CONFIRMED = "refund.confirmed"
    MEMBER_READ = "member.read"
    MEMBER_SUSPENDED = "member.suspended"
    MEMBER_RESTORED = "member.restored"
    REFUND_CONFIRMED_ONCE = "refund.confirmed_once"
    CAMPAIGN_CREATED = "campaign.created"
    CAMPAIGN_CHANGED = "campaign.changed"
    CAMPAIGN_TESTED = "campaign.tested"
    CAMPAIGN_SENT = "campaign.sent"
    CAMPAIGN_STOPPED = "campaign.stopped"
    HOLIDAY_PUT = "holiday.put"
    HOLIDAY_REMOVED = "holiday.removed"
    GOODWILL_MADE = "goodwill.made"
    GOODWILL_APPROVED = "goodwill.approved"
    GOODWILL_REFUSED = "goodwill.refused"
    REFUND_RETRIED = "refund.retried"
    DISPUTE_RECORDED = "dispute.recorded"
    OPENING_RETRIED = "opening.retried"
    CASE_HELD = "case.held"
    CASE_APPROVED_ONCE = "case.approved_once"
    CASE_APPROVED = "case.approved"
    CASE_REFUSED = "case.refused"
    CASE_READ = "case.read"


AUDIT_LABELS: Mapping[AuditAction, Name] = MappingProxyType(
    {
        AuditAction.ACCOUNT_SIGNED_UP: Name("회원가입", "Signed up"),
        AuditAction.ACCOUNT_WITHDRAWN: Name("고객포털 탈퇴", "Left the portal"),
        AuditAction.PASSWORD_CHANGED: Name("비밀번호 변경", "Password changed"),
        AuditAction.PASSWORD_RESET: Name("비밀번호 재설정", "Password reset"),
        AuditAction.PHONE_CHANGED: Name("휴대전화 변경", "Phone changed"),
        AuditAction.EMAIL_CHANGED: Name("이메일 변경", "E-mail address changed"),
        AuditAction.EMAIL_VERIFIED: Name("이메일 인증", "E-mail address verified"),
        AuditAction.CONSENTS_CHANGED: Name("동의 변경", "Consents changed"),
        AuditAction.SESSION_ENDED: Name("로그인 기기 해제", "A session was ended"),
        AuditAction.SESSIONS_ENDED: Name("다른 기기 모두 로그아웃", "Other sessions ended"),
        AuditAction.REFRESH_TOKEN_REUSED: Name(
            "로그인 정보 도용 의심으로 세션 종료", "A session was ended: its token was used twice"
        ),
        AuditAction.USER_INVITED: Name("사용자 초대", "User invited"),
        AuditAction.USER_INVITATION_RESENT: Name("초대장 재발송", "Invitation sent again"),
        AuditAction.USER_INVITATION_CANCELLED: Name("초대 취소", "Invitation cancelled"),
        AuditAction.USER_INVITATION_ACCEPTED: Name("초대 수락", "Invitation accepted"),
        AuditAction.USER_INVITATION_WAITS: Name(
            "초대 수락, 승인 대기", "Invitation accepted, waits for approval"
        ),
        AuditAction.USER_INVITATION_APPROVED: Name("초대 승인", "Invitation approved"),
        AuditAction.USER_SUSPENDED: Name("사용자 정지", "User suspended"),
        AuditAction.USER_RESTORED: Name("사용자 정지 해제", "User restored"),
        AuditAction.USER_REMOVED: Name("사용자 삭제", "User removed"),
        AuditAction.HANDOVER_BEGUN: Name("대표 계정 인계 요청", "Handover begun"),
        AuditAction.HANDOVER_CANCELLED: Name("대표 계정 인계 취소", "Handover cancelled"),
        AuditAction.HANDED_OVER: Name("대표 계정 담당자 변경", "Handed over"),
        AuditAction.HANDOVER_ASKED: Name(
            "대표 계정 인계 지원 신청", "Somebody asked for the company's account"
        ),
        AuditAction.HANDOVER_AGREED: Name(
            "대표 계정 인계 동의", "The holder agreed to the handover"
        ),
        AuditAction.HANDOVER_OBJECTED: Name(
            "대표 계정 인계 이의 제기", "The holder objected to the handover"
        ),
        AuditAction.HANDOVER_OPENED: Name("대표 계정 인계 승인", "Operators approved the handover"),
        AuditAction.CONTRACT_IMPORTED: Name("계약 이관", "Contract imported"),
        AuditAction.IMPORT_ASKED: Name("계약 이관 요청", "A contract import was asked for"),
        AuditAction.CORPORATE_INVITED: Name(
            "기업회원 가입 초대장 발송", "Corporate invitation sent"
        ),
        AuditAction.SOCIAL_LINKED: Name("소셜 계정 연결", "Social account linked"),
        AuditAction.SOCIAL_UNLINKED: Name("소셜 계정 연결 해제", "Social account unlinked"),
        AuditAction.GROUPWARE_LINKED: Name("다우오피스 연동", "Groupware user linked"),
        AuditAction.GROUPWARE_UNLINKED: Name("다우오피스 연동 해제", "Groupware user unlinked"),
        AuditAction.GROUPWARE_ADMIN_LOST: Name(
            "사이트 관리자 확인 불가로 ADMIN 권한 해제",
            "Role ADMIN rests: not a site administrator",
        ),
        AuditAction.GROUPWARE_ADMIN_RESTORED: Name(
            "사이트 관리자 확인으로 ADMIN 권한 복구", "Role ADMIN is back: a site administrator"
        ),
        AuditAction.CHANGE_SCHEDULED: Name(
            "다음 갱신의 변경 예약", "A change was scheduled for the next renewal"
        ),
        AuditAction.SCHEDULED_CHANGE_UNDONE: Name(
            "다음 갱신의 변경 예약 취소", "A scheduled change was undone"
        ),
        AuditAction.RENEWAL_PRICE_AGREED: Name(
            "갱신 금액 동의", "A renewal's higher price was agreed to"
        ),
        AuditAction.MEMBERSHIP_ENDED: Name("서비스 해지", "A service was ended"),
        AuditAction.PRICE_AGREED: Name("협약 단가 등록", "Unit prices were agreed"),
        AuditAction.PRICE_AGREEMENT_ENDED: Name("협약 단가 종료", "A price agreement was ended"),
        AuditAction.CATALOGUE_DRAFTED: Name("요금표 초안 등록", "A catalogue version was drafted"),
        AuditAction.CATALOGUE_ACTIVATED: Name("요금표 확정", "A catalogue version was activated"),
        AuditAction.TAX_INVOICE_RETRIED: Name(
            "세금계산서 재발행 시도", "A tax invoice was tried once more"
        ),
        AuditAction.DISPUTE_CORRECTED: Name(
            "차지백 결과 정정", "What came of a dispute was corrected"
        ),
        AuditAction.CASH_RECEIPT_RETRIED: Name(
            "현금영수증 재시도", "A cash receipt was tried once more"
        ),
        AuditAction.TAX_INVOICE_OVERRIDDEN: Name(
            "보류된 세금계산서 발행", "A tax invoice that was held was let through"
        ),
        AuditAction.NOTICE_CREATED: Name("공지 등록", "A notice was made"),
        AuditAction.NOTICE_ENDED: Name("공지 종료", "A notice was ended"),
        AuditAction.FAQ_CREATED: Name("FAQ 등록", "An FAQ entry was written"),
        AuditAction.FAQ_CHANGED: Name("FAQ 변경", "An FAQ entry was changed"),
        AuditAction.COUPON_CREATED: Name("쿠폰 등록", "A coupon was made"),
        AuditAction.COMPANY_READ: Name("운영자의 회사 정보 열람", "An operator read the company"),
        AuditAction.MAIL_SENT_AGAIN: Name("메일 재발송", "A mail was sent again"),
        AuditAction.JOB_RETRIED: Name("작업 재시도", "A job was tried again"),
        AuditAction.COMPANY_UPDATED: Name("회사 정보 수정", "Company information was changed"),
        AuditAction.COMPANY_VERIFIED: Name("사업자 재인증", "The business was verified anew"),
        AuditAction.COMPANY_CHANGE_REQUESTED: Name(
            "회사 정보 변경 신청", "A change of the company was requested"
        ),
        AuditAction.COMPANY_CHANGED: Name("회사 정보 변경 완료", "The company was changed"),
        AuditAction.ACCOUNTING_SWITCHED: Name(
            "경리회계 메뉴 표시 변경", "The accounting menu was shown or hidden"
        ),
        AuditAction.OPERATOR_CREATED: Name("운영자 계정 생성", "An operator was made"),
        AuditAction.OPERATOR_CHANGED: Name("운영자 계정 변경", "An operator was changed"),
        AuditAction.OPERATOR_DISABLED: Name("운영자 계정 중지", "An operator was disabled"),
        AuditAction.OPERATOR_SIGNED_IN: Name("운영자 로그인", "An operator signed in"),
        AuditAction.OPERATOR_SIGNED_OUT: Name("운영자 로그아웃", "An operator signed out"),
        AuditAction.OPERATOR_PASSWORD_CHANGED: Name(
            "운영자 비밀번호 변경", "An operator's password was changed"
        ),
        AuditAction.INQUIRY_READ: Name("문의 열람", "An inquiry was read"),
        AuditAction.INQUIRY_ANSWERED: Name("문의 답변", "An inquiry was answered"),
        AuditAction.INQUIRY_CLOSED: Name("문의 종료", "An inquiry was closed"),
        AuditAction.COUPON_ENDED: Name("쿠폰 종료", "A coupon was ended"),
        AuditAction.AUTO_RENEW_CHANGED: Name("자동 연장 결제 변경", "Automatic renewal changed"),
        AuditAction.MEMBERSHIP_CARD_CHANGED: Name(
            "자동결제 카드 연결 변경", "A membership's card changed"
        ),
        AuditAction.CARD_REGISTERED: Name("자동결제 카드 등록", "A card was registered"),
        AuditAction.CARD_CHANGED: Name("자동결제 카드 정보 변경", "A registered card changed"),
        AuditAction.CARD_REMOVED: Name("자동결제 카드 삭제", "A registered card was removed"),
        AuditAction.CARD_LOST: Name(
            "자동결제 카드 등록 해지 확인", "A registered card is not at the provider any more"
        ),
        AuditAction.TERMS_GIVEN: Name("후불 조건 변경", "Payment terms changed"),
        AuditAction.DEPOSITS_ADDED: Name("입금 내역 등록", "Deposits were added"),
        AuditAction.DEPOSIT_CONFIRMED: Name("입금 확인", "A deposit was confirmed"),
        AuditAction.DEPOSIT_REJECTED: Name("입금 반려", "A deposit was for no order"),
        AuditAction.BUSINESS_DOCUMENT_SENT: Name("사업자등록증 제출", "Business document sent"),
        AuditAction.COMPANY_CLAIMED: Name(
            "사업자번호 소유권 확인 요청 접수", "Somebody claims the company"
        ),
        AuditAction.COMPANY_PROVEN: Name("사업자 확인 완료", "The company was shown to be real"),
        AuditAction.COMPANY_MOVED: Name(
            "소유권 확인으로 대표 계정 해지", "The company went to its claimant"
        ),
        AuditAction.TERMINATION_REQUESTED: Name("서비스 해지 신청", "A termination was asked for"),
        AuditAction.TERMINATION_UNDONE: Name("서비스 해지 취소", "A termination was undone"),
        AuditAction.COMPANY_WITHDRAWN: Name(
            "해지 후 90일 경과로 탈퇴", "Withdrawn 90 days after the last refund"
        ),
        AuditAction.REFUND_ACCOUNT_REQUESTED: Name(
            "환불 계좌 변경 신청", "A refund account was asked for by a bank book"
        ),
        AuditAction.REFUND_ACCOUNT_SET: Name("환불 계좌 등록", "A refund account was set"),
        AuditAction.REFUND_ACCOUNT_READ: Name(
            "환불 계좌 열람", "An operator read the refund account"
        ),
        AuditAction.TAX_CONTACT_CHANGED: Name(
            "세금계산서 담당자 변경", "The tax-invoice contact was changed"
        ),
        AuditAction.REFUND_CONFIRMED: Name("환불 완료 확인", "A refund by hand was confirmed"),
        AuditAction.MEMBER_READ: Name("회원 정보 열람", "A member was looked up"),
        AuditAction.MEMBER_SUSPENDED: Name("회원 이용 정지", "A member was suspended"),
        AuditAction.MEMBER_RESTORED: Name("회원 정지 해제", "A member was restored"),
        AuditAction.REFUND_CONFIRMED_ONCE: Name(
            "환불 완료 1차 확인", "A refund by hand has its first confirmation"
        ),
        AuditAction.CAMPAIGN_CREATED: Name("광고 작성", "A campaign was written"),
        AuditAction.CAMPAIGN_CHANGED: Name("광고 수정", "A campaign was changed"),
        AuditAction.CAMPAIGN_TESTED: Name("광고 시험 발송", "A campaign was tried out"),
        AuditAction.CAMPAIGN_SENT: Name("광고 발송", "A campaign was sent"),
        AuditAction.CAMPAIGN_STOPPED: Name("광고 발송 중지", "A campaign was stopped"),
        AuditAction.HOLIDAY_PUT: Name("휴일 등록", "A holiday was added"),
        AuditAction.HOLIDAY_REMOVED: Name("휴일 삭제", "A holiday was taken back"),
        AuditAction.GOODWILL_MADE: Name("보상 지급 등록", "Goodwill was recorded"),
        AuditAction.GOODWILL_APPROVED: Name("보상 지급 승인", "Goodwill was approved"),
        AuditAction.GOODWILL_REFUSED: Name("보상 지급 반려", "Goodwill was refused"),
        AuditAction.REFUND_RETRIED: Name("환불 재시도", "A refund was tried again"),
        AuditAction.DISPUTE_RECORDED: Name("차지백 결과 등록", "A dispute's outcome was recorded"),
        AuditAction.OPENING_RETRIED: Name("서비스 개설 재시도", "An opening was tried again"),
        AuditAction.CASE_HELD: Name("심사 보완 요청", "A case was put on hold"),
        AuditAction.CASE_APPROVED_ONCE: Name("심사 1차 승인", "A case has its first approval"),
        AuditAction.CASE_APPROVED: Name("심사 승인", "A case was approved"),
        AuditAction.CASE_REFUSED: Name("심사 반려", "A case was refused"),
        AuditAction.CASE_READ: Name("심사 자료 열람", "An operator read a case"),
    }
)
"""Korean and English, for people; clients branch on the action."""
