"""휴일 관리."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from app.routers.dependencies import DepsDep
from app.routers.models import LINE, AnswerModel, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageHolidays
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.operator_holidays import HolidayView

router = APIRouter(prefix="/v1/operator/holidays", tags=["holidays"], route_class=StrictRoute)
Day = Annotated[date, Path(description="A KST day.", examples=["2027-03-03"])]


class HolidayRequest(RequestModel):
    """What the day is called."""

    name: str = Field(min_length=1, max_length=100, pattern=LINE, examples=["대통령선거일"])


class HolidayBody(AnswerModel):
    """A KST day that is no working day, beside the public holidays that are known anyway."""

    day: date
    name: str
    added_by: str
    created_at: datetime


class HolidayListBody(AnswerModel):
    """The last first; the last two hundred."""

    items: list[HolidayBody]


@router.get(
    "",
    operation_id="operator_list_holidays",
    summary="Days off that were added",
    description="Public holidays of Korea are known without it.",
    responses=problems(*FOR_AN_OPERATOR),
)
async def get_all(deps: DepsDep, operator: CanManageHolidays) -> HolidayListBody:
    return HolidayListBody(items=[_body(view) for view in await deps.operator_holidays.all()])


@router.put(
    "/{day}",
    operation_id="operator_put_holiday",
    summary="Add a day off, or give it another name",
    description=(
        "Deadlines of bank payments that are set from now on move past it; orders keep theirs."
    ),
    responses=problems(*FOR_AN_OPERATOR, "holiday_passed", body=True),
)
async def put(
    deps: DepsDep, operator: CanManageHolidays, day: Day, body: HolidayRequest
) -> HolidayBody:
    return _body(await deps.operator_holidays.put(operator, day, body.name))


@router.delete(
    "/{day}",
    operation_id="operator_remove_holiday",
    summary="Take back a day off",
    description="Orders keep the deadlines that it moved.",
    status_code=204,
    responses=problems(*FOR_AN_OPERATOR, "holiday_not_found"),
)
async def remove(deps: DepsDep, operator: CanManageHolidays, day: Day) -> Response:
    await deps.operator_holidays.remove(operator, day)
    return Response(status_code=204)


def _body(view: HolidayView) -> HolidayBody:
    return HolidayBody(
        day=view.day, name=view.name, added_by=view.added_by, created_at=view.created_at
    )
