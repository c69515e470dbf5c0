"""What a person does outside the portal: pays, is refused, confirms in the telecom's app.

Each raises PortOneFailure, whose `status` and `body()` the sandbox's JSON API can answer.
"""

from dataclasses import replace

from sandbox.portone.errors import ErrorType, PortOneFailure, invalid
from sandbox.portone.identity import find_identity, keep_identity
from sandbox.portone.payments import (
    cancel,
    find_payment,
    keep_cancellation,
    keep_payment,
    new_payment,
    notify,
    payment_json,
    refuse_paid,
    vat_of,
)
from sandbox.portone.state import (
    CancelAnswer,
    Cancellation,
    CancelStatus,
    ChannelType,
    Dispute,
    Identity,
    Payment,
    PayMethod,
    PortOneWorld,
    new_id,
)


async def approve(
    world: PortOneWorld,
    payment_id: str,
    *,
    method: PayMethod = "CARD",
    channel_type: ChannelType = "LIVE",
    amount: int | None = None,
    currency: str | None = None,
    store_id: str | None = None,
    vat: int | None = None,
    cash_receipt: bool = False,
) -> Payment:
    """The money is taken: PAID, and `Transaction.Paid` goes to the portal.

    What is not given is as pre-registered; what is given (amounts in KRW) overrides it, so that
    a payment can be forged. Raises ALREADY_PAID, or INVALID_REQUEST for a payment that was never
    registered and has no amount.
    """
    payment = world.portone.payments.get(payment_id) or new_payment(world, payment_id)
    refuse_paid(payment)
    total = payment.total if amount is None else amount
    if total is None or total <= 0:
        raise invalid("사전 등록되지 않은 결제는 금액이 필요합니다.")
    tax_free = min(payment.tax_free, total)
    now = world.clock.now()
    paid = replace(
        payment,
        # Each attempt on the same payment id is a transaction of its own.
        transaction_id=new_id("tx") if payment.status == "FAILED" else payment.transaction_id,
        status="PAID",
        method=method,
        channel_type=channel_type,
        total=total,
        tax_free=tax_free,
        vat=vat_of(total - tax_free) if vat is None else vat,
        currency=currency or payment.currency,
        store_id=store_id or payment.store_id,
        failure=None,
        paid_at=now,
        changed_at=now,
        pg_tx_id=new_id("pg"),
        cash_receipt=cash_receipt,
    )
    notify(world, paid, "Transaction.Paid")
    return find_payment(world, payment_id)


async def hold(world: PortOneWorld, payment_id: str) -> Payment:
    """The payer has left for the bank: PENDING until `approve` or `fail`; no webhook is sent.

    Raises PAYMENT_NOT_FOUND or ALREADY_PAID.
    """
    payment = find_payment(world, payment_id)
    refuse_paid(payment)
    keep_payment(world, replace(payment, status="PENDING", changed_at=world.clock.now()))
    return find_payment(world, payment_id)


async def fail(
    world: PortOneWorld, payment_id: str, reason: str = "카드사에서 승인을 거절했습니다."
) -> Payment:
    """The card is refused: FAILED, and `Transaction.Failed` goes to the portal.

    Raises PAYMENT_NOT_FOUND or ALREADY_PAID.
    """
    payment = find_payment(world, payment_id)
    refuse_paid(payment)
    failed = replace(
        payment,
        status="FAILED",
        channel_type=payment.channel_type or "LIVE",
        failure=reason,
        changed_at=world.clock.now(),
    )
    notify(world, failed, "Transaction.Failed")
    return find_payment(world, payment_id)


def answer_cancellations(world: PortOneWorld, payment_id: str, how: CancelAnswer) -> None:
    """How the issuer takes cancellations of this payment from now on.

    Raises PAYMENT_NOT_FOUND.
    """
    keep_payment(world, replace(find_payment(world, payment_id), on_cancel=how))


def finish_cancellations(
    world: PortOneWorld, payment_id: str, status: CancelStatus = "SUCCEEDED"
) -> None:
    """The issuer has done what was REQUESTED, or has not (FAILED); webhooks go to the portal.

    Raises PAYMENT_NOT_FOUND.
    """
    for cancellation in find_payment(world, payment_id).cancellations:
        if cancellation.status == "REQUESTED":
            payment = find_payment(world, payment_id)
            finished = replace(cancellation, status=status, at=world.clock.now())
            keep_cancellation(world, payment, finished, silent=False)


def cancel_at_console(world: PortOneWorld, payment_id: str, amount: int) -> Cancellation:
    """Somebody of the operator's staff gives money back past the portal.

    Raises PAYMENT_NOT_FOUND, PAYMENT_NOT_PAID and what a cancellation is refused for.
    """
    return cancel(world, payment_id, amount, "콘솔에서 취소")


def open_dispute(
    world: PortOneWorld, payment_id: str, reason: str = "본인이 사용하지 않은 결제"
) -> Payment:
    """The card holder denies the payment: `Transaction.DisputeCreated` goes to the portal.

    Raises PAYMENT_NOT_FOUND and PAYMENT_NOT_PAID.
    """
    payment = find_payment(world, payment_id)
    if payment.paid_at is None:
        raise PortOneFailure(ErrorType.PAYMENT_NOT_PAID, "결제가 완료되지 않은 건입니다.")
    dispute = Dispute(new_id("dispute"), reason, world.clock.now())
    disputed = replace(payment, disputes=(*payment.disputes, dispute))
    notify(world, disputed, "Transaction.DisputeCreated")
    return find_payment(world, payment_id)


def resolve_disputes(world: PortOneWorld, payment_id: str) -> Payment:
    """The card company has decided; raises PAYMENT_NOT_FOUND."""
    payment = find_payment(world, payment_id)
    now = world.clock.now()
    resolved = tuple(
        dispute if dispute.resolved_at else replace(dispute, resolved_at=now)
        for dispute in payment.disputes
    )
    notify(world, replace(payment, disputes=resolved), "Transaction.DisputeResolved")
    return find_payment(world, payment_id)


async def approve_identity(world: PortOneWorld, identity_id: str) -> Identity:
    """The person confirms in the telecom's app; the portal's confirm call then succeeds.

    Raises IDENTITY_VERIFICATION_NOT_FOUND, …_ALREADY_VERIFIED, or INVALID_REQUEST for SMS.
    """
    identity = find_identity(world, identity_id)
    if identity.status == "VERIFIED":
        raise PortOneFailure(ErrorType.IDENTITY_ALREADY_VERIFIED, "이미 완료된 본인인증입니다.")
    if identity.method != "APP":
        raise invalid("앱 인증 방식이 아닙니다.")
    approved = replace(identity, approved_in_app=True)
    keep_identity(world, approved)
    return approved


def change_number(world: PortOneWorld, former: str, new: str) -> None:
    """The person who had `former` has `new` from now on: the same CI, by another phone."""
    numbers = world.portone.first_numbers
    numbers[new] = numbers.get(former, former)
    world.changed()


__all__ = [
    "answer_cancellations",
    "approve",
    "approve_identity",
    "cancel_at_console",
    "change_number",
    "fail",
    "finish_cancellations",
    "hold",
    "open_dispute",
    "payment_json",
    "resolve_disputes",
]
