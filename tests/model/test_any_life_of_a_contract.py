"""Whatever a company does, and whatever breaks: money, terms and sites are as the model says.

MODEL_STEPS says how many steps are played and MODEL_SEED which; both are logged. The same seed
plays the same steps, from the same evening. What fails is told with the steps that led there; with
MODEL_SHRINK=1 Hypothesis looks for the fewest.
"""

import logging
import os
from datetime import date, timedelta
from typing import TypeVar

import hypothesis
import hypothesis.strategies as st
import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sandbox.faults import Fault
from sandbox.portone.console_actions import approve, fail
from tests.model.books import SET_UP, SHARED_USER_MONTH, Order, Site, with_vat
from tests.model.company import Scene
from tests.model.life import Life
from tools.simulation.customers import GOOD_CARD, LOST_CARD, POOR_CARD
from tools.visitor import Json, agreed

STEPS_AN_EXAMPLE = 25
STEPS = int(os.environ.get("MODEL_STEPS", "400"))
SEED = int(os.environ.get("MODEL_SEED", "7"))
PHASES = [Phase.generate, *([Phase.shrink] if os.environ.get("MODEL_SHRINK") else [])]
FAULTS = {
    "portone down": ("portone", Fault(down=True)),
    "portone drops answers": ("portone", Fault(drop_after=0)),
    "groupware down": ("groupware", Fault(down=True)),
    "webhooks muted": ("webhooks", Fault(down=True)),
}
ACCOUNT_WAYS: dict[str, list[int | None]] = {
    "account": [],
    "paid in": [None],
    "paid in twice": [None, None],
    "another amount paid in": [1_000],
}
"""A virtual account, and what is paid into it at once: amounts, None the right one."""
WAYS = ["approved", "approved", "complete twice", "webhook lost", "refused", "later", *ACCOUNT_WAYS]
PAID = st.sampled_from(WAYS)
MINDED = st.sampled_from([*WAYS, "cancelled"])
TURNS = [-31, -30, -8, -7, -6, -1, 0, 1, 2, 3, 7, 8, 14, 15, 16, 44, 45]
"""Days from the last of a term on which, or beside which, something happens."""
MOST_SITES = 4
T = TypeVar("T")
log = logging.getLogger(__name__)


