"""The ageing report as CSV, made like the history's: no cell that is taken for a formula."""

import csv
import io
from collections.abc import Sequence

from app.services.order_csv import BOM, cell
from app.services.payment_terms import AgeingRow

HEADER = (
    "회사명",
    "사업자등록번호",
    "만기 전",
    "1-30일",
    "31-60일",
    "61-90일",
    "90일 초과",
    "합계",
)


def ageing_csv(rows: Sequence[AgeingRow]) -> bytes:
    """Amounts are KRW with VAT."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for row in rows:
        ages = (row.current, row.days_1_30, row.days_31_60, row.days_61_90, row.over_90, row.total)
        writer.writerow((cell(row.legal_name), row.business_number, *ages))
    return BOM + out.getvalue().encode()
