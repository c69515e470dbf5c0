"""A person in a real browser: from the groupware's waffle menu to a linked account, and others."""

from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

PASSWORD = "correct horse battery"
DEMO_PASSWORD = "portal demo 2026"


def phone() -> str:
    return f"010{uuid4().int % 10**8:08d}"


def login_id() -> str:
    return f"u{uuid4().hex[:12]}"


def open_site(visit: Visit, page: Page, subdomain: str, user: str) -> None:
    """Signed in to the groupware, on the site's own page."""
    page.goto(f"{visit.running.groupware}/sites/{subdomain}")
    expect(page.get_by_role("heading", name="그룹웨어 로그인")).to_be_visible()
    visit.shoot(page, "groupware-sign-in")
    page.get_by_text(f"{user}@{subdomain}.groupware.example", exact=True).click()
    page.wait_for_url(f"**/groupware/sites/{subdomain}")


def open_portal(visit: Visit, page: Page) -> Page:
    """고객포털 of the waffle menu opens a page of its own."""
    if not page.get_by_role("link", name="고객포털").is_visible():
        page.get_by_label("와플 메뉴").click()
    visit.shoot(page, "waffle-menu")
    with visit.context.expect_page() as opened:
        page.get_by_role("link", name="고객포털").click()
    return opened.value


