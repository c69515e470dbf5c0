"""What is due, found in rows: a job for each, whatever was lost on the way (ARCHITECTURE, Time)."""

from sqlalchemy import text

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import Job, enqueue
from app.services.retention import PURGES_DUE, times

BATCH = 500

_ROWS_DUE = (
    "(SELECT 'send_mail' AS job, id FROM mails"
    "  WHERE state = 'QUEUED' AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'provision_item', id FROM order_items"
    "  WHERE state IN ('PENDING', 'PROVISIONING') AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'expire_order', id FROM orders"
    "  WHERE status = 'PENDING_PAYMENT' AND expires_at <= :now AND kind <> 'RENEWAL'"
    "  AND (expiry_due_at IS NULL OR expiry_due_at <= :now) LIMIT :batch)"
    " UNION ALL (SELECT 'mail_quote', id FROM quotes WHERE mailed_at IS NULL LIMIT :batch)"
    " UNION ALL (SELECT 'check_payment', id FROM payments"
    "  WHERE check_due_at IS NOT NULL AND check_due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'send_refund', id FROM refunds"
    "  WHERE due_at IS NOT NULL AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'give_back_unattended', id FROM order_items"
    "  WHERE state = 'FAILED' AND due_at IS NOT NULL AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'let_refunds_go', id FROM refund_accounts"
    "  WHERE due_at IS NOT NULL AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'issue_tax_invoice', id FROM tax_invoices"
    "  WHERE due_at IS NOT NULL AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'mind_cash_receipt', id FROM cash_receipts"
    "  WHERE due_at IS NOT NULL AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'alarm_tax_invoice', id FROM tax_invoices"
    "  WHERE alarm_due_at IS NOT NULL AND alarm_due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'end_termination', id FROM terminations"
    "  WHERE due_at IS NOT NULL AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'index_name', id FROM accounts"
    "  WHERE name IS NOT NULL AND name_index IS NULL LIMIT :batch)"
    " UNION ALL (SELECT 'end_goodwill', id FROM goodwill_grants"
    "  WHERE due_at IS NOT NULL AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'send_campaign', id FROM campaigns"
    "  WHERE due_at IS NOT NULL AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'ask_marketing_again', id FROM consents"
    "  WHERE renewal_due_at IS NOT NULL AND renewal_due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'tell_admins_of_end', id FROM terminations"
    "  WHERE tell_due_at IS NOT NULL AND tell_due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'withdraw_company', id FROM companies"
    "  WHERE withdraw_due_at IS NOT NULL AND withdraw_due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'check_link', id FROM groupware_links"
    "  WHERE coalesce(due_at, confirmed_at + interval '1 day') <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'begin_segment', id FROM segments"
    "  WHERE due_at IS NOT NULL AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'make_order_workbook', id FROM order_workbooks"
    "  WHERE state = 'WAITING' AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'import_contracts', id FROM contract_imports"
    "  WHERE due_at IS NOT NULL AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'erase_account', id FROM accounts"
    "  WHERE erase_due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'check_room', id FROM scheduled_changes"
    "  WHERE check_due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'renew_membership', membership_id FROM membership_schedules"
    "  WHERE due_at <= :now ORDER BY due_at LIMIT :batch)"
    " UNION ALL (SELECT 'put_site', id FROM sites WHERE put_due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'measure_usage', id FROM sites"
    "  WHERE usage_due_at IS NOT NULL AND usage_due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'check_business', id FROM companies"
    "  WHERE status_due_at IS NOT NULL AND status_due_at <= :now AND withdrawn_at IS NULL"
    "  LIMIT :batch)"
    " UNION ALL (SELECT 'apply_company_change', id FROM cases"
    "  WHERE apply_due_at IS NOT NULL AND apply_due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'mind_terms', id FROM orders"
    "  WHERE terms_next_at IS NOT NULL AND terms_next_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'return_deposits', id FROM payments"
    "  WHERE received > 0 AND status = 'CANCELLED' LIMIT :batch)"
    " UNION ALL (SELECT 'close_account', v.payment_id FROM virtual_accounts v"
    "  JOIN payments p ON p.id = v.payment_id WHERE v.closed_at IS NULL"
    "  AND v.close_due_at <= :now AND p.status <> 'READY' LIMIT :batch)"
    " UNION ALL (SELECT 'mind_card', id FROM payment_methods"
    "  WHERE due_at IS NOT NULL AND due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT name, id FROM daily_tasks WHERE due_at <= :now LIMIT :batch)"
    " UNION ALL (SELECT 'drop_upload', id FROM uploads WHERE due_at <= :now LIMIT :batch)"
)


DUE = text(f"{_ROWS_DUE} UNION ALL {PURGES_DUE}")


async def sweep(database: Database, clock: Clock) -> int:
    """Queues a job for each due row; returns how many are due. Safe to run anywhere, twice."""
    async with database.system_session("sweep") as session:
        now = await clock.now(session)
        values = {"now": now, "batch": BATCH, **times(now)}
        rows = (await session.execute(DUE, values)).all()
        await enqueue(session, [Job(row.job, row.id) for row in rows])
    return len(rows)
