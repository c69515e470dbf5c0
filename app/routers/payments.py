"""결제: starting a payment, and telling that the payer is done."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from app.domain.bank_deposits import deposit_code
from app.domain.banks import bank_name
from app.domain.billing_keys import DECLINE_LABELS, HARD, Decline
from app.domain.cash_receipts import ReceiptState, ReceiptType, receipt_choice
from app.domain.orders import PaymentMethod
from app.domain.payments import PAYMENT_STATE_LABELS, PaymentState
from app.language import Language
from app.routers.answers import to_json
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.idempotent import (
    IDEMPOTENT,
    IDEMPOTENT_IF_ASKED,
    OnceIfKeyed,
    OncePerKey,
    answer_of,
)
from app.routers.models import AnswerModel, Id, RequestModel, values_of
from app.routers.permissions import FOR_A_COMPANY, CanManagePayments
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.account_rows import AccountView
from app.services.cash_receipts import CashReceipts, ReceiptView
from app.services.idempotency import Answer
from app.services.payments import PaymentView, Shop
from app.services.principals import Principal, TransactionSession

router = APIRouter(prefix="/v1", tags=["payments"], route_class=StrictRoute)


class TaxInvoiceChoiceRequest(RequestModel):
    """세금계산서, as it is where nothing is chosen."""

    kind: Literal["TAX_INVOICE"]


class CashReceiptChoiceRequest(RequestModel):
    """현금영수증: `CORPORATE` (지출증빙) by a business number, `PERSONAL` (소득공제) by a phone."""

    kind: Literal["CASH_RECEIPT"]
    type: ReceiptType = Field(strict=False, examples=["CORPORATE"])
    number: Annotated[
        str, Field(min_length=10, max_length=13, pattern="^[0-9-]+$", examples=["124-81-00998"])
    ]


EvidenceRequest = Annotated[
    TaxInvoiceChoiceRequest | CashReceiptChoiceRequest, Field(discriminator="kind")
]


class StartPaymentRequest(RequestModel):
    """By the order's method. `redirect_url` is where a phone's browser comes back to.

    `payment_method_id`: which registered card is charged, the default where none is named.
    `evidence`: of money by a bank, a cash receipt instead of a tax invoice; a bank transfer that
    goes on keeps what was chosen.
    """

    method: Literal["CARD", "TRANSFER", "VIRTUAL_ACCOUNT", "BANK_TRANSFER", "BILLING_KEY"]
    payment_method_id: Id | None = None
    evidence: EvidenceRequest | None = None
    redirect_url: (
        Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s\x00-\x1f\x7f]+$")] | None
    ) = None


class CheckoutBody(AnswerModel):
    """What the provider's browser SDK is called with, as it is."""

    store_id: str
    channel_key: str
    pay_method: Literal["CARD", "TRANSFER"]
    payment_id: str
    order_name: str
    total_amount: int
    vat_amount: int
    currency: Literal["KRW"]
    redirect_url: str | None


class PaymentFailureBody(AnswerModel):
    """Why a registered card was declined. `hard`: trying again with it changes nothing."""

    code: str
    label: str
    hard: bool


class VirtualAccountBody(AnswerModel):
    """가상계좌: where the whole amount is paid into, by any bank, until `expires_at`."""

    bank: str
    bank_label: str
    number: str
    holder: str
    expires_at: datetime


class BankAccountBody(AnswerModel):
    """무통장입금: our account. The payer adds `depositor_code` to the name; parts add up.

    `received` has come and was confirmed by now, `remaining` is what is missing.
    """

    bank: str
    bank_label: str
    number: str
    holder: str
    depositor_code: str
    received: int
    remaining: int


class DisputeBody(AnswerModel):
    """차지백: a card holder denies the payment. `resolved_at` null: nothing is decided yet."""

    opened_at: datetime
    resolved_at: datetime | None


