"""What the end of a membership is settled from: lines held, and the orders that sold them."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.contracts import HeldLine


class SoldLine(msgspec.Struct, frozen=True):
    """A live held line and its order; none of a contract of before the portal."""

    code: str
    quantity: int
    unit_price: int
    net: int
    monthly: int
    first_day: date
    last_day: date
    order_id: UUID | None

    @property
    def held(self) -> HeldLine:
        return HeldLine(
            self.code,
            self.quantity,
            self.unit_price,
            self.net,
            self.first_day,
            self.last_day,
            self.monthly,
        )


class DeliveredItem(msgspec.Struct, frozen=True):
    """An item that the membership was given: what its lines cost, and of that never served."""

    item_id: UUID
    order_id: UUID
    net: int
    not_served: int


class SoldOrder(msgspec.Struct, frozen=True):
    """An order that sold something to the membership."""

    id: UUID
    number: str
    payment_method: str | None
    payment_status: str


class TerminationFacts(msgspec.Struct, frozen=True):
    """Of one membership. `paid_at`: of its NEW order's payment, where it has one.

    `orders`: those of its items, the last paid first.
    """

    id: UUID
    company_id: UUID
    site_id: UUID
    site_name: str
    billing_channel: str
    paid_at: datetime | None
    last_site: bool
    lines: list[SoldLine]
    items: list[DeliveredItem]
    orders: list[SoldOrder]


_FACTS = text(
    """
    WITH mine AS (
        SELECT i.id, i.order_id, i.type, i.state FROM order_items i
         WHERE i.membership_id = :membership
    )
    SELECT to_json(r)::text FROM (
        SELECT m.id, m.company_id, m.site_id, s.name AS site_name, m.billing_channel,
               (SELECT o.paid_at FROM mine i JOIN orders o ON o.id = i.order_id
                 WHERE i.type = 'NEW' AND i.state = 'COMPLETED' LIMIT 1) AS paid_at,
               NOT EXISTS (SELECT 1 FROM sites x WHERE x.company_id = m.company_id
                            AND x.id <> m.site_id AND x.state IN ('OPEN', 'HELD')) AS last_site,
               (SELECT coalesce(json_agg(json_build_object('code', h.code,
                       'quantity', h.quantity, 'unit_price', h.unit_price, 'net', h.net,
                       'monthly', h.monthly, 'first_day', h.first_day, 'last_day', h.last_day,
                       'order_id', i.order_id) ORDER BY h.first_day, h.id), '[]')
                  FROM held_lines h LEFT JOIN order_lines l ON l.id = h.order_line_id
                  LEFT JOIN order_items i ON i.id = l.item_id
                 WHERE h.membership_id = m.id AND h.ended_on IS NULL) AS lines,
               (SELECT coalesce(json_agg(json_build_object('item_id', i.id,
                       'order_id', i.order_id, 'net', t.net, 'not_served', t.not_served)
                       ORDER BY i.id), '[]')
                  FROM mine i CROSS JOIN LATERAL (
                      SELECT coalesce(sum(l.net), 0)::bigint AS net,
                             coalesce(sum(l.net - h.net) FILTER (WHERE h.id IS NOT NULL),
                                      0)::bigint AS not_served
                        FROM order_lines l LEFT JOIN held_lines h ON h.order_line_id = l.id
                       WHERE l.item_id = i.id) t
                 WHERE i.state = 'COMPLETED') AS items,
               (SELECT coalesce(json_agg(json_build_object('id', o.id, 'number', o.number,
                       'payment_method', o.payment_method, 'payment_status', o.payment_status)
                       ORDER BY o.paid_at DESC NULLS LAST, o.id DESC), '[]')
                  FROM orders o WHERE o.id IN (SELECT order_id FROM mine)) AS orders
          FROM memberships m JOIN sites s ON s.id = m.site_id
         WHERE m.id = :membership AND (m.company_id = cast(:company AS uuid)
           OR cast(:company AS uuid) IS NULL)) r
    """
)
_decode = msgspec.json.Decoder(TerminationFacts).decode


async def termination_facts(
    session: AsyncSession, company_id: UUID | None, membership_id: UUID
) -> TerminationFacts | None:
    """One statement. `company_id` None: of whatever company, for the system's sessions."""
    found = await session.execute(_FACTS, {"membership": membership_id, "company": company_id})
    row = found.scalar_one_or_none()
    return None if row is None else _decode(row)
