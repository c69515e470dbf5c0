"""The reference pages: the whole contract offline, and requests that really go to the API."""

import re

from playwright.sync_api import Request, expect

from tests.browser.conftest import Visit


def test_the_reference_shows_the_contract_and_tries_it_without_anything_from_elsewhere(
    visit: Visit,
) -> None:
    page = visit.page()
    elsewhere: list[str] = []

    def watch(request: Request) -> None:
        if request.url.startswith("http") and "//127.0.0.1:" not in request.url:
            elsewhere.append(request.url)

    page.on("request", watch)
    page.goto(f"http://127.0.0.1:{visit.running.port}/reference#tag/catalogue/GET/v1/catalogue")
    expect(page.get_by_role("heading", name="고객포털 API")).to_be_visible()
    visit.shoot(page, "reference")
    page.get_by_role("button", name=re.compile("Test Request")).first.click()
    page.get_by_role("button", name=re.compile("^Send")).first.click()
    expect(page.get_by_text("200 OK")).to_be_visible()
    visit.shoot(page, "tried")
    assert elsewhere == []


def test_a_guide_is_read_in_both_languages(visit: Visit) -> None:
    page = visit.page()
    page.goto(f"http://127.0.0.1:{visit.running.port}/reference/guides/quick-start")
    expect(page.get_by_role("heading", level=1)).to_have_text("빠른 시작")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Quick start")
    page.get_by_role("main").get_by_role("link", name="Ordering and paying").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ordering and paying")
    expect(page.get_by_role("img").first).to_be_visible()
    visit.shoot(page, "guide")
