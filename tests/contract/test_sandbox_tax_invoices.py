"""The official PortOne SDK is the judge of the sandbox's tax invoices."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from portone_server_sdk import errors
from portone_server_sdk.b2b.tax_invoice import (
    B2bTaxInvoice,
    B2bTaxInvoiceCompany,
    B2bTaxInvoiceContact,
    B2bTaxInvoiceInput,
    B2bTaxInvoiceItem,
    B2bTaxInvoiceModificationCreateBody,
)

from sandbox.portone.tax_invoices import SEOUL
from tests.contract.portone_judge import World, judged


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with judged() as world:
        yield world


def company(brn: str, name: str) -> B2bTaxInvoiceCompany:
    return B2bTaxInvoiceCompany(
        brn=brn,
        name=name,
        representative_name="홍길동",
        contact=B2bTaxInvoiceContact(email="tax@hanbit.example"),
    )


def issue(
    world: World, key: str = "inv-1", supply: int = 530_000, days: int = 0, **changed: object
) -> B2bTaxInvoice:
    today = (world.clock.now() + timedelta(days=days)).astimezone(SEOUL).date()
    asked = B2bTaxInvoiceInput(
        taxation_type="TAXABLE",
        write_date=str(today),
        purpose_type="RECEIPT",
        total_supply_amount=supply,
        total_tax_amount=supply // 10,
        total_amount=supply + supply // 10,
        supplier_document_key=key,
        supplier=company("1208147521", "다우오피스"),
        recipient=company(str(changed.pop("brn", "1248100998")), "한빛상사"),
        items=[B2bTaxInvoiceItem(name="클라우드 공유형", supply_cost_amount=supply, tax_amount=0)],
    )
    answer = world.client().tax_invoice.issue_b2b_tax_invoice_immediately(
        tax_invoice=asked, **changed
    )
    return answer.tax_invoice


def test_an_invoice_is_issued_and_sent_to_the_tax_service_the_next_day(world: World) -> None:
    made = issue(world)
    assert (made.status, made.total_amount, made.supplier_document_key) == (
        "ISSUED",
        583_000,
        "inv-1",
    )
    world.clock.time += timedelta(days=1)
    found = world.client().tax_invoice.get_b2b_tax_invoice(
        tax_invoice_key="inv-1", brn="1208147521", tax_invoice_key_type="SUPPLIER"
    )
    assert (found.id, found.status) == (made.id, "SENDING_COMPLETED")
    assert found.nts_approval_number is not None
    assert found.recipient.name == "한빛상사"
    url = world.client().tax_invoice.get_b2b_tax_invoice_pdf_download_url(tax_invoice_key=made.id)
    assert url.url.endswith(".pdf")


def test_our_key_makes_an_invoice_once(world: World) -> None:
    issue(world)
    with pytest.raises(errors.B2bTaxInvoiceSupplierDocumentKeyAlreadyUsedError):
        issue(world)


def test_a_correction_names_its_original_and_waits_until_that_was_sent(world: World) -> None:
    made = issue(world)
    why = B2bTaxInvoiceModificationCreateBody(
        type="CHANGE_IN_SUPPLY_COST",
        tax_invoice_key="inv-1",
        brn="1208147521",
        tax_invoice_key_type="SUPPLIER",
    )
    with pytest.raises(errors.B2BTaxInvoiceStatusNotSendingCompletedError):
        issue(world, "inv-2", -360_000, modification=why)
    world.clock.time += timedelta(days=1)
    corrected = issue(world, "inv-2", -360_000, modification=why)
    assert corrected.document_modification_type == "MODIFICATION"
    assert corrected.modification is not None
    assert corrected.modification.original_tax_invoice_id == made.id
    assert corrected.total_amount == -396_000


def test_it_is_taken_back_only_before_it_was_sent(world: World) -> None:
    client = world.client().tax_invoice
    gone = client.cancel_b2b_tax_invoice_issuance(tax_invoice_key=issue(world).id)
    assert gone.tax_invoice.status == "ISSUANCE_CANCELLED"
    other = issue(world, "inv-2")
    world.clock.time += timedelta(days=1)
    with pytest.raises(errors.B2bTaxInvoiceNotIssuedStatusError):
        client.cancel_b2b_tax_invoice_issuance(tax_invoice_key=other.id)


def test_refusals_are_the_classes_of_the_sdk(world: World) -> None:
    with pytest.raises(errors.B2bExternalServiceError):
        issue(world, brn="0000000000")
    with pytest.raises(errors.InvalidRequestError):
        issue(world, days=1)
    with pytest.raises(errors.B2bTaxInvoiceNotFoundError):
        world.client().tax_invoice.get_b2b_tax_invoice(tax_invoice_key="nothing")
