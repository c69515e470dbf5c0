"""Demo data of `make run`: a company of each kind, made once, and a sign-in for each.

What the portal can do by itself is done over HTTP, payments and sites included. Direct rows are
needed only where its features come later: time that has passed (overdue), a contract that came
without an order (imported), and an individual who accepted two companies' invitations.
Made again after an interruption, it goes on where it stopped.
"""

import asyncio
import os
import sys
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import select

from app.db.tables.accounts import Account
from app.deps import Deps, build_deps
from app.settings import Settings
from tools import sandbox_operators
from tools.demo_rows import PASSWORD, import_company, let_a_year_pass, make_admin
from tools.visitor import Applicant, Json, Unexpected, Visitor, with_check_digit

READY_SECONDS = 40.0
FILE = "demo.txt"
QUIET = ("", "", "")


@dataclass(frozen=True, slots=True)
class SiteWish:
    """A site to order, and what of it shall be in use. Bytes."""

    subdomain: str
    name: str
    plan: str
    users: int | None
    months: int | None
    used: int
    used_bytes: int
    add_ons: tuple[tuple[str, int], ...] = ()

    def item(self) -> Json:
        return {
            "type": "NEW",
            "plan": self.plan,
            "users": self.users,
            "months": self.months,
            "add_ons": [{"code": code, "quantity": n} for code, n in self.add_ons],
            "site": {
                "name": self.name,
                "subdomain": self.subdomain,
                "admin_name": "관리자",
                "admin_login_id": "admin",
                "admin_email": f"admin@{self.subdomain}.example",
            },
        }


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """`nine` are the business number's digits before its check digit."""

    login_id: str
    nine: int
    company: str
    person: str
    what: str
    sites: tuple[SiteWish, ...] = ()

    def applicant(self) -> Applicant:
        return Applicant(
            business_number=with_check_digit(self.nine),
            company_name=self.company,
            name=self.person,
            phone=f"0109{self.nine % 10_000_000:07d}",
            login_id=self.login_id,
            password=PASSWORD,
            email=f"{self.login_id}@portal.example",
        )


