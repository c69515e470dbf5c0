"""The catalogue of problem codes: status, Korean and English title. Codes never change meaning."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemCode:
    """One row: what clients branch on (`code`), and what people read."""

    code: str
    status: int
    title_ko: str
    title_en: str


def _catalogue(*rows: tuple[str, int, str, str]) -> dict[str, ProblemCode]:
    return {row[0]: ProblemCode(*row) for row in rows}


_AGAIN_KO = "다우오피스 접속에 실패했습니다. 다우오피스에서 다시 접속해 주세요."
_LEAD_BACK = tuple(
    (f"sso_{code}", 422, _AGAIN_KO, title)
    for code, title in (
        ("target_not_allowed", "This page may not be asked for."),
        ("issuer_not_allowed", "This issuer is not ours."),
        ("state_missing", "There is no state in what came back."),
        ("state_unknown", "This state was never given."),
        ("state_expired", "This sign-in took more than ten minutes."),
        ("state_used", "This sign-in is over already."),
        ("code_missing", "There is no code in what came back."),
        ("code_refused", "The groupware does not accept the code."),
        ("refused_by_groupware", "The groupware refused to sign this user in."),
        ("site_unknown", "There is no such site at the portal."),
        ("token_malformed", "The ID token cannot be read."),
        ("algorithm_refused", "The ID token is signed by another algorithm."),
        ("key_unknown", "The ID token is signed with a key that is not the groupware's."),
        ("signature_invalid", "The ID token's signature does not hold."),
        ("issuer_mismatch", "The ID token is of another issuer."),
        ("audience_mismatch", "The ID token is for somebody else."),
        ("nonce_mismatch", "The ID token is of another sign-in."),
        ("token_expired", "The ID token is too old, or from the future."),
        ("claim_missing", "The ID token lacks what it has to say."),
    )
)
"""What the address of the SPA's page says as `error`; never the status of an answer."""

