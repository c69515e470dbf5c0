"""What the order page sends, as placing an order takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from app.domain.changes import Usage
from app.domain.pricing import NewItem
from app.domain.terms import GivenConsent
from app.services.contract_wishes import ItemWish
from app.services.quote_orders import HeldQuote


@dataclass(frozen=True, slots=True)
class SiteWish:
    """The site of a NEW item: its name, sub-domain and first administrator."""

    name: str
    subdomain: str
    admin_name: str
    admin_login_id: str
    admin_email: str


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """What the order page sends. `payment_method` is None exactly when nothing is due.

    `sites` are those of the NEW items, in their order.
    """

    items: Sequence[ItemWish]
    sites: Sequence[SiteWish]
    coupon_code: str | None
    starts_on: date | None
    confirm_duplicate: bool
    expected_total: int
    payment_method: str | None
    consents: Sequence[GivenConsent]
    accept_credit: bool = False
    use_credit: bool = False
    """Let the company's credit pay first."""
    used: Mapping[UUID, Usage] = field(default_factory=dict)
    """What the groupware was asked for before: the present use of memberships to be changed."""
    quote: HeldQuote | None = None
    """The quote whose price the order takes, and whose items these are."""

    def site_places(self) -> list[str]:
        """Where the sites of the NEW items stand in what was sent."""
        if self.quote is not None:
            return [f"/sites/{index}" for index in range(len(self.sites))]
        new = [index for index, item in enumerate(self.items) if isinstance(item, NewItem)]
        return [f"/items/{index}/site" for index in new]
