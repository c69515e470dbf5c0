"""The operator's CSV of existing contracts (docs/contract-import.md): read and checked as a whole.

Pure: what the groupware and the database know of a row is asked afterwards.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from app.domain.business_numbers import normalise_business_number
from app.domain.catalogue import Basis, Catalogue, Plan
from app.domain.contracts import HeldLine
from app.domain.csv_encodings import read_text
from app.domain.errors import DomainError
from app.domain.imported_payments import ImportedTerm, read_paid
from app.domain.periods import expires_on, month_of
from app.domain.price_lines import base_code, charged, licence_code

COLUMNS: Final = (
    "company_name",
    "business_number",
    "contact_name",
    "contact_email",
    "site_name",
    "subdomain",
    "external_id",
    "site_admin_login_id",
    "plan",
    "users",
    "add_ons",
    "unit_prices",
    "anchor_on",
    "months",
    "expires_on",
    "billing_channel",
    "reseller_name",
    "reseller_phone",
    "paid",
    "setup_paid",
)
MOST_ROWS: Final = 50_000
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_SUBDOMAIN = re.compile(r"[a-z0-9-]{3,40}")
_WORDS = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
_PAIR = re.compile(r"([A-Z][A-Z0-9_]{0,39}):([0-9]{1,10})")


@dataclass(frozen=True, slots=True)
class RowError:
    """`line`: where the row begins, of the file's lines from 1, the header included.

    `reason` says what is wrong and never what stands there, which may be somebody's name.
    """

    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One site's contract. Money in KRW without VAT; dates inclusive.

    `unit_prices` holds every recurring code of the contract, its own price or the catalogue's.
    """

    line: int
    company_name: str
    business_number: str
    contact_name: str = field(repr=False)
    contact_email: str = field(repr=False)
    site_name: str
    subdomain: str
    external_id: str | None
    site_admin_login_id: str
    plan: str
    users: int
    add_ons: Mapping[str, int]
    unit_prices: Mapping[str, int]
    monthly_fee: int
    anchor_on: date
    months: int | None
    expires_on: date | None
    billing_channel: str
    reseller_name: str | None
    reseller_phone: str | None
    free: bool
    contracted_months: int | None
    """From the anchor to the last day; `months` are those of a renewal."""
    paid: tuple[HeldLine, ...]
    setup_paid: int


@dataclass(frozen=True, slots=True)
class ReadImport:
    """Rows to import, or every error there is; never both. `count`: rows of the file."""

    rows: Sequence[ImportRow]
    errors: Sequence[RowError]
    count: int = 0


def check_header(text: str) -> None:
    """Raises `import_columns_unknown` for what is no such file at all."""
    try:
        header = next(csv.reader(io.StringIO(text, newline=""), strict=True), [])
    except csv.Error as broken:
        raise DomainError("import_columns_unknown") from broken
    if tuple(header) != COLUMNS:
        raise DomainError("import_columns_unknown")


def read_import(document: bytes, catalogue: Catalogue, today: date) -> ReadImport:
    """The file's rows, checked each and against one another (`app.domain.csv_encodings`)."""
    try:
        text = read_text(document)
    except DomainError:
        return ReadImport((), (RowError(1, "", "neither UTF-8 nor CP949"),))
    rows: list[ImportRow] = []
    errors: list[RowError] = []
    count = 0
    try:
        for line, cells in _records(text):
            count += 1
            if count > MOST_ROWS:
                errors.append(RowError(line, "", f"more than {MOST_ROWS} rows"))
                break
            if len(cells) != len(COLUMNS):
                errors.append(RowError(line, "", "wrong number of columns"))
                continue
            named = dict(zip(COLUMNS, cells, strict=True))
            row = _Row(line, named, errors).read(catalogue, today)
            if row is not None:
                rows.append(row)
    except _Broken as broken:
        errors.append(RowError(broken.line, "", broken.reason))
    if not count and not errors:
        errors.append(RowError(1, "", "no rows"))
    errors += _between_rows(rows)
    if errors:
        return ReadImport((), tuple(sorted(errors, key=_place)), count)
    return ReadImport(rows, (), count)


