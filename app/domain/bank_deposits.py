"""무통장입금: what came to our own bank account, and which payment it is likely for.

Source: PRODUCT.md sections 11 and 16. Nothing is matched by itself: the operator confirms.
"""

import base64
import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from app.domain.errors import DomainError
from app.domain.periods import SEOUL


class DepositState(StrEnum):
    OPEN = "OPEN"
    MATCHED = "MATCHED"
    REJECTED = "REJECTED"
    """Not for an order: the operator has said what became of it."""


class MatchReason(StrEnum):
    """Why a payment is proposed, the strongest first."""

    CODE = "CODE"
    AMOUNT = "AMOUNT"
    NAME = "NAME"


@dataclass(frozen=True, slots=True)
class DepositFact:
    """A line of the bank's statement, in KRW; `at` is aware. `reference`: the bank's own."""

    amount: int
    name: str = field(repr=False)
    at: datetime
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class WaitingPayment:
    """A payment by bank transfer that is not complete. `remaining` in KRW."""

    payment_id: UUID
    company_name: str
    remaining: int


@dataclass(frozen=True, slots=True)
class Proposal:
    payment_id: UUID
    reasons: tuple[MatchReason, ...]


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong with a line of a statement; lines count from 1, the header's."""

    line: int
    code: str
    column: str


def deposit_code(payment_id: UUID) -> str:
    """Six letters and digits that the payer is asked to add to the depositor's name."""
    return base64.b32encode(payment_id.bytes[-4:]).decode()[:6]


def propose(name: str, amount: int, waiting: Sequence[WaitingPayment]) -> Sequence[Proposal]:
    """Payments that a deposit may be for, the likeliest first; of no hint there is no proposal."""
    words = _plain(name)
    found = []
    for payment in waiting:
        company = _plain(payment.company_name)
        hints = {
            MatchReason.CODE: deposit_code(payment.payment_id) in words,
            MatchReason.AMOUNT: payment.remaining == amount,
            MatchReason.NAME: bool(company)
            and len(words) >= 2
            and (company in words or words in company),
        }
        reasons = tuple(reason for reason, holds in hints.items() if holds)
        if reasons:
            found.append(Proposal(payment.payment_id, reasons))
    weight = {MatchReason.CODE: 4, MatchReason.AMOUNT: 2, MatchReason.NAME: 1}
    return sorted(found, key=lambda p: -sum(weight[reason] for reason in p.reasons))


_FORMS = ("주식회사", "(주)", "유한회사", "(유)", "㈜")


def _plain(name: str) -> str:
    """Letters and digits only, capitals, without the legal form: as banks cut names."""
    for form in _FORMS:
        name = name.replace(form, "")
    kept = unicodedata.normalize("NFKC", name).upper()
    return "".join(letter for letter in kept if letter.isalnum())


COLUMNS: Mapping[str, str] = {
    "거래일시": "at",
    "입금액": "amount",
    "입금자명": "name",
    "거래번호": "reference",
}
MOST_LINES = 5000


def read_statement(text: str) -> tuple[Sequence[DepositFact], Sequence[LineError]]:
    """The deposits of a bank's CSV with the header `거래일시,입금액,입금자명[,거래번호]`.

    Times are Korean; a line without an amount (a withdrawal) is left out. With errors there are no
    deposits. A line that occurs twice is two deposits: the second has another reference.
    """
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    header = [COLUMNS.get(cell.strip(), "") for cell in rows[0]] if rows else []
    missing = [name for name in ("at", "amount", "name") if name not in header]
    if missing or len(rows) > MOST_LINES:
        code = "columns_missing" if missing else "too_many_lines"
        return [], [LineError(1, code, ",".join(missing))]
    facts: list[DepositFact] = []
    errors: list[LineError] = []
    for line, row in enumerate(rows[1:], 2):
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=False)}
        if not any(cells.values()) or cells.get("amount") in {"", "0"}:
            continue
        read = _read_line(line, cells)
        if isinstance(read, DepositFact):
            facts.append(read)
        else:
            errors.append(read)
    return ([], errors) if errors else (_told_apart(facts), [])


def _read_line(line: int, cells: Mapping[str, str]) -> DepositFact | LineError:
    digits = cells.get("amount", "").replace(",", "").removesuffix("원")
    if not digits.isascii() or not digits.isdigit() or not 0 < int(digits) < 10**12:
        return LineError(line, "amount_invalid", "입금액")
    try:
        at = datetime.fromisoformat(cells.get("at", "").replace(".", "-").replace("/", "-"))
    except ValueError:
        at = None
    if at is None or at.year < 2000:
        return LineError(line, "time_invalid", "거래일시")
    name = cells.get("name", "")
    if not 0 < len(name) <= 50 or not name.isprintable():
        return LineError(line, "name_invalid", "입금자명")
    reference = cells.get("reference") or None
    if reference is not None and (len(reference) > 60 or not reference.isprintable()):
        return LineError(line, "reference_invalid", "거래번호")
    return DepositFact(int(digits), name, at if at.tzinfo else at.replace(tzinfo=SEOUL), reference)


def _told_apart(facts: Sequence[DepositFact]) -> Sequence[DepositFact]:
    """Lines without a reference of the bank's get one of what they say and how often they say it,

    so that the same statement, read again, brings nothing new.
    """
    seen: dict[str, int] = {}
    told: list[DepositFact] = []
    for fact in facts:
        if fact.reference is not None:
            told.append(fact)
            continue
        said = f"{fact.at.isoformat()}|{fact.amount}|{fact.name}"
        seen[said] = seen.get(said, 0) + 1
        told.append(DepositFact(fact.amount, fact.name, fact.at, f"{said}|{seen[said]}"))
    return told


def deposit_time(day: date, time_of_day: time, today: date) -> datetime:
    """Korean time, as the bank tells it. Raises `deposit_day_invalid` for a day ahead."""
    if not date(2000, 1, 1) <= day <= today:
        raise DomainError("deposit_day_invalid", "/deposited_on")
    return datetime.combine(day, time_of_day, tzinfo=SEOUL)


@dataclass(frozen=True, slots=True)
class Portion:
    """What of a deposit pays, and what is too much, in KRW."""

    pays: int
    surplus: int


def portion(amount: int, remaining: int) -> Portion:
    """A deposit in parts waits for the rest; what is more than the rest goes back."""
    pays = min(amount, max(remaining, 0))
    return Portion(pays, amount - pays)