PROBLEM_CODES = _catalogue(
    # The request itself
    ("malformed_json", 400, "요청 본문이 올바른 JSON이 아닙니다.", "The body is not valid JSON."),
    ("not_found", 404, "찾을 수 없습니다.", "Not found."),
    ("method_not_allowed", 405, "허용되지 않는 메서드입니다.", "This method is not allowed here."),
    ("payload_too_large", 413, "요청 본문이 너무 큽니다.", "The body is too large."),
    (
        "unsupported_media_type",
        415,
        "요청 본문은 application/json 이어야 합니다.",
        "The body must be application/json.",
    ),
    ("cursor_invalid", 422, "잘못된 페이지 위치입니다.", "This is no cursor of ours."),
    ("invalid_request", 422, "요청 값을 확인해 주세요.", "The request has invalid values."),
    ("rate_limited", 429, "잠시 후 다시 시도해 주세요.", "Too many requests: try again later."),
    (
        "provider_unavailable",
        503,
        "외부 서비스가 응답하지 않습니다. 잠시 후 다시 시도해 주세요.",
        "A service that we depend on does not answer: try again later.",
    ),
    (
        "provider_failed",
        502,
        "외부 서비스의 응답을 처리할 수 없습니다.",
        "A service that we depend on answered something we cannot use.",
    ),
    ("internal_error", 500, "일시적인 오류가 발생했습니다.", "Something went wrong on our side."),
    ("precondition_required", 400, "If-Match 헤더가 필요합니다.", "If-Match is required."),
    (
        "precondition_failed",
        412,
        "그 사이 내용이 변경되었습니다. 다시 조회해 주세요.",
        "It has changed since you read it: read it again.",
    ),
    # Idempotency
    (
        "idempotency_key_required",
        400,
        "Idempotency-Key 헤더가 필요합니다.",
        "Idempotency-Key is required.",
    ),
    (
        "idempotency_key_invalid",
        400,
        "Idempotency-Key는 16~128자여야 합니다.",
        "Idempotency-Key must have 16 to 128 characters.",
    ),
    (
        "idempotency_key_reused",
        422,
        "같은 Idempotency-Key가 다른 요청에 사용되었습니다.",
        "This Idempotency-Key was used for another request.",
    ),
    (
        "request_in_progress",
        409,
        "같은 요청을 처리하고 있습니다.",
        "The same request is being worked on.",
    ),
    # Sign-in and permission
    ("not_authenticated", 401, "로그인이 필요합니다.", "Sign in first."),
    (
        "reauthentication_required",
        401,
        "본인 확인을 다시 해 주세요.",
        "Confirm that it is you and try again.",
    ),
    ("invalid_credentials", 401, "아이디 또는 비밀번호가 다릅니다.", "Wrong ID or password."),
    (
        "one_proof_required",
        422,
        "비밀번호와 본인인증 중 하나만 보내 주세요.",
        "Send the password or a phone identity: one of the two.",
    ),
    (
        "identity_of_another_person",
        422,
        "계정 명의자의 본인인증이 아닙니다.",
        "This is not the phone identity of the account's person.",
    ),
    (
        "password_reset_refused",
        422,
        "아이디와 본인인증 정보가 일치하지 않습니다.",
        "The login ID and the verified person do not belong together.",
    ),
    (
        "password_not_used",
        409,
        "소셜 로그인 계정은 비밀번호가 없습니다.",
        "This account signs in by a social provider: it has no password.",
    ),
    (
        "email_already_verified",
        409,
        "이미 인증된 이메일입니다.",
        "This e-mail address is verified already.",
    ),
    (
        "email_verification_invalid",
        422,
        "인증 링크가 만료되었거나 이미 사용되었습니다.",
        "This link was used, has expired, or is for another address.",
    ),
    (
        "consent_not_optional",
        409,
        "필수 동의는 철회할 수 없습니다. 탈퇴를 이용해 주세요.",
        "A required consent stands as long as the account does.",
    ),
    ("session_not_found", 404, "로그인 기기를 찾을 수 없습니다.", "There is no such session."),
    ("invalid_refresh_token", 401, "다시 로그인해 주세요.", "Sign in again."),
    ("origin_not_allowed", 403, "허용되지 않은 출처입니다.", "This origin is not allowed."),
    ("permission_denied", 403, "권한이 없습니다.", "You may not do this."),
    (
        "corporate_account_required",
        403,
        "신규 주문과 서비스 개설은 기업회원만 가능합니다.",
        "Only corporate members can order and open services.",
    ),
    (
        "company_selection_required",
        409,
        "회사를 선택해 주세요. (X-Company-Id)",
        "Choose a company (X-Company-Id).",
    ),
    ("company_not_found", 404, "회사를 찾을 수 없습니다.", "There is no such company."),
    (
        "super_admin_cannot_withdraw",
        403,
        "회사 대표 계정(SUPER ADMIN)은 탈퇴할 수 없습니다.",
        "The company's own account cannot withdraw while it has a site.",
    ),
    (
        "open_order_exists",
        409,
        "진행 중인 주문이 있어 탈퇴할 수 없습니다.",
        "There is an open order.",
    ),
    (
        "refunds_not_settled",
        409,
        "환불이 끝난 뒤 탈퇴할 수 있습니다.",
        "Withdraw when the refunds are settled.",
    ),
    # Orders and payments
    ("order_not_found", 404, "주문을 찾을 수 없습니다.", "There is no such order."),
    ("order_item_not_found", 404, "주문 항목을 찾을 수 없습니다.", "There is no such item."),
    ("payment_not_found", 404, "결제를 찾을 수 없습니다.", "There is no such payment."),
    ("site_not_found", 404, "사이트를 찾을 수 없습니다.", "There is no such site."),
    (
        "order_state_conflict",
        409,
        "현재 주문 상태에서는 할 수 없습니다.",
        "The order's state does not allow this.",
    ),
    (
        "payment_state_conflict",
        409,
        "현재 결제 상태에서는 할 수 없습니다.",
        "The payment's state does not allow this.",
    ),
    (
        "payment_in_progress",
        409,
        "진행 중인 결제가 있습니다. 결제가 끝난 뒤 다시 시도해 주세요.",
        "A payment is in progress: try again when it is over.",
    ),
    (
        "membership_state_conflict",
        409,
        "현재 멤버십 상태에서는 할 수 없습니다.",
        "The membership's state does not allow this.",
    ),
    (
        "order_already_open",
        409,
        "같은 내용의 주문이 방금 접수되었습니다.",
        "The same order was placed a moment ago.",
    ),
    (
        "order_not_paid",
        409,
        "결제된 주문만 거래확인서를 받을 수 있습니다.",
        "A transaction is confirmed for paid orders only.",
    ),
    ("quote_not_found", 404, "견적서를 찾을 수 없습니다.", "There is no such quote."),
    (
        "quote_expired",
        409,
        "견적 유효기간이 지났습니다. 견적서를 다시 받아 주세요.",
        "The quote's price is held no more: ask for another.",
    ),
    (
        "quote_already_ordered",
        409,
        "이미 주문한 견적서입니다.",
        "This quote was ordered already.",
    ),
    (
        "quote_sites_mismatch",
        422,
        "견적서의 항목 수만큼 사이트 정보가 필요합니다.",
        "The quote needs one site for each of its items.",
    ),
    (
        "company_contact_missing",
        422,
        "회사가 없는 회원은 본인 이메일로만 견적서를 받을 수 있습니다.",
        "Without a company a quote goes to your own address only.",
    ),
    ("subdomain_invalid", 422, "서브도메인 형식을 확인해 주세요.", "This is no sub-domain."),
    ("subdomain_reserved", 422, "사용할 수 없는 서브도메인입니다.", "This word is reserved."),
    ("subdomain_taken", 409, "이미 사용 중인 서브도메인입니다.", "This sub-domain is taken."),
    (
        "subdomain_holds_used_up",
        409,
        "진행 중인 주문의 서브도메인이 너무 많습니다.",
        "Too many sub-domains are held by open orders.",
    ),
    ("price_changed", 409, "금액이 변경되었습니다.", "The price has changed."),
    (
        "payment_method_not_allowed",
        422,
        "사용할 수 없는 결제수단입니다.",
        "This payment method cannot be used.",
    ),
    (
        "managed_by_reseller",
        403,
        "파트너사(리셀러)를 통해 관리되는 멤버십입니다.",
        "This membership is managed by a reseller.",
    ),
    (
        "membership_twice",
        422,
        "한 주문에 같은 멤버십을 두 번 담을 수 없습니다.",
        "An order names a membership once.",
    ),
    (
        "membership_overdue",
        409,
        "연체 중인 멤버십입니다. 먼저 연장해 주세요.",
        "This membership is overdue: extend it first.",
    ),
    (
        "membership_expired",
        409,
        "만료된 멤버십입니다. 추가 없이 연장만 주문할 수 있습니다.",
        "This membership has expired: only an extension, with nothing added, takes it up again.",
    ),
    (
        "membership_changed",
        409,
        "주문 이후 멤버십이 변경되었습니다. 다시 주문해 주세요.",
        "The membership has changed since the order was placed: order anew.",
    ),
    (
        "membership_change_in_progress",
        409,
        "이 멤버십의 다른 주문을 반영하고 있습니다. 잠시 후 다시 시도해 주세요.",
        "Another order is being applied to this membership: try again in a moment.",
    ),
    (
        "nothing_to_order",
        422,
        "추가하거나 연장할 내용을 선택해 주세요.",
        "Choose something to add, or an extension.",
    ),
    (
        "change_not_offered",
        422,
        "바로 변경할 수 있는 것은 상위 플랜뿐입니다. 줄이는 변경은 다음 갱신에 예약해 주세요.",
        "Only a higher plan begins at once: schedule other changes for the renewal.",
    ),
    (
        "below_present_use",
        422,
        "현재 사용 중인 수량보다 적게 변경할 수 없습니다.",
        "This is less than what is in use.",
    ),
    (
        "change_needs_confirmation",
        422,
        "남는 금액이 크레딧으로 적립됩니다. 동의(accept_credit) 후 주문해 주세요.",
        "What is left goes to the credit balance: confirm with accept_credit.",
    ),
    (
        "starts_on_for_new_only",
        422,
        "시작일은 신규 주문에만 지정할 수 있습니다.",
        "Only new sites can start on a later day.",
    ),
    (
        "nothing_to_renew",
        422,
        "만료일이 없는 멤버십은 자동 연장할 수 없습니다.",
        "A membership without an end has nothing to renew.",
    ),
    ("webhook_refused", 401, "서명이 올바르지 않습니다.", "The signature does not hold."),
    # Business verification
    (
        "business_number_invalid",
        422,
        "사업자등록번호를 확인해 주세요.",
        "This is no business number.",
    ),
    (
        "business_unknown",
        422,
        "국세청에 등록되지 않은 번호입니다.",
        "This number is not registered.",
    ),
    ("business_suspended", 422, "휴업 중인 사업자입니다.", "This business is suspended."),
    ("business_closed", 422, "폐업한 사업자입니다.", "This business is closed."),
    (
        "business_identity_mismatch",
        422,
        "대표자명 또는 개업일이 일치하지 않습니다.",
        "Representative or opening date do not match.",
    ),
    (
        "business_registry_unavailable",
        503,
        "국세청 조회가 원활하지 않습니다. 잠시 후 다시 시도하거나 사업자등록증을 제출해 주세요.",
        "The tax service does not answer: try again later or hand in the certificate.",
    ),
    # Consents and phone identity
    ("consent_required", 422, "필수 약관에 동의해 주세요.", "A required consent is missing."),
    ("consent_unknown", 422, "현재 약관이 아닙니다.", "This is not a document in force."),
    ("birth_date_invalid", 422, "생년월일을 확인해 주세요.", "Check the birth date."),
    ("phone_invalid", 422, "휴대전화 번호를 확인해 주세요.", "This is no mobile number."),
    ("under_age", 422, "만 14세 이상만 이용할 수 있습니다.", "You must be 14 or older."),
    (
        "login_id_mismatch",
        422,
        "아이디는 비밀번호 재설정에만 필요합니다.",
        "The login ID belongs to RESET_PASSWORD and to nothing else.",
    ),
    (
        "identity_rejected",
        422,
        "입력한 정보로 본인인증을 할 수 없습니다.",
        "The agency does not know this person and phone.",
    ),
    (
        "identity_verification_not_found",
        404,
        "본인인증 요청을 찾을 수 없습니다.",
        "There is no such verification.",
    ),
    (
        "identity_verification_expired",
        409,
        "인증 시간이 지났습니다. 다시 시도해 주세요.",
        "This verification has expired: start again.",
    ),
    (
        "identity_verification_ended",
        409,
        "이미 종료된 본인인증입니다. 다시 시도해 주세요.",
        "This verification has ended: start again.",
    ),
    (
        "identity_verification_invalid",
        422,
        "본인인증을 다시 해 주세요.",
        "This verification cannot be used: verify again.",
    ),
    (
        "identity_sends_used_up",
        409,
        "인증번호를 더 보낼 수 없습니다.",
        "No further code can be sent.",
    ),
    (
        "identity_resend_too_early",
        409,
        "잠시 후 다시 요청해 주세요.",
        "Wait a moment before asking for another code.",
    ),
    ("otp_required", 422, "인증번호를 입력해 주세요.", "The code is needed."),
    ("otp_wrong", 422, "인증번호가 다릅니다.", "This code is wrong."),
    (
        "identity_not_confirmed",
        409,
        "아직 본인인증이 완료되지 않았습니다.",
        "The verification is not confirmed yet.",
    ),
    (
        "identity_provider_incomplete",
        502,
        "본인인증 기관의 응답이 완전하지 않습니다.",
        "The identity agency's answer is not complete.",
    ),
    # Sign-up
    (
        "business_verification_invalid",
        422,
        "사업자 진위 확인을 다시 해 주세요.",
        "This verification cannot be used: verify the business again.",
    ),
    (
        "company_name_mismatch",
        422,
        "진위 확인한 상호와 다릅니다.",
        "The name differs from the verified one.",
    ),
    (
        "company_already_registered",
        409,
        "이미 가입된 사업자등록번호입니다. 아이디 찾기를 이용해 주세요.",
        "This business has an account already: find its login ID.",
    ),
    (
        "corporate_invitation_required",
        409,
        "초대장을 통해 가입할 수 있는 고객사입니다.",
        "This customer signs up by a corporate invitation.",
    ),
    (
        "invitation_invalid",
        422,
        "사용할 수 없는 초대장입니다. 초대장을 다시 받아 주세요.",
        "This invitation cannot be used: ask for a new one.",
    ),
    (
        "invitation_number_mismatch",
        422,
        "초대장의 사업자등록번호와 다릅니다.",
        "The verified number is not the invitation's.",
    ),
    (
        "person_already_registered",
        409,
        "이미 개인회원으로 가입되어 있습니다.",
        "You have an individual account already.",
    ),
    (
        "sign_up_way_invalid",
        422,
        "아이디와 비밀번호 또는 소셜 계정 중 하나로 가입해 주세요.",
        "Give login ID and password, or a social ticket: one of them.",
    ),
    (
        "individual_account_required",
        403,
        "개인회원 계정으로만 할 수 있습니다.",
        "Only an individual account can do this.",
    ),
    ("account_suspended", 403, "이용이 정지된 계정입니다.", "This account is suspended."),
    # Coming from the groupware
    (
        "corporate_signup_not_allowed_from_groupware",
        409,
        "다우오피스에서 접속한 경우 기업회원으로 가입할 수 없습니다. (선택불가)",
        "Coming from the groupware you sign up as an individual.",
    ),
    (
        "company_account_missing",
        409,
        "기업회원 계정을 생성해 주세요.",
        "The company has no corporate account yet.",
    ),
    (
        "groupware_user_already_linked",
        409,
        "이미 연동된 다우오피스 사용자입니다.",
        "This groupware user is linked already.",
    ),
    (
        "groupware_user_of_another_company",
        409,
        "다른 회사에 연동된 다우오피스 사용자입니다. 연동을 해제한 뒤 다시 시도해 주세요.",
        "This groupware user is linked for another company: remove that link first.",
    ),
    (
        "sso_ticket_invalid",
        422,
        "다우오피스에서 다시 접속해 주세요.",
        "This ticket cannot be used: come from the groupware again.",
    ),
    ("sso_code_unknown", 422, "다우오피스에서 다시 접속해 주세요.", "This code was never given."),
    ("sso_code_expired", 422, "다우오피스에서 다시 접속해 주세요.", "This code has expired."),
    ("sso_code_used", 422, "다우오피스에서 다시 접속해 주세요.", "This code was used already."),
    (
        "sso_cookie_missing",
        422,
        "이 브라우저에서 시작한 접속이 아닙니다. 다우오피스에서 다시 접속해 주세요.",
        "This browser has no cookie of this sign-in.",
    ),
    (
        "sso_cookie_foreign",
        422,
        "이 브라우저에서 시작한 접속이 아닙니다. 다우오피스에서 다시 접속해 주세요.",
        "This browser began another sign-in.",
    ),
    *_LEAD_BACK,
    # Social sign-in and links
    (
        "redirect_uri_not_allowed",
        422,
        "허용되지 않은 redirect_uri입니다.",
        "This redirect_uri is not on the list.",
    ),
    (
        "social_state_unknown",
        422,
        "로그인을 다시 시도해 주세요.",
        "This attempt was never begun, or is over.",
    ),
    (
        "social_state_foreign",
        422,
        "다른 곳에서 시작된 로그인입니다. 다시 시도해 주세요.",
        "This attempt was begun by somebody else, or for something else.",
    ),
    (
        "social_state_expired",
        422,
        "로그인 시간이 지났습니다. 다시 시도해 주세요.",
        "This attempt has expired: begin again.",
    ),
    (
        "social_code_refused",
        422,
        "소셜 로그인이 거절되었습니다. 다시 시도해 주세요.",
        "The provider does not accept the code: begin again.",
    ),
    (
        "social_token_refused",
        502,
        "소셜 로그인 응답을 신뢰할 수 없습니다.",
        "The provider's ID token does not hold.",
    ),
    (
        "already_signed_in",
        409,
        "이미 로그인되어 있습니다. 다른 계정으로 전환할지 확인해 주세요.",
        "Somebody is signed in here: ask whether they want the other account.",
    ),
    (
        "social_ticket_invalid",
        422,
        "소셜 인증을 다시 해 주세요.",
        "This ticket cannot be used: sign in at the provider again.",
    ),
    (
        "social_account_already_linked",
        409,
        "다른 계정에 연결된 소셜 계정입니다.",
        "This social account belongs to another account.",
    ),
    (
        "social_provider_already_linked",
        409,
        "이 소셜 서비스는 이미 연결되어 있습니다.",
        "Another user of this provider is linked already.",
    ),
    ("link_not_found", 404, "연결을 찾을 수 없습니다.", "There is no such link."),
    (
        "last_way_in",
        409,
        "마지막 로그인 수단은 해제할 수 없습니다.",
        "The last way to sign in cannot be removed.",
    ),
    ("login_id_taken", 409, "이미 사용 중인 아이디입니다.", "This login ID is taken."),
    ("login_id_invalid", 422, "아이디 형식을 확인해 주세요.", "This is no login ID."),
    (
        "login_id_checks_used_up",
        429,
        "아이디 확인 횟수를 초과했습니다.",
        "No further login ID can be checked.",
    ),
    ("password_too_short", 422, "비밀번호가 너무 짧습니다.", "The password is too short."),
    ("password_too_long", 422, "비밀번호가 너무 깁니다.", "The password is too long."),
    ("password_common", 422, "쉽게 짐작되는 비밀번호입니다.", "The password is easily guessed."),
    (
        "password_contains_login_id",
        422,
        "비밀번호에 아이디를 넣을 수 없습니다.",
        "The password contains the login ID.",
    ),
    # Users and invitations
    ("user_not_found", 404, "사용자를 찾을 수 없습니다.", "There is no such user."),
    ("invitation_not_found", 404, "초대를 찾을 수 없습니다.", "There is no such invitation."),
    (
        "super_admin_protected",
        403,
        "회사 대표 계정(SUPER ADMIN)은 정지하거나 삭제할 수 없습니다.",
        "The company's own account can be neither suspended nor removed.",
    ),
    (
        "company_unproven",
        403,
        "사업자 확인 또는 첫 결제가 끝난 뒤 이용할 수 있습니다.",
        "The company has to be verified, or to pay for the first time, before.",
    ),
    ("user_exists", 409, "이미 등록된 사용자입니다.", "This person is a user already."),
    ("invitation_pending", 409, "이미 초대한 이메일입니다.", "This address is invited already."),
    (
        "users_limit_reached",
        409,
        "등록할 수 있는 사용자 수를 초과했습니다.",
        "The company has as many users as it may have.",
    ),
    (
        "text_has_link",
        422,
        "이름과 메모에는 링크나 이메일 주소를 넣을 수 없습니다.",
        "Names and notes are plain words: no links, no addresses.",
    ),
    (
        "invitation_state_conflict",
        409,
        "현재 초대 상태에서는 할 수 없습니다.",
        "The invitation's state does not allow this.",
    ),
    (
        "invitation_resend_too_early",
        409,
        "잠시 후 다시 보내 주세요.",
        "Wait a moment before sending it again.",
    ),
    (
        "invitation_sends_used_up",
        409,
        "초대장을 더 보낼 수 없습니다. 취소하고 다시 초대해 주세요.",
        "It cannot be sent again: cancel it and invite anew.",
    ),
    (
        "individual_account_required",
        403,
        "개인회원만 이용할 수 있습니다.",
        "Only an individual account can do this.",
    ),
    (
        "groupware_link_required",
        409,
        "다우오피스와 연동하면 초대가 완료됩니다. 다우오피스에서 고객포털로 이동해 주세요.",
        "Link your groupware user: open the portal from the groupware, then you are in.",
    ),
    ("handover_not_found", 404, "진행 중인 인계가 없습니다.", "There is no open handover."),
    ("handover_open", 409, "이미 진행 중인 인계가 있습니다.", "A handover is open already."),
    (
        "handover_invalid",
        422,
        "사용할 수 없는 인계 링크입니다. 다시 요청해 주세요.",
        "This handover cannot be used: ask for a new one.",
    ),
    (
        "handover_name_mismatch",
        422,
        "인계받을 분의 이름과 본인인증한 이름이 다릅니다.",
        "The verified name is not the one that was named.",
    ),
    # Catalogue and prices
    ("plan_unknown", 422, "없는 요금제입니다.", "There is no such plan."),
    ("add_on_twice", 422, "같은 부가 상품이 두 번 있습니다.", "This add-on stands twice."),
    ("add_on_unknown", 422, "없는 부가 상품입니다.", "There is no such add-on."),
    ("term_not_offered", 422, "선택할 수 없는 기간입니다.", "This term is not offered."),
    ("plan_users_fixed", 422, "사용자 수가 정해진 요금제입니다.", "This plan has a fixed number."),
    ("paid_plan_required", 422, "유료 요금제가 필요합니다.", "This needs a paid plan."),
    ("add_on_limit_exceeded", 422, "부가 상품 한도를 넘었습니다.", "Too many of this add-on."),
    ("quantity_out_of_range", 422, "수량을 확인해 주세요.", "This quantity is out of range."),
    ("starts_on_out_of_range", 422, "시작일을 확인해 주세요.", "This start date is out of range."),
    (
        "free_site_exists",
        409,
        "무료 사이트는 회사당 하나입니다.",
        "A company has one free site at most.",
    ),
    ("coupon_unknown", 409, "쓸 수 없는 쿠폰입니다.", "This coupon cannot be used."),
    ("coupon_not_applicable", 409, "이 주문에 쓸 수 없는 쿠폰입니다.", "Not for this order."),
    ("coupon_used_up", 409, "쿠폰이 모두 사용되었습니다.", "This coupon is used up."),
    ("membership_not_found", 404, "멤버십을 찾을 수 없습니다.", "There is no such membership."),
)


def problem_code(code: str) -> ProblemCode:
    """The catalogue's row. A code that is missing is a programming error: KeyError."""
    return PROBLEM_CODES[code]