def log_in(visit: Visit, page: Page, account: str, password: str) -> None:
    page.goto(f"{visit.running.spa}/login")
    page.get_by_label("아이디").fill(account)
    page.get_by_label("비밀번호").fill(password)
    page.get_by_role("button", name="로그인", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("환영합니다!")


def verify_phone(visit: Visit, page: Page, name: str) -> None:
    """휴대폰 본인인증 with the code of the sandbox's text message."""
    number = phone()
    page.get_by_label("이름").fill(name)
    page.get_by_label("생년월일").fill("1985-03-01")
    page.get_by_label("주민등록번호 뒤 첫 자리").fill("1")
    page.get_by_label("휴대전화").fill(number)
    page.get_by_label("본인인증 약관 동의(전체)").check()
    page.get_by_role("button", name="인증번호 받기").click()
    page.get_by_label("인증번호").fill(visit.running.otp_to(number))
    page.get_by_role("button", name="확인", exact=True).click()
    expect(page.get_by_text("✓ 본인인증을 완료했습니다.")).to_be_visible()


def finish_sign_up(visit: Visit, page: Page, account: str, email: str) -> None:
    page.get_by_label("아이디 (ID)").fill(account)
    page.get_by_label("비밀번호").fill(PASSWORD)
    page.get_by_label("이메일").fill(email)
    page.get_by_label("서비스 약관 동의(전체)").check()
    visit.shoot(page, "sign-up-filled")
    page.get_by_role("button", name="가입하기").click()


def test_the_waffle_menu_leads_through_sign_up_to_a_link_and_then_straight_in(
    visit: Visit,
) -> None:
    groupware = visit.page()
    open_site(visit, groupware, "demo-shared", "admin")
    portal = open_portal(visit, groupware)

    popup = portal.get_by_role("dialog", name="연동 계정 설정")
    expect(popup).to_contain_text("다우오피스 연동 개인계정이 존재하지 않습니다.")
    expect(popup).to_contain_text("회원가입 또는 로그인을 통해 계정 연결을 진행하시기 바랍니다.")
    expect(popup).to_contain_text(
        "(다우오피스 연동은 기업계정이 아닌 개인계정으로 연동이 가능합니다.)"
    )
    assert portal.url == f"{visit.running.spa}/sso"
    visit.shoot(portal, "popup-link-required")
    popup.get_by_role("button", name="확인").click()
    expect(portal.get_by_role("heading", name="로그인")).to_be_visible()
    visit.shoot(portal, "login")
    portal.get_by_role("main").get_by_role("link", name="회원가입").click()

    expect(portal.get_by_label("기업회원 (선택불가)")).to_be_disabled()
    expect(portal.get_by_label("개인회원")).to_be_checked()
    visit.shoot(portal, "sign-up")
    verify_phone(visit, portal, "홍길동")
    finish_sign_up(visit, portal, login_id(), f"{uuid4().hex[:10]}@demo.example")
    expect(portal.get_by_role("status")).to_contain_text("다우오피스 계정과 연동되었습니다.")
    expect(portal.get_by_role("heading", level=1)).to_contain_text("홍길동님, 환영합니다!")
    visit.shoot(portal, "linked")
    portal.close()

    again = open_portal(visit, groupware)
    expect(again.get_by_role("status")).to_contain_text("다우오피스 계정으로 로그인했습니다.")
    expect(again.get_by_role("heading", level=1)).to_contain_text("홍길동님, 환영합니다!")
    expect(again.locator("#role")).to_have_text("개인회원")
    visit.shoot(again, "straight-in")


def test_who_is_invited_signs_up_links_and_is_approved_becomes_an_administrator(
    visit: Visit,
) -> None:
    site = visit.running.site("demo-dedicated")
    user = {"login_id": "doyoung", "name": "이도영", "site_admin": True}
    visit.running.api("POST", f"/sites/{site['site_id']}/users", user)
    email = f"{uuid4().hex[:10]}@demo.example"
    company = visit.page()
    log_in(visit, company, "demo-dedicated", DEMO_PASSWORD)
    company.get_by_role("link", name="사용자초대/관리").click()
    company.get_by_label("이름").fill("이도영")
    company.get_by_label("이메일 주소").fill(email)
    company.get_by_role("button", name="초대하기").click()
    expect(company.get_by_role("row").filter(has_text=email)).to_contain_text("초대중")
    visit.shoot(company, "invited")
    company.get_by_role("button", name="로그아웃").click()
    company.close()

    groupware = visit.page()
    open_site(visit, groupware, "demo-dedicated", "doyoung")
    portal = open_portal(visit, groupware)
    portal.get_by_role("dialog").get_by_role("button", name="확인").click()
    portal.get_by_role("main").get_by_role("link", name="회원가입").click()
    verify_phone(visit, portal, "이도영")
    account = login_id()
    finish_sign_up(visit, portal, account, email)
    expect(portal.get_by_role("status")).to_contain_text("다우오피스 계정과 연동되었습니다.")

    # The address is not verified yet: the company has to agree.
    portal.goto(visit.running.link_to(email, "/invitations/accept"))
    expect(portal.get_by_role("button", name="초대 수락")).to_be_visible()
    visit.shoot(portal, "invitation")
    portal.get_by_role("button", name="초대 수락").click()
    expect(portal.get_by_role("status")).to_have_text("기업회원의 승인을 기다리고 있습니다.")
    expect(portal.locator("#role")).to_have_text("개인회원")
    portal.get_by_role("button", name="로그아웃").click()
    log_in(visit, portal, "demo-dedicated", DEMO_PASSWORD)
    portal.get_by_role("link", name="사용자초대/관리").click()
    applicant = portal.get_by_role("row").filter(has_text="이도영")
    visit.shoot(portal, "approval")
    applicant.get_by_role("button", name="승인").click()
    expect(portal.get_by_role("row").filter(has_text=email)).to_contain_text("정상")
    portal.get_by_role("button", name="로그아웃").click()
    log_in(visit, portal, account, PASSWORD)
    expect(portal.locator("#role")).to_have_text("관리자 (ADMIN)")
    visit.shoot(portal, "administrator")


def test_who_has_an_account_signs_in_sees_both_identities_and_links(visit: Visit) -> None:
    site = visit.running.site("demo-dedicated")
    user = {"login_id": "minsu", "name": "최민수", "site_admin": True}
    visit.running.api("POST", f"/sites/{site['site_id']}/users", user)
    account = login_id()
    page = visit.page()
    page.goto(f"{visit.running.spa}/sign-up")
    verify_phone(visit, page, "최민수")
    finish_sign_up(visit, page, account, f"{uuid4().hex[:10]}@demo.example")
    expect(page.locator("#role")).to_have_text("개인회원")
    page.get_by_role("button", name="로그아웃").click()

    groupware = visit.page()
    open_site(visit, groupware, "demo-dedicated", "minsu")
    portal = open_portal(visit, groupware)
    portal.get_by_role("dialog").get_by_role("button", name="확인").click()
    portal.get_by_label("아이디").fill(account)
    portal.get_by_label("비밀번호").fill(PASSWORD)
    portal.get_by_role("button", name="로그인", exact=True).click()
    question = portal.get_by_role("dialog", name="계정을 연동할까요?")
    expect(question).to_contain_text(account)
    expect(question).to_contain_text("minsu")
    visit.shoot(portal, "both-identities")
    question.get_by_role("button", name="연동하기").click()
    expect(portal.get_by_role("status")).to_contain_text("다우오피스 계정과 연동되었습니다.")
    visit.shoot(portal, "linked")


def test_a_site_without_a_corporate_account_sends_the_invitation_that_ends_in_one(
    visit: Visit,
) -> None:
    # The demo's imported company pays a reseller; this one pays the operator itself.
    visit.running.sql(
        "UPDATE memberships SET billing_channel = 'DIRECT' WHERE billing_channel = 'RESELLER'"
    )
    groupware = visit.page()
    open_site(visit, groupware, "demo-imported", "admin")
    portal = open_portal(visit, groupware)
    popup = portal.get_by_role("dialog", name="기업회원 계정을 생성해 주세요.")
    expect(popup).to_contain_text("고객포털은 기업마다 반드시 기업회원 계정을 가져야하며")
    visit.shoot(portal, "popup-company-account-missing")
    email = f"{uuid4().hex[:10]}@yetgil.example"
    popup.get_by_label("이름").fill("정도현")
    popup.get_by_label("이메일 주소").fill(email)
    popup.get_by_role("button", name="초대장 발송").click()
    expect(popup.get_by_role("status")).to_contain_text("초대장을 발송했습니다.")
    visit.shoot(portal, "invitation-sent")
    portal.close()

    invited = visit.page()
    invited.goto(visit.running.link_to(email, "/sign-up/corporate"))
    expect(invited.get_by_label("상호(법인명)")).to_have_value("옛길물산")
    expect(invited.get_by_label("상호(법인명)")).not_to_be_editable()
    assert invited.url == f"{visit.running.spa}/sign-up/corporate"
    invited.get_by_role("button", name="사업자 진위 확인").click()
    expect(invited.get_by_text("✓ 사업자 진위 확인을 완료했습니다.")).to_be_visible()
    verify_phone(visit, invited, "정도현")
    finish_sign_up(visit, invited, login_id(), email)
    expect(invited.get_by_role("status")).to_contain_text("기업회원 가입이 완료되었습니다.")
    expect(invited.locator("#role")).to_have_text("회사 대표 계정 (SUPER ADMIN)")
    expect(invited.get_by_role("navigation")).to_contain_text("사용자초대/관리")
    visit.shoot(invited, "corporate-member")


def test_a_user_who_is_no_site_administrator_is_not_shown_the_portal(visit: Visit) -> None:
    site = visit.running.site("demo-dedicated")
    staff = {"login_id": "staff", "name": "이직원", "site_admin": False}
    visit.running.api("POST", f"/sites/{site['site_id']}/users", staff)
    groupware = visit.page()
    open_site(visit, groupware, "demo-dedicated", "staff")
    groupware.get_by_label("와플 메뉴").click()
    expect(groupware.get_by_role("link", name="메일").last).to_be_visible()
    expect(groupware.get_by_role("link", name="고객포털")).to_have_count(0)
    visit.shoot(groupware, "no-portal")


def test_kakao_signs_up_and_signs_in_and_a_reload_stays_signed_in(visit: Visit) -> None:
    page = visit.page()
    page.goto(f"{visit.running.spa}/sign-up")
    page.get_by_label("소셜 회원 가입").check()
    visit.shoot(page, "social-sign-up")
    page.get_by_role("button", name="카카오로 가입").click()
    page.get_by_label("새 계정 만들기").check()
    page.get_by_label("이름").fill("김하나")
    page.get_by_label("이메일", exact=True).fill("hana@mail.example")
    visit.shoot(page, "consent")
    page.get_by_role("button", name="동의하고 계속하기").click()
    expect(page.get_by_text("✓ 카카오 계정을 확인했습니다.")).to_be_visible()
    verify_phone(visit, page, "김하나")
    page.get_by_label("서비스 약관 동의(전체)").check()
    page.get_by_role("button", name="가입하기").click()
    expect(page.locator("#role")).to_have_text("개인회원")
    page.reload()
    expect(page.locator("#role")).to_have_text("개인회원")
    page.get_by_role("button", name="로그아웃").click()
    page.get_by_role("button", name="카카오로 로그인").click()
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="동의하고 계속하기").click()
    expect(page.locator("#role")).to_have_text("개인회원")
    visit.shoot(page, "signed-in-by-kakao")


