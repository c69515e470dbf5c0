"""월 이용내역서: what the ledger says of a company and a month (KST), as a paper."""

from app.db.document_reads import StatementLineRead, StatementRead
from app.domain.documents import Document, DocumentItem, DocumentKind, DocumentLine, Party
from app.domain.ledger import EntryKind
from app.domain.periods import seoul_date

WORDS = {
    EntryKind.PLACED: "주문",
    EntryKind.ENDED: "주문 취소",
    EntryKind.CAPTURED: "결제",
    EntryKind.DEPOSITED: "입금",
    EntryKind.UNWANTED: "오입금",
    EntryKind.GIVEN_BACK: "정산",
    EntryKind.SENT_BACK: "환불",
    EntryKind.ADJUSTED: "환불 조정",
    EntryKind.CREDITED: "잔액 적립",
    EntryKind.CHARGED_BACK: "카드사 회수",
    EntryKind.CHARGE_RESTORED: "카드사 회수 정정",
}


def statement(read: StatementRead, supplier: Party) -> Document:
    """What was supplied line by line; what was paid, given back and is owed beside it."""
    supply = sum(line.supplied for line in read.lines)
    vat = sum(line.vat for line in read.lines)
    supplied = tuple(_line(line) for line in read.lines if line.supplied or line.vat)
    year, _, month = read.month.partition("-")
    return Document(
        kind=DocumentKind.MONTHLY_STATEMENT,
        number=read.month,
        issued_at=read.until,
        issued_on=seoul_date(read.until),
        supplier=supplier,
        customer=Party(read.legal_name, read.business_number),
        statement=f"{year}년 {int(month)}월의 이용 내역입니다.",
        items=(DocumentItem("이용 내역", "공급가액 기준", supplied),) if supplied else (),
        coupon=None,
        amount=supply,
        discount=0,
        supply=supply,
        vat=vat,
        total=supply + vat,
        facts=(
            ("전월 미수금", _won(read.owed_before)),
            *(_moved(line) for line in read.lines if line.moved),
            *(_credited(line) for line in read.lines if line.credit),
            *(_fee(line) for line in read.lines if line.fees),
            ("월말 미수금", _won(read.owed_after)),
            ("월말 잔액", _won(read.credit_after)),
        ),
        notes=("이 이용내역서는 세법상 증빙(세금계산서, 현금영수증, 카드 매출전표)이 아닙니다.",),
    )


def _line(line: StatementLineRead) -> DocumentLine:
    return DocumentLine(_about(line), 1, line.supplied, f"{seoul_date(line.at)}", line.supplied)


def _moved(line: StatementLineRead) -> tuple[str, str]:
    return WORDS[EntryKind(line.kind)], _dated(line, line.moved)


def _credited(line: StatementLineRead) -> tuple[str, str]:
    return ("잔액 적립" if line.credit > 0 else "잔액 사용"), _dated(line, line.credit)


def _fee(line: StatementLineRead) -> tuple[str, str]:
    return "위약금", _dated(line, line.fees)


def _dated(line: StatementLineRead, amount: int) -> str:
    number = f" · {line.order_number}" if line.order_number else ""
    return f"{seoul_date(line.at):%m-%d} {_won(amount)}{number}"


def _about(line: StatementLineRead) -> str:
    return f"{WORDS[EntryKind(line.kind)]} {line.order_number or ''}".strip()


def _won(amount: int) -> str:
    return f"{amount:,}원"
