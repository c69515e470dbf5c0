"""What came of a part of the companies, and of all parts together."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

Counts = dict[str, Counter[str]]
HAPPENS = {
    "customers": ("card", "termination", "scheduled_change", "deposit", "deposit twice"),
    "jobs": ("renew_membership", "send_refund", "begin_segment", "mind_terms", "end_termination"),
    "orders": (
        *("NEW COMPLETED", "ADD COMPLETED", "EXTEND COMPLETED", "CHANGE COMPLETED"),
        *("RENEWAL COMPLETED", "RENEWAL EXPIRED", "NEW EXPIRED", "ADD EXPIRED"),
    ),
    "payments": ("BILLING_KEY PAID", "CARD PAID", "TRANSFER PAID", "VIRTUAL_ACCOUNT PAID"),
    "refunds": ("TERMINATION DONE", "ORDER_CLOSED DONE", "NOT_MATCHING DONE", "OVERPAID DONE"),
    "memberships": ("IN_USE", "TERMINATED"),
}
"""What a hundred companies do in three years; where it does not happen nothing was proved of it."""


@dataclass(frozen=True, slots=True)
class Summary:
    """`counts` by what is counted; `ledger` is each account's balance, KRW, debit positive."""

    began: datetime
    ended: datetime
    faults: int
    counts: Counts
    ledger: dict[str, int]
    wrong: list[str]

    def __add__(self, other: "Summary") -> "Summary":
        names = [*self.counts, *(name for name in other.counts if name not in self.counts)]
        empty: Counter[str] = Counter()
        return Summary(
            began=min(self.began, other.began),
            ended=max(self.ended, other.ended),
            faults=self.faults + other.faults,
            counts={
                name: self.counts.get(name, empty) + other.counts.get(name, empty) for name in names
            },
            ledger={
                account: self.ledger.get(account, 0) + other.ledger.get(account, 0)
                for account in self.ledger | other.ledger
            },
            wrong=self.wrong + other.wrong,
        )

    def missing(self) -> list[str]:
        """What should have happened and did not."""
        return [
            f"{name}: {what} never happened"
            for name, all_of in HAPPENS.items()
            for what in all_of
            if not self.counts[name][what]
        ]

    def lines(self) -> list[str]:
        """For people; what is wrong comes last."""
        return [
            f"{self.began:%Y-%m-%d} to {self.ended:%Y-%m-%d}, {self.faults} faults",
            *(f"{name}: {_listed(found)}" for name, found in self.counts.items()),
            f"ledger: {_listed(self.ledger)}; in all {sum(self.ledger.values()):,}",
            *(f"WRONG {line}" for line in self.wrong),
        ]


def _listed(found: dict[str, int]) -> str:
    return ", ".join(f"{what} {n:,}" for what, n in sorted(found.items(), key=lambda e: -e[1]))
