"""The guide's menu, and what an account should do next (PRODUCT.md section 2, guide chapter 3).

An entry is shown to whoever may use what is behind it.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.roles import AccountKind, Permission, Role, permissions_of


class MenuTarget(StrEnum):
    """INTERNAL: `path` is a path of the portal. EXTERNAL: it is a whole URL."""

    INTERNAL = "INTERNAL"
    EXTERNAL = "EXTERNAL"


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A page, or, with `children` and no `path`, a heading. `key` never changes."""

    key: str
    label_ko: str
    label_en: str
    target: MenuTarget
    path: str | None
    children: tuple["MenuItem", ...] = ()


@dataclass(frozen=True, slots=True)
class _Page:
    item: MenuItem
    needs: Permission


@dataclass(frozen=True, slots=True)
class _Heading:
    item: MenuItem
    pages: tuple[_Page, ...]


def _page(key: str, ko: str, en: str, path: str, needs: Permission) -> _Page:
    return _Page(MenuItem(key, ko, en, MenuTarget.INTERNAL, path), needs)


def _heading(key: str, ko: str, en: str, *pages: _Page) -> _Heading:
    return _Heading(MenuItem(key, ko, en, MenuTarget.INTERNAL, None), pages)


_TREE: tuple[_Page | _Heading, ...] = (
    _page("home", "Home", "Home", "/", Permission.ME_READ),
    _heading(
        "company",
        "회사정보관리",
        "Company",
        _page(
            "company.information",
            "회사법인정보관리",
            "Company information",
            "/company",
            Permission.COMPANY_READ,
        ),
        _page(
            "company.users",
            "사용자초대/관리",
            "Users and invitations",
            "/company/users",
            Permission.USERS_MANAGE,
        ),
    ),
    _heading(
        "memberships",
        "멤버십 현황",
        "Memberships",
        _page(
            "memberships.status",
            "멤버십현황",
            "Membership status",
            "/memberships",
            Permission.MEMBERSHIPS_READ,
        ),
        _page(
            "memberships.orders",
            "주문/구매내역",
            "Orders and purchases",
            "/orders",
            Permission.ORDERS_READ,
        ),
    ),
    _heading(
        "ordering",
        "주문 및 결제",
        "Order and pay",
        # A quote is all that a MEMBER gets there.
        _page("ordering.new", "신규주문", "New order", "/orders/new", Permission.QUOTES_CREATE),
        _page(
            "ordering.change",
            "추가/연장주문",
            "Add or extend",
            "/orders/change",
            Permission.ORDERS_CREATE_CHANGE,
        ),
    ),
    _heading(
        "service",
        "서비스 관리",
        "Services",
        _page(
            "service.status",
            "시스템현황",
            "System status",
            "/system-status",
            Permission.SYSTEM_STATUS_READ,
        ),
    ),
    _page("faq", "고객포털 FAQ", "Portal FAQ", "/faq", Permission.FAQ_READ),
)


def menu_of(role: Role) -> tuple[MenuItem, ...]:
    """The tree the role sees, in the guide's order; headings without pages are left out."""
    held = permissions_of(role)
    entries: list[MenuItem] = []
    for entry in _TREE:
        if isinstance(entry, _Page):
            if entry.needs in held:
                entries.append(entry.item)
            continue
        pages = tuple(page.item for page in entry.pages if page.needs in held)
        if pages:
            entries.append(replace(entry.item, children=pages))
    return tuple(entries)


class NextStep(StrEnum):
    """In the order in which they are listed."""

    COMPLETE_COMPANY_INFORMATION = "COMPLETE_COMPANY_INFORMATION"
    CREATE_INDIVIDUAL_ACCOUNT = "CREATE_INDIVIDUAL_ACCOUNT"
    INVITE_ADMIN = "INVITE_ADMIN"
    ACCEPT_INVITATION = "ACCEPT_INVITATION"
    LINK_GROUPWARE = "LINK_GROUPWARE"
    VERIFY_EMAIL = "VERIFY_EMAIL"
    PAY_ORDER = "PAY_ORDER"


@dataclass(frozen=True, slots=True)
class NextStepFacts:
    """What next steps follow from; the company's facts are those of the chosen company.

    `company_information_complete`: what a tax invoice needs is there. `owner_has_individual`: the
    person behind the corporate account has an INDIVIDUAL account. `admin_invited`: the company has
    an ADMIN or an open invitation. `invitation_waits`: an open invitation to this individual.
    `invitation_accepted`: one was accepted. `groupware_linked`: a live link. `order_waits_for_pay`:
    an order of the company in PENDING_PAYMENT.
    """

    kind: AccountKind
    role: Role
    email_verified: bool
    company_information_complete: bool = False
    owner_has_individual: bool = False
    admin_invited: bool = False
    invitation_waits: bool = False
    invitation_accepted: bool = False
    groupware_linked: bool = False
    order_waits_for_pay: bool = False


def next_steps(facts: NextStepFacts) -> tuple[NextStep, ...]:
    """What this account should do next; a step it may not do is never listed."""
    held = permissions_of(facts.role)
    is_person = facts.kind is AccountKind.INDIVIDUAL
    invited = facts.invitation_waits or facts.invitation_accepted
    due = {
        NextStep.COMPLETE_COMPANY_INFORMATION: (
            Permission.COMPANY_UPDATE in held and not facts.company_information_complete
        ),
        NextStep.CREATE_INDIVIDUAL_ACCOUNT: (
            facts.role in {Role.PROSPECT, Role.SUPER_ADMIN} and not facts.owner_has_individual
        ),
        NextStep.INVITE_ADMIN: Permission.USERS_MANAGE in held and not facts.admin_invited,
        NextStep.ACCEPT_INVITATION: is_person and facts.invitation_waits,
        NextStep.LINK_GROUPWARE: is_person and invited and not facts.groupware_linked,
        NextStep.VERIFY_EMAIL: not facts.email_verified,
        NextStep.PAY_ORDER: Permission.PAYMENTS_MANAGE in held and facts.order_waits_for_pay,
    }
    return tuple(step for step in NextStep if due[step])
