"""The sandbox's console: what a frontend developer does there while trying the portal."""

from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_accounts import DEMO_PASSWORD, phone


def console(visit: Visit, page: Page, name: str) -> None:
    """A page by the console's own menu."""
    if "/console/" not in page.url:
        page.goto(f"http://127.0.0.1:{visit.running.sandbox_port}/")
    page.get_by_label("메뉴").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_label("메뉴").locator("[aria-current=page]")).to_have_text(name)


def unpaid_order(visit: Visit, account: str) -> dict[str, str]:
    """Its ID, and that of the payment that was begun."""
    token = visit.running.sign_in(account, DEMO_PASSWORD)
    item = {"type": "NEW", "plan": "SHARED", "users": 3, "months": 1}
    price = visit.running.portal(token, "POST", "/v1/price-previews", {"items": [item]})
    terms = visit.running.portal(token, "GET", "/v1/terms?use=ORDER")["items"]
    body = {
        "items": [
            item
            | {
                "site": {
                    "name": "콘솔",
                    "subdomain": f"c{uuid4().hex[:10]}",
                    "admin_name": "홍길동",
                    "admin_login_id": "admin",
                    "admin_email": "admin@demo.example",
                }
            }
        ],
        "expected_total": price["total"],
        "payment_method": "CARD",
        "consents": [{"kind": t["kind"], "version": t["version"], "agreed": True} for t in terms],
    }
    order = visit.running.portal(token, "POST", "/v1/orders", body)
    path = f"/v1/orders/{order['id']}/payments"
    payment = visit.running.portal(token, "POST", path, {"method": "CARD"})
    return {"id": order["id"], "payment": payment["id"]}


def test_the_code_of_a_text_message_is_copied_from_the_inbox(visit: Visit) -> None:
    number = phone()
    page = visit.page()
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{visit.running.spa}/sign-up")
    page.get_by_label("이름").fill("정인증")
    page.get_by_label("생년월일").fill("1990-02-03")
    page.get_by_label("주민등록번호 뒤 첫 자리").fill("2")
    page.get_by_label("휴대전화").fill(number)
    page.get_by_label("본인인증 약관 동의(전체)").check()
    page.get_by_role("button", name="인증번호 받기").click()
    expect(page.get_by_label("인증번호")).to_be_visible()
    inbox = visit.page()
    console(visit, inbox, "메일·문자")
    inbox.get_by_label("받는 사람").fill(number)
    inbox.get_by_role("button", name="찾기").click()
    inbox.get_by_role("button", name="복사").click()
    expect(inbox.get_by_role("button", name="복사됨")).to_be_visible()
    visit.look(inbox, "inbox")
    page.bring_to_front()
    page.get_by_label("인증번호").focus()
    page.keyboard.press("Control+V")
    page.keyboard.press("Enter")
    expect(page.get_by_text("✓ 본인인증을 완료했습니다.")).to_be_visible()


def test_a_payment_is_approved_once_and_a_fault_is_shown_until_it_is_lifted(visit: Visit) -> None:
    page = visit.page()
    order = unpaid_order(visit, "demo-shared")
    console(visit, page, "결제")
    row = page.get_by_role("row").filter(has=page.get_by_text(order["payment"]))
    expect(row).to_contain_text("READY")
    row.get_by_role("button", name="승인", exact=True).dblclick()
    expect(row).to_contain_text("PAID")
    visit.look(page, "payments")
    token = visit.running.sign_in("demo-shared", DEMO_PASSWORD)
    visit.running.portal(token, "POST", f"/v1/payments/{order['payment']}/complete")
    paid = visit.running.portal(token, "GET", f"/v1/orders/{order['id']}")
    assert paid["payment_status"] == "PAID"

    console(visit, page, "시계·장애")
    page.get_by_label("nts 중단").check()
    fault = page.get_by_role("row").filter(has_text="nts")
    fault.get_by_role("button", name="적용").dblclick()
    expect(page.get_by_role("status")).to_have_text("장애 1건: nts")
    visit.look(page, "fault")
    page.get_by_role("button", name="장애 모두 해제").click()
    expect(page.get_by_role("status")).to_have_count(0)


def test_the_clock_goes_a_day_ahead_once_for_a_double_click(visit: Visit) -> None:
    page = visit.page()
    console(visit, page, "시계·장애")
    before = visit.running.api("GET", "/clock")["now"]
    page.get_by_role("button", name="하루 뒤").dblclick()
    page.wait_for_load_state()
    expect(page.get_by_role("heading", level=1)).to_have_text("시계·장애")
    expect(page.locator("p.problem")).to_have_count(0)
    after = visit.running.api("GET", "/clock")["now"]
    assert before[:10] < after[:10]
    visit.look(page, "clock")


def test_every_page_of_the_console_is_read_by_anybody(visit: Visit) -> None:
    page = visit.page()
    for name in (
        "메일·문자",
        "결제",
        "카드·계좌",
        "사이트",
        "사업자번호",
        "시계·장애",
        "요청 기록",
    ):
        console(visit, page, name)
        visit.look(page, name.replace("·", "-").replace(" ", "-"))
