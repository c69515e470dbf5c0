"""What the order page sends."""

from typing import Annotated
from uuid import UUID

from pydantic import Discriminator, Field, Tag

from app.domain.terms import GivenConsent
from app.errors import UNION_MEMBER
from app.routers.accounts import Email
from app.routers.item_requests import AddExtendItemRequest, ChangeItemRequest, NewItemRequest
from app.routers.models import CODE, LINE, NO_NUL, WHOLE, IsoDate, RequestModel
from app.services.order_commands import PlaceOrder, SiteWish
from app.services.quote_orders import HeldQuote

Line = Annotated[str, Field(min_length=1, max_length=60, pattern=LINE)]


class SiteRequest(RequestModel):
    """The site of a NEW item and its first administrator at the groupware."""

    name: Line = Field(examples=["한빛 본사"])
    subdomain: str = Field(min_length=1, max_length=63, pattern=NO_NUL, examples=["hanbit"])
    admin_name: Line = Field(examples=["홍길동"])
    admin_login_id: str = Field(pattern=r"^[A-Za-z0-9_.-]{2,40}$", examples=["admin"])
    admin_email: Email


class NewOrderItemRequest(NewItemRequest):
    """A priced item and the site it is for."""

    site: SiteRequest


OrderItemRequest = Annotated[
    NewOrderItemRequest | AddExtendItemRequest | ChangeItemRequest, Field(discriminator="type")
]


class OrderConsentRequest(RequestModel):
    """One answer to one document of `GET /v1/terms?use=ORDER`."""

    kind: str = Field(min_length=1, max_length=40, pattern=CODE, examples=["SERVICE_CONTRACT"])
    version: str = Field(min_length=1, max_length=40, pattern=CODE, examples=["2023-09"])
    agreed: bool


class _OrderRequest(RequestModel):
    """What every order says. `expected_total` is what the client showed."""

    starts_on: IsoDate | None = None
    confirm_duplicate: bool = False
    payment_method: Annotated[str, Field(pattern=r"^[A-Z_]{1,40}$")] | None = Field(
        default=None, examples=["CARD"]
    )
    consents: list[OrderConsentRequest] = Field(max_length=10)

    def changed(self) -> list[UUID]:
        """The memberships that CHANGE items name."""
        return []

    def given_consents(self) -> list[GivenConsent]:
        return [GivenConsent(c.kind, c.version, c.agreed) for c in self.consents]


class PlaceOrderRequest(_OrderRequest):
    """`expected_total` is what the client showed; `payment_method` is null when it is 0 or less.

    `accept_credit` agrees that what a change leaves goes to the credit balance. `use_credit` lets
    the balance pay first: `payment_method` is for the rest, and is not looked at without a rest.
    """

    items: list[OrderItemRequest] = Field(min_length=1, max_length=20)
    coupon_code: Annotated[str, Field(min_length=1, max_length=40, pattern=NO_NUL)] | None = None
    accept_credit: bool = False
    use_credit: bool = False
    expected_total: Annotated[int, Field(ge=-(10**13), le=10**13), WHOLE] = Field(examples=[583000])

    def changed(self) -> list[UUID]:
        return [i.membership_id for i in self.items if isinstance(i, ChangeItemRequest)]

    def to_domain(self) -> PlaceOrder:
        return PlaceOrder(
            items=[item.to_domain() for item in self.items],
            sites=[
                SiteWish(**item.site.model_dump())
                for item in self.items
                if isinstance(item, NewOrderItemRequest)
            ],
            coupon_code=self.coupon_code,
            starts_on=self.starts_on,
            confirm_duplicate=self.confirm_duplicate,
            accept_credit=self.accept_credit,
            use_credit=self.use_credit,
            expected_total=self.expected_total,
            payment_method=self.payment_method,
            consents=self.given_consents(),
        )


class OrderQuoteRequest(_OrderRequest):
    """An order of a quote at its price: a site for each of its NEW items, in their order.

    The credit of a change is of the day on which it is ordered; `accept_credit` and `use_credit` as
    for items.
    """

    quote_id: Annotated[UUID, Field(strict=False)]
    sites: list[SiteRequest] = Field(max_length=20)
    accept_credit: bool = False
    use_credit: bool = False
    expected_total: Annotated[int, Field(ge=-(10**13), le=10**13), WHOLE] = Field(examples=[583000])

    def to_domain(self, quote: HeldQuote) -> PlaceOrder:
        return PlaceOrder(
            items=quote.items,
            sites=[SiteWish(**site.model_dump()) for site in self.sites],
            coupon_code=quote.coupon_code,
            starts_on=self.starts_on,
            confirm_duplicate=self.confirm_duplicate,
            accept_credit=self.accept_credit,
            use_credit=self.use_credit,
            expected_total=self.expected_total,
            payment_method=self.payment_method,
            consents=self.given_consents(),
            quote=quote,
        )


def _kind(body: object) -> str:
    of_a_quote = isinstance(body, OrderQuoteRequest) or (
        isinstance(body, dict) and "quote_id" in body
    )
    return UNION_MEMBER + ("quote" if of_a_quote else "items")


OrderRequest = Annotated[
    Annotated[PlaceOrderRequest, Tag(UNION_MEMBER + "items")]
    | Annotated[OrderQuoteRequest, Tag(UNION_MEMBER + "quote")],
    Discriminator(_kind),
]
"""With `quote_id` the order is of a quote, else of items."""
