"""Which orders of the history are meant."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from app.db.order_reads import OrderFilters
from app.domain.orders import OrderStatus, OrderType
from app.routers.models import IsoDate


async def _filters(
    first_day: Annotated[
        IsoDate | None, Query(alias="from", description="First day of order (KST).")
    ] = None,
    last_day: Annotated[
        IsoDate | None, Query(alias="to", description="Last day of order (KST), included.")
    ] = None,
    kind: Annotated[OrderType | None, Query(alias="type")] = None,
    status: Annotated[OrderStatus | None, Query()] = None,
    site_id: Annotated[UUID | None, Query()] = None,
) -> OrderFilters:
    return OrderFilters(
        first_day=first_day, last_day=last_day, kind=kind, status=status, site_id=site_id
    )


FiltersDep = Annotated[OrderFilters, Depends(_filters)]
