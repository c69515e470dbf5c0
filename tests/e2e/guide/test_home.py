"""Home (guide, pages 9, 16, 22, 24)."""

from app.domain.roles import Role
from tests.e2e.guide.actors import Actor
from tests.e2e.guide.registry import story

FAQ_TAGS = [
    "# 서비스 가입 / 계약 / 해지",
    "# 결제 / 환불",
    "# 상품 추가 / 서비스 연장",
    "# 초기 설정 / 서비스 가이드",
]
CARDS = [
    ("SHARED_FREE", "10인 미만 회사라면 완전 무료", "공유형 무료", 0, "서비스 신청"),
    ("SHARED", "주문 즉시 서비스 사용가능!", "공유형 유료", 4_000, "서비스 신청"),
]


async def sees_the_membership(actor: Actor) -> None:
    """내 멤버십 현황 with its yearly notice, and the four tags below."""
    home = await actor.reads("/v1/home")
    assert home["role"] == actor.role
    shown = home["membership"]["membership"]
    assert (shown["id"], shown["status_label"]) == (actor.membership_id, "사용 중")
    assert (shown["users"]["total"], shown["storage_gb"]["total"]) == (10, 10)
    assert shown["monthly_fee"] == 40_000
    assert shown["contract_notice"] == (
        "계약은 30일 전 서면으로 변경/해지 통보가 없을 시 1년 단위로 자동 연장됩니다."
    )
    assert (home["membership"]["options"], home["membership"]["may_order"]) == (1, True)
    assert (home["sites"], home["plan_cards"]) == (1, [])
    assert [tag["tag"] for tag in home["faq_tags"]] == FAQ_TAGS


async def sees_the_plans(actor: Actor) -> None:
    """환영합니다! and the two cards to begin with."""
    home = await actor.reads("/v1/home")
    assert (home["role"], home["membership"], home["sites"]) == (actor.role, None, None)
    cards = [
        (card["plan"], card["title"], card["label"], card["unit_price"], card["action"])
        for card in home["plan_cards"]
    ]
    assert cards == CARDS
    assert [tag["tag"] for tag in home["faq_tags"]] == FAQ_TAGS


@story("home", Role.SUPER_ADMIN)
async def test_home_as_super_admin(super_admin: Actor) -> None:
    """Home: the whole menu, the membership, and whom to invite next."""
    assert await super_admin.sees_pages() == [
        "home",
        "company.information",
        "company.users",
        "memberships.status",
        "memberships.orders",
        "ordering.new",
        "ordering.change",
        "service.status",
        "faq",
    ]
    await sees_the_membership(super_admin)


@story("home", Role.ADMIN)
async def test_home_as_admin(admin: Actor) -> None:
    """Home: as the company, without 사용자초대/관리."""
    assert await admin.sees_pages() == [
        "home",
        "company.information",
        "memberships.status",
        "memberships.orders",
        "ordering.new",
        "ordering.change",
        "service.status",
        "faq",
    ]
    await sees_the_membership(admin)


@story("home", Role.PROSPECT)
async def test_home_as_prospect(prospect: Actor) -> None:
    """Home: what there is to order, and what a new company should do next."""
    assert await prospect.sees_pages() == [
        "home",
        "company.information",
        "memberships.orders",
        "ordering.new",
        "service.status",
        "faq",
    ]
    await sees_the_plans(prospect)
    steps = (await prospect.reads("/v1/home"))["next_steps"]
    assert steps == ["COMPLETE_COMPANY_INFORMATION", "CREATE_INDIVIDUAL_ACCOUNT", "VERIFY_EMAIL"]


@story("home", Role.MEMBER)
async def test_home_as_member(member: Actor) -> None:
    """Home: the plans; the menu has the order page, for a quote, and the FAQ."""
    assert await member.sees_pages() == ["home", "ordering.new", "faq"]
    await sees_the_plans(member)
    assert (await member.reads("/v1/home"))["next_steps"] == []
