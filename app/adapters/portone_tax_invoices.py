"""Tax invoices through PortOne B2B."""

import msgspec

from app.adapters.http import Call, segment
from app.adapters.portone import PortOneConnection
from app.domain.documents import Party
from app.domain.evidence import InvoiceToIssue, IssuedInvoice, Recipient
from app.domain.provider_errors import ProviderRefused, Refusal


class _Invoice(msgspec.Struct, rename="camel"):
    id: str
    supplier_document_key: str | None = None
    nts_approval_number: str | None = None


class _Answer(msgspec.Struct, rename="camel"):
    tax_invoice: _Invoice


class _Url(msgspec.Struct):
    url: str


class PortOneTaxInvoices:
    """`supplier`: who sells, as the settings name it. Shares the connection of the payments."""

    def __init__(self, connection: PortOneConnection, supplier: Party) -> None:
        self._portone = connection
        self._supplier = supplier

    async def issue(self, invoice: InvoiceToIssue) -> IssuedInvoice:
        body: dict[str, object] = {"taxInvoice": self._content(invoice)}
        if invoice.reason is not None:
            body["modification"] = {
                "type": invoice.reason,
                "taxInvoiceKey": invoice.corrects,
                "taxInvoiceKeyType": "SUPPLIER",
                "brn": self._supplier.business_number,
            }
        call = Call(
            "tax_invoice_issue",
            "POST",
            "/b2b/tax-invoices/issue-immediately",
            json=body,
            headers=self._portone.headers,
            repeatable=True,  # our key is taken by the first
        )
        return _issued((await self._portone.http.call(call, _Answer)).tax_invoice)

    async def get(self, key: str) -> IssuedInvoice | None:
        try:
            found = await self._portone.http.call(self._about(key, ""), _Invoice)
        except ProviderRefused as error:
            if error.code is Refusal.NOT_FOUND:
                return None
            raise
        if found.supplier_document_key != key:
            raise self._portone.http.nonsense("tax_invoice_get", "content")
        return _issued(found)

    async def file_url(self, key: str) -> str:
        return (await self._portone.http.call(self._about(key, "/pdf-download-url"), _Url)).url

    def _about(self, key: str, what: str) -> Call:
        return Call(
            "tax_invoice_get",
            "GET",
            f"/b2b/tax-invoices/{segment(key)}{what}",
            params={"brn": self._supplier.business_number, "taxInvoiceKeyType": "SUPPLIER"},
            headers=self._portone.headers,
            repeatable=True,
        )

    def _content(self, invoice: InvoiceToIssue) -> dict[str, object]:
        content, day = invoice.content, invoice.written_on.isoformat()
        kind, _, line = self._supplier.business_type.partition(" / ")
        return {
            "taxationType": "TAXABLE",
            "issuanceType": "NORMAL",
            "writeDate": day,
            "purposeType": invoice.purpose,
            "totalSupplyAmount": content.supply,
            "totalTaxAmount": content.vat,
            "totalAmount": content.total,
            "supplierDocumentKey": invoice.key,
            "supplier": {
                "brn": self._supplier.business_number,
                "name": self._supplier.name,
                "representativeName": self._supplier.representative,
                "address": self._supplier.address,
                "businessType": kind,
                "businessClass": line or kind,
            },
            "recipient": _recipient(invoice.recipient),
            "items": [
                {
                    "purchaseDate": day,
                    "name": invoice.item,
                    "quantity": {"scale": 0, "value": 1},
                    "unitCostAmount": {"scale": 0, "value": content.supply},
                    "supplyCostAmount": content.supply,
                    "taxAmount": content.vat,
                }
            ],
        }


def _recipient(recipient: Recipient) -> dict[str, object]:
    first = recipient.contacts[0]
    return {
        "brn": recipient.business_number,
        "name": recipient.name,
        "representativeName": recipient.representative,
        "address": recipient.address,
        "businessType": recipient.business_type,
        "businessClass": recipient.business_class,
        "contact": {"email": first.email, "name": first.name},
    }


def _issued(found: _Invoice) -> IssuedInvoice:
    return IssuedInvoice(found.id, found.nts_approval_number)
