"""Home: what somebody sees first, by their role (PRODUCT.md section 14). Two statements."""

from dataclasses import dataclass

from app.db.home_reads import HOME, HomeRead
from app.db.vault import Vault
from app.domain.menu import NextStep
from app.services.me import read_profile
from app.services.principals import Access, Principal


@dataclass(frozen=True, slots=True)
class Home:
    """What was read for whom."""

    principal: Principal
    next_steps: tuple[NextStep, ...]
    read: HomeRead


async def read_home(vault: Vault, access: Access) -> Home:
    """Whoever is signed in, also who has not chosen a company yet."""
    principal, profile = await read_profile(vault, access)
    _, read = await access.read(HOME)
    assert read is not None
    return Home(principal, profile.next_steps, read)
