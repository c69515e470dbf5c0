"""`make tour`: the main job against the running instance, from a business number to an open site.

Reads PORT (8000), SANDBOX_PORT (8001) and TOUR_EXPECT_TOTAL (583000, the guide's figure in won).
Ends with 1 and one clear sentence when a status or a figure is not what it should be.
"""

import asyncio
import os
import random
import secrets
import sys
import time

import httpx

from tools.tour_paper import Paper, in_colour
from tools.visitor import Applicant, Json, Unexpected, Visitor, with_check_digit

GUIDE_TOTAL = 583_000
"""Ten shared users for twelve months, the set-up and VAT: the guide's page 15."""
USERS, MONTHS, STORAGE_GB = 10, 12, 10
MAILS = 5
"""Signed up, verify the address, order placed, payment received, site opened."""
MAIL_SECONDS = 15.0


def new_applicant() -> Applicant:
    """Another company and another phone each time: the tour can be taken again."""
    dice = random.SystemRandom()
    login_id = f"tour-{secrets.token_hex(5)}"
    return Applicant(
        # Middle digits 81 are a company's; 00 would be no number at all.
        business_number=with_check_digit(
            dice.randrange(201, 1000) * 10**6 + 81 * 10**4 + dice.randrange(1, 10**4)
        ),
        company_name="한빛상사",
        name="홍길동",
        phone=f"010{dice.randrange(10**8):08d}",
        login_id=login_id,
        password=f"tour {secrets.token_hex(8)}",
        email=f"{login_id}@hanbit.example",
    )


class Tour:
    """The steps in their order; each shows itself and says what was checked."""

    def __init__(self, visitor: Visitor, paper: Paper, expected_total: int) -> None:
        self._visitor = visitor
        self._paper = paper
        self._total = expected_total
        self._who = new_applicant()

    async def take(self) -> None:
        """Raises `Unexpected` at the first thing that is not what it should be."""
        await self._sign_up()
        order = await self._order()
        done = await self._pay(order)
        await self._look_at_the_site(done["items"][0])
        await self._read_mails()
        await self._try_to_leave()

    def _check(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            raise Unexpected(f"{what}: {found!r}, not {wanted!r}")
        self._paper.fact(f"{what}: {found}")

    async def _sign_up(self) -> None:
        business = await self._visitor.verify_business(
            "사업자 진위 확인 (business verification)", self._who
        )
        self._check("확인 수준 (level)", business["level"], "STATUS")
        person = await self._visitor.verify_phone(
            (
                "휴대폰 본인인증 요청 (phone identity)",
                "받은 문자 (the text message, from the sandbox)",
                "인증번호 확인 (confirm the code)",
            ),
            self._who,
        )
        await self._visitor.sign_up("기업회원 가입 (sign up)", self._who, business, person)
        me = await self._visitor.ask("내 정보 (who am I)", "GET", "/v1/me", 200)
        self._check("역할 (role)", me["role"], "PROSPECT")

    async def _order(self) -> Json:
        item: Json = {"type": "NEW", "plan": "SHARED", "users": USERS, "months": MONTHS}
        preview = await self._visitor.ask(
            "금액 미리보기 (preview)", "POST", "/v1/price-previews", 200, {"items": [item]}
        )
        self._check("총 금액 (total)", preview["total"], self._total)
        site = {
            "name": "한빛 본사",
            "subdomain": self._who.login_id,
            "admin_name": self._who.name,
            "admin_login_id": "admin",
            "admin_email": self._who.email,
        }
        order = await self._visitor.place_order(
            "신규주문 (order)", [{**item, "site": site}], self._total
        )
        self._check("주문 상태 (order)", order["status"], "PENDING_PAYMENT")
        self._check("총 금액 (total)", order["total"], self._total)
        return order

    async def _pay(self, order: Json) -> Json:
        payment = await self._visitor.pay_by_card(
            (
                "결제 시작 (start the payment)",
                "결제창에서 승인 (the payer approves, in the sandbox)",
                "결제 완료 알림 (complete)",
            ),
            order,
        )
        self._check("결제 상태 (payment)", payment["status"], "PAID")
        self._check("결제 금액 (amount)", payment["amount"], self._total)
        done = await self._visitor.wait_for_order("개설 완료 (the site is open)", order)
        self._check("주문 상태 (order)", done["status"], "COMPLETED")
        self._check("결제 상태 (payment)", done["payment_status"], "PAID")
        steps = [event["status"] for event in done["history"]]
        wanted = ["PENDING_PAYMENT", "PAID", "PROVISIONING", "COMPLETED"]
        self._check("주문 이력 (history)", steps, wanted)
        return done

    async def _look_at_the_site(self, item: Json) -> None:
        path = f"/v1/memberships/{item['membership_id']}"
        membership = await self._visitor.ask("멤버십 (membership)", "GET", path, 200)
        self._check("멤버십 상태 (membership)", membership["status"], "IN_USE")
        self._check("사용자 (users)", membership["users"]["total"], USERS)
        self._check("스토리지 GB (storage)", membership["storage_gb"]["total"], STORAGE_GB)
        listed = await self._visitor.ask("", "GET", "/v1/memberships", 200)
        self._check("멤버십 수 (memberships)", len(listed["items"]), 1)
        path = f"/v1/system-status/{item['site']['id']}"
        status = await self._visitor.ask("시스템현황 (system status)", "GET", path, 200)
        self._check("계약 사용자 (contracted)", status["users"]["contracted"], USERS)
        self._check("오래된 값 (stale)", status["stale"], False)

    async def _read_mails(self) -> None:
        """Workers send them, so the last may still be on its way."""
        path = f"/messages?to={self._who.email}"
        deadline = time.monotonic() + MAIL_SECONDS
        while True:
            inbox = await self._visitor.ask_sandbox("", "GET", path)
            if len(inbox["items"]) >= MAILS or time.monotonic() > deadline:
                break
            await asyncio.sleep(0.1)
        self._paper.heading("받은 메일 (the mails, from the sandbox)")
        for mail in inbox["items"]:
            self._paper.fact(mail["subject"])
        self._check("메일 수 (mails)", len(inbox["items"]), MAILS)

    async def _try_to_leave(self) -> None:
        me = await self._visitor.ask("내 정보 (who am I now)", "GET", "/v1/me", 200)
        self._check("역할 (role)", me["role"], "SUPER_ADMIN")
        refused = await self._visitor.ask(
            "고객포털 탈퇴하기 (leave: refused while a site is open)", "DELETE", "/v1/me", 403
        )
        self._check("사유 (code)", refused["code"], "super_admin_cannot_withdraw")


async def main() -> int:
    paper = Paper(colour=in_colour())
    portal_url = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
    sandbox_url = f"http://127.0.0.1:{os.environ.get('SANDBOX_PORT', '8001')}"
    expected_total = int(os.environ.get("TOUR_EXPECT_TOTAL", GUIDE_TOTAL))
    started = time.monotonic()
    async with (
        httpx.AsyncClient(
            base_url=portal_url, timeout=30, trust_env=False, headers={"Accept-Language": "ko"}
        ) as portal,
        httpx.AsyncClient(base_url=sandbox_url, timeout=30, trust_env=False) as sandbox,
    ):
        visitor = Visitor(portal, sandbox, paper.exchange)
        try:
            await Tour(visitor, paper, expected_total).take()
        except Unexpected as failed:
            sys.stdout.flush()
            paper.failed(f"tour failed: {failed}")
            return 1
    paper.done(f"tour passed in {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
