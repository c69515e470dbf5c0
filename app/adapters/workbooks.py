"""Workbooks by XlsxWriter in constant memory: a row goes to disk when the next one begins."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Self

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.domain.order_workbooks import WorkbookRow

SHEET_ROWS = 1_000_000
"""Of a sheet, its header apart; a sheet can have 1,048,576. More go to a second one."""
NAME = "주문내역"
WIDTHS = (22, 12, 20, 15, 12, 12, 12, 48, 16, 18, 12)


class OrderWorkbook:
    """A file that is written row by row; it is gone with the block that it was opened in."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._stack = ExitStack()
        self._row = self._sheets = 0

    def __enter__(self) -> Self:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-workbook-"))
        self._path = Path(folder) / "orders.xlsx"
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        self._book = xlsxwriter.Workbook(str(self._path), options)
        self._head = self._book.add_format({"bold": True, "bg_color": "#EEEEEE", "bottom": 1})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._won = self._book.add_format({"num_format": "#,##0"})
        self._sheet = self._next_sheet()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, rows: Sequence[WorkbookRow]) -> None:
        """Texts are texts, whatever they begin with: a workbook names the type of each cell."""
        for row in rows:
            if self._row > SHEET_ROWS:
                self._sheet = self._next_sheet()
            self._write(self._sheet, self._row, row)
            self._row += 1

    def finish(self) -> Path:
        """The file, whole."""
        self._sheet.autofilter(0, 0, max(self._row - 1, 0), len(self._columns) - 1)
        self._book.close()
        return self._path

    def _next_sheet(self) -> Worksheet:
        self._sheets += 1
        name = NAME if self._sheets == 1 else f"{NAME} {self._sheets}"
        sheet = self._book.add_worksheet(name)
        for place, width in enumerate(WIDTHS):
            sheet.set_column(place, place, width)
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            sheet.write_string(0, place, column, self._head)
        self._row = 1
        return sheet

    def _write(self, sheet: Worksheet, at: int, row: WorkbookRow) -> None:
        for place, words in (
            (0, row.number),
            (1, row.service_types),
            (2, row.plans),
            (3, row.kind),
        ):
            sheet.write_string(at, place, words)
        for place, day in ((4, row.ordered_on), (5, row.paid_on), (6, row.applied_on)):
            _write_day(sheet, at, place, day, self._day)
        sheet.write_string(at, 7, row.summary)
        sheet.write_number(at, 8, row.total, self._won)
        sheet.write_string(at, 9, row.payment_method)
        sheet.write_string(at, 10, row.status)


def _write_day(sheet: Worksheet, at: int, place: int, day: date | None, form: Format) -> None:
    if day is not None:
        sheet.write_datetime(at, place, day, form)
