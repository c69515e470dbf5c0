"""The operator's API as an application of its own, for a listener that customers never reach."""

from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.application import assemble
from app.deps import Deps
from app.edge import Edge
from app.openapi import Paper
from app.request_spans import RequestSpans
from app.routers import (
    operator_agreements,
    operator_bank_deposits,
    operator_books,
    operator_campaigns,
    operator_cases,
    operator_catalogue,
    operator_companies,
    operator_coupons,
    operator_disputes,
    operator_faqs,
    operator_goodwill,
    operator_holidays,
    operator_imports,
    operator_inquiries,
    operator_invoices,
    operator_members,
    operator_notices,
    operator_operations,
    operator_receipts,
    operator_refunds,
    operator_reports,
    operator_sessions,
    operator_terminations,
    operator_terms,
)
from app.routers.multipart import body_limits

OPERATOR_MODULES = (
    operator_sessions,
    operator_companies,
    operator_members,
    operator_cases,
    operator_operations,
    operator_imports,
    operator_reports,
    operator_catalogue,
    operator_coupons,
    operator_faqs,
    operator_inquiries,
    operator_invoices,
    operator_receipts,
    operator_notices,
    operator_campaigns,
    operator_agreements,
    operator_refunds,
    operator_goodwill,
    operator_disputes,
    operator_bank_deposits,
    operator_terms,
    operator_holidays,
    operator_terminations,
    operator_books,
)
DESCRIPTION = """
What the operator's staff does, on a listener of its own (`OPERATOR_PORT`). They sign in with a
name, a password and a code of their authenticator; what they may do says their role. Every change,
and every look at personal data, is in the audit log.

Errors are RFC 9457 problem documents with a stable `code`. Money is integer KRW without VAT, times
are RFC 3339, business dates are Asia/Seoul.
"""
PAPER = Paper(
    title="고객포털 운영자 API",
    summary="Operator's side of the customer portal.",
    description=DESCRIPTION,
    tags=[
        {"name": "session", "description": "운영자 로그인."},
        {"name": "cases", "description": "심사 요청: business documents and claims."},
        {"name": "companies", "description": "고객사 조회: found, read, what happened."},
        {"name": "members", "description": "회원 조회와 이용 정지."},
        {"name": "operations", "description": "발송 메일과 실패한 작업."},
        {"name": "contract imports", "description": "계약 이관: contracts of before the portal."},
        {"name": "reports", "description": "보고서: 매출, 갱신 예정."},
        {"name": "catalogue", "description": "요금제 관리: versions and drafts."},
        {"name": "coupons", "description": "쿠폰 관리."},
        {"name": "price agreements", "description": "협약 단가 관리."},
        {"name": "terminations", "description": "해지 접수: by phone, mail or inquiry."},
        {"name": "deposits", "description": "입금 관리: what came to our own bank account."},
        {"name": "payment terms", "description": "후불 관리: who pays after delivery."},
        {"name": "holidays", "description": "휴일 관리: days off that nobody else knows."},
        {"name": "cash receipts", "description": "현금영수증 발급 관리: what is not issued yet."},
        {"name": "tax invoices", "description": "세금계산서 발행 관리: what is not issued yet."},
        {"name": "inquiries", "description": "문의 관리."},
        {"name": "notices", "description": "공지 관리: notices and maintenance."},
        {"name": "campaigns", "description": "광고 발송 관리: advertising by mail."},
        {"name": "faq", "description": "FAQ 관리."},
        {"name": "books", "description": "원장: balances, proofs, the provider's books."},
        {"name": "refunds", "description": "환불 관리: what takes a hand."},
        {"name": "goodwill", "description": "보상 지급: credit and users for nothing."},
        {"name": "disputes", "description": "차지백 결과: what card companies decided."},
    ],
    names_company=False,
)


def create_operator_app(deps: Deps) -> FastAPI:
    """Shares what the process holds with the customers' application, which opens and closes it."""
    routes = [
        route
        for module in OPERATOR_MODULES
        for route in module.router.routes
        if isinstance(route, APIRoute)
    ]
    app = assemble(deps, routes, PAPER)
    app.add_middleware(Edge, limits=body_limits(routes))
    if deps.settings.otlp_endpoint:
        app.add_middleware(RequestSpans)
    return app