class CashReceiptBody(AnswerModel):
    """현금영수증 that the payer chose. `number` is masked; issued ones are among the documents."""

    type: Annotated[str, values_of(ReceiptType)]
    number: str | None
    state: Annotated[str, values_of(ReceiptState)]


class PaymentBody(AnswerModel):
    """A payment; amounts in KRW, VAT included."""

    id: UUID
    order_id: UUID
    method: str
    status: str
    status_label: str
    amount: int
    vat: int
    paid_at: datetime | None
    receipt_url: str | None
    failure: PaymentFailureBody | None
    virtual_account: VirtualAccountBody | None
    bank_account: BankAccountBody | None
    disputes: list[DisputeBody]
    checkout: CheckoutBody | None
    cash_receipt: CashReceiptBody | None = None


IN_A_WINDOW = ("CARD", "TRANSFER")
"""Paid by the customer, in the window of the provider's SDK."""
PROVIDER = ("provider_unavailable", "provider_failed")


@router.post(
    "/orders/{order_id}/payments",
    operation_id="start_payment",
    summary="Start a payment",
    description="약관 동의 및 결제. Closes the order's former payment. A registered card is "
    "charged at once: the answer says PAID or FAILED. A virtual account is told in the answer. "
    "Needs an Idempotency-Key; a repeat with the same key goes on with the same payment.",
    status_code=201,
    responses={
        201: {"model": PaymentBody},
        **problems(
            *FOR_A_COMPANY,
            *IDEMPOTENT,
            "order_not_found",
            "order_state_conflict",
            "membership_changed",
            "payment_in_progress",
            "payment_method_not_allowed",
            "payment_method_not_found",
            "payment_method_lost",
            "cash_receipt_not_allowed",
            "cash_receipt_number_invalid",
            *PROVIDER,
            body=True,
        ),
    },
)
async def start_payment(
    deps: DepsDep,
    language: LanguageDep,
    access: CanManagePayments,
    once: OncePerKey,
    order_id: UUID,
    body: StartPaymentRequest,
) -> Response:
    async def work(session: TransactionSession, principal: Principal) -> Answer:
        payment = await deps.payments.start(
            session, principal, order_id, body.method, body.payment_method_id
        )
        payment = await _with_evidence(deps.cash_receipts, session, payment, body, principal.now)
        checkout = None
        if body.method in IN_A_WINDOW:
            checkout = _checkout(payment, deps.payments.shop, body.redirect_url)
        return answer_of(_body(payment, deps.payments.shop, language, checkout), 201)

    response = await once.within(access, work)
    if response.status_code == 201:
        # Also for a repeat: the first try may have ended before the provider had answered.
        payment = PaymentBody.model_validate_json(bytes(response.body))
        if payment.checkout is not None:
            await deps.payments.announce(payment.id, payment.amount)
            return response
        if payment.method == PaymentMethod.BANK_TRANSFER:
            return response
        if payment.method == PaymentMethod.BILLING_KEY:
            await deps.charges.charge(payment.id)
        else:
            await deps.virtual_accounts.issue(payment.id)
        # What has come of it by now, which is more than what was kept for this key.
        shown = await deps.payments.get(access, payment.id)
        response.body = to_json(_body(shown, deps.payments.shop, language))
        response.headers["Content-Length"] = str(len(response.body))
    return response


@router.get(
    "/payments/{payment_id}",
    operation_id="get_payment",
    summary="A payment",
    responses=problems(*FOR_A_COMPANY, "payment_not_found"),
)
async def get_payment(
    deps: DepsDep, language: LanguageDep, access: CanManagePayments, payment_id: UUID
) -> PaymentBody:
    payment = await deps.payments.get(access, payment_id)
    return _body(payment, deps.payments.shop, language)


