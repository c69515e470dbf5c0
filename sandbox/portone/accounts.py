"""PortOne's account holders: who holds a bank account.

Every number is held by 한빛상사 unless somebody said otherwise; none that ends in 000 exists.
"""

from fastapi import APIRouter

from sandbox.portone.errors import ErrorType, PortOneFailure, PortOneRoute, invalid
from sandbox.portone.state import PortOneWorld, new_id

HOLDER = "한빛상사"


def build_accounts_router(world: PortOneWorld) -> APIRouter:
    """The holder call, without the provider's prefix."""
    router = APIRouter(route_class=PortOneRoute)

    @router.get("/platform/bank-accounts/{bank}/{number}/holder")
    async def holder(bank: str, number: str) -> dict[str, str]:
        if not number.isascii() or not number.isdigit():
            raise invalid("계좌번호는 숫자만 입력합니다.")
        if number.endswith("000"):
            raise PortOneFailure(ErrorType.PLATFORM_FAILED, "계좌를 조회할 수 없습니다.")
        return {
            "holderName": world.portone.account_holders.get(number, HOLDER),
            "accountVerificationId": new_id("account-verification"),
        }

    return router
