"""Stories of the guide's ordering chapters in the reference SPA, and what must not happen twice."""

import re
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_accounts import (
    DEMO_PASSWORD,
    PASSWORD,
    finish_sign_up,
    log_in,
    login_id,
    verify_phone,
)
from tests.flows import business_number

OPENED_MS = 30_000


def sign_up_company(visit: Visit, page: Page, company: str) -> str:
    """The login ID."""
    account = login_id()
    page.goto(f"{visit.running.spa}/sign-up/corporate")
    page.get_by_label("상호(법인명)").fill(company)
    page.get_by_label("사업자등록번호").fill(business_number())
    page.get_by_role("button", name="사업자 진위 확인").click()
    expect(page.get_by_text("✓ 사업자 진위 확인을 완료했습니다.")).to_be_visible()
    verify_phone(visit, page, "홍길동")
    finish_sign_up(visit, page, account, f"{uuid4().hex[:10]}@demo.example")
    expect(page.get_by_role("status")).to_contain_text("기업회원 가입이 완료되었습니다.")
    return account


def choose_and_describe(visit: Visit, page: Page, name: str) -> str:
    """Steps 1 and 2 of 신규주문; the subdomain."""
    page.get_by_label("메뉴").get_by_role("link", name="신규주문").click()
    expect(page.get_by_label("예상 금액")).to_contain_text("583,000원")
    page.get_by_label("사용자 수").fill("20")
    expect(page.get_by_label("예상 금액")).to_contain_text("20명 × 4,000원 × 12개월 = 960,000원")
    page.get_by_label("사용자 수").fill("10")
    expect(page.locator("[data-total]")).to_have_text("583,000원")
    visit.look(page, "order-1")
    page.get_by_role("button", name="다음: 사이트 정보").click()
    subdomain = f"b{uuid4().hex[:10]}"
    page.get_by_label("사이트 이름").fill(name)
    page.get_by_label("도메인").fill(subdomain)
    page.get_by_label("관리자 이름").fill("홍길동")
    page.get_by_label("관리자 ID").fill("admin")
    page.get_by_label("관리자 이메일").fill("admin@demo.example")
    visit.look(page, "order-2")
    page.get_by_role("button", name="다음: 확인 및 결제").click()
    expect(page.get_by_label("예상 금액")).to_contain_text("583,000원")
    page.get_by_label("모두 동의합니다").check()
    return subdomain


def orders_of(visit: Visit, account: str, password: str) -> list[dict[str, Any]]:
    token = visit.running.sign_in(account, password)
    found: list[dict[str, Any]] = visit.running.portal(token, "GET", "/v1/orders?size=100")["items"]
    return found


def paid_in_the_books(visit: Visit, number: str) -> int:
    """What the payment provider took for the order, whatever anybody's screen said."""
    payments = visit.running.api("GET", "/payments")["items"]
    return sum(p["orderName"] == number and p["status"] == "PAID" for p in payments)


def number_of(page: Page) -> str:
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile(r"주문 ORD-\d{8}-\d{6}"))
    return heading.inner_text().removeprefix("주문 ")


def test_a_company_signs_up_orders_pays_once_and_adds_users(visit: Visit) -> None:
    page = visit.page()
    account = sign_up_company(visit, page, "한빛상사")
    visit.look(page, "home-prospect")
    choose_and_describe(visit, page, "한빛 본사")
    expect(page.get_by_label("(필수) 중도 해지 위약금")).to_be_checked()
    visit.look(page, "order-3")

    page.get_by_role("button", name="주문하고 결제하기").dblclick()
    page.wait_for_url("**/checkout?**")
    expect(page.get_by_text("583,000원")).to_be_visible()
    page.reload()
    visit.look(page, "checkout")
    page.get_by_role("button", name="결제 승인").dblclick()
    expect(page.get_by_text("결제가 완료되었습니다.")).to_be_visible()
    number = number_of(page)
    page.reload()
    expect(page.locator("#status")).to_have_text("완료", timeout=OPENED_MS)
    visit.look(page, "order-completed")
    assert [order["number"] for order in orders_of(visit, account, PASSWORD)] == [number]
    assert paid_in_the_books(visit, number) == 1

    page.goto(f"{visit.running.spa}/")
    expect(page.locator("#role")).to_have_text("회사 대표 계정 (SUPER ADMIN)")
    page.get_by_label("메뉴").get_by_role("link", name="멤버십현황").click()
    expect(page.get_by_role("main")).to_contain_text("10명 (기본 10, 추가 0)")
    visit.look(page, "memberships")
    renew = page.get_by_label("자동 연장")
    was = renew.is_checked()
    renew.click()
    expect(renew).to_be_checked(checked=not was)

    page.get_by_role("link", name="한빛 본사 추가/연장주문").click()
    expect(page.get_by_role("button", name="주문하고 결제하기")).to_be_disabled()
    page.get_by_label("추가할 사용자").fill("5")
    expect(page.locator("[data-total]")).to_be_visible()
    page.get_by_label("모두 동의합니다").check()
    visit.look(page, "order-change")
    page.get_by_role("button", name="주문하고 결제하기").dblclick()
    page.get_by_role("button", name="결제 승인").click()
    added = number_of(page)
    expect(page.locator("#status")).to_have_text("완료", timeout=OPENED_MS)
    assert paid_in_the_books(visit, added) == 1
    page.get_by_label("메뉴").get_by_role("link", name="멤버십현황").click()
    expect(page.get_by_role("main")).to_contain_text("15명")
    page.get_by_label("메뉴").get_by_role("link", name="주문/구매내역").click()
    expect(page.get_by_role("row").filter(has_text=number)).to_contain_text("583,000원")
    expect(page.get_by_role("row").filter(has_text=added)).to_be_visible()
    visit.look(page, "orders")