def test_who_declines_at_naver_is_told_so(visit: Visit) -> None:
    page = visit.page()
    page.goto(f"{visit.running.spa}/login")
    page.get_by_role("button", name="네이버로 로그인").click()
    page.get_by_role("button", name="취소").click()
    expect(page.get_by_role("alert")).to_have_text("동의하지 않아 로그인하지 않았습니다.")
    assert page.url == f"{visit.running.spa}/social/callback"
    visit.shoot(page, "declined")


def signs_up(visit: Visit, page: Page, name: str, email: str) -> str:
    """A new individual member, signed in; the login ID."""
    account = login_id()
    page.goto(f"{visit.running.spa}/sign-up")
    verify_phone(visit, page, name)
    finish_sign_up(visit, page, account, email)
    expect(page.locator("#role")).to_have_text("개인회원")
    return account


def test_the_mailed_link_verifies_the_address_once(visit: Visit) -> None:
    page = visit.page()
    email = f"{uuid4().hex[:10]}@demo.example"
    account = signs_up(visit, page, "한지우", email)
    link = visit.running.link_to(email, "/verify-email")
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("이메일을 확인했습니다")
    expect(page.get_by_text("✓ 이메일 확인을 완료했습니다.")).to_be_visible()
    assert page.url == f"{visit.running.spa}/verify-email", "the token left the address"
    visit.shoot(page, "verified")
    token = visit.running.sign_in(account, PASSWORD)
    me = visit.running.portal(token, "GET", "/v1/me")
    assert me["account"]["email_verified"] is True
    assert me["next_steps"] == []

    again = visit.page()
    again.goto(link)
    expect(again.get_by_role("heading", level=1)).to_have_text("이메일을 확인하지 못했습니다")
    expect(again.get_by_role("alert")).to_be_visible()
    visit.shoot(again, "used-already")
    (complaint,) = visit.complaints
    assert "422" in complaint, "the browser's own word for the refusal"
    visit.complaints.clear()


