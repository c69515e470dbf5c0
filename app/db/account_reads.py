"""An account as its owner sees it, with what their next steps depend on: one statement."""

from datetime import datetime

import msgspec

from app.db.reads import read_one


class RecipientRead(msgspec.Struct, frozen=True):
    """What the company's tax invoices say of it; personal columns are sealed."""

    business_number: str
    legal_name: str
    representative: bytes | None
    road_address: str | None
    address_detail: str | None
    business_type: str | None
    business_class: str | None
    people: bytes | None
    """Null where nothing was given yet."""


class AccountRead(msgspec.Struct, frozen=True):
    """Personal columns are sealed. The company's facts are those of the chosen company."""

    name: bytes | None
    phone: bytes | None
    email: bytes | None
    department: bytes | None
    position: bytes | None
    landline: bytes | None
    email_verified_at: datetime | None
    created_at: datetime
    order_waits: bool
    """An order of the company waits for its payment."""
    has_admin: bool
    """The company has an ADMIN or has invited one."""
    invitation_waits: bool
    """An open invitation to the individual's verified address."""
    invitation_accepted: bool
    groupware_linked: bool
    """A live link to every company that invited the individual."""
    recipient: RecipientRead | None


def _bytes(column: str, table: str = "a") -> str:
    """Base64 without PostgreSQL's line breaks, as JSON carries bytes."""
    return f"translate(encode({table}.{column}, 'base64'), E'\\n', '') AS {column}"


_RECIPIENT = (
    f"SELECT c.business_number, c.legal_name, {_bytes('representative', 'c')},"  # noqa: S608 - our own text
    f" t.road_address, t.address_detail, t.business_type, t.business_class, {_bytes('people', 't')}"
    " FROM companies c LEFT JOIN tax_invoice_contacts t ON t.company_id = p.company_id"
    " WHERE c.id = p.company_id"
)
ACCOUNT = read_one(
    f"SELECT {_bytes('name')}, {_bytes('phone')}, {_bytes('email')},"  # noqa: S608 - our own text
    f" {_bytes('department')}, {_bytes('position')}, {_bytes('landline')},"
    " a.email_verified_at, a.created_at,"
    " EXISTS (SELECT 1 FROM orders o WHERE o.company_id = p.company_id"
    "   AND o.status = 'PENDING_PAYMENT') AS order_waits,"
    " (EXISTS (SELECT 1 FROM company_members m WHERE m.company_id = p.company_id)"
    "   OR portal_has_invited(p.company_id, p.business_now)) AS has_admin,"
    " coalesce(f.invitation_waits, false) AS invitation_waits,"
    " coalesce(f.invitation_accepted, false) AS invitation_accepted,"
    " coalesce(f.groupware_linked, false) AS groupware_linked,"
    f" (SELECT row_to_json(r) FROM ({_RECIPIENT}) AS r) AS recipient"
    " FROM accounts a LEFT JOIN LATERAL portal_individual_steps(a.id, p.business_now) f"
    "   ON a.kind = 'INDIVIDUAL'"
    " WHERE a.id = p.account_id",
    AccountRead,
)
