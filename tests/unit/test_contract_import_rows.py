"""The operator's CSV: every error at once, with its line; money and dates as written."""

import json
from datetime import date
from pathlib import Path

import pytest

from app.domain import catalogues
from app.domain.catalogue import Catalogue, parse_catalogue
from app.domain.contract_import import COLUMNS, MOST_ROWS, ReadImport, RowError, read_import
from app.domain.contracts import HeldLine

TODAY = date(2026, 11, 24)
SEED = Path(catalogues.__file__).parent / "2023-09.json"
GOOD = {
    "company_name": "옛길물산",
    "business_number": "124-81-00998",
    "contact_name": "정도현",
    "contact_email": "old@road.example",
    "site_name": "옛길 본사",
    "subdomain": "old-road",
    "external_id": "",
    "site_admin_login_id": "admin",
    "plan": "DEDICATED",
    "users": "20",
    "add_ons": "CORPORATE_CARD:3",
    "unit_prices": "DEDICATED_USER:4500",
    "anchor_on": "2026-05-24",
    "months": "12",
    "expires_on": "2027-05-23",
    "billing_channel": "RESELLER",
    "reseller_name": "다온파트너스",
    "reseller_phone": "02-555-0100",
    "paid": "",
    "setup_paid": "",
}
DIRECT = {"billing_channel": "DIRECT", "reseller_name": "", "reseller_phone": ""}
FREE = {
    "plan": "SHARED_FREE",
    "users": "9",
    "add_ons": "",
    "unit_prices": "",
    "months": "",
    "expires_on": "",
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return parse_catalogue(json.loads(SEED.read_text(encoding="utf-8")))


def document(*rows: dict[str, str]) -> bytes:
    lines = [",".join(COLUMNS), *(",".join(row[c] for c in COLUMNS) for row in rows)]
    return "\n".join(lines).encode()


def test_a_row_holds_its_own_prices_and_the_catalogues_for_the_rest(catalogue: Catalogue) -> None:
    read = read_import(b"\xef\xbb\xbf" + document(GOOD), catalogue, TODAY)
    assert read.errors == ()
    (row,) = read.rows
    assert row.business_number == "1248100998"
    assert row.unit_prices == {
        "DEDICATED_USER": 4_500,
        "DEDICATED_BASE": 200_000,
        "CORPORATE_CARD": 2_000,
    }
    assert row.monthly_fee == 296_000  # 20 x 4,500 + 200,000 + 3 x 2,000
    assert (row.anchor_on, row.expires_on) == (date(2026, 5, 24), date(2027, 5, 23))


def test_what_was_paid_is_a_line_with_its_days_and_its_fee(catalogue: Catalogue) -> None:
    paid = "DEDICATED_USER:1026000;CORPORATE_CARD:6000@2027-02-24~2027-05-23"
    row = GOOD | DIRECT | {"paid": paid, "setup_paid": "300000"}
    (read,) = read_import(document(row), catalogue, TODAY).rows
    assert (read.setup_paid, read.contracted_months) == (300_000, 12)
    first, last = date(2026, 5, 24), date(2027, 5, 23)
    assert read.paid == (
        HeldLine("DEDICATED_USER", 20, 4_500, 1_026_000, first, last, 90_000),
        HeldLine("CORPORATE_CARD", 3, 2_000, 6_000, date(2027, 2, 24), last, 6_000),
    )


def test_a_term_that_was_extended_has_all_its_months(catalogue: Catalogue) -> None:
    row = GOOD | {"anchor_on": "2025-05-24"}
    (read,) = read_import(document(row), catalogue, TODAY).rows
    assert (read.months, read.contracted_months) == (12, 24)


def test_a_free_site_has_no_term(catalogue: Catalogue) -> None:
    (row,) = read_import(document(GOOD | FREE), catalogue, TODAY).rows
    assert (row.months, row.expires_on, row.monthly_fee, row.free) == (None, None, 0, True)


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"business_number": "124-81-00999"}, "business_number"),
        ({"plan": "GOLD"}, "plan"),
        ({"users": "0"}, "users"),
        ({"users": "2.5"}, "users"),
        ({"months": "7"}, "months"),
        ({"anchor_on": "2026-12-01"}, "anchor_on"),
        ({"anchor_on": "24.05.2026"}, "anchor_on"),
        ({"expires_on": "2026-11-23"}, "expires_on"),
        ({"add_ons": "GOLD:1"}, "add_ons"),
        ({"add_ons": "ACCOUNTING:2"}, "add_ons"),
        ({"add_ons": "CORPORATE_CARD=1"}, "add_ons"),
        ({"unit_prices": "SHARED_USER:1"}, "unit_prices"),
        ({"contact_email": "nobody"}, "contact_email"),
        ({"contact_name": ""}, "contact_name"),
        ({"subdomain": "Old Road"}, "subdomain"),
        ({"billing_channel": "PARTNER"}, "billing_channel"),
        ({"reseller_phone": ""}, "reseller_name"),
        ({"billing_channel": "DIRECT"}, "reseller_name"),
        (FREE | {"months": "12"}, "expires_on"),
        ({"expires_on": "2027-05-20"}, "expires_on"),  # within a contract month
        ({"paid": "DEDICATED_USER:1"}, "paid"),  # to the reseller
        (DIRECT | {"paid": "DEDICATED_USER"}, "paid"),
        (DIRECT | {"paid": "SHARED_USER:1"}, "paid"),
        (DIRECT | {"paid": "DEDICATED_USER:1;DEDICATED_USER:1"}, "paid"),
        (DIRECT | {"paid": "DEDICATED_USER:1080001"}, "paid"),  # 20 x 4,500 x 12 = 1,080,000
        (DIRECT | {"paid": "DEDICATED_USER:1@2026-05-23~2027-05-23"}, "paid"),
        (DIRECT | {"paid": "DEDICATED_USER:1@2026-06-31~2027-05-23"}, "paid"),
        (DIRECT | {"setup_paid": "x"}, "setup_paid"),
        (DIRECT | FREE | {"paid": "SHARED_FREE_USER:0"}, "paid"),
    ],
)
def test_a_bad_cell_is_named(catalogue: Catalogue, changed: dict[str, str], column: str) -> None:
    read = read_import(document(GOOD | changed), catalogue, TODAY)
    assert read.rows == ()
    assert (read.errors[0].line, column) == (2, column)
    assert column in {error.column for error in read.errors}


