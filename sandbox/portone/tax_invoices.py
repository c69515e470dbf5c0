"""PortOne B2B: tax invoices, issued at once by their supplier, and their corrections.

An invoice is ISSUED, and from the next KST day on SENDING_COMPLETED: the tax service has it. Only
then can it be corrected; only before that can it be taken back.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from sandbox.portone.errors import ErrorType, PortOneFailure, PortOneRoute, invalid
from sandbox.portone.state import PortOneWorld, TaxInvoice, new_id

SEOUL = ZoneInfo("Asia/Seoul")
REFUSED_NUMBER = "0000000000"
"""A recipient that the tax service does not know."""


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Contact(_Model):
    email: str
    name: str | None = None


class _Company(_Model):
    brn: Annotated[str, Field(pattern=r"^[0-9]{10}$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    representative_name: Annotated[str, Field(min_length=1, max_length=100)]
    address: Annotated[str | None, Field(max_length=300)] = None
    business_type: Annotated[str | None, Field(max_length=100)] = None
    business_class: Annotated[str | None, Field(max_length=100)] = None
    contact: _Contact | None = None


class _Invoice(_Model):
    taxation_type: Literal["TAXABLE", "ZERO_RATED", "FREE"]
    write_date: date
    purpose_type: Literal["RECEIPT", "INVOICE", "NONE"]
    total_supply_amount: int
    total_tax_amount: int
    total_amount: int
    supplier_document_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    supplier: _Company
    recipient: _Company
    items: Annotated[list[dict[str, JsonValue]], Field(min_length=1, max_length=99)]


class _Modification(_Model):
    type: Literal[
        "CORRECTION_OF_ENTRY_ERRORS",
        "CHANGE_IN_SUPPLY_COST",
        "RETURN",
        "CANCELLATION_OF_CONTRACT",
        "DUPLICATE_ISSUANCE_DUE_TO_ERROR",
    ]
    tax_invoice_key: str
    brn: str | None = None
    tax_invoice_key_type: Literal["SUPPLIER", "RECIPIENT"] = "RECIPIENT"


class _Issue(_Model):
    tax_invoice: _Invoice
    memo: str | None = None
    modification: _Modification | None = None


def status_of(world: PortOneWorld, invoice: TaxInvoice) -> str:
    """As it is now."""
    if invoice.cancelled:
        return "ISSUANCE_CANCELLED"
    sent = world.clock.now().astimezone(SEOUL).date() > invoice.issued_at.astimezone(SEOUL).date()
    return "SENDING_COMPLETED" if sent else "ISSUED"


def _find(world: PortOneWorld, key: str, kind: str | None) -> TaxInvoice:
    """By its id, or by our key (SUPPLIER); raises PortOneFailure."""
    for invoice in world.portone.tax_invoices.values():
        if key == (invoice.key if kind == "SUPPLIER" else invoice.id):
            return invoice
    raise PortOneFailure(ErrorType.TAX_INVOICE_NOT_FOUND, "세금계산서가 존재하지 않습니다.")


def _issue(world: PortOneWorld, request: _Issue) -> TaxInvoice:
    asked = request.tax_invoice
    if asked.total_supply_amount + asked.total_tax_amount != asked.total_amount:
        raise invalid("합계 금액이 일치하지 않습니다.")
    now = world.clock.now()
    if asked.write_date > now.astimezone(SEOUL).date():
        raise invalid("작성일은 오늘보다 늦을 수 없습니다.")
    if asked.supplier_document_key in world.portone.tax_invoices:
        raise PortOneFailure(ErrorType.TAX_INVOICE_KEY_USED, "이미 사용된 문서번호입니다.")
    if asked.recipient.brn == REFUSED_NUMBER:
        raise PortOneFailure(ErrorType.B2B_EXTERNAL, "국세청에 등록되지 않은 사업자입니다.")
    original = _original(world, request.modification)
    body = request.model_dump(mode="json", by_alias=True, exclude_none=True)["taxInvoice"]
    invoice = TaxInvoice(
        id=new_id("tax-invoice"),
        key=asked.supplier_document_key,
        content=body,
        issued_at=now,
        approval=f"{now:%Y%m%d}{len(world.portone.tax_invoices) + 1:016d}",
        reason=request.modification.type if request.modification else None,
        original_id=original.id if original else None,
    )
    world.portone.tax_invoices[invoice.key] = invoice
    world.changed()
    return invoice


def _original(world: PortOneWorld, modification: _Modification | None) -> TaxInvoice | None:
    if modification is None:
        return None
    try:
        found = _find(world, modification.tax_invoice_key, modification.tax_invoice_key_type)
    except PortOneFailure:
        raise PortOneFailure(
            ErrorType.ORIGINAL_TAX_INVOICE_NOT_FOUND, "원본 세금계산서가 존재하지 않습니다."
        ) from None
    if status_of(world, found) != "SENDING_COMPLETED":
        raise PortOneFailure(
            ErrorType.TAX_INVOICE_NOT_SENT, "국세청 전송이 완료되지 않은 세금계산서입니다."
        )
    return found


def _cancel(world: PortOneWorld, invoice: TaxInvoice) -> TaxInvoice:
    if status_of(world, invoice) != "ISSUED":
        raise PortOneFailure(
            ErrorType.TAX_INVOICE_NOT_ISSUED, "발행 상태의 세금계산서만 취소할 수 있습니다."
        )
    cancelled = replace(invoice, cancelled=True)
    world.portone.tax_invoices[invoice.key] = cancelled
    world.changed()
    return cancelled


def invoice_json(world: PortOneWorld, invoice: TaxInvoice) -> dict[str, object]:
    """The SDK's `B2bTaxInvoice`."""
    status = status_of(world, invoice)
    written = date.fromisoformat(str(invoice.content["writeDate"]))
    due = (written.replace(day=1) + timedelta(days=32)).replace(day=10)
    body: dict[str, object] = {
        **invoice.content,
        "id": invoice.id,
        "status": status,
        "documentModificationType": "MODIFICATION" if invoice.reason else "NORMAL",
        "issuanceType": "NORMAL",
        "issuanceDueDate": str(due),
        "remarks": [],
        "additionalContacts": [],
        "issuedAt": _moment(invoice.issued_at),
        "ntsApprovalNumber": invoice.approval,
    }
    if invoice.reason:
        original = _find(world, invoice.original_id or "", None)
        body["modification"] = {
            "type": invoice.reason,
            "originalNtsApprovalNumber": original.approval,
            "originalTaxInvoiceId": original.id,
            "rootTaxInvoiceId": original.original_id or original.id,
        }
    return body


def _moment(at: datetime) -> str:
    return at.isoformat()


def build_tax_invoices_router(world: PortOneWorld) -> APIRouter:
    """The calls about tax invoices, without the provider's prefix."""
    router = APIRouter(prefix="/b2b/tax-invoices", route_class=PortOneRoute)
    KeyType = Annotated[str | None, Query(alias="taxInvoiceKeyType")]  # noqa: N806 - a type

    @router.post("/issue-immediately")
    async def issue(request: _Issue) -> dict[str, object]:
        return {"taxInvoice": invoice_json(world, _issue(world, request))}

    @router.get("/{key}")
    async def get(key: str, kind: KeyType = None) -> dict[str, object]:
        return invoice_json(world, _find(world, key, kind))

    @router.get("/{key}/pdf-download-url")
    async def pdf(key: str, kind: KeyType = None) -> dict[str, str]:
        found = _find(world, key, kind)
        return {"url": f"http://127.0.0.1/portone/tax-invoices/{found.id}.pdf"}

    @router.post("/{key}/cancel-issuance")
    async def cancel(key: str, kind: KeyType = None) -> dict[str, object]:
        return {"taxInvoice": invoice_json(world, _cancel(world, _find(world, key, kind)))}

    return router
