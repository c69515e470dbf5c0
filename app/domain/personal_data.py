"""Which column holds what of a person, why it is kept and how long: the one table of it.

PRODUCT.md section 15. A test holds it against the schema of the database: every column of text or
bytes is either a `Fact` here or in `HARMLESS`. Another plants a person through the portal, lets it
withdraw, and finds it only where `Keeping.outlives_withdrawal` says so; a third holds the export
(`GET /v1/me/export`) against `Fact.exported`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Keeping:
    """Why something is kept, and for how long.

    `days` after `since`; None where it ends by an event alone. `source`: the law, where one asks
    for it (†: for the operator's adviser to confirm).
    """

    code: str
    why: str
    since: str
    days: int | None = None
    source: str | None = None
    outlives_withdrawal: bool = False
    """A person who left may still be found there, until `days` have gone by."""


MEMBER = Keeping(
    "MEMBER", "the account cannot be without it", "ends with the withdrawal or the row itself"
)
SESSION = Keeping(
    "SESSION", "the owner sees and ends devices", "the withdrawal, or the session's last day"
)
DEVICE = Keeping(
    "DEVICE", "a device known to the account is not locked out", "it was last seen", 365
)
FEEDBACK = Keeping(
    "FEEDBACK", "a device says once whether an answer helped", "it said so last", 365
)
NEWS = Keeping("NEWS", "what was told can be read again", "it was told", 365)
SIGN_IN_LOG = Keeping(
    "SIGN_IN_LOG",
    "sign-ins are shown to their owner and kept for investigations",
    "the sign-in",
    92,
    "통신비밀보호법 제15조의2, 같은 법 시행령 제41조 제2항 제2호: 접속지 추적자료 3개월 †",
    outlives_withdrawal=True,
)
CONTRACT = Keeping(
    "CONTRACT",
    "contracts, payments and supplies are kept, apart from members",
    "the company's or the member's withdrawal; a payment's, the payment",
    1827,
    "전자상거래법 제6조, 같은 법 시행령 제6조 제1항: 계약·결제·공급 기록 5년 †",
    outlives_withdrawal=True,
)
SITE = Keeping(
    "SITE",
    "the groupware's administrator, named by the company for its contract",
    "ends with the site, or the company's withdrawal",
)
CARD = Keeping(
    "CARD",
    "the company's renewals are charged to it",
    "ends with the card's removal, or the company's withdrawal",
)
REFUND_ACCOUNT = Keeping(
    "REFUND_ACCOUNT",
    "money goes there that cannot go back the way it came",
    "ends with the company's withdrawal, which waits for its refunds",
)
MAIL = Keeping("MAIL", "what was mailed can be sent again", "the mail was queued", 90)
INVITATION = Keeping("INVITATION", "it can be sent again", "it ended", 30)
CONTACT_ON_FILE = Keeping(
    "CONTACT_ON_FILE",
    "the imported contract's contact gets the corporate invitation",
    "ends when the company has its account",
    outlives_withdrawal=True,
)
ATTEMPT = Keeping("ATTEMPT", "somebody is in the middle of something", "it ended", 1)
ANSWER = Keeping("ANSWER", "a repeated request is answered alike", "the answer", 1)
WEBHOOK = Keeping("WEBHOOK", "what a provider said can be looked up", "it came", 3)
DISPUTES_DAYS = 1096
"""전자상거래법 시행령 제6조 제1항 제4호: 소비자 불만·분쟁처리 3년 †. Inquiries and cases."""
DISPUTE = Keeping(
    "DISPUTE",
    "who was given a company, or refused it, can be shown when that is disputed",
    "the decision; a company's own documents end with its withdrawal",
    DISPUTES_DAYS,
    "전자상거래법 제6조, 같은 법 시행령 제6조 제1항: 소비자 불만·분쟁처리 기록 3년 †",
    outlives_withdrawal=True,
)
INQUIRY = Keeping(
    "INQUIRY",
    "what was asked and answered can be shown when that is disputed",
    "its last message, or its closing",
    DISPUTES_DAYS,
    "전자상거래법 제6조, 같은 법 시행령 제6조 제1항: 소비자 불만·분쟁처리 기록 3년 †",
    outlives_withdrawal=True,
)
STAFF = Keeping("STAFF", "who may act for the operator", "ends with the account or the session")
RETIRED = Keeping(
    "RETIRED",
    "a login ID is never given again: its keyed hash stays",
    "never ends",
    outlives_withdrawal=True,
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One column. `exported`: the section of the export that has it, or None and why not."""

    column: str
    holds: str
    keeping: Keeping
    exported: str | None = None
    not_exported: str | None = None

    def __post_init__(self) -> None:
        if (self.exported is None) is (self.not_exported is None):
            raise ValueError(f"{self.column}: exported, or why not")


KEYED = "a keyed hash: it says nothing to anybody"
SECRET = "a secret: whoever holds the export must not hold it, too"  # noqa: S105
PASSING = "gone within a day"
COPY = "a copy of what another section has"
NO_ACCOUNTS = "of a sender without an account, or the company's record"
OF_COMPANY = "the company's, and shown to everybody who manages its payments"
OF_STAFF = "the operator's staff, who are no members"
ANOTHERS = "the company's record of somebody it named"


def _fact(column: str, holds: str, keeping: Keeping, exported: str) -> Fact:
    return Fact(column, holds, keeping, exported=exported)


def _inside(column: str, holds: str, keeping: Keeping, reason: str) -> Fact:
    return Fact(column, holds, keeping, not_exported=reason)


FACTS: tuple[Fact, ...] = (
    _fact("accounts.login_id", "login ID", MEMBER, "account"),
    _inside("accounts.password_hash", "argon2id of the password", MEMBER, SECRET),
    _fact("accounts.name", "name", MEMBER, "account"),
    _fact("accounts.birth_date", "birth date", MEMBER, "account"),
    _fact("accounts.phone", "phone", MEMBER, "account"),
    _inside("accounts.name_index", "hash of the name", MEMBER, KEYED),
    _inside("accounts.phone_index", "hash of the phone", MEMBER, KEYED),
    _fact("accounts.email", "e-mail", MEMBER, "account"),
    _inside("accounts.email_index", "hash of the e-mail", MEMBER, KEYED),
    _inside("accounts.ci_hash", "hash of the CI", MEMBER, KEYED),
    _fact("accounts.department", "department", MEMBER, "account"),
    _fact("accounts.position", "position", MEMBER, "account"),
    _fact("accounts.landline", "landline", MEMBER, "account"),
    _inside("retired_login_ids.login_id_hash", "hash of a former login ID", RETIRED, KEYED),
    _inside("operators.password_hash", "argon2id of a member of staff", STAFF, OF_STAFF),
    _inside("operators.totp_secret", "key of the staff's codes", STAFF, OF_STAFF),
    _inside("operator_sessions.address", "internet address of staff", STAFF, OF_STAFF),
    _fact("consents.kind", "what was agreed to", CONTRACT, "consents"),
    _fact("consents.version", "in which version", CONTRACT, "consents"),
    _fact("sessions.device", "what the device calls itself", SESSION, "sessions"),
    _fact("sessions.address", "internet address", SESSION, "sessions"),
    _fact("known_devices.name", "what the device calls itself", DEVICE, "devices"),
    _fact("sign_ins.device", "what the device calls itself", SIGN_IN_LOG, "sign_ins"),
    _fact("sign_ins.address", "internet address", SIGN_IN_LOG, "sign_ins"),
    _inside("sign_in_failures.key", "hash of login ID and address", ATTEMPT, KEYED),
    _inside("faq_feedback.voter", "hash of address and browser", FEEDBACK, KEYED),
    _inside("rate_windows.key", "internet address, hash of a phone", ATTEMPT, PASSING),
    _inside("email_verifications.email_index", "hash of the e-mail", ATTEMPT, KEYED),
    _inside("identity_verifications.target_login_id", "login ID", ATTEMPT, PASSING),
    _inside("identity_verifications.phone_index", "hash of the phone", ATTEMPT, KEYED),
    _inside("identity_verifications.person", "name, birth date, phone", ATTEMPT, PASSING),
    _inside("identity_verifications.ci_hash", "hash of the CI", ATTEMPT, KEYED),
    _inside("business_verifications.representative", "name of the 대표자", ATTEMPT, PASSING),
    _inside("social_tickets.subject_index", "hash of the provider's user", ATTEMPT, KEYED),
    _inside("social_tickets.email", "e-mail at the provider", ATTEMPT, PASSING),
    _inside("social_links.subject_index", "hash of the provider's user", MEMBER, KEYED),
    _fact("social_links.email", "e-mail at the provider", MEMBER, "links"),
    _fact("groupware_links.subject", "the groupware's key of its user", MEMBER, "links"),
    _inside("sso_logins.subject", "the groupware's key of its user", ATTEMPT, PASSING),
    _inside("sso_logins.person", "login ID, name, e-mail at the groupware", ATTEMPT, PASSING),
    _inside("companies.representative", "name of the 대표자", CONTRACT, ANOTHERS),
    _inside("sites.admin_name", "name of the groupware's administrator", SITE, ANOTHERS),
    _inside("sites.admin_login_id", "login ID at the groupware", SITE, ANOTHERS),
    _inside("sites.admin_email", "e-mail of the groupware's administrator", SITE, ANOTHERS),
    _inside("tax_invoice_contacts.people", "대표자 and who gets the invoices", SITE, ANOTHERS),
    _inside("cash_receipts.number", "phone or business number of a receipt", CONTRACT, ANOTHERS),
    _inside("cash_receipts.masked", "the same, masked", CONTRACT, ANOTHERS),
    _inside("refund_accounts.number", "number of the refund account", REFUND_ACCOUNT, ANOTHERS),
    _inside("refund_accounts.holder", "holder of the refund account", REFUND_ACCOUNT, ANOTHERS),
    _fact("invitations.name", "name of an invited person", INVITATION, "invitations"),
    _fact("invitations.email", "e-mail of an invited person", INVITATION, "invitations"),
    _inside("invitations.email_index", "hash of the e-mail", INVITATION, KEYED),
    _fact("invitations.note", "what the inviting person wrote", INVITATION, "invitations"),
    _inside("corporate_invitations.name", "name of a contact", CONTACT_ON_FILE, ANOTHERS),
    _inside("corporate_invitations.email", "e-mail of a contact", CONTACT_ON_FILE, ANOTHERS),
    _inside("corporate_invitations.email_index", "hash of it", CONTACT_ON_FILE, KEYED),
    _inside("contract_imports.document", "contacts in an operator's file", ATTEMPT, PASSING),
    _inside("handovers.name", "name of the successor", ATTEMPT, PASSING),
    _inside("handovers.email", "e-mail of the successor", ATTEMPT, PASSING),
    _inside("handovers.phone", "phone of the successor", ATTEMPT, PASSING),
    _inside("handovers.ci_hash", "hash of the successor's CI", ATTEMPT, KEYED),
    _inside(
        "cases.applicant", "name, phone, e-mail of a claimant or successor", DISPUTE, NO_ACCOUNTS
    ),
    _inside("cases.ci_hash", "hash of the CI", DISPUTE, KEYED),
    _inside("cases.wanted", "대표자 or account that a change names", DISPUTE, NO_ACCOUNTS),
    _inside("cases.note", "what the sender wrote", DISPUTE, NO_ACCOUNTS),
    _inside("cases.reason", "what the operator wrote", DISPUTE, NO_ACCOUNTS),
    _inside("case_files.filename", "what the sender called a file", DISPUTE, NO_ACCOUNTS),
    _fact("inquiries.title", "title of an inquiry", INQUIRY, "inquiries"),
    _fact("inquiries.asker", "e-mail, company, phones of an asker", INQUIRY, "inquiries"),
    _inside("inquiries.email_index", "hash of the e-mail", INQUIRY, KEYED),
    _inside("inquiries.token", "token of the mail's link", INQUIRY, SECRET),
    _fact("inquiries.consents", "what was agreed to", INQUIRY, "inquiries"),
    _fact("inquiry_messages.text", "what was asked and answered", INQUIRY, "inquiries"),
    _fact("attachments.filename", "what the sender called a file", INQUIRY, "inquiries"),
    _fact("orders.consents", "what was agreed to", CONTRACT, "orders"),
    _fact("payments.issuer", "who issued the card", CONTRACT, "orders"),
    _fact("payments.last4", "last digits of the card", CONTRACT, "orders"),
    _fact("payments.receipt_url", "the processor's slip", CONTRACT, "orders"),
    _inside("bank_deposits.name", "name of a depositor", CONTRACT, NO_ACCOUNTS),
    _inside("bank_deposits.reference", "hash of a line of the bank's", CONTRACT, KEYED),
    _inside("payment_methods.billing_key", "key to the company's card", CARD, SECRET),
    _inside("payment_methods.billing_key_index", "hash of it", CARD, KEYED),
    _inside("payment_methods.issuer", "who issued the company's card", CARD, OF_COMPANY),
    _inside("payment_methods.name", "what the issuer calls it", CARD, OF_COMPANY),
    _inside("payment_methods.last4", "last digits of the company's card", CARD, OF_COMPANY),
    _fact("mails.recipient", "e-mail", MAIL, "mails"),
    _inside("mails.recipient_index", "hash of the e-mail", MAIL, KEYED),
    _inside("notifications.words", "what the mail said", NEWS, "the mails are in it"),
    _fact("mails.facts", "names, devices, addresses", MAIL, "mails"),
    _inside("idempotency_records.headers", "headers of an answer", ANSWER, COPY),
    _inside("idempotency_records.body", "body of an answer", ANSWER, COPY),
    _inside("operator_keys.body", "body of an answer to an operator", ANSWER, COPY),
    _inside("received_webhooks.payload", "a user's key at the provider", WEBHOOK, PASSING),
)

CODE = "a code, a number or a key of our own"
HASH = "a hash of something random, or of what was ordered"
WORDS = "words and figures of the catalogue or of a business"
BUSINESS = "the business, not a person"
IDS = "ids of rows; a person's row forgets its person"
RANDOM = "sealed, random, and used once"


def _columns(why: str, listed: str) -> dict[str, str]:
    """A line a table: its name, then its columns."""
    rows = [line.split() for line in listed.strip().splitlines()]
    return {f"{row[0]}.{column}": why for row in rows for column in row[1:]}


HARMLESS: Mapping[str, str] = MappingProxyType(
    _columns(
        CODE,
        """
        accounts kind status
        alembic_version version_num
        campaigns audience state
        attachments storage_key media_type
        inquiries number kind type state language
        inquiry_messages author
        audit_events action
        business_verifications level status tax_type
        catalogue_drafts code
        case_files storage_key media_type
        cases kind state language level holder_answer
        catalogue_versions code
        companies verification_level verification_status
        company_members state
        coupon_uses coupon_code
        coupons code scope
        credit_entries kind
        contract_imports status errors
        daily_tasks name
        failed_jobs job error
        faq_entries category
        notices kind
        notifications kind
        operators name roles state
        notification_preferences topic
        groupware_links issuer
        held_lines code
        idempotency_records operation key
        identity_verifications purpose method status consents
        invitations state language
        journal_entries kind
        mails kind language state
        memberships plan status billing_channel end_reason
        membership_schedules taken step charge_step charge_state
        order_events status reason
        order_items type plan state failure
        order_lines kind code
        order_workbooks state
        orders number kind status payment_status payment_method catalogue_code coupon_code
        orders end_reason terms_stage
        terminations channel reason state
        cash_receipts type state issue_number url failure
        tax_invoices purpose state reason provider_id approval_number failure
        refund_accounts bank
        goodwill_grants kind reason state
        operator_keys operation key
        refunds came_to destination reason state cancellation_id failure
        payment_methods state role
        bank_deposits source state
        payments method status flags failure_code provider_code disputes cash_receipt_number
        dispute_decisions outcome
        postings account
        pgqueuer entrypoint
        pgqueuer_log entrypoint
        pgqueuer_schedules expression entrypoint
        pgqueuer_statistics entrypoint
        quotes number catalogue_code coupon_code recipients
        received_webhooks provider webhook_id kind
        scheduled_changes plan seen_plan
        segments kind
        sessions client_type revoked_reason
        sign_ins way outcome
        sites plan state groupware_site_id operation_id access
        social_links provider
        social_states provider client_type redirect_uri
        social_tickets provider
        sso_logins issuer target_uri
        """,
    )
    | _columns(
        HASH,
        """
        business_verifications token_hash
        attachments token_hash sha256
        operator_sessions token_hash
        contract_imports file_sha256
        case_files sha256
        cases objection_hash
        corporate_invitations token_hash
        email_verifications token_hash
        handovers token_hash
        idempotency_records fingerprint
        operator_keys fingerprint
        identity_verifications client_secret_hash token_hash
        invitations token_hash
        known_devices token_hash
        orders fingerprint
        quotes token_hash
        refresh_tokens token_hash
        social_states state_hash client_secret_hash
        social_tickets token_hash
        sso_logins state_hash cookie_hash code_hash ticket_hash
        """,
    )
    | _columns(
        WORDS,
        """
        catalogue_drafts document
        catalogue_versions document
        coupons name_ko name_en plans order_types
        campaigns subject_ko body_ko subject_en body_en
        faq_entries question_ko answer_ko question_en answer_en searched
        extra_holidays name
        notices title_ko body_ko title_en body_en
        memberships add_ons
        order_workbooks filters
        order_workbook_parts content
        order_items add_ons agreed_prices discounts labels
        price_agreements unit_prices
        scheduled_changes add_ons seen_add_ons
        quotes wishes items coupon_name_ko coupon_name_en
        segments unit_prices
        sites usage usage_told
        """,
    )
    | _columns(
        BUSINESS,
        """
        business_verifications business_number company_name
        cases business_number company_name
        companies legal_name business_number searched
        memberships reseller_name reseller_phone
        price_agreements reason
        goodwill_grants note
        tax_invoices override_reason
        tax_invoice_contacts postcode road_address address_detail business_type business_class
        sites name subdomain business_number url domain
        virtual_accounts bank number holder
        bank_deposits note
        """,
    )
    | _columns(
        IDS,
        """
        audit_events actor subject details
        book_comparisons differences
        ledger_proofs differences
        cases approved_by decided_by
        inquiry_messages operator
        order_events actor
        pgqueuer dedupe_key payload headers
        pgqueuer_log traceback
        price_agreements made_by ended_by
        bank_deposits added_by decided_by
        contract_imports created_by
        payment_terms given_by
        terminations requested_by
        refunds requested_by approved_by done_by
        goodwill_grants made_by decided_by
        tax_invoices overridden_by
        campaigns made_by sent_by stopped_by
        extra_holidays added_by
        operator_keys operator
        dispute_decisions recorded_by
        catalogue_drafts created_by activated_by
        """,
    )
    | _columns(
        RANDOM,
        """
        social_states verifier nonce
        sso_logins verifier nonce
        """,
    )
)
"""Columns of text or bytes that hold nothing of a person, and why."""