def test_all_errors_of_all_lines_are_told_at_once(catalogue: Catalogue) -> None:
    bad = GOOD | {"users": "x", "contact_email": "x", "subdomain": "other"}
    read = read_import(document(GOOD, bad, bad | {"plan": "GOLD"}), catalogue, TODAY)
    assert read.rows == ()
    assert [(e.line, e.column) for e in read.errors] == [
        (3, "contact_email"),
        (3, "users"),
        (3, "users"),
        (4, "plan"),
    ]


def test_rows_are_checked_against_one_another(catalogue: Catalogue) -> None:
    other = GOOD | {"company_name": "다른이름", "contact_email": "x@y.example"}
    read = read_import(document(GOOD, other), catalogue, TODAY)
    assert [(e.line, e.column) for e in read.errors] == [
        (3, "company_name"),
        (3, "contact_email"),
        (3, "subdomain"),
    ]
    two_free = [GOOD | FREE, GOOD | FREE | {"subdomain": "second"}]
    errors = read_import(document(*two_free), catalogue, TODAY).errors
    assert [(e.line, e.column) for e in errors] == [(3, "plan")]


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff\xfe", b"a,b\n1,2\n", document(), document(GOOD) + b"\nshort,row"],
)
def test_what_is_no_such_file_is_an_error_and_no_exception(
    catalogue: Catalogue, raw: bytes
) -> None:
    read: ReadImport = read_import(raw, catalogue, TODAY)
    assert read.rows == ()
    assert isinstance(read.errors[0], RowError)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_file_says_the_same_in_each_encoding(catalogue: Catalogue, encoding: str) -> None:
    """CP949 has syllables that EUC-KR has not."""
    row = GOOD | {"company_name": "뷁똠방각하"}
    raw = document(row).decode().encode(encoding)
    assert read_import(raw, catalogue, TODAY) == read_import(document(row), catalogue, TODAY)
    assert read_import(raw, catalogue, TODAY).rows[0].company_name == "뷁똠방각하"


