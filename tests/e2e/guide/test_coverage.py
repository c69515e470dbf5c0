"""Every page of the guide's menu has a story for each of its four roles (issue 8)."""

from importlib import import_module
from pathlib import Path

import pytest

from app.domain.menu import menu_of
from app.domain.roles import Role
from tests.e2e.guide.registry import BESIDE_THE_MENU, ROLES, pages_of, told

PAGES = frozenset().union(*(pages_of(role) for role in ROLES))


@pytest.fixture(scope="module", autouse=True)
def every_story_is_known() -> None:
    """Also where only this file is asked for."""
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        import_module(f"tests.e2e.guide.{file.stem}")


def test_the_guide_has_nine_pages_in_its_menu() -> None:
    assert len(PAGES) == 9
    assert len(menu_of(Role.SUPER_ADMIN)) == 6


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("page", sorted(PAGES | frozenset(BESIDE_THE_MENU)))
def test_every_page_has_a_story_for_every_role(page: str, role: Role) -> None:
    """Whoever does not have the page has the story of being kept out."""
    assert (page, role) in told()


def test_no_story_tells_of_a_page_that_the_guide_does_not_have() -> None:
    assert {page for page, _ in told()} == PAGES | frozenset(BESIDE_THE_MENU)
