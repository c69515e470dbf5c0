"""세금계산서 담당자."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from app.domain.evidence import Contact
from app.routers.accounts import Email
from app.routers.answers import answer
from app.routers.dependencies import DepsDep
from app.routers.etags import ETAG_HEADER, IfMatch, etag_of, seen_revision
from app.routers.models import LINE, AnswerStruct, RequestModel
from app.routers.permissions import FOR_A_COMPANY, CanReadCompany, CanUpdateTaxContacts
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.tax_invoice_contacts import InvoiceContact, InvoiceContactView

router = APIRouter(prefix="/v1/company", tags=["company"], route_class=StrictRoute)


def _line(longest: int, example: str) -> object:
    return Field(min_length=1, max_length=longest, pattern=LINE, examples=[example])


class InvoiceContactRequest(RequestModel):
    """Who gets the company's invoices."""

    name: Annotated[str, _line(50, "정도현")]
    email: Email
    phone: Annotated[str, Field(pattern=r"^[0-9]{8,12}$", examples=["0212345678"])] | None = None


class TaxInvoiceContactRequest(RequestModel):
    """The whole of it. `representative_name`: where the company's verification names none."""

    postcode: Annotated[str, Field(pattern=r"^[0-9]{5}$", examples=["04524"])]
    road_address: Annotated[str, _line(200, "서울특별시 중구 세종대로 110")]
    address_detail: Annotated[str, _line(90, "3층")] | None = None
    business_type: Annotated[str, _line(100, "도소매")]
    business_class: Annotated[str, _line(100, "사무용품")]
    representative_name: Annotated[str, _line(100, "홍길동")] | None = None
    contacts: list[InvoiceContactRequest] = Field(min_length=1, max_length=3)

    def to_domain(self) -> InvoiceContact:
        return InvoiceContact(
            self.postcode,
            self.road_address,
            self.address_detail,
            self.business_type,
            self.business_class,
            self.representative_name,
            tuple(Contact(c.name, c.email, c.phone) for c in self.contacts),
        )


class ContactBody(AnswerStruct, frozen=True):
    """Who gets the company's invoices."""

    name: str
    email: str
    phone: str | None


class TaxInvoiceContactBody(AnswerStruct, frozen=True):
    """What the company's invoices say of it; nothing where it was not given yet."""

    postcode: str | None
    road_address: str | None
    address_detail: str | None
    business_type: str | None
    business_class: str | None
    representative_name: str | None
    contacts: list[ContactBody]


@router.get(
    "/tax-invoice-contact",
    operation_id="get_tax_invoice_contact",
    summary="What the company's tax invoices need",
    responses={
        200: {"model": TaxInvoiceContactBody, "headers": ETAG_HEADER},
        **problems(*FOR_A_COMPANY),
    },
)
async def get_one(deps: DepsDep, access: CanReadCompany) -> Response:
    async with access.transaction() as (session, principal):
        view = await deps.tax_invoice_contacts.get(session, principal.company_id)
    return _answer(view)


@router.put(
    "/tax-invoice-contact",
    operation_id="set_tax_invoice_contact",
    summary="What the company's tax invoices shall say",
    description="The whole of it. Takes the ETag as If-Match.",
    responses={
        200: {"model": TaxInvoiceContactBody, "headers": ETAG_HEADER},
        **problems(*FOR_A_COMPANY, "precondition_required", "precondition_failed", body=True),
    },
)
async def put_one(
    deps: DepsDep,
    access: CanUpdateTaxContacts,
    body: TaxInvoiceContactRequest,
    if_match: IfMatch = None,
) -> Response:
    seen = seen_revision(if_match)
    async with access.transaction() as (session, principal):
        view = await deps.tax_invoice_contacts.put(session, principal, body.to_domain(), seen)
    return _answer(view)


def _answer(view: InvoiceContactView) -> Response:
    contact = view.contact
    body = TaxInvoiceContactBody(
        postcode=contact.postcode if contact else None,
        road_address=contact.road_address if contact else None,
        address_detail=contact.address_detail if contact else None,
        business_type=contact.business_type if contact else None,
        business_class=contact.business_class if contact else None,
        representative_name=contact.representative if contact else None,
        contacts=[
            ContactBody(person.name, person.email, person.phone)
            for person in (contact.contacts if contact else ())
        ],
    )
    return answer(body, {"ETag": etag_of(view.revision)})