@pytest.mark.parametrize(
    "raw",
    [
        document(GOOD).decode().encode("utf-16"),
        document(GOOD).decode().encode("utf-16-le"),
        document(GOOD | {"company_name": "Café Olé"}).decode().encode("latin-1", "replace"),
        # Broken at one place: in CP949 its names would be others.
        document(GOOD)[:-200] + b"\xeb" + document(GOOD)[-200:],
        b"\xef\xbb\xbf" + document(GOOD).decode().encode("cp949"),
        b"\xff",
    ],
    ids=["UTF-16", "UTF-16 without BOM", "Latin 1", "broken UTF-8", "BOM and CP949", "no text"],
)
def test_what_is_written_otherwise_is_refused(catalogue: Catalogue, raw: bytes) -> None:
    read = read_import(raw, catalogue, TODAY)
    assert (read.rows, read.count) == ((), 0)
    assert [(e.line, e.column) for e in read.errors] == [(1, "")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_quotes_commas_and_line_breaks_stand_in_cells(catalogue: Catalogue, end: str) -> None:
    """A row's line is where it begins."""
    cells = GOOD | {"company_name": '"옛길 ""물산"", 본점"', "site_name": '"옛길"'}
    broken = GOOD | {"site_name": f'"옛길{end}본사"', "users": "x"}
    lines = [",".join(COLUMNS), "", *(",".join(r[c] for c in COLUMNS) for r in (cells, broken))]
    last = ",".join((GOOD | {"subdomain": "x"})[c] for c in COLUMNS)
    read = read_import(end.join([*lines, last]).encode(), catalogue, TODAY)
    assert [(e.line, e.column) for e in read.errors] == [
        (4, "site_name"),
        (4, "users"),
        (4, "users"),
        (6, "subdomain"),
    ]
    (row,) = read_import(end.join(lines[:3]).encode(), catalogue, TODAY).rows
    assert (row.line, row.company_name, row.site_name) == (3, '옛길 "물산", 본점', "옛길")


def test_a_quote_that_never_ends_is_an_error_of_the_line_it_begins_in(
    catalogue: Catalogue,
) -> None:
    read = read_import(document(GOOD, GOOD | {"site_name": '"옛길'}), catalogue, TODAY)
    assert [(e.line, e.column) for e in read.errors] == [(3, "")]


def test_what_stands_twice_is_told_with_both_lines(catalogue: Catalogue) -> None:
    site = GOOD | {"external_id": "old-1"}
    again = site | {"subdomain": "other", "company_name": "다른이름"}
    assert read_import(document(site, again, GOOD), catalogue, TODAY).errors == (
        RowError(3, "company_name", "differs from line 2"),
        RowError(3, "external_id", "stands in line 2 already"),
        RowError(4, "subdomain", "stands in line 2 already"),
    )


def test_no_reason_says_what_stands_in_a_cell(catalogue: Catalogue) -> None:
    """A column was left out: names and addresses stand where codes should."""
    moved = GOOD | DIRECT | dict.fromkeys(("add_ons", "unit_prices", "paid"), "정도현:01012345678")
    number = GOOD | dict.fromkeys(("add_ons", "unit_prices", "paid"), "01012345678:1")
    for row in (moved, number, moved | {"subdomain": "정도현", "users": "정도현"}):
        errors = read_import(document(row), catalogue, TODAY).errors
        assert errors
        assert not [e for e in errors if "정도현" in e.reason or "0101" in e.reason]


def many(count: int) -> bytes:
    sites = (GOOD | {"subdomain": f"old-{turn}"} for turn in range(count))
    return document(*sites)


def test_fifty_thousand_rows_are_read_and_no_more(catalogue: Catalogue) -> None:
    read = read_import(many(MOST_ROWS), catalogue, TODAY)
    assert (len(read.rows), read.count, read.errors) == (50_000, 50_000, ())
    lines = many(MOST_ROWS + 5).splitlines()
    lines[40_000] = lines[7]
    read = read_import(b"\n".join(lines), catalogue, TODAY)
    assert read.errors == (
        RowError(40_001, "subdomain", "stands in line 8 already"),
        RowError(50_002, "", "more than 50000 rows"),
    )
