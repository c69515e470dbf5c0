"""The items of an order as clients send them, for prices, quotes and orders."""

from typing import Annotated, Literal

from pydantic import Field

from app.domain.pricing import NewItem
from app.routers.models import WHOLE, Id, RequestModel
from app.services.contract_wishes import AddExtendWish, ChangeWish

Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Z0-9_]+$")]
Months = Annotated[Literal[1, 12, 24], WHOLE]
Users = Annotated[int, Field(ge=1, le=100_000), WHOLE]


class AddOnRequest(RequestModel):
    """An add-on and how many of it."""

    code: Code = Field(examples=["STORAGE_GB"])
    quantity: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] = Field(examples=[20])


def _pairs(add_ons: list[AddOnRequest]) -> tuple[tuple[str, int], ...]:
    return tuple((add_on.code, add_on.quantity) for add_on in add_ons)


class NewItemRequest(RequestModel):
    """A site to be opened. `users` may be left out for a plan with a fixed number."""

    type: Literal["NEW"]
    plan: Code = Field(examples=["SHARED"])
    users: Users | None = Field(default=None, examples=[10])
    months: Months | None = Field(default=None, examples=[12])
    add_ons: list[AddOnRequest] = Field(default=[], max_length=50)

    def to_domain(self) -> NewItem:
        return NewItem(self.plan, self.users, self.months, _pairs(self.add_ons))


class AddExtendItemRequest(RequestModel):
    """추가/연장: users and add-ons on top of what a membership has, and months behind its term."""

    type: Literal["ADD_EXTEND"]
    membership_id: Id
    add_users: Annotated[int, Field(ge=0, le=100_000), WHOLE] = Field(default=0, examples=[5])
    add_ons: list[AddOnRequest] = Field(default=[], max_length=50)
    extend_months: Annotated[Literal[0, 1, 12, 24], WHOLE] = Field(default=0, examples=[12])

    def to_domain(self) -> AddExtendWish:
        return AddExtendWish(
            self.membership_id, self.add_users, _pairs(self.add_ons), self.extend_months
        )


class ChangeItemRequest(RequestModel):
    """변경: the whole recurring content of the site from now on; what is not named ends."""

    type: Literal["CHANGE"]
    membership_id: Id
    plan: Code = Field(examples=["DEDICATED"])
    users: Users = Field(examples=[30])
    months: Months = Field(examples=[12])
    add_ons: list[AddOnRequest] = Field(default=[], max_length=50)

    def to_domain(self) -> ChangeWish:
        return ChangeWish(
            self.membership_id, self.plan, self.users, self.months, _pairs(self.add_ons)
        )


ItemRequest = Annotated[
    NewItemRequest | AddExtendItemRequest | ChangeItemRequest, Field(discriminator="type")
]
