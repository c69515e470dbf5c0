"""What a company has done, by the model, and whether the portal and its providers agree."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from sqlalchemy import text

from app.db.ledger_proof import account_totals, differences
from tests.model.books import CHARGED_ON, Order, Site
from tests.model.company import Answer, Company, Scene
from tools.simulation.customers import GOOD_CARD, SEOUL
from tools.visitor import Json

DELIVERED = frozenset({"COMPLETED", "PARTIALLY_COMPLETED", "REFUNDED"})
WHILE_BROKEN = frozenset(
    {
        "provider_unavailable",  # what is asked for needs a provider
        "provider_failed",
        "payment_in_progress",  # what came of a payment cannot be found out
        "membership_change_in_progress",  # what is paid waits for the groupware
        "membership_changed",  # and was delivered since anybody looked
        "price_changed",
        "membership_overdue",  # what would continue the term cannot be paid
        "membership_expired",
        "order_state_conflict",
        "permission_denied",  # CLOSED since anybody looked
        "subdomain_holds_used_up",  # names are held by what waits
    }
)
"""With a provider out of order the model does not say which of these a request is refused with."""
WITHDRAWN_AFTER = timedelta(days=90)
_KEPT = text(
    "SELECT id::text, order_id::text FROM payments WHERE order_id IN"
    " (SELECT id FROM orders WHERE company_id = :company)"
)
_BY_HAND = text(
    "SELECT order_id::text, sum(amount)::bigint AS amount FROM refunds WHERE company_id = :company"
    " AND state = 'DONE' AND done_by LIKE 'operator:%' GROUP BY order_id"
)
_REVISIONS = text("SELECT id::text, revision FROM sites WHERE company_id = :company")


class Life:
    """Of one company. `broken`: a provider is out of order, and nobody looks until it is mended."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._stack = scene.stack
        self.company = Company(scene.stack, number=1)
        self.id = ""
        self.sites: list[Site] = []
        self.orders: dict[str, Order] = {}
        self.card: str | None = None
        self.card_id: str | None = None
        self.broken = False
        self.mended_on = date.min
        self.exact = True
        """No day of an addition passed between its order and its payment."""
        self._seen: dict[str, tuple[str, str]] = {}

    @property
    def today(self) -> date:
        return self._scene.today

    @property
    def gone(self) -> bool:
        return self.company.gone

    def held(self) -> list[Site]:
        """Sites that are open, by the model, and not asked to end."""
        return [
            s
            for s in self.sites
            if s.id and s.ends_on is None and s.state(self.today) != "TERMINATED" and not self.gone
        ]

    def open_orders(self) -> list[Order]:
        """Those that may be paid; what is asked to end is left alone."""
        orders = self.orders.values()
        return [o for o in orders if o.is_open and o.site.ends_on is None and not self.gone]

    def told(self, answer: Answer, *refusals: str) -> Json | None:
        """What was answered; None where it was refused as the model says. No `refusals`: granted.

        With a provider out of order it may be granted or refused.
        """
        if answer.code is not None:
            self._scene.seen[answer.code] += 1
        if self.broken:
            assert answer.code in {None, *refusals, *WHILE_BROKEN}, answer
        else:
            assert (answer.code in refusals) if refusals else (answer.code is None), (
                answer.status,
                answer.code or answer.body,
                refusals,
            )
        return answer.body if answer.code is None else None

    def doubt(self) -> None:
        for order in self.orders.values():
            if not order.delivered and not order.ended:
                order.sure = False

    async def settle(self) -> None:
        """The providers are well again. Two days later nothing is in doubt any more: what nobody

        waits for any more, money for an order that is over, is found by the daily comparison.
        """
        self._stack.world.faults.clear()
        self.mended_on = self.today
        await self._scene.until(self.today + timedelta(days=2))
        await self._stack.deps.books.compare()
        self.doubt()
        self.broken = False
        await self.look()
        for order in self.orders.values():
            if order.is_open:
                order.sure = True

    def charge_cards(self, before: date) -> None:
        """What is charged by itself since that evening: PRODUCT.md section 12."""
        for order in self.open_orders():
            site = order.site
            charged = self.card == GOOD_CARD and site.auto_renew and site.has_card
            if order.kind != "RENEWAL" or order.method == "VIRTUAL_ACCOUNT" or not charged:
                continue
            days = [site.last + timedelta(days=days) for days in CHARGED_ON]
            day = next((day for day in days if before < day <= self.today), None)
            if day is not None and order.sure:
                order.paid_on = day

    # --- what must be true

    async def look(self) -> None:
        await self._stack.run_due()
        if self.broken:
            self.doubt()
            return
        if self.gone:
            return
        seen = await self.company.ask("GET", "/v1/orders?size=100")
        if self.gone:
            over = [site.over_after for site in self.sites if site.id]
            assert over, "withdrawn without ever having had a site"
            assert self.today > max(over) + WITHDRAWN_AFTER, "withdrawn too soon"
            return
        assert seen.code is None, seen
        fresh = []
        for row in seen.body["items"]:
            seen_before, now = self._seen.get(row["id"]), (row["status"], row["payment_method"])
            if seen_before != now:
                self._seen[row["id"]] = now
                read = await self.company.ask("GET", f"/v1/orders/{row['id']}")
                fresh.append(read.body)
        renewals = [o for o in fresh if o["id"] not in self.orders]
        for found in sorted(renewals, key=lambda o: str(o["number"])):
            self._renewal(found)
        # What was paid in its order, and then what ended because of it.
        for found in sorted(fresh, key=lambda o: (o["paid_at"] is None, o["paid_at"])):
            self._judge(self.orders[found["id"]], found)
        for order in self.orders.values():
            self._still_open(order)
        await self._sites_are_right()
        await self._money_is_right()

    def _renewal(self, found: Json) -> None:
        """One that was ordered by itself: once its day has come, at the price of the site."""
        assert found["type"] == "RENEWAL", found
        (site,) = (s for s in self.sites if s.subdomain == found["items"][0]["site"]["subdomain"])
        order = Order(
            id=found["id"],
            kind="RENEWAL",
            total=found["total"],
            users=site.users,
            months=site.renewal_months,
            placed_on=date.fromisoformat(found["ordered_on"]),
            site=site,
            open_through=None,
            method=found["payment_method"],
            seen=(site.term, site.users),
        )
        self.orders[order.id] = order
        assert site.ends_on is None or order.placed_on <= site.ends_on, order
        if self.mended_on < self.today - timedelta(days=2):
            assert order.placed_on >= site.renewal_ordered_on or found["status"] != (
                "PENDING_PAYMENT"
            ), (order, site)
        else:
            order.sure = False

    def _judge(self, order: Order, found: Json) -> None:
        """An order of which something is another than it was."""
        status = found["status"]
        self._scene.seen[f"{order.kind} {status}"] += 1
        if order.kind == "RENEWAL":  # by the registered card where that is tried
            order.method = found["payment_method"]
        if order.delivered:
            assert status in DELIVERED, (order, status)
        elif status in DELIVERED:
            self._delivered(order, found)
        elif status in {"CANCELLED", "EXPIRED"}:
            assert order.ended or self._may_end(order, status), (order, status)
            assert order.paid_on is None or not order.sure, (order, "paid, and ended")
            order.ended, order.paid_on = True, None
        else:
            assert status == "PENDING_PAYMENT", (order, status)

    def _delivered(self, order: Order, found: Json) -> None:
        assert not order.ended, order
        paid_on = datetime.fromisoformat(found["paid_at"]).astimezone(SEOUL).date()
        assert order.placed_on <= paid_on <= self.today
        assert not order.sure or order.paid_on == paid_on, (order, paid_on, "is not the day")
        assert order.approved_on is None or order.approved_on <= paid_on
        order.paid_on, order.delivered = paid_on, True
        self._deliver(order, found)

    def _may_end(self, order: Order, status: str) -> bool:
        """Whether an unpaid order may be over, or one whose money could not be seen in time."""
        if order.site.ends_on is not None:
            return True
        if order.kind == "RENEWAL" and status == "EXPIRED":
            return order.site.state(self.today) in {"EXPIRED", "TERMINATED"} or not order.sure
        seen_in_time = self.mended_on if order.approved_on is not None else self.today
        if order.open_through is not None and order.open_through < seen_in_time:
            return True
        asked = order.kind == "RENEWAL" or order.approved_on is not None or not order.sure
        return asked and not order.fits(self.today)

    def _still_open(self, order: Order) -> None:
        """Nothing is paid and waits, and nothing is open beyond its time."""
        if order.delivered or order.ended:
            return
        assert order.paid_on is None, (order, "paid, and waits")
        assert order.approved_on is None, (order, "paid, and waits")
        assert order.open_through is None or self.today <= order.open_through, order
        if order.kind == "RENEWAL":
            assert order.site.state(self.today) in {"IN_USE", "OVERDUE"}, order
            assert order.total == order.site.renewal_total, (order, order.site.renewal_total)
            order.seen = (order.site.term, order.site.users)

    def _deliver(self, order: Order, found: Json) -> None:
        site, paid_on = order.site, order.paid_on
        assert paid_on is not None
        if order.kind == "NEW":
            began = date.fromisoformat(found["items"][0]["starts_on"])
            assert began == paid_on or not order.sure
            assert paid_on <= began <= self.today
            site.id = found["items"][0]["membership_id"]
            site.open(began, order.users, order.months)
            site.paid_on = paid_on
        elif order.kind == "ADD":
            site.add(paid_on, order.users, found["supply"])
            self.exact = self.exact and paid_on == order.placed_on and order.sure
        elif order.kind == "EXTEND":
            site.extend(paid_on, order.months)
        else:
            site.renew(order.months)

    async def _sites_are_right(self) -> None:
        opened = [site for site in self.sites if site.id]
        if not opened:
            return
        closed = all(site.state(self.today) == "TERMINATED" for site in opened)
        seen = self.told(
            await self.company.ask("GET", "/v1/memberships"),
            *(["permission_denied"] if closed else []),
        )
        if seen is None:
            return
        by_id = {m["id"]: m for m in seen["items"]}
        async with self._stack.deps.database.system_session("model: sites") as session:
            rows = await session.execute(_REVISIONS, {"company": self.id})
            revisions = {row.id: row.revision for row in rows}
        for site in opened:
            self._site_is_right(site, by_id[str(site.id)], revisions)

    def _site_is_right(self, site: Site, there: Json, revisions: dict[str, int]) -> None:
        state = site.state(self.today)
        if state == "TERMINATED":
            assert there["status"] == state, (there["status"], site)
            return
        wanted = (state, site.users, str(site.last), site.auto_renew)
        found = (there["status"], there["users"]["total"], there["expires_on"], there["auto_renew"])
        assert found == wanted, f"{found} is not {wanted}: {site}"
        at = self._stack.world.groupware.sites[there["site"]["id"]].wanted
        access = "OFF" if state == "EXPIRED" else "ON"
        assert (at.users, at.access) == (site.users, access), (at, site)
        assert at.revision == revisions[there["site"]["id"]]
        if site.ends_on is None and state != "EXPIRED" and self.today >= site.renewal_ordered_on:
            assert [o for o in self.orders.values() if self._renews(o, site)], (site, "no renewal")

    @staticmethod
    def _renews(order: Order, site: Site) -> bool:
        return order.site is site and order.kind == "RENEWAL" and order.is_open

    async def _money_is_right(self) -> None:
        """Order by order at the provider; what the operator paid by hand went back too."""
        await self._operator_pays()
        async with self._stack.deps.database.system_session("model: books") as session:
            rows = (await session.execute(_KEPT, {"company": self.id})).all()
            by_hand = await session.execute(_BY_HAND, {"company": self.id})
            kept = {row.order_id: -int(row.amount) for row in by_hand}
            assert await differences(session) == []
            assert sum((await account_totals(session)).values()) == 0
        for row in rows:
            theirs = self._stack.world.portone.payments.get(row.id)
            if theirs is not None and theirs.paid_at is not None:
                came = theirs.account.deposited if theirs.account else theirs.total or 0
                kept[row.order_id] = kept.get(row.order_id, 0) + came - theirs.cancelled
        for order in self.orders.values():
            if not order.delivered:
                assert kept.get(order.id, 0) == 0, (order, kept.get(order.id))
            elif order.site.ends_on is None or self.today <= order.site.ends_on:
                assert kept[order.id] == order.total, (order, kept[order.id])
        credit = self.told(await self.company.ask("GET", "/v1/credit-balance"))
        assert credit is not None
        assert credit["balance"] == 0 or not self.exact, (credit, "for what was served")
        for site in self.sites:
            if site.id and site.ends_on is not None and self.today > site.ends_on:
                self._went_back(site, kept)

    async def _operator_pays(self) -> None:
        listed = "/v1/operator/refunds?state=MANUAL_REQUIRED&size=100"
        for refund in (await self._stack.operator.get(listed)).json()["items"]:
            assert await self._stack.confirm_refund(refund["id"])
        await self._stack.run_due()

    def _went_back(self, site: Site, kept: dict[str, int]) -> None:
        """Unused supply, and VAT on it, less a fee of a tenth; within a week of an opening, all."""
        assert site.ends_on is not None
        assert site.paid_on is not None
        mine: Collection[Order] = [
            o for o in self.orders.values() if o.site is site and o.delivered
        ]
        paid, left = sum(o.total for o in mine), sum(kept.get(o.id, 0) for o in mine)
        assert 0 <= left <= paid, (site, left, paid)
        if (site.ends_on - site.paid_on).days <= 7:
            assert left == 0, (site, left)
            self._scene.seen["all went back"] += 1
        elif self.exact:
            self._scene.seen["a part went back"] += 1
            unused = site.unused(site.ends_on + timedelta(days=1))
            assert paid - left == unused, (site, paid, left, unused)

    async def end(self) -> None:
        if self.broken:
            await self.settle()
        await self.company.close()
