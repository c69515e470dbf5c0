"""주문/구매내역 (guide, pages 11 and 18)."""

from uuid import uuid4

from app.domain.roles import Role
from tests.e2e.guide.actors import Actor, Json
from tests.e2e.guide.registry import story
from tests.e2e.guide.town import Town
from tests.flows import order_body

NOTICE = "리셀러(파트너사)를 통해 주문/구매를 한 경우 내역을 확인할 수 없습니다."
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADINGS = (
    "주문번호,서비스 유형,기본 서비스명,계약(주문) 종류,주문일,계약일,적용시작일,"
    "주요 상품정보,계약금(VAT포함),결제방법,주문상태"
)


async def reads_the_row(actor: Actor) -> Json:
    """The guide's order as its row of the page shows it; the order behind it."""
    page = await actor.reads("/v1/orders", type="NEW", status="COMPLETED")
    assert page["notice"] == NOTICE
    (row,) = page["items"]
    assert (row["service_type_labels"], row["plan_labels"]) == (["공유형"], ["클라우드 공유형"])
    assert (row["type_label"], row["summary"]) == ("신규", "클라우드 공유형 10명 12개월")
    assert (row["total"], row["payment_method_label"]) == (583_000, "신용카드")
    assert (row["status_label"], row["payment_status_label"]) == ("완료", "결제 완료")
    assert row["paid_on"] == row["applied_on"]
    order = await actor.reads(f"/v1/orders/{row['id']}")
    assert [step["status_label"] for step in order["history"]] == [
        "결제 대기",
        "결제 완료",
        "개설 중",
        "완료",
    ]
    return order


async def takes_the_papers_home(town: Town, actor: Actor, order: Json) -> None:
    """The table as CSV and XLSX; 주문확인서 and 거래확인서, also by mail."""
    table = await actor.asks("GET", "/v1/orders/export", params={"format": "csv"})
    heading, row, rest = table.content.decode("utf-8-sig").split("\r\n")
    assert heading == HEADINGS
    assert row.startswith(f"{order['number']},공유형,클라우드 공유형,신규,")
    assert row.endswith(",클라우드 공유형 10명 12개월,583000,신용카드,완료")
    assert rest == ""
    workbook = (await actor.asks("GET", "/v1/orders/export", 202, params={"format": "xlsx"})).json()
    made = await town.becomes(actor, f"/v1/orders/exports/{workbook['id']}", state="READY")
    assert made["rows"] == 1
    await actor.downloads(f"/v1/orders/exports/{workbook['id']}/file", XLSX, b"PK\x03\x04")
    path = f"/v1/orders/{order['id']}"
    await actor.downloads(f"{path}/confirmation", "application/pdf", b"%PDF-")
    await actor.downloads(f"{path}/transaction-confirmation", "application/pdf", b"%PDF-")
    papers = (await actor.reads("/v1/documents"))["items"]
    kinds = {paper["kind_label"]: paper["id"] for paper in papers}
    assert {"주문확인서", "거래확인서"} <= set(kinds)
    paper = f"/v1/documents/{kinds['주문확인서']}"
    await actor.downloads(f"{paper}/file", "application/pdf", b"%PDF-")
    await actor.sends(f"{paper}/send", {"recipients": ["OWN"]}, 204)


@story("memberships.orders", Role.SUPER_ADMIN)
async def test_memberships_orders_as_super_admin(town: Town) -> None:
    """주문/구매내역: the table with its filters, exports and papers."""
    owner = await town.super_admin()
    order = await reads_the_row(owner)
    assert (await owner.reads("/v1/orders", type="RENEWAL"))["items"] == []
    await takes_the_papers_home(town, owner, order)
    mail = await town.mail(owner.email, "주문확인서")
    assert mail["attachments"] == [f"주문확인서_{order['number']}.pdf"]


@story("memberships.orders", Role.ADMIN)
async def test_memberships_orders_as_admin(town: Town) -> None:
    """주문/구매내역: as the company, mailed to the administrator's own address."""
    admin = await town.admin(await town.super_admin())
    order = await reads_the_row(admin)
    await takes_the_papers_home(town, admin, order)
    mail = await town.mail(admin.email, "주문확인서")
    assert mail["attachments"] == [f"주문확인서_{order['number']}.pdf"]


@story("memberships.orders", Role.PROSPECT)
async def test_memberships_orders_as_prospect(town: Town) -> None:
    """주문/구매내역: empty at first; an order that waits is paid another way, or cancelled."""
    prospect = await town.prospect()
    page = await prospect.reads("/v1/orders")
    assert (page["items"], page["notice"]) == ([], NOTICE)
    order = await prospect.sends("/v1/orders", order_body())
    (row,) = (await prospect.reads("/v1/orders"))["items"]
    assert (row["status_label"], row["total"], row["paid_on"]) == ("결제 대기", 583_000, None)
    path = f"/v1/orders/{order['id']}"
    await prospect.downloads(f"{path}/confirmation", "application/pdf", b"%PDF-")
    await prospect.is_refused(
        "GET", f"{path}/transaction-confirmation", "order_not_paid", status=409
    )
    cancelled = await prospect.sends(f"{path}/cancel", status=200)
    assert cancelled["status_label"] == "주문 취소"
    (row,) = (await prospect.reads("/v1/orders"))["items"]
    assert (row["status"], row["payment_status_label"]) == ("CANCELLED", "미결제")


@story("memberships.orders", Role.MEMBER)
async def test_memberships_orders_as_member(member: Actor) -> None:
    """주문/구매내역 is not for a person without a company."""
    assert "memberships.orders" not in await member.sees_pages()
    order = f"/v1/orders/{uuid4()}"
    for path in (
        "/v1/orders",
        "/v1/orders/export?format=csv",
        order,
        f"{order}/confirmation",
        "/v1/documents",
    ):
        await member.is_refused("GET", path, "permission_denied")
    await member.is_refused("POST", f"{order}/cancel", "corporate_account_required")
