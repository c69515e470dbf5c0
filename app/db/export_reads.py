"""Everything the portal holds about one account's person: a statement a section, named columns.

The sections are those of `app.domain.personal_data`; a test holds both against each other. Read
through a session that sees all rows: what a person is told of, such as invitations of companies
that it is no user of, belongs to no tenant of its own. Every statement names the account.
"""

from sqlalchemy import text

ACCOUNT = text(
    "SELECT kind, login_id, name, birth_date, phone, email, email_index, email_verified_at,"
    " department, position, landline, created_at, last_signed_in_at"
    " FROM accounts WHERE id = :account"
)
COMPANIES = text(
    "SELECT c.id, c.legal_name, c.business_number, 'CORPORATE_ACCOUNT' AS as_what,"
    " a.created_at AS since FROM companies c JOIN accounts a ON a.id = c.corporate_account_id"
    " WHERE c.corporate_account_id = :account"
    " UNION ALL SELECT c.id, c.legal_name, c.business_number, m.state, m.created_at"
    " FROM company_members m JOIN companies c ON c.id = m.company_id"
    " WHERE m.account_id = :account ORDER BY since"
)
SOCIAL = text(
    "SELECT provider, email, created_at FROM social_links WHERE account_id = :account"
    " ORDER BY created_at"
)
GROUPWARE = text(
    "SELECT c.legal_name AS company, s.name AS site, l.issuer, l.subject, l.site_admin,"
    " l.created_at, l.confirmed_at FROM groupware_links l"
    " JOIN sites s ON s.id = l.site_id JOIN companies c ON c.id = l.company_id"
    " WHERE l.account_id = :account ORDER BY l.created_at"
)
CONSENTS = text(
    "SELECT kind, version, agreed, given_at FROM consents WHERE account_id = :account"
    " AND erase_due_at IS NULL ORDER BY given_at, id"
)
SESSIONS = text(
    "SELECT client_type, device, address, company_id, created_at, last_used_at, expires_at,"
    " revoked_at, revoked_reason FROM sessions WHERE account_id = :account ORDER BY created_at"
)
DEVICES = text(
    "SELECT name, created_at, last_seen_at FROM known_devices WHERE account_id = :account"
    " ORDER BY created_at"
)
SIGN_INS = text(
    "SELECT at, way, outcome, device, address FROM sign_ins WHERE account_id = :account"
    " AND at >= coalesce((SELECT person_since FROM accounts WHERE id = :account), at)"
    " ORDER BY at, id"
)
INVITATIONS = text(
    "SELECT c.legal_name AS company, i.state, i.name, i.email, i.note, i.sent_at, i.expires_at"
    " FROM invitations i JOIN companies c ON c.id = i.company_id"
    " WHERE i.account_id = :account"
    " OR (i.email_index = :email_index AND cast(:verified AS boolean)) ORDER BY i.created_at"
)
ORDERS = text(
    "SELECT o.number, o.kind, o.status, o.payment_status, o.total, o.created_at, o.consents,"
    " coalesce((SELECT jsonb_agg(jsonb_build_object('method', p.method, 'status', p.status,"
    "   'amount', p.amount, 'paid_at', p.paid_at, 'issuer', p.issuer, 'last4', p.last4,"
    "   'receipt_url', p.receipt_url) ORDER BY p.created_at)"
    "   FROM payments p WHERE p.order_id = o.id), '[]') AS payments"
    " FROM orders o WHERE o.account_id = :account ORDER BY o.created_at, o.id"
)
QUOTES = text(
    "SELECT number, company_id, wishes, total, quoted_on, expires_at, recipients, mailed_at"
    " FROM quotes WHERE account_id = :account ORDER BY created_at, id"
)
INQUIRIES = text(
    "SELECT i.number, i.kind, i.type, i.state, i.title, i.asker, i.consents, i.created_at,"
    " (SELECT json_agg(json_build_object('author', m.author,"
    "   'text', replace(encode(m.text, 'base64'), chr(10), ''), 'at', m.created_at,"
    "   'files', (SELECT coalesce(json_agg(replace(encode(a.filename, 'base64'), chr(10), '')"
    "     ORDER BY a.id), '[]') FROM attachments a WHERE a.message_id = m.id))"
    "   ORDER BY m.created_at, m.id) FROM inquiry_messages m WHERE m.inquiry_id = i.id) AS messages"
    " FROM inquiries i WHERE i.account_id = :account ORDER BY i.created_at, i.id"
)
MAILS = text(
    "SELECT kind, language, recipient, facts, state, created_at, sent_at,"
    " recipient_index = :email_index AS to_present_address FROM mails"
    " WHERE account_id = :account OR (recipient_index = :email_index"
    " AND cast(:verified AS boolean)) ORDER BY created_at, id"
)
LOG = text(
    "SELECT at, action, actor = 'account:' || :account_text AS by_me FROM audit_events"
    " WHERE account_id = :account ORDER BY at, id"
)
