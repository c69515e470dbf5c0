"""Which story tells which page for which role, and the names they go by."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from app.domain.menu import MenuItem, menu_of
from app.domain.roles import Role

ROLES = (Role.SUPER_ADMIN, Role.ADMIN, Role.PROSPECT, Role.MEMBER)
"""The guide's four. CLOSED is not in the guide."""
BESIDE_THE_MENU = ("inquiries", "me")
"""문의등록 (guide, page 27) and 내 정보 관리 (page 28) are reached from the top of every page."""

Story = Callable[..., object]
S = TypeVar("S", bound=Story)
_told: dict[tuple[str, Role], Story] = {}


def story(page: str, role: Role) -> Callable[[S], S]:
    """Marks the story of a page for a role. Raises ValueError for a name that does not say so."""

    def keep(told: S) -> S:
        name = f"test_{page.replace('.', '_')}_as_{role.lower()}"
        if told.__name__ != name:
            raise ValueError(f"{told.__name__} tells {page} for {role}: call it {name}")
        _told[page, role] = told
        return told

    return keep


def told() -> frozenset[tuple[str, Role]]:
    """What was marked in the modules that are imported."""
    return frozenset(_told)


def told_by(function: Story) -> tuple[str, Role] | None:
    """The page and the role of a story; None for a test that is none."""
    return next((key for key, known in _told.items() if known is function), None)


def pages_of(role: Role) -> frozenset[str]:
    """The keys of the pages that the role's menu shows; headings are no pages."""
    return frozenset(item.key for item in _pages(menu_of(role)))


def _pages(items: tuple[MenuItem, ...]) -> Iterator[MenuItem]:
    for item in items:
        if item.path is not None:
            yield item
        yield from _pages(item.children)
