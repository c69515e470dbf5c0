"""The guide's menu per role, and the next steps."""

import pytest

from app.contract.guide import PAGE_OF_OPERATION, PAGE_OF_TAG
from app.domain.menu import (
    MenuItem,
    MenuTarget,
    NextStep,
    NextStepFacts,
    menu_of,
    next_steps,
)
from app.domain.roles import AccountKind, Role

MENUS = {
    Role.SUPER_ADMIN: """
        Home
        회사정보관리 > 회사법인정보관리, 사용자초대/관리
        멤버십 현황 > 멤버십현황, 주문/구매내역
        주문 및 결제 > 신규주문, 추가/연장주문
        서비스 관리 > 시스템현황
        고객포털 FAQ
    """,
    Role.ADMIN: """
        Home
        회사정보관리 > 회사법인정보관리
        멤버십 현황 > 멤버십현황, 주문/구매내역
        주문 및 결제 > 신규주문, 추가/연장주문
        서비스 관리 > 시스템현황
        고객포털 FAQ
    """,
    Role.PROSPECT: """
        Home
        회사정보관리 > 회사법인정보관리
        멤버십 현황 > 주문/구매내역
        주문 및 결제 > 신규주문
        서비스 관리 > 시스템현황
        고객포털 FAQ
    """,
    Role.CLOSED: """
        Home
        회사정보관리 > 회사법인정보관리
        멤버십 현황 > 주문/구매내역
        주문 및 결제 > 신규주문
        고객포털 FAQ
    """,
    Role.MEMBER: """
        Home
        주문 및 결제 > 신규주문
        고객포털 FAQ
    """,
}
KEYS = [
    "home",
    "company",
    "company.information",
    "company.users",
    "memberships",
    "memberships.status",
    "memberships.orders",
    "ordering",
    "ordering.new",
    "ordering.change",
    "service",
    "service.status",
    "faq",
]


def shown(item: MenuItem) -> str:
    pages = ", ".join(child.label_ko for child in item.children)
    return f"{item.label_ko} > {pages}" if pages else item.label_ko


def flat(items: tuple[MenuItem, ...]) -> list[MenuItem]:
    return [each for item in items for each in (item, *flat(item.children))]


@pytest.mark.parametrize("role", list(Role))
def test_the_menu_of_each_role_is_the_guides(role: Role) -> None:
    expected = [line.strip() for line in MENUS[role].strip().splitlines()]
    assert [shown(item) for item in menu_of(role)] == expected


def test_the_keys_never_change() -> None:
    assert [item.key for item in flat(menu_of(Role.SUPER_ADMIN))] == KEYS


@pytest.mark.parametrize("role", list(Role))
def test_a_page_has_a_path_of_its_own_and_a_heading_has_none(role: Role) -> None:
    items = flat(menu_of(role))
    paths = [item.path for item in items if not item.children]
    assert all(path is not None and path.startswith("/") for path in paths)
    assert len(set(paths)) == len(paths)
    assert all(item.path is None for item in items if item.children)
    assert {item.target for item in items} == {MenuTarget.INTERNAL}
    assert all(item.label_en.isascii() and item.label_en for item in items)


CORPORATE, INDIVIDUAL = AccountKind.CORPORATE, AccountKind.INDIVIDUAL


@pytest.mark.parametrize(
    ("facts", "steps"),
    [
        (
            NextStepFacts(CORPORATE, Role.PROSPECT, email_verified=False),
            ["COMPLETE_COMPANY_INFORMATION", "CREATE_INDIVIDUAL_ACCOUNT", "VERIFY_EMAIL"],
        ),
        (
            NextStepFacts(CORPORATE, Role.PROSPECT, email_verified=True, order_waits_for_pay=True),
            ["COMPLETE_COMPANY_INFORMATION", "CREATE_INDIVIDUAL_ACCOUNT", "PAY_ORDER"],
        ),
        (
            NextStepFacts(
                CORPORATE,
                Role.SUPER_ADMIN,
                email_verified=True,
                company_information_complete=True,
                owner_has_individual=True,
            ),
            ["INVITE_ADMIN"],
        ),
        (
            NextStepFacts(
                CORPORATE,
                Role.SUPER_ADMIN,
                email_verified=True,
                company_information_complete=True,
                owner_has_individual=True,
                admin_invited=True,
            ),
            [],
        ),
        (NextStepFacts(CORPORATE, Role.CLOSED, email_verified=True), []),
        (NextStepFacts(INDIVIDUAL, Role.MEMBER, email_verified=True), []),
        (
            NextStepFacts(INDIVIDUAL, Role.MEMBER, email_verified=False, invitation_waits=True),
            ["ACCEPT_INVITATION", "LINK_GROUPWARE", "VERIFY_EMAIL"],
        ),
        (
            NextStepFacts(INDIVIDUAL, Role.MEMBER, email_verified=True, invitation_accepted=True),
            ["LINK_GROUPWARE"],
        ),
        (
            NextStepFacts(
                INDIVIDUAL,
                Role.MEMBER,
                email_verified=True,
                invitation_waits=True,
                groupware_linked=True,
                order_waits_for_pay=True,
            ),
            ["ACCEPT_INVITATION"],
        ),
        (
            NextStepFacts(
                INDIVIDUAL,
                Role.ADMIN,
                email_verified=True,
                company_information_complete=False,
                invitation_accepted=True,
                groupware_linked=True,
                order_waits_for_pay=True,
            ),
            ["COMPLETE_COMPANY_INFORMATION", "PAY_ORDER"],
        ),
    ],
)
def test_next_steps(facts: NextStepFacts, steps: list[str]) -> None:
    assert next_steps(facts) == tuple(NextStep(step) for step in steps)


def test_a_corporate_account_is_never_invited_nor_linked() -> None:
    facts = NextStepFacts(
        CORPORATE, Role.CLOSED, email_verified=True, invitation_waits=True, invitation_accepted=True
    )
    assert next_steps(facts) == ()


def test_pages_of_the_menu_are_named_by_their_heading_in_the_contract() -> None:
    """`x-guide-page` says where an operation's page is, as the menu has it."""
    headings = {
        child.label_ko: item.label_ko
        for item in menu_of(Role.SUPER_ADMIN)
        for child in item.children
    }
    for page in (*PAGE_OF_TAG.values(), *PAGE_OF_OPERATION.values()):
        heading, _, rest = page.partition(" > ")
        first = rest.partition(" > ")[0]
        if first in headings:
            assert heading == headings[first], page
