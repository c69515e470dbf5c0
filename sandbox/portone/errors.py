"""Errors of the PortOne sandbox: `{"type", "message"}` with the status of the real service.

Source of the types: the `*_error.py` modules of `portone-server-sdk` 0.21.0.
"""

from collections.abc import Callable, Coroutine
from enum import StrEnum

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute


class ErrorType(StrEnum):
    """Every error type this sandbox answers."""

    ALREADY_PAID = "ALREADY_PAID"
    BILLING_KEY_ALREADY_DELETED = "BILLING_KEY_ALREADY_DELETED"
    BILLING_KEY_NOT_FOUND = "BILLING_KEY_NOT_FOUND"
    CANCEL_AMOUNT_EXCEEDS = "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT"
    CANCEL_TAX_AMOUNT_EXCEEDS = "CANCEL_TAX_AMOUNT_EXCEEDS_CANCELLABLE_TAX_AMOUNT"
    CANCEL_TAX_FREE_AMOUNT_EXCEEDS = "CANCEL_TAX_FREE_AMOUNT_EXCEEDS_CANCELLABLE_TAX_FREE_AMOUNT"
    CANCELLABLE_AMOUNT_BROKEN = "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN"
    CASH_RECEIPT_ALREADY_ISSUED = "CASH_RECEIPT_ALREADY_ISSUED"
    CASH_RECEIPT_NOT_FOUND = "CASH_RECEIPT_NOT_FOUND"
    CASH_RECEIPT_NOT_ISSUED = "CASH_RECEIPT_NOT_ISSUED"
    CHANNEL_NOT_FOUND = "CHANNEL_NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    IDENTITY_ALREADY_SENT = "IDENTITY_VERIFICATION_ALREADY_SENT"
    IDENTITY_ALREADY_VERIFIED = "IDENTITY_VERIFICATION_ALREADY_VERIFIED"
    IDENTITY_NOT_FOUND = "IDENTITY_VERIFICATION_NOT_FOUND"
    INVALID_REQUEST = "INVALID_REQUEST"
    PAYMENT_ALREADY_CANCELLED = "PAYMENT_ALREADY_CANCELLED"
    PAYMENT_NOT_FOUND = "PAYMENT_NOT_FOUND"
    PAYMENT_NOT_PAID = "PAYMENT_NOT_PAID"
    PAYMENT_NOT_WAITING_FOR_DEPOSIT = "PAYMENT_NOT_WAITING_FOR_DEPOSIT"
    PG_PROVIDER = "PG_PROVIDER"
    B2B_EXTERNAL = "B2B_EXTERNAL_SERVICE"
    ORIGINAL_TAX_INVOICE_NOT_FOUND = "B2B_ORIGINAL_TAX_INVOICE_NOT_FOUND"
    TAX_INVOICE_KEY_USED = "B2B_TAX_INVOICE_SUPPLIER_DOCUMENT_KEY_ALREADY_USED"
    TAX_INVOICE_NOT_FOUND = "B2B_TAX_INVOICE_NOT_FOUND"
    TAX_INVOICE_NOT_ISSUED = "B2B_TAX_INVOICE_NOT_ISSUED_STATUS"
    TAX_INVOICE_NOT_SENT = "B2B_TAX_INVOICE_STATUS_NOT_SENDING_COMPLETED"
    PLATFORM_FAILED = "PLATFORM_EXTERNAL_API_FAILED"
    SUM_OF_PARTS_EXCEEDS_TOTAL = "SUM_OF_PARTS_EXCEEDS_TOTAL_AMOUNT"
    SUM_OF_PARTS_EXCEEDS = "SUM_OF_PARTS_EXCEEDS_CANCEL_AMOUNT"
    UNAUTHORIZED = "UNAUTHORIZED"
    WEBHOOK_NOT_FOUND = "WEBHOOK_NOT_FOUND"


_STATUS: dict[ErrorType, int] = {
    ErrorType.INVALID_REQUEST: 400,
    ErrorType.UNAUTHORIZED: 401,
    ErrorType.FORBIDDEN: 403,
    ErrorType.BILLING_KEY_NOT_FOUND: 404,
    ErrorType.CASH_RECEIPT_NOT_FOUND: 404,
    ErrorType.CHANNEL_NOT_FOUND: 404,
    ErrorType.IDENTITY_NOT_FOUND: 404,
    ErrorType.PAYMENT_NOT_FOUND: 404,
    ErrorType.WEBHOOK_NOT_FOUND: 404,
    ErrorType.PG_PROVIDER: 502,
    ErrorType.PLATFORM_FAILED: 502,
    ErrorType.B2B_EXTERNAL: 502,
    ErrorType.TAX_INVOICE_NOT_FOUND: 404,
    ErrorType.ORIGINAL_TAX_INVOICE_NOT_FOUND: 404,
}


class PortOneFailure(Exception):
    """A refusal of the provider; the console actions raise it too."""

    def __init__(
        self, error: ErrorType, message: str, *, pg_code: str = "", pg_message: str = ""
    ) -> None:
        super().__init__(f"{error}: {message}")
        self.error = error
        self.message = message
        self._pg_code = pg_code
        self._pg_message = pg_message

    @property
    def status(self) -> int:
        """HTTP status: a conflict unless the table says otherwise."""
        return _STATUS.get(self.error, 409)

    def body(self) -> dict[str, str]:
        """The JSON body, with the payment gateway's code and text for PG_PROVIDER."""
        body = {"type": self.error.value, "message": self.message}
        if self.error is ErrorType.PG_PROVIDER:
            body |= {"pgCode": self._pg_code, "pgMessage": self._pg_message}
        return body


def invalid(message: str) -> PortOneFailure:
    """A request that the provider cannot read or will not take."""
    return PortOneFailure(ErrorType.INVALID_REQUEST, message)


class PortOneRoute(APIRoute):
    """Answers every failure of its endpoint in the provider's shape, not in FastAPI's."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[None, None, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except PortOneFailure as failure:
                refusal = failure
            except RequestValidationError as error:
                places = ", ".join(".".join(map(str, e["loc"])) for e in error.errors())
                refusal = invalid(f"요청 형식이 올바르지 않습니다: {places}")
            return JSONResponse(refusal.body(), status_code=refusal.status)

        return answer