@router.post(
    "/payments/{payment_id}/complete",
    operation_id="complete_payment",
    summary="The payer is done",
    description="The provider is asked what is true; safe to repeat, before or after its webhook.",
    response_model=PaymentBody,
    responses=problems(*FOR_A_COMPANY, *IDEMPOTENT_IF_ASKED, "payment_not_found", *PROVIDER),
)
async def complete_payment(
    deps: DepsDep,
    language: LanguageDep,
    access: CanManagePayments,
    once: OnceIfKeyed,
    payment_id: UUID,
) -> Response:
    async def work() -> Answer:
        payment = await deps.payments.complete(access, payment_id)
        return answer_of(_body(payment, deps.payments.shop, language))

    return await once.around(access, work)


async def _with_evidence(
    receipts: CashReceipts,
    session: TransactionSession,
    payment: PaymentView,
    body: StartPaymentRequest,
    now: datetime,
) -> PaymentView:
    """Raises `cash_receipt_not_allowed`, `cash_receipt_number_invalid`."""
    chosen = body.evidence
    if isinstance(chosen, CashReceiptChoiceRequest):
        choice = receipt_choice(chosen.type, chosen.number)
        receipt = await receipts.choose(session, payment.id, choice, now)
        return replace(payment, receipt=receipt)
    if payment.method != PaymentMethod.BANK_TRANSFER:
        return payment
    if chosen is not None:
        await receipts.forget(session, payment.id, now)
        return payment
    return replace(payment, receipt=await receipts.chosen(session, payment.id))


def _receipt(receipt: ReceiptView | None) -> CashReceiptBody | None:
    if receipt is None:
        return None
    return CashReceiptBody(type=receipt.type, number=receipt.masked, state=receipt.state)


def _checkout(payment: PaymentView, shop: Shop, redirect_url: str | None) -> CheckoutBody:
    return CheckoutBody(
        store_id=shop.store_id,
        channel_key=shop.channels[PaymentMethod(payment.method)],
        pay_method="TRANSFER" if payment.method == PaymentMethod.TRANSFER else "CARD",
        payment_id=str(payment.id),
        order_name=payment.order_number,
        total_amount=payment.amount,
        vat_amount=payment.vat,
        currency="KRW",
        redirect_url=redirect_url,
    )


def _failure(decline: Decline | None, language: Language) -> PaymentFailureBody | None:
    if decline is None:
        return None
    label = said(DECLINE_LABELS[decline], language)
    return PaymentFailureBody(code=str(decline), label=label, hard=decline in HARD)


def _account(account: AccountView | None, language: Language) -> VirtualAccountBody | None:
    if account is None:
        return None
    return VirtualAccountBody(
        bank=account.bank,
        bank_label=said(bank_name(account.bank), language),
        number=account.number,
        holder=account.holder,
        expires_at=account.expires_at,
    )


def _bank_account(payment: PaymentView, shop: Shop, language: Language) -> BankAccountBody | None:
    """Only while the payment waits."""
    ours = shop.bank_account
    waits = payment.status == PaymentState.READY
    if ours is None or payment.method != PaymentMethod.BANK_TRANSFER or not waits:
        return None
    return BankAccountBody(
        bank=ours.bank,
        bank_label=said(bank_name(ours.bank), language),
        number=ours.number,
        holder=ours.holder,
        depositor_code=deposit_code(payment.id),
        received=payment.received,
        remaining=payment.amount - payment.received,
    )


def _body(
    payment: PaymentView, shop: Shop, language: Language, checkout: CheckoutBody | None = None
) -> PaymentBody:
    return PaymentBody(
        id=payment.id,
        order_id=payment.order_id,
        method=payment.method,
        status=payment.status,
        status_label=said(PAYMENT_STATE_LABELS[PaymentState(payment.status)], language),
        amount=payment.amount,
        vat=payment.vat,
        paid_at=payment.paid_at,
        receipt_url=payment.receipt_url,
        failure=_failure(payment.decline, language),
        virtual_account=_account(payment.account, language),
        bank_account=_bank_account(payment, shop, language),
        disputes=[
            DisputeBody(opened_at=d.opened_at, resolved_at=d.resolved_at) for d in payment.disputes
        ],
        checkout=checkout,
        cash_receipt=_receipt(payment.receipt),
    )
