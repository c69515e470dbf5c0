"""Which job calls which service: each is one function about one row."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from app.deps import Deps
from app.services.bank_deposits import RETURN_DEPOSITS
from app.services.business_checks import CHECK_BUSINESS
from app.services.campaign_jobs import SEND_CAMPAIGN
from app.services.card_rows import MIND_CARD
from app.services.cash_receipts import MIND_CASH_RECEIPT
from app.services.company_changes import APPLY_CHANGE
from app.services.contract_imports import IMPORT_CONTRACTS
from app.services.daily_tasks import COMPARE_BOOKS, MEASURE_SITES, PROVE_LEDGER
from app.services.given_back import GIVE_BACK_UNATTENDED
from app.services.link_checks import CHECK_LINK
from app.services.mails import SEND_MAIL
from app.services.marketing_answers import ASK_MARKETING_AGAIN
from app.services.operator_goodwill import END_GOODWILL
from app.services.operator_members import INDEX_NAME
from app.services.order_events import (
    ANNOUNCE_ORDER,
    CHECK_PAYMENT,
    EXPIRE_ORDER,
    PROVISION_ITEM,
    SITE_CHANGED,
)
from app.services.order_workbooks import MAKE_WORKBOOK
from app.services.payment_terms import MIND_TERMS
from app.services.quotes import MAIL_QUOTE
from app.services.refund_accounts import LET_REFUNDS_GO
from app.services.refunds import SEND_REFUND
from app.services.renewals import RENEW_MEMBERSHIP
from app.services.retention import PURGES, purge_job
from app.services.room_checks import CHECK_ROOM
from app.services.segments import BEGIN_SEGMENT
from app.services.site_puts import PUT_SITE
from app.services.site_usage import MEASURE_USAGE, TELL_USAGE
from app.services.tax_invoices import ALARM_TAX_INVOICE, ISSUE_TAX_INVOICE
from app.services.termination_ends import END_TERMINATION, TELL_ADMINS
from app.services.uploads import DROP_UPLOAD
from app.services.virtual_accounts import CLOSE_ACCOUNT
from app.services.withdrawal import ERASE_ACCOUNT, WITHDRAW_COMPANY


def entrypoints(deps: Deps) -> Mapping[str, Callable[[UUID], Awaitable[None]]]:
    """By the name under which jobs are queued."""
    return {
        BEGIN_SEGMENT: deps.segments.begin,
        MAKE_WORKBOOK: deps.order_workbooks.make,
        MAIL_QUOTE: deps.quote_mails.mail,
        SEND_MAIL: deps.mails.send,
        ANNOUNCE_ORDER: deps.order_jobs.announce,
        EXPIRE_ORDER: deps.payment_checks.expire_order,
        CHECK_PAYMENT: deps.payment_checks.check,
        MIND_TERMS: deps.terms.mind,
        RETURN_DEPOSITS: deps.bank_deposits.give_back_parts,
        CLOSE_ACCOUNT: deps.virtual_accounts.close,
        MIND_CARD: deps.card_jobs.mind,
        PROVISION_ITEM: deps.provisioning.provision,
        RENEW_MEMBERSHIP: deps.renewals.step,
        PUT_SITE: deps.site_puts.put,
        END_TERMINATION: deps.termination_ends.end,
        INDEX_NAME: deps.operator_members.index_name,
        END_GOODWILL: deps.operator_goodwill.end,
        SEND_CAMPAIGN: deps.campaign_jobs.send,
        ASK_MARKETING_AGAIN: deps.marketing_answers.ask_again,
        TELL_ADMINS: deps.termination_ends.tell_admins,
        WITHDRAW_COMPANY: deps.withdrawal.withdraw_closed,
        LET_REFUNDS_GO: deps.refund_accounts.let_go,
        ISSUE_TAX_INVOICE: deps.tax_invoices.issue,
        MIND_CASH_RECEIPT: deps.cash_receipts.mind,
        ALARM_TAX_INVOICE: deps.tax_invoices.alarm,
        SEND_REFUND: deps.refunds.send,
        GIVE_BACK_UNATTENDED: deps.unattended_items.give_back,
        CHECK_LINK: deps.link_checks.check,
        SITE_CHANGED: deps.provisioning.site_changed,
        ERASE_ACCOUNT: deps.withdrawal.erase,
        **{purge_job(p): deps.retention.job(p) for p in PURGES},
        IMPORT_CONTRACTS: deps.contract_imports.run,
        CHECK_ROOM: deps.room_checks.check,
        DROP_UPLOAD: deps.uploads.drop,
        PROVE_LEDGER: deps.daily_tasks.job(PROVE_LEDGER, deps.books.prove),
        CHECK_BUSINESS: deps.business_checks.check,
        APPLY_CHANGE: deps.decided_changes.apply_due,
        MEASURE_SITES: deps.daily_tasks.job(MEASURE_SITES, deps.site_usage.begin_day),
        MEASURE_USAGE: deps.site_usage.measure,
        TELL_USAGE: deps.site_usage.tell,
        COMPARE_BOOKS: deps.daily_tasks.job(COMPARE_BOOKS, deps.books.compare),
    }