def test_a_successor_takes_the_companys_account_over_by_phone(visit: Visit) -> None:
    email = f"{uuid4().hex[:10]}@demo.example"
    token = visit.running.sign_in("demo-free", DEMO_PASSWORD)
    successor = {"name": "정도현", "email": email, "phone": "010-1234-5678"}
    visit.running.portal(token, "POST", "/v1/company/handover", successor)

    page = visit.page()
    page.goto(visit.running.link_to(email, "/handover"))
    expect(page.get_by_role("heading", level=1)).to_have_text("대표 계정 인계")
    expect(page.get_by_role("main")).to_contain_text(
        "작은가게의 회사 대표 계정을 정*현님이 인계받습니다."
    )
    expect(page.get_by_role("button", name="인계받기")).to_be_disabled()
    assert page.url == f"{visit.running.spa}/handover", "the token left the address"
    visit.shoot(page, "offered")
    verify_phone(visit, page, "정도현")
    page.get_by_label("비밀번호").fill("a successors password")
    page.get_by_label("서비스 약관 동의(전체)").check()
    visit.shoot(page, "agreed")
    page.get_by_role("button", name="인계받기").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("대표 계정을 인계받았습니다")
    expect(page.get_by_text("✓ 작은가게의 담당자가 바뀌었습니다.")).to_be_visible()
    visit.shoot(page, "taken-over")
    log_in(visit, page, "demo-free", "a successors password")
    expect(page.get_by_role("heading", level=1)).to_contain_text("정도현님, 환영합니다!")
    expect(page.locator("#role")).to_have_text("회사 대표 계정 (SUPER ADMIN)")
    visit.shoot(page, "the-new-person")


