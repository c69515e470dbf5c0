"""Our own bank account, as its bank tells it: a statement of what people have paid in.

The bank tells nobody: the operator reads the statement and takes it to the portal.
"""

import csv
import io
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

SEOUL = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True)
class BankDeposit:
    """A line of the statement, in KRW."""

    reference: str
    amount: int
    name: str
    at: datetime


_LINES = TypeAdapter(tuple[BankDeposit, ...])


@dataclass
class BankState:
    """The lines, the oldest first."""

    deposits: list[BankDeposit] = field(default_factory=list)

    def add(self, amount: int, name: str, at: datetime) -> BankDeposit:
        line = BankDeposit(f"SB{len(self.deposits) + 1:08d}", amount, name, at)
        self.deposits.append(line)
        return line

    def statement(self) -> str:
        """The file that a bank gives: CSV, Korean times."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(("거래일시", "입금액", "입금자명", "거래번호"))
        for line in self.deposits:
            at = f"{line.at.astimezone(SEOUL):%Y-%m-%d %H:%M:%S}"
            writer.writerow((at, line.amount, line.name, line.reference))
        return out.getvalue()

    def dump(self) -> object:
        return _LINES.dump_python(tuple(self.deposits), mode="json")

    def load(self, plain: object) -> None:
        """Replaces everything; raises pydantic's ValidationError."""
        self.deposits = list(_LINES.validate_python(plain))