GB = 2**30
OVERDUE = "demo-overdue"
SHARED = "demo-shared"
COMPANIES = (
    DemoCompany(
        "demo-prospect", 314_810_001, "새봄상사", "김새봄", "가입하고 견적을 받은 기업 (prospect)"
    ),
    DemoCompany(
        "demo-free",
        314_810_002,
        "작은가게",
        "이가람",
        "무료 플랜 (free)",
        (SiteWish("demo-free", "작은가게", "SHARED_FREE", None, None, 3, GB // 2),),
    ),
    DemoCompany(
        SHARED,
        314_810_003,
        "한빛상사",
        "홍길동",
        "공유형 유료, 10명 12개월 (shared)",
        (SiteWish("demo-shared", "한빛 본사", "SHARED", 10, 12, 8, 9 * GB),),
    ),
    DemoCompany(
        "demo-dedicated",
        314_810_004,
        "대한테크",
        "박서준",
        "단독형, 사이트 2개 (dedicated)",
        (
            SiteWish(
                "demo-dedicated",
                "대한테크 본사",
                "DEDICATED",
                120,
                12,
                97,
                80 * GB,
                (("ACCOUNTING", 1),),
            ),
            SiteWish("demo-dedicated-lab", "대한테크 연구소", "DEDICATED", 30, 12, 21, 12 * GB),
        ),
    ),
    DemoCompany(
        OVERDUE,
        314_810_005,
        "늦은상회",
        "최하늘",
        "만료 후 초과 사용중 (overdue)",
        (SiteWish("demo-overdue", "늦은상회", "SHARED", 5, 12, 5, 4 * GB),),
    ),
)
IMPORTED_NUMBER = with_check_digit(314_810_006)
ADMIN = ("demo-admin", "관리자 1명, 기업 2곳 (admin of two, one imported)")


def sign_ins() -> str:
    """The table that is printed: login ID, what it is, company."""
    rows = [(c.login_id, c.what, c.company) for c in COMPANIES]
    rows.append((*ADMIN, "한빛상사, 옛길물산"))
    lines = [f"demo sign-ins, password: {PASSWORD}"]
    lines += [f"  {login_id:<15} {_padded(what, 44)} {name}" for login_id, what, name in rows]
    return "\n".join([*lines, sandbox_operators.sign_ins()]) + "\n"


def _padded(words: str, columns: int) -> str:
    """Hangul takes two columns of a terminal."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in words)
    return words + " " * max(0, columns - len(words) - wide)


async def fill(deps: Deps, portal: httpx.AsyncClient, sandbox: httpx.AsyncClient) -> None:
    """Makes what is missing. Raises `Unexpected`."""
    await sandbox_operators.make_staff(deps)
    async with deps.database.system_session("demo data") as session:
        wanted = [ADMIN[0], *(company.login_id for company in COMPANIES)]
        rows = await session.execute(select(Account.login_id).where(Account.login_id.in_(wanted)))
        known = {str(login_id) for login_id in rows.scalars()}
    if ADMIN[0] not in known:
        made = (_make(Visitor(portal, sandbox), company, known) for company in COMPANIES)
        await asyncio.gather(*made)
        await let_a_year_pass(deps, OVERDUE)
        await import_company(deps, Visitor(portal, sandbox), IMPORTED_NUMBER, "옛길물산")
    await make_admin(deps, Visitor(portal, sandbox), ADMIN[0], SHARED, IMPORTED_NUMBER)


async def _make(visitor: Visitor, company: DemoCompany, known: set[str]) -> None:
    if company.login_id in known:
        await visitor.sign_in(company.login_id, PASSWORD)
    else:
        who = company.applicant()
        business = await visitor.verify_business("", who)
        person = await visitor.verify_phone(QUIET, who)
        await visitor.sign_up("", who, business, person)
    if company.sites:
        await _open_sites(visitor, company.sites)
    else:
        await _ask_for_a_quote(visitor)


async def _ask_for_a_quote(visitor: Visitor) -> None:
    """The guide's: ten users for a year, 583,000 won, by mail to the own address."""
    if (await visitor.ask("", "GET", "/v1/quotes", 200))["items"]:
        return
    wanted: Json = {"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}
    asked: Json = {"items": [wanted], "recipients": ["OWN"]}
    await visitor.ask("", "POST", "/v1/quotes", 201, asked)


async def _open_sites(visitor: Visitor, wishes: tuple[SiteWish, ...]) -> None:
    found = (await visitor.ask("", "GET", "/v1/orders", 200))["items"]
    if found:
        order: Json = found[0]
    else:
        items = [wish.item() for wish in wishes]
        priced = [{k: v for k, v in item.items() if k != "site"} for item in items]
        preview = await visitor.ask("", "POST", "/v1/price-previews", 200, {"items": priced})
        order = await visitor.place_order("", items, preview["total"])
    if order["status"] == "PENDING_PAYMENT":
        await visitor.pay_by_card(QUIET, order)
    done = await visitor.wait_for_order("", order)
    for item, wish in zip(done["items"], wishes, strict=True):
        public = min(GB, wish.used_bytes // 4)
        usage: Json = {
            "users": wish.used,
            "signed_in_ever": wish.used,
            "account_bytes": wish.used_bytes - public,
            "public_bytes": public,
            "options": {},
        }
        path = f"/sites/{item['site']['id']}/usage"
        await visitor.ask_sandbox("", "POST", path, body=usage)


async def wait_until_ready(portal: httpx.AsyncClient, sandbox: httpx.AsyncClient) -> None:
    """Raises `Unexpected` when one of the two does not answer in time."""
    deadline = time.monotonic() + READY_SECONDS
    for client, path in ((sandbox, "/healthz"), (portal, "/readyz")):
        while not await _answers(client, path):
            if time.monotonic() > deadline:
                raise Unexpected(f"{client.base_url}{path} does not answer")
            await asyncio.sleep(0.1)


async def _answers(client: httpx.AsyncClient, path: str) -> bool:
    try:
        return (await client.get(path)).status_code == 200
    except httpx.HTTPError:
        return False


async def main() -> None:
    settings = Settings()
    sandbox_url = f"http://127.0.0.1:{os.environ.get('SANDBOX_PORT', '8001')}"
    deps = build_deps(settings)
    try:
        async with (
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{settings.port}", timeout=30, trust_env=False
            ) as portal,
            httpx.AsyncClient(base_url=sandbox_url, timeout=30, trust_env=False) as sandbox,
        ):
            await wait_until_ready(portal, sandbox)
            await fill(deps, portal, sandbox)
    finally:
        await deps.close()
    kept = Path(os.environ.get("DATA_DIR", ".data")) / FILE
    draft = kept.with_suffix(".draft")
    draft.write_text(sign_ins(), encoding="utf-8")
    draft.replace(kept)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except Unexpected as failed:
        sys.exit(f"demo data: {failed}")