def test_a_persons_quote_is_brought_into_the_company(visit: Visit) -> None:
    page = visit.page()
    email = f"{uuid4().hex[:10]}@demo.example"
    account = signs_up(visit, page, "서이안", email)
    item = {"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}
    token = visit.running.sign_in(account, PASSWORD)
    body = {"items": [item], "recipients": ["OWN"]}
    quote = visit.running.portal(token, "POST", "/v1/quotes", body)
    page.get_by_role("button", name="로그아웃").click()
    link = visit.running.link_to(email, "/quotes/claim", "number")

    page.goto(link)
    expect(page.get_by_text("주문할 회사의 계정으로 로그인한 뒤")).to_be_visible()
    visit.shoot(page, "sign-in-first")
    log_in(visit, page, "demo-prospect", DEMO_PASSWORD)
    page.goto(link)
    expect(page.get_by_role("main")).to_contain_text(
        f"견적 {quote['number']}을(를) 회사의 견적으로 가져옵니다."
    )
    assert page.url == f"{visit.running.spa}/quotes/claim", "the token left the address"
    visit.shoot(page, "offered")
    page.get_by_role("button", name="가져오기").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("견적을 가져왔습니다")
    expect(page.get_by_text(f"✓ {quote['number']} · 583,000원")).to_be_visible()
    visit.shoot(page, "claimed")
    company = visit.running.sign_in("demo-prospect", DEMO_PASSWORD)
    listed = visit.running.portal(company, "GET", "/v1/quotes")["items"]
    assert quote["number"] in [found["number"] for found in listed]


def test_advertising_ends_by_the_mailed_link_without_a_sign_in(visit: Visit) -> None:
    """Opening the page does nothing; after it was ended it is had again signed in only."""
    page = visit.page()
    email = f"{uuid4().hex[:10]}@demo.example"
    account = signs_up(visit, page, "한지우", email)
    token = visit.running.sign_in(account, PASSWORD)
    agreed = {"consents": [{"kind": "MARKETING", "version": "2023-09", "agreed": True}]}
    visit.running.portal(token, "PATCH", "/v1/me/consents", agreed)

    def answers() -> list[bool]:
        shown = visit.running.portal(token, "GET", "/v1/me/consents")["history"]
        return [row["agreed"] for row in shown if row["kind"] == "MARKETING"]

    before = answers()
    stranger = visit.page()
    stranger.goto(visit.running.link_to(email, "/unsubscribe"))
    expect(stranger.get_by_role("heading", level=1)).to_have_text("광고성 정보 수신 설정")
    assert stranger.url == f"{visit.running.spa}/unsubscribe", "the token left the address"
    visit.shoot(stranger, "asked")
    assert answers() == before
    stranger.get_by_role("button", name="그만 받기").click()
    expect(stranger.get_by_text("✓ 광고성 정보를 더 이상 보내지 않습니다.")).to_be_visible()
    visit.shoot(stranger, "ended")
    assert answers() == [False, *before]

    stranger.goto("about:blank")
    stranger.goto(visit.running.link_to(email, "/unsubscribe"))
    stranger.get_by_role("button", name="계속 받기").click()
    expect(stranger.get_by_role("heading", level=1)).to_have_text("로그인이 필요합니다")
    visit.shoot(stranger, "signs-in-first")
    (complaint,) = visit.complaints
    assert "409" in complaint, "the browser's own word for the refusal"
    visit.complaints.clear()