class AnyLife(RuleBasedStateMachine):
    """One company. Each rule is what somebody does in the evening, or what breaks."""

    scene: Scene

    def __init__(self) -> None:
        super().__init__()
        self.run = self.scene.run
        self.world = self.scene.stack.world
        self.life = Life(self.scene)
        self.company = self.life.company

    @property
    def today(self) -> date:
        return self.life.today

    @initialize(
        users=st.integers(1, 5),
        months=st.sampled_from([1, 1, 12]),
        card=st.sampled_from([None, GOOD_CARD, GOOD_CARD, POOR_CARD, LOST_CARD]),
    )
    def a_company_signs_up_and_has_a_site(self, users: int, months: int, card: str | None) -> None:
        self.run(self.scene.anew())
        self.run(self.company.arrive())
        me = self.life.told(self.run(self.company.ask("GET", "/v1/me")))
        assert me is not None
        self.life.id = me["company"]["id"]
        self._order_a_site(users, months, "approved")
        if card is not None:
            self._register(card)
            self._renew_by_card(self.life.sites[0], on=True)

    @precondition(lambda self: not self.life.gone and len(self.life.sites) < MOST_SITES)
    @rule(users=st.integers(1, 5), months=st.sampled_from([1, 12]), way=PAID)
    def orders_a_site(self, users: int, months: int, way: str) -> None:
        self._order_a_site(users, months, way)

    def _order_a_site(self, users: int, months: int, way: str) -> None:
        name = f"life-{self.company.number}-{len(self.life.orders)}-{len(self.life.sites)}"
        site = Site(subdomain=name)
        wanted = {
            "type": "NEW",
            "plan": "SHARED",
            "users": users,
            "months": months,
            "site": {
                "name": "모델",
                "subdomain": name,
                "admin_name": "홍길동",
                "admin_login_id": "admin",
                "admin_email": "admin@life.example",
            },
        }
        waiting = [s for s in self.life.sites if s.id is None and self._name_is_held(s)]
        refusals = ["subdomain_holds_used_up"] if len(waiting) == 3 else []
        order = Order(
            id="",
            kind="NEW",
            total=with_vat(SHARED_USER_MONTH * users * months + SET_UP),
            users=users,
            months=months,
            placed_on=self.today,
            site=site,
            open_through=self.today + timedelta(days=1),
        )
        if self._place(order, wanted, refusals):
            self.life.sites.append(site)
            self._pay(order, way)
        self._look()

    @precondition(lambda self: self.life.held())
    @rule(choice=st.data(), users=st.integers(1, 3), way=PAID)
    def adds_users(self, choice: st.DataObject, users: int, way: str) -> None:
        site = _one_of(choice, self.life.held())
        wanted = self._wanted(site, add_users=users, extend_months=0)
        refusal = {"OVERDUE": ["membership_overdue"], "EXPIRED": ["membership_expired"]}
        refusals = refusal.get(site.state(self.today), [])
        price = self.run(self.company.ask("POST", "/v1/price-previews", {"items": [wanted]}))
        asked = self.life.told(price, *refusals)
        if asked is not None:
            order = Order(
                id="",
                kind="ADD",
                total=asked["total"],
                users=users,
                months=0,
                placed_on=self.today,
                site=site,
                open_through=min(self.today + timedelta(days=1), site.last),
                seen=site.term,
            )
            if self._place(order, wanted, refusals):
                self._pay(order, way)
        self._look()

    @precondition(lambda self: self.life.held())
    @rule(choice=st.data(), months=st.sampled_from([1, 12]), way=PAID)
    def extends(self, choice: st.DataObject, months: int, way: str) -> None:
        site = _one_of(choice, self.life.held())
        wanted = self._wanted(site, add_users=0, extend_months=months)
        order = Order(
            id="",
            kind="EXTEND",
            total=with_vat(SHARED_USER_MONTH * site.users * months),
            users=site.users,
            months=months,
            placed_on=self.today,
            site=site,
            open_through=self.today + timedelta(days=1),
            seen=(site.users, site.renewed),
        )
        if self._place(order, wanted, []):
            self._pay(order, way)
        self._look()

    @precondition(lambda self: self.life.open_orders())
    @rule(choice=st.data(), way=MINDED)
    def minds_an_open_order(self, choice: st.DataObject, way: str) -> None:
        order = _one_of(choice, self.life.open_orders())
        if way == "cancelled":
            self._cancel(order)
        else:
            self._pay(order, way)
        self._look()

    @precondition(lambda self: any(o.account for o in self.life.orders.values()))
    @rule(choice=st.data(), amount=st.sampled_from([None, None, 1_000]), again=st.booleans())
    def pays_in(self, choice: st.DataObject, amount: int | None, again: bool) -> None:
        """The right amount or a wrong one, once or twice, in time or late."""
        with_account = [o for o in self.life.orders.values() if o.account]
        order = _one_of(choice, with_account)
        self._pay_in(order, [amount, amount] if again else [amount])
        self._look()

    @precondition(lambda self: self.life.held() and not self.life.card and not self.life.broken)
    @rule(number=st.sampled_from([GOOD_CARD, GOOD_CARD, POOR_CARD, LOST_CARD]))
    def registers_a_card(self, number: str) -> None:
        self._register(number)
        self._look()

    @precondition(lambda self: self.life.held())
    @rule(choice=st.data(), on=st.sampled_from([True, True, False]))
    def renews_automatically(self, choice: st.DataObject, on: bool) -> None:
        """With the card, where there is one: the switch alone charges nothing."""
        self._renew_by_card(_one_of(choice, self.life.held()), on=on)
        self._look()

    @precondition(
        lambda self: self.life.held() and not self.life.broken and len(self.life.orders) > 2
    )
    @rule(choice=st.data(), days=st.integers(0, 20))
    def terminates(self, choice: st.DataObject, days: int) -> None:
        site = _one_of(choice, self.life.held())
        self.run(self.company.proves_itself())
        ends_on = self.today + timedelta(days=days)
        too_late = ends_on > max(site.last, self.today)
        body = {"last_day": str(ends_on), "reason": "NOT_NEEDED"}
        path = f"/v1/memberships/{site.id}/termination"
        answer = self.run(self.company.ask("POST", path, body))
        if self.life.told(answer, *(["termination_day_invalid"] if too_late else [])):
            site.ends_on = ends_on
        self._look()

    @rule(days=st.integers(1, 10))
    def days_pass(self, days: int) -> None:
        self._pass(self.today + timedelta(days=days))
        self._look()

    @precondition(lambda self: self.life.held())
    @rule(choice=st.data(), offset=st.sampled_from(TURNS))
    def a_turn_comes(self, choice: st.DataObject, offset: int) -> None:
        """Of a term: the next such day, of this term or, where that is over, a day later."""
        site = _one_of(choice, self.life.held())
        turn = site.last + timedelta(days=offset)
        self._pass(max(turn, self.today + timedelta(days=1)))
        self._look()

    @precondition(lambda self: not self.life.broken)
    @rule(what=st.sampled_from(sorted(FAULTS)))
    def something_breaks(self, what: str) -> None:
        self.world.faults.put(*FAULTS[what])
        self.life.broken = True
        self.life.doubt()
        self._look()

    @precondition(lambda self: self.life.broken)
    @rule()
    def it_is_mended(self) -> None:
        self.run(self.life.settle())
        self._look()

    def teardown(self) -> None:
        if self.life.id:
            self.run(self.life.end())

    # --- how it is done

    def _look(self) -> None:
        """A step is done."""
        self.scene.seen["steps"] += 1
        self.run(self.life.look())

    def _pass(self, end: date) -> None:
        """Looked at before a renewal that is ordered can be charged, a week later."""
        while self.today < end:
            before = self.today
            renewals = [site.renewal_ordered_on for site in self.life.held()]
            quiet = min(renewals, default=before) - timedelta(days=1)
            self.run(self.scene.until(min(end, max(before + timedelta(days=6), quiet))))
            if not self.life.broken:
                self.life.charge_cards(before)
            self.run(self.life.look())

    def _register(self, number: str) -> None:
        self.run(self.company.proves_itself())
        card = self.life.told(self.run(self.company.registers(number)))
        assert card is not None
        self.life.card, self.life.card_id = number, card["id"]

    def _renew_by_card(self, site: Site, *, on: bool) -> None:
        self.run(self.company.proves_itself())
        body: Json = {"auto_renew": on}
        if self.life.card_id is not None:
            body["payment_method_id"] = self.life.card_id
        path = f"/v1/memberships/{site.id}"
        if self.life.told(self.run(self.company.changes(path, body))) is not None:
            site.auto_renew = on
            site.has_card = self.life.card_id is not None

    def _pay(self, order: Order, way: str) -> None:
        if way in ACCOUNT_WAYS:
            self._want_an_account(order)
            if order.account is not None and ACCOUNT_WAYS[way]:
                self._pay_in(order, ACCOUNT_WAYS[way])
        elif way != "later":
            self._pay_by_card(order, way)

    def _want_an_account(self, order: Order) -> None:
        if self._choose(order, "VIRTUAL_ACCOUNT"):
            begun = self._begin(order)
            if begun is not None:
                order.account, order.paid_in = begun["virtual_account"]["number"], False

    def _pay_in(self, order: Order, amounts: list[int | None]) -> None:
        """The first amount counts, also after another method was chosen; the rest goes back."""
        account, waits = str(order.account), order.is_open and order.site.ends_on is None
        waits, order.paid_in = waits and not order.paid_in, True
        there = [self.run(self.company.pays_in(account, amount)) for amount in amounts]
        if there[0] and amounts[0] is None and waits:
            self._approved(order)

    def _cancel(self, order: Order) -> None:
        refusals = ["renewal_not_cancellable"] if order.kind == "RENEWAL" else []
        answer = self.run(self.company.ask("POST", f"/v1/orders/{order.id}/cancel"))
        if self.life.told(answer, *refusals) is not None:
            order.ended, order.approved_on = True, None

    def _name_is_held(self, site: Site) -> bool:
        return any(o.site is site and not o.ended for o in self.life.orders.values())

    def _wanted(self, site: Site, **more: int) -> Json:
        return {"type": "ADD_EXTEND", "membership_id": site.id, "add_ons": [], **more}

    def _place(self, order: Order, wanted: Json, refusals: list[str]) -> bool:
        body: Json = {
            "items": [wanted],
            "expected_total": order.total,
            "payment_method": "CARD",
            "confirm_duplicate": True,
            "consents": agreed("SERVICE_CONTRACT", "EARLY_TERMINATION"),
        }
        answer = self.run(self.company.ask("POST", "/v1/orders", body))
        made = self.life.told(answer, *refusals)
        if made is None:
            return False
        assert made["total"] == order.total
        order.id, order.sure = made["id"], not self.life.broken
        self.life.orders[order.id] = order
        return True

    def _choose(self, order: Order, method: str) -> bool:
        """What it is paid with, and until when that can be done; false where it was refused."""
        if order.method == method:
            return True
        path = f"/v1/orders/{order.id}/payment-method"
        answer = self.run(self.company.ask("PUT", path, {"payment_method": method}))
        changed = self.life.told(answer)
        if changed is None:
            return False
        order.method = method
        if order.open_through is not None:
            self._deadline(order, date.fromisoformat(changed["expires_at"][:10]))
        return True

    def _deadline(self, order: Order, seen: date) -> None:
        """`seen` is UTC's: the day whose end it is. A card has until the next day, an account a
        week or until a working day after it; the term's end where it is an addition."""
        limit = order.site.last if order.kind == "ADD" else date.max
        assert order.open_through is not None
        if order.method == "CARD":
            anew = min(order.open_through, self.today + timedelta(days=1))
            wanted = max(min(order.placed_on + timedelta(days=1), limit), anew)
            assert seen == wanted or order.fits(self.today) is False, (order, seen, wanted)
        else:
            week = min(order.placed_on + timedelta(days=7), limit)
            assert week <= seen <= week + timedelta(days=7), (order, seen)
        order.open_through = seen

    def _begin(self, order: Order) -> Json | None:
        path = f"/v1/orders/{order.id}/payments"
        answer = self.run(self.company.ask("POST", path, {"method": order.method}))
        return self.life.told(answer, *([] if order.fits(self.today) else ["membership_changed"]))

    def _pay_by_card(self, order: Order, way: str) -> None:
        if not self._choose(order, "CARD"):
            return
        payment = self._begin(order)
        if payment is None:
            return
        if way == "refused":
            self.run(fail(self.world, payment["id"]))
            self.run(self.world.webhooks.settled())
            return
        lost = way == "webhook lost" and not self.world.webhooks.muted
        if lost:
            self.world.webhooks.muted = True
        vat = payment["checkout"]["vat_amount"]
        self.run(approve(self.world, payment["id"], vat=vat))
        self.run(self.world.webhooks.settled())
        if lost:
            self.world.webhooks.muted = False
            self.run(self.scene.a_moment())
        for _ in range({"complete twice": 2, "approved": 1}.get(way, 0)):
            done = self.run(self.company.ask("POST", f"/v1/payments/{payment['id']}/complete"))
            self.life.told(done)
        self._approved(order)

    def _approved(self, order: Order) -> None:
        """The payer's part is done."""
        order.approved_on = order.approved_on or self.today
        if self.life.broken:
            order.sure = False
        elif order.fits(self.today):
            order.paid_on = self.today


def _one_of(choice: st.DataObject, things: list[T]) -> T:
    """By its place, which is told shorter than the thing."""
    return things[choice.draw(st.integers(0, len(things) - 1))]


@pytest.mark.timeout(36_000)
def test_any_life_of_a_contract(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("model")
    folder.chmod(0o755)
    logs = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    AnyLife.scene = Scene(folder)
    try:
        run_state_machine_as_test(
            hypothesis.seed(SEED)(AnyLife),
            settings=settings(
                max_examples=-(-STEPS // STEPS_AN_EXAMPLE),
                stateful_step_count=STEPS_AN_EXAMPLE,
                deadline=None,
                database=None,
                phases=PHASES,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        scene = AnyLife.scene
        log.info("MODEL_SEED=%d: %s", SEED, dict(scene.seen))
        scene.close()
        structlog.configure(**logs)
