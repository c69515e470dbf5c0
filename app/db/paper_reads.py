"""What papers need besides the order itself."""

import msgspec

from app.db.reads import read_one


class ConsentRead(msgspec.Struct, frozen=True):
    """One answer to one document."""

    kind: str
    version: str
    agreed: bool


class OrderParty(msgspec.Struct, frozen=True):
    """The customer of an order, and what it agreed to."""

    legal_name: str
    business_number: str
    consents: list[ConsentRead]


ORDER_PARTY = read_one(
    "SELECT c.legal_name, c.business_number, o.consents FROM orders o"
    " JOIN companies c ON c.id = o.company_id"
    " WHERE o.company_id = p.company_id AND o.id = :id",
    OrderParty,
)