def test_a_broken_way_loses_and_doubles_nothing(visit: Visit) -> None:
    """The API is down, the session ends, the payer goes back, is declined, and pays: one order."""
    page = visit.page()
    account = sign_up_company(visit, page, "새빛상사")
    subdomain = choose_and_describe(visit, page, "새빛")
    visit.expected += ["ERR_CONNECTION_REFUSED", "status of 401"]

    api = f"http://127.0.0.1:{visit.running.port}/**"
    page.route(api, lambda route: route.abort("connectionrefused"))
    page.get_by_role("button", name="주문하고 결제하기").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("고객포털에 연결할 수 없습니다. 입력한 내용은 그대로 있습니다.")
    visit.look(page, "api-down")
    page.reload()
    expect(alert).to_contain_text("고객포털에 연결할 수 없습니다.")
    page.unroute(api)
    page.get_by_role("button", name="다시 시도").click()
    expect(page.get_by_role("main")).to_contain_text(f"새빛 ({subdomain})")
    expect(page.get_by_label("예상 금액")).to_contain_text("583,000원")

    visit.running.sql(
        "UPDATE sessions SET revoked_at = now(), revoked_reason = 'ENDED' WHERE account_id ="
        f" (SELECT id FROM accounts WHERE login_id = '{account}')"
    )
    page.get_by_label("모두 동의합니다").check()
    page.get_by_role("button", name="주문하고 결제하기").click()
    expect(page.get_by_role("heading", name="로그인")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("로그인하면 하던 일을 이어서 합니다.")
    visit.look(page, "session-ended")
    page.get_by_label("아이디").fill(account)
    page.get_by_label("비밀번호").fill(PASSWORD)
    page.get_by_role("button", name="로그인", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text(f"새빛 ({subdomain})")
    expect(page.get_by_label("예상 금액")).to_contain_text("583,000원")
    page.get_by_label("모두 동의합니다").check()
    page.get_by_role("button", name="주문하고 결제하기").click()
    page.wait_for_url("**/checkout?**")
    first = page.url

    page.go_back()
    number = number_of(page)
    page.get_by_role("button", name="결제하기", exact=True).click()
    page.wait_for_url("**/checkout?**")
    assert page.url == first, "the same payment is gone on with"
    page.get_by_role("button", name="취소하고 돌아가기").click()
    expect(page.get_by_text("결제를 취소했습니다. 주문은 그대로 있습니다.")).to_be_visible()
    visit.look(page, "not-paid")
    page.get_by_role("button", name="결제하기", exact=True).click()
    page.get_by_role("button", name="결제 거절").click()
    expect(page.get_by_text("카드사에서 거절했습니다. 주문은 그대로 있습니다.")).to_be_visible()
    page.get_by_role("button", name="결제하기", exact=True).click()
    page.get_by_role("button", name="결제 승인").click()
    expect(page.get_by_text("결제가 완료되었습니다.")).to_be_visible()
    page.go_back()
    assert [order["number"] for order in orders_of(visit, account, PASSWORD)] == [number]
    assert paid_in_the_books(visit, number) == 1


def test_a_lost_answer_is_asked_for_again_and_is_the_same_order(visit: Visit) -> None:
    """The order was placed and nobody heard of it; pressing again finds it."""
    page = visit.page()
    account = sign_up_company(visit, page, "달빛상사")
    choose_and_describe(visit, page, "달빛")
    visit.expected.append("ERR_FAILED")
    lost: list[str] = []

    def lose(route: Any) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().json()["number"])
            route.abort()
        else:
            route.continue_()

    page.route("**/v1/orders", lose)
    page.get_by_role("button", name="주문하고 결제하기").click()
    expect(page.get_by_role("alert")).to_contain_text("고객포털에 연결할 수 없습니다.")
    page.get_by_role("button", name="주문하고 결제하기").click()
    page.wait_for_url("**/checkout?**")
    assert [order["number"] for order in orders_of(visit, account, PASSWORD)] == lost


def test_a_member_gets_a_quote_and_orders_nothing(visit: Visit) -> None:
    page = visit.page()
    email = f"{uuid4().hex[:10]}@demo.example"
    page.goto(f"{visit.running.spa}/sign-up")
    verify_phone(visit, page, "김개인")
    visit.look(page, "sign-up")
    finish_sign_up(visit, page, login_id(), email)
    expect(page.locator("#role")).to_have_text("개인회원")
    page.get_by_label("메뉴").get_by_role("link", name="신규주문").click()
    expect(page.get_by_text("주문은 기업회원 계정으로 합니다.")).to_be_visible()
    expect(page.get_by_role("button", name="다음: 사이트 정보")).to_have_count(0)
    expect(page.locator("[data-total]")).to_have_text("583,000원")
    page.get_by_role("button", name="견적서 받기").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("견적서를 보냈습니다")
    expect(page.get_by_role("main")).to_contain_text("583,000원")
    visit.look(page, "quoted")
    with page.expect_download() as download:
        page.get_by_role("button", name="PDF 내려받기").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")
    assert visit.running.link_to(email, "/quotes/claim", "number")


def test_every_page_of_a_company_reads_well_on_a_desk_and_on_a_phone(visit: Visit) -> None:
    page = visit.page()
    page.goto(f"{visit.running.spa}/login")
    visit.look(page, "login")
    log_in(visit, page, "demo-dedicated", DEMO_PASSWORD)
    pages = (
        ("/", "환영합니다!"),
        ("/memberships", "멤버십현황"),
        ("/orders", "주문/구매내역"),
        ("/orders/new", "신규주문"),
        ("/orders/change", "추가/연장주문"),
        ("/system-status", "시스템현황"),
        ("/company/users", "사용자 초대/관리"),
        ("/faq", "고객포털 FAQ"),
        ("/inquiries/new", "문의등록"),
    )
    for width in (1280, 375):
        page.set_viewport_size({"width": width, "height": 800})
        for path, heading in pages:
            page.goto(f"{visit.running.spa}{path}")
            expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
            expect(page.locator("[aria-busy]")).to_have_count(0)
            visit.look(page, f"{width}{path.replace('/', '-')}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_questions_are_searched_and_asked(visit: Visit) -> None:
    page = visit.page()
    page.goto(f"{visit.running.spa}/faq")
    page.get_by_label("무엇을 도와드릴까요?").fill("결제")
    page.keyboard.press("Enter")
    expect(page.locator("mark").first).to_have_text("결제")
    page.locator("details.panel").first.locator("summary").click()
    page.get_by_role("button", name="도움이 되었어요").first.click()
    expect(page.get_by_role("status")).to_have_text("의견을 보내 주셔서 감사합니다.")
    visit.look(page, "faq-found")
    page.get_by_role("link", name="문의등록").click()
    page.get_by_label("이메일 주소").fill("guest@demo.example")
    page.get_by_label("문의 제목").fill("요금 문의")
    page.get_by_label("회사명").fill("달빛상사")
    page.get_by_label("내용").fill("연장 요금이 궁금합니다.")
    page.get_by_label("개인정보 처리방침").check()
    page.get_by_role("button", name="문의하기").dblclick()
    expect(page.get_by_text("✓ 문의 번호")).to_be_visible()
    page.goto(visit.running.link_to("guest@demo.example", "/inquiries/answer", "number"))
    expect(page.get_by_role("main")).to_contain_text("연장 요금이 궁금합니다.")
    page.get_by_label("내용").fill("한 가지 더 궁금합니다.")
    page.get_by_role("button", name="보내기").click()
    expect(page.get_by_role("main")).to_contain_text("한 가지 더 궁금합니다.")
    visit.look(page, "inquiry")