class _Broken(ValueError):
    """From here on it is no CSV of ours."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row behind the header with the line it begins in; empty lines are none.

    Raises `_Broken`.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins, header = 1, True
    try:
        for cells in reader:
            if header and tuple(cells) != COLUMNS:
                break
            if cells and not header:
                yield begins, cells
            begins, header = reader.line_num + 1, False
    except csv.Error as broken:
        raise _Broken(begins, str(broken)) from broken
    if header:
        raise _Broken(1, "columns must be " + ",".join(COLUMNS))


def _place(error: RowError) -> tuple[int, str]:
    return error.line, error.column


class _Row:
    """One line; each bad cell is noted, so that all are told at once."""

    def __init__(self, line: int, cells: Mapping[str, str], errors: list[RowError]) -> None:
        self._line = line
        self._cells = {name: value.strip() for name, value in cells.items()}
        self._errors = errors
        self._before = len(errors)

    def _bad(self, column: str, reason: str) -> None:
        self._errors.append(RowError(self._line, column, reason))

    def _words(self, column: str, form: re.Pattern[str] = _WORDS) -> str:
        value = self._cells[column]
        if not form.fullmatch(value):
            self._bad(column, "missing or not of the right form")
        return value

    def _number(self, column: str) -> int | None:
        value = self._cells[column]
        if not value:
            return None
        if not value.isascii() or not value.isdigit() or len(value) > 7:
            self._bad(column, "not a whole number")
            return None
        return int(value)

    def _date(self, column: str) -> date | None:
        value = self._cells[column]
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self._bad(column, "not a date (YYYY-MM-DD)")
            return None

    def _pairs(self, column: str) -> dict[str, int]:
        pairs: dict[str, int] = {}
        for part in filter(None, (p.strip() for p in self._cells[column].split(";"))):
            match = _PAIR.fullmatch(part)
            if match is None or match[1] in pairs:
                self._bad(column, "not CODE:number, or twice")
            else:
                pairs[match[1]] = int(match[2])
        return pairs

    def read(self, catalogue: Catalogue, today: date) -> ImportRow | None:
        """None where anything is wrong; what it is was noted."""
        number = self._business_number()
        plan = catalogue.plan(self._cells["plan"])
        if plan is None:
            self._bad("plan", "no such plan")
            return None
        users = self._users(plan)
        months, anchor, expires = self._term(plan, today)
        add_ons = self._add_ons(catalogue)
        prices = self._prices(catalogue, plan, add_ons)
        channel, reseller, phone = self._channel()
        term = ImportedTerm(plan, users, add_ons, prices, anchor, expires)
        paid = read_paid(catalogue, term, self._cells["paid"], lambda why: self._bad("paid", why))
        setup_paid = self._number("setup_paid") or 0
        if channel == "RESELLER" and (paid or setup_paid):
            self._bad("paid", "the reseller was paid")
        row = ImportRow(
            line=self._line,
            company_name=self._words("company_name"),
            business_number=number,
            contact_name=self._words("contact_name"),
            contact_email=self._words("contact_email", _EMAIL),
            site_name=self._words("site_name"),
            subdomain=self._words("subdomain", _SUBDOMAIN),
            external_id=self._cells["external_id"] or None,
            site_admin_login_id=self._words("site_admin_login_id"),
            plan=plan.code,
            users=users,
            add_ons=add_ons,
            unit_prices=prices,
            monthly_fee=_monthly(catalogue, plan, users, add_ons, prices),
            anchor_on=anchor,
            months=months,
            expires_on=expires,
            billing_channel=channel,
            reseller_name=reseller,
            reseller_phone=phone,
            free=plan.free,
            contracted_months=month_of(anchor, expires) + 1 if expires else None,
            paid=paid,
            setup_paid=setup_paid,
        )
        return row if len(self._errors) == self._before else None

    def _business_number(self) -> str:
        try:
            return normalise_business_number(self._cells["business_number"])
        except DomainError:
            self._bad("business_number", "no business number")
            return ""

    def _users(self, plan: Plan) -> int:
        users = self._number("users") or plan.fixed_users or 0
        if users < 1:
            self._bad("users", "at least 1")
        elif plan.fixed_users is not None and users != plan.fixed_users:
            self._bad("users", f"this plan has {plan.fixed_users}")
        return users

    def _term(self, plan: Plan, today: date) -> tuple[int | None, date, date | None]:
        months, expires = self._number("months"), self._date("expires_on")
        anchor = self._date("anchor_on")
        if anchor is None or anchor > today:
            self._bad("anchor_on", "missing or in the future")
            anchor = today
        if plan.free and (months is not None or expires is not None):
            self._bad("expires_on", "the free plan has no term")
        if not plan.free and plan.term(months) is None:
            self._bad("months", "not offered for this plan")
        if not plan.free and (expires is None or expires < max(anchor, today)):
            self._bad("expires_on", "missing, before its beginning, or over already")
        elif expires is not None and not _ends_a_month(anchor, expires):
            self._bad("expires_on", "not the last day of a contract month from anchor_on")
        return months, anchor, expires

    def _add_ons(self, catalogue: Catalogue) -> dict[str, int]:
        pairs = self._pairs("add_ons")
        for code, quantity in pairs.items():
            add_on = catalogue.add_on(code)
            if add_on is None:
                self._bad("add_ons", f"no such add-on: {code}")
            elif add_on.max_per_site is not None and quantity > add_on.max_per_site:
                self._bad("add_ons", f"at most {add_on.max_per_site}: {code}")
        return {code: quantity for code, quantity in pairs.items() if quantity}

    def _prices(
        self, catalogue: Catalogue, plan: Plan, add_ons: Mapping[str, int]
    ) -> dict[str, int]:
        """The catalogue's prices of what recurs, and the contract's own in their place."""
        prices = {licence_code(plan): plan.unit_price}
        if plan.base_price:
            prices[base_code(plan)] = plan.base_price
        for code in add_ons:
            add_on = catalogue.add_on(code)
            if add_on is not None and add_on.basis is not Basis.ONCE:
                prices[code] = add_on.price
        own = self._pairs("unit_prices")
        for code in own.keys() - prices.keys():
            self._bad("unit_prices", f"not in this contract: {code}")
        return prices | {code: price for code, price in own.items() if code in prices}

    def _channel(self) -> tuple[str, str | None, str | None]:
        channel = self._cells["billing_channel"]
        name, phone = self._cells["reseller_name"], self._cells["reseller_phone"]
        if channel not in {"DIRECT", "RESELLER"}:
            self._bad("billing_channel", "DIRECT or RESELLER")
        elif channel == "RESELLER" and not (name and phone):
            self._bad("reseller_name", "a reseller has a name and a phone")
        elif channel == "DIRECT" and (name or phone):
            self._bad("reseller_name", "only for RESELLER")
        return channel, name or None, phone or None


def _ends_a_month(anchor: date, last_day: date) -> bool:
    return last_day == expires_on(anchor, month_of(anchor, last_day) + 1)


def _monthly(
    catalogue: Catalogue,
    plan: Plan,
    users: int,
    add_ons: Mapping[str, int],
    prices: Mapping[str, int],
) -> int:
    fee = users * prices[licence_code(plan)] + prices.get(base_code(plan), 0)
    for code, quantity in add_ons.items():
        add_on = catalogue.add_on(code)
        if add_on is not None and code in prices:
            fee += charged(add_on, quantity, users) * prices[code]
    return fee


def _between_rows(rows: Sequence[ImportRow]) -> list[RowError]:
    """One site stands once; one number has one name and one contact; one free site a company."""
    errors = _twice(rows, "subdomain", lambda row: row.subdomain)
    errors += _twice(rows, "external_id", lambda row: row.external_id)
    errors += _twice(rows, "plan", lambda row: row.business_number if row.free else None)
    first: dict[str, ImportRow] = {}
    for row in rows:
        known = first.setdefault(row.business_number, row)
        if known.company_name != row.company_name:
            errors.append(RowError(row.line, "company_name", f"differs from line {known.line}"))
        if known.contact_email.lower() != row.contact_email.lower():
            errors.append(RowError(row.line, "contact_email", f"differs from line {known.line}"))
    return errors


def _twice(
    rows: Sequence[ImportRow], column: str, of: Callable[[ImportRow], str | None]
) -> list[RowError]:
    seen: dict[str, int] = {}
    errors = []
    for row in rows:
        value = of(row)
        if value is not None and seen.setdefault(value, row.line) != row.line:
            errors.append(RowError(row.line, column, f"stands in line {seen[value]} already"))
    return errors
