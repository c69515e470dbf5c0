"""What a process holds for its lifetime, made once by `create_app` or the worker."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from app.adapters.documents import TypstDocuments
from app.adapters.files import DiskFiles
from app.adapters.groupware import GroupwareProvisioning
from app.adapters.groupware_sso import GroupwareSso
from app.adapters.http import ProviderHttp
from app.adapters.mail import SmtpMailTransport, SmtpSecurity
from app.adapters.nts import NtsBusinessRegistry
from app.adapters.portone import PAYMENT_READ_SECONDS, PortOneConnection
from app.adapters.portone_accounts import PortOneAccounts
from app.adapters.portone_billing_keys import PortOneBillingKeys
from app.adapters.portone_cash_receipts import PortOneCashReceipts
from app.adapters.portone_identity import PortOneIdentity
from app.adapters.portone_payments import PortOnePayments
from app.adapters.portone_tax_invoices import PortOneTaxInvoices
from app.adapters.portone_virtual_accounts import PortOneVirtualAccounts
from app.adapters.social import Google, Kakao, Naver
from app.adapters.social import refusal as social_refusal
from app.adapters.webhooks import GroupwareWebhooks, PortOneWebhooks
from app.adapters.workbooks import OrderWorkbook
from app.clock import Clock, MovedClock, RealClock
from app.db.engine import Database
from app.db.vault import Vault
from app.domain.documents import Party
from app.domain.orders import PaymentMethod
from app.domain.social import SocialProvider
from app.services.acceptances import Acceptances
from app.services.account_changes import AccountChanges
from app.services.account_mails import AccountMails
from app.services.account_people import AccountPeople
from app.services.account_rows import AccountRows
from app.services.assisted_handovers import AssistedHandovers
from app.services.attachments import Attachments
from app.services.bank_deposits import BankDeposits
from app.services.books import Books
from app.services.business_checks import BusinessChecks
from app.services.business_documents import BusinessDocuments
from app.services.business_verifications import BusinessVerifications
from app.services.campaign_jobs import CampaignJobs
from app.services.card_jobs import CardJobs
from app.services.cards import Cards
from app.services.case_decisions import CaseDecisions
from app.services.case_queue import CaseQueue
from app.services.case_steps import CaseSteps
from app.services.cases import Cases
from app.services.cash_receipts import CashReceipts
from app.services.catalogue import Catalogues
from app.services.charges import Charges
from app.services.company_changes import CompanyChanges, DecidedChanges
from app.services.company_claims import CompanyClaims
from app.services.company_contacts import CompanyContacts
from app.services.company_information import CompanyInformation
from app.services.company_mails import CompanyMails
from app.services.consents import Consents
from app.services.contract_import import ContractImport
from app.services.contract_imports import ContractImports
from app.services.corporate_invitations import CorporateInvitations
from app.services.corporate_sign_up import CorporateSignUp
from app.services.daily_tasks import DailyTasks
from app.services.disputes import Disputes
from app.services.email_verifications import EmailVerifications
from app.services.emails import Emails
from app.services.failed_jobs import FailedJobs
from app.services.faqs import Faqs, OperatorFaqs
from app.services.given_back import UnattendedItems
from app.services.handovers import Handovers
from app.services.idempotency import Idempotency
from app.services.identity_verifications import IdentityVerifications
from app.services.individual_sign_up import IndividualSignUp
from app.services.inquiries import Inquiries
from app.services.invitations import Invitations
from app.services.known_devices import KnownDevices
from app.services.link_checks import LinkChecks
from app.services.links import Links
from app.services.listed_documents import ListedDocuments
from app.services.mail_papers import DocumentMails, PapersOfMails
from app.services.mails import Advertiser, Mails
from app.services.marketing_answers import MarketingAnswers
from app.services.marketing_links import MarketingLinks
from app.services.my_export import MyExport
from app.services.new_accounts import NewAccounts
from app.services.notices import Notices
from app.services.notifications import Notifications
from app.services.one_time import OneTimeTokens
from app.services.operator_accounts import OperatorAccounts
from app.services.operator_agreements import OperatorAgreements
from app.services.operator_campaigns import OperatorCampaigns
from app.services.operator_catalogue import OperatorCatalogue
from app.services.operator_companies import OperatorCompanies
from app.services.operator_coupons import OperatorCoupons
from app.services.operator_disputes import OperatorDisputes
from app.services.operator_goodwill import OperatorGoodwill
from app.services.operator_holidays import OperatorHolidays
from app.services.operator_inquiries import OperatorInquiries
from app.services.operator_invoices import OperatorInvoices
from app.services.operator_keys import OperatorKeys
from app.services.operator_mails import OperatorMails
from app.services.operator_members import OperatorMembers
from app.services.operator_receipts import OperatorReceipts
from app.services.operator_refunds import OperatorRefunds
from app.services.operator_reports import OperatorReports
from app.services.operator_sessions import OperatorSessions
from app.services.operator_terminations import OperatorTerminations
from app.services.order_csv import OrderCsv
from app.services.order_workbooks import OrderWorkbooks
from app.services.orders import OrderJobs
from app.services.paid_orders import PaidOrders
from app.services.papers import OrderPapers
from app.services.passwords import Passwords
from app.services.payment_checks import PaymentChecks
from app.services.payment_methods import PaymentMethods
from app.services.payment_terms import Terms
from app.services.payments import OurAccount, Payments, Shop
from app.services.ports import FileStorage
from app.services.pricing import KeptPrices
from app.services.provisioning import Provisioning
from app.services.quote_papers import QuoteMails, QuotePapers
from app.services.recovery import Recovery
from app.services.refund_account_requests import RefundAccountRequests
from app.services.refund_accounts import RefundAccounts
from app.services.refund_jobs import Refunds
from app.services.renewal_mails import RenewalMails
from app.services.renewal_notices import RenewalNotices
from app.services.renewals import Renewals
from app.services.retention import Retention
from app.services.room_checks import RoomChecks
from app.services.scheduled_changes import ScheduledChanges
from app.services.segments import Segments
from app.services.sessions import ClientType, Sessions
from app.services.sign_in import SignIn
from app.services.sign_in_limits import SignInLimits
from app.services.site_puts import SitePuts
from app.services.site_usage import SiteUsage
from app.services.social import SocialSignIns
from app.services.social_links import SocialLinks
from app.services.sso_exchange import SsoExchange
from app.services.sso_logins import SsoLogins, SsoSettings
from app.services.sso_tickets import SsoTickets
from app.services.step_up import StepUp
from app.services.tax_invoice_contacts import TaxInvoiceContacts
from app.services.tax_invoices import TaxInvoices
from app.services.termination_ends import TerminationEnds
from app.services.terminations import Terminations
from app.services.upcoming import Upcoming
from app.services.uploads import Uploads
from app.services.virtual_accounts import AccountTerms, VirtualAccounts
from app.services.webhooks import ReceivedWebhooks
from app.services.withdrawal import Withdrawal
from app.settings import Settings
from app.tokens import AccessTokens


@dataclass(frozen=True, slots=True)
class Deps:
    """The portal's parts, wired. Services take what they need of it."""

    settings: Settings
    database: Database
    clock: Clock
    vault: Vault
    idempotency: Idempotency
    access_tokens: AccessTokens
    catalogues: Catalogues
    kept_prices: KeptPrices
    registry: NtsBusinessRegistry
    business_verifications: BusinessVerifications
    groupware: GroupwareProvisioning
    payment_provider: PortOnePayments
    payments: Payments
    books: Books
    daily_tasks: DailyTasks
    refunds: Refunds
    listed_documents: ListedDocuments
    document_mails: DocumentMails
    operator_invoices: OperatorInvoices
    operator_receipts: OperatorReceipts
    cash_receipts: CashReceipts
    faqs: Faqs
    notices: Notices
    notifications: Notifications
    operator_faqs: OperatorFaqs
    refund_accounts: RefundAccounts
    unattended_items: UnattendedItems
    payment_methods: PaymentMethods
    cards: Cards
    card_jobs: CardJobs
    charges: Charges
    virtual_accounts: VirtualAccounts
    bank_deposits: BankDeposits
    terms: Terms
    payment_checks: PaymentChecks
    provisioning: Provisioning
    renewals: Renewals
    upcoming: Upcoming
    site_puts: SitePuts
    site_usage: SiteUsage
    order_jobs: OrderJobs
    segments: Segments
    scheduled_changes: ScheduledChanges
    tax_invoice_contacts: TaxInvoiceContacts
    tax_invoices: TaxInvoices
    terminations: Terminations
    termination_ends: TerminationEnds
    operator_terminations: OperatorTerminations
    room_checks: RoomChecks
    operator_accounts: OperatorAccounts
    operator_sessions: OperatorSessions
    operator_companies: OperatorCompanies
    operator_mails: OperatorMails
    operator_reports: OperatorReports
    failed_jobs: FailedJobs
    operator_catalogue: OperatorCatalogue
    operator_coupons: OperatorCoupons
    operator_agreements: OperatorAgreements
    operator_refunds: OperatorRefunds
    operator_goodwill: OperatorGoodwill
    operator_members: OperatorMembers
    operator_holidays: OperatorHolidays
    operator_keys: OperatorKeys
    operator_disputes: OperatorDisputes
    webhooks: ReceivedWebhooks
    mails: Mails
    one_time: OneTimeTokens
    documents: TypstDocuments
    quote_papers: QuotePapers
    quote_mails: QuoteMails
    order_papers: OrderPapers
    order_csv: OrderCsv
    order_workbooks: OrderWorkbooks
    identity: PortOneIdentity
    identity_verifications: IdentityVerifications
    contract_import: ContractImport
    contract_imports: ContractImports
    corporate_invitations: CorporateInvitations
    invitations: Invitations
    acceptances: Acceptances
    handovers: Handovers
    corporate_sign_up: CorporateSignUp
    individual_sign_up: IndividualSignUp
    social_providers: Mapping[SocialProvider, Kakao | Naver | Google]
    social: SocialSignIns
    links: Links
    groupware_sso: GroupwareSso
    sso_logins: SsoLogins
    sso_exchange: SsoExchange
    sso_tickets: SsoTickets
    link_checks: LinkChecks
    passwords: Passwords
    sessions: Sessions
    sign_in: SignIn
    step_up: StepUp
    email_verifications: EmailVerifications
    recovery: Recovery
    account_changes: AccountChanges
    consents: Consents
    marketing_answers: MarketingAnswers
    campaign_jobs: CampaignJobs
    operator_campaigns: OperatorCampaigns
    withdrawal: Withdrawal
    retention: Retention
    my_export: MyExport
    uploads: Uploads
    attachments: Attachments
    inquiries: Inquiries
    operator_inquiries: OperatorInquiries
    cases: Cases
    company_information: CompanyInformation
    company_changes: CompanyChanges
    assisted_handovers: AssistedHandovers
    refund_account_requests: RefundAccountRequests
    decided_changes: DecidedChanges
    business_checks: BusinessChecks
    business_documents: BusinessDocuments
    company_claims: CompanyClaims
    case_queue: CaseQueue
    case_decisions: CaseDecisions

    async def close(self) -> None:
        self.passwords.close()
        self.documents.close()
        await self.registry.aclose()
        await self.identity.aclose()
        await self.payment_provider.aclose()
        await self.groupware.aclose()
        for provider in self.social_providers.values():
            await provider.aclose()
        await self.groupware_sso.aclose()
        await self.database.close()


def build_deps(
    settings: Settings,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock | None = None,
) -> Deps:
    """Opens no connection yet. `transport` is how providers are reached and `clock` what moves
    business time, both for tests."""
    database = Database.connect(settings.database_url, settings.database_pool_size)
    if clock is None:
        clock = MovedClock() if settings.is_sandbox else RealClock()
    vault = Vault(
        settings.encryption_keys.get_secret_value(),
        settings.blind_index_key.get_secret_value(),
    )
    one_time = OneTimeTokens(settings.token_hash_key.get_secret_value())
    registry = NtsBusinessRegistry(
        settings.nts_base_url, settings.nts_service_key.get_secret_value(), transport=transport
    )
    identity = PortOneIdentity(
        PortOneConnection(
            settings.portone_base_url,
            settings.portone_api_secret.get_secret_value(),
            settings.portone_store_id,
            transport=transport,
        ),
        settings.portone_identity_channel_key,
    )
    access_tokens = AccessTokens(
        settings.access_token_keys.get_secret_value(),
        settings.access_token_issuer,
        settings.access_token_audience,
    )
    passwords = Passwords()
    refresh_key = settings.refresh_token_key.get_secret_value()
    documents = TypstDocuments()
    quote_papers = QuotePapers(database, vault, documents, _supplier(settings))
    catalogues = Catalogues(database)
    portone = PortOneConnection(
        settings.portone_base_url,
        settings.portone_api_secret.get_secret_value(),
        settings.portone_store_id,
        read_seconds=PAYMENT_READ_SECONDS,
        transport=transport,
    )
    invoicing = PortOneTaxInvoices(portone, _supplier(settings))
    order_papers = OrderPapers(catalogues, documents, _supplier(settings))
    listed = ListedDocuments(quote_papers, order_papers, invoicing, documents, _supplier(settings))
    papers = PapersOfMails(database, clock, quote_papers, listed)
    mails = _mails(settings, database, clock, vault, one_time, papers)
    identities = IdentityVerifications(
        database,
        clock,
        vault,
        one_time,
        identity,
        settings.identity_hash_key.get_secret_value(),
        live_only=not settings.is_sandbox,
    )
    businesses = BusinessVerifications(database, clock, vault, one_time, registry)
    invitations = CorporateInvitations(
        database, clock, vault, one_time, mails, businesses, identities, settings.spa_url
    )
    emails = Emails(vault)
    devices = KnownDevices(refresh_key)
    limits = SignInLimits(refresh_key)
    account_mails = AccountMails(mails, emails)
    verifications = EmailVerifications(database, clock, vault, one_time, mails, settings.spa_url)
    sessions = Sessions(database, clock, access_tokens, devices, account_mails, refresh_key)
    accounts = NewAccounts(vault)
    social_links = SocialLinks(vault, one_time)
    people = AccountPeople(vault)
    acceptances = Acceptances(database, clock, vault, one_time, mails, settings.spa_url)
    sso_tickets = SsoTickets(
        database, clock, vault, one_time, mails, people, invitations, acceptances
    )
    groupware_sso = GroupwareSso(
        ProviderHttp("groupware_sso", "", social_refusal, transport=transport),
        settings.groupware_oidc_issuer,
        settings.groupware_oidc_client_id,
        settings.groupware_oidc_client_secret.get_secret_value(),
    )
    social_providers = _social_providers(settings, transport)
    files, cases = _files(settings), Cases(vault)
    inquiries = _inquiries(settings, database, clock, vault, one_time, files, mails)
    assisted_handovers = _handovers(
        settings, database, clock, vault, one_time, mails, passwords, identities, cases
    )
    payment_provider, billing_keys = PortOnePayments(portone), PortOneBillingKeys(portone)
    shop = Shop(
        settings.portone_store_id,
        _channels(settings),
        live_only=not settings.is_sandbox,
        bank_account=_bank_account(settings),
    )
    tax_contacts = TaxInvoiceContacts(vault)
    refunds = Refunds(database, clock, vault, payment_provider, mails, emails)
    payments = Payments(
        database,
        clock,
        payment_provider,
        shop,
        catalogues,
        refunds,
        AccountRows(vault, mails, emails),
        PaidOrders(mails, emails),
        Disputes(mails, settings.operator_email),
    )
    card_jobs = CardJobs(database, clock, vault, billing_keys, mails, emails)
    charges = Charges(database, clock, vault, billing_keys, payments, card_jobs)
    virtual_accounts = VirtualAccounts(
        database,
        clock,
        PortOneVirtualAccounts(portone),
        payments,
        AccountTerms(settings.portone_virtual_account_bank, settings.supplier_name),
    )
    order_jobs = OrderJobs(database, clock, mails, emails)
    groupware = GroupwareProvisioning(
        settings.groupware_base_url,
        settings.groupware_client_id,
        settings.groupware_client_secret.get_secret_value(),
        transport=transport,
    )
    refund_accounts = RefundAccounts(
        database,
        clock,
        vault,
        PortOneAccounts(portone),
        mails,
        emails,
        CompanyContacts(vault),
    )
    return Deps(
        settings=settings,
        database=database,
        clock=clock,
        vault=vault,
        idempotency=Idempotency(vault),
        access_tokens=access_tokens,
        mails=mails,
        one_time=one_time,
        documents=documents,
        quote_papers=quote_papers,
        quote_mails=QuoteMails(database, clock, mails, emails, one_time, settings.spa_url),
        order_papers=order_papers,
        listed_documents=listed,
        notifications=Notifications(vault),
        notices=Notices(database, clock),
        operator_invoices=OperatorInvoices(database, clock),
        operator_receipts=OperatorReceipts(database, clock),
        cash_receipts=CashReceipts(
            database,
            clock,
            vault,
            PortOneCashReceipts(portone, settings.portone_cash_receipt_channel_key),
            offered=bool(settings.portone_cash_receipt_channel_key),
        ),
        faqs=Faqs(database, clock, vault),
        operator_faqs=OperatorFaqs(database, clock),
        document_mails=DocumentMails(database, clock, mails, emails),
        order_workbooks=OrderWorkbooks(database, clock, catalogues, OrderWorkbook),
        order_csv=OrderCsv(
            catalogues,
            max(1, settings.database_pool_size // 3),
            settings.export_silent_seconds,
        ),
        identity=identity,
        identity_verifications=identities,
        contract_import=ContractImport(database, clock, catalogues, groupware, invitations),
        contract_imports=ContractImports(
            database,
            clock,
            vault,
            ContractImport(database, clock, catalogues, groupware, invitations),
        ),
        corporate_invitations=invitations,
        invitations=Invitations(vault, one_time, mails, settings.spa_url),
        handovers=assisted_handovers.handovers,
        acceptances=acceptances,
        corporate_sign_up=CorporateSignUp(
            database,
            clock,
            accounts,
            passwords,
            sessions,
            mails,
            verifications,
            businesses,
            identities,
            invitations,
        ),
        individual_sign_up=IndividualSignUp(
            database,
            clock,
            accounts,
            passwords,
            sessions,
            mails,
            verifications,
            identities,
            social_links,
            sso_tickets,
            acceptances,
        ),
        social_providers=social_providers,
        social=SocialSignIns(
            database,
            clock,
            vault,
            one_time,
            sessions,
            social_links,
            social_providers,
            {
                ClientType.BROWSER: settings.browser_redirect_uris,
                ClientType.NATIVE: settings.social_redirect_uris_native,
            },
            account_mails,
        ),
        links=Links(database, social_links, account_mails),
        groupware_sso=groupware_sso,
        sso_logins=SsoLogins(
            database,
            clock,
            vault,
            one_time,
            groupware_sso,
            SsoSettings(
                issuer=settings.groupware_oidc_issuer,
                targets=settings.sso_targets,
                redirect_uri=settings.portal_base_url + "/v1/sso/groupware/callback",
            ),
        ),
        sso_exchange=SsoExchange(database, clock, vault, one_time, sessions, acceptances),
        sso_tickets=sso_tickets,
        link_checks=LinkChecks(database, clock, groupware, mails, people, acceptances),
        passwords=passwords,
        sessions=sessions,
        sign_in=SignIn(database, clock, passwords, sessions, devices, limits),
        email_verifications=verifications,
        recovery=Recovery(
            database,
            clock,
            passwords,
            limits,
            identities,
            account_mails,
            CompanyContacts(vault),
        ),
        account_changes=AccountChanges(
            database, clock, vault, passwords, identities, verifications, account_mails
        ),
        consents=Consents(database, account_mails),
        marketing_answers=MarketingAnswers(
            database, clock, vault, Consents(database, account_mails), mails
        ),
        campaign_jobs=CampaignJobs(database, clock, vault, mails),
        operator_campaigns=OperatorCampaigns(database, clock, mails),
        withdrawal=Withdrawal(database, clock, vault, account_mails),
        retention=Retention(database, clock),
        my_export=MyExport(database, vault),
        uploads=inquiries.attachments.uploads,
        attachments=inquiries.attachments,
        inquiries=inquiries,
        operator_inquiries=OperatorInquiries(database, clock, inquiries, mails),
        cases=cases,
        business_documents=BusinessDocuments(database, clock, cases, identities),
        company_claims=CompanyClaims(database, clock, cases, identities, businesses, mails, emails),
        case_queue=CaseQueue(database, clock, vault, files),
        case_decisions=CaseDecisions(
            database,
            clock,
            vault,
            one_time,
            mails,
            emails,
            invitations,
            settings.spa_url,
            DecidedChanges(database, clock, vault),
            refund_accounts,
            assisted_handovers,
        ),
        assisted_handovers=assisted_handovers,
        refund_account_requests=RefundAccountRequests(database, cases),
        decided_changes=DecidedChanges(database, clock, vault),
        company_changes=CompanyChanges(database, clock, cases),
        company_information=CompanyInformation(
            database, clock, vault, businesses, tax_contacts, refund_accounts, cases
        ),
        business_checks=BusinessChecks(
            database,
            clock,
            registry,
            mails,
            CompanyMails(mails, emails),
            lambda: settings.operator_email,
        ),
        operator_accounts=OperatorAccounts(database, clock, vault, passwords),
        operator_companies=OperatorCompanies(database, clock, vault),
        operator_mails=OperatorMails(database, clock, vault),
        operator_reports=OperatorReports(database, clock),
        failed_jobs=FailedJobs(database, clock),
        operator_sessions=OperatorSessions(database, clock, vault, passwords, one_time, limits),
        step_up=StepUp(database, clock, passwords, limits, identities),
        catalogues=catalogues,
        kept_prices=KeptPrices(),
        registry=registry,
        business_verifications=businesses,
        groupware=groupware,
        payment_provider=payment_provider,
        payments=payments,
        books=Books(database, clock, payment_provider, payments),
        daily_tasks=DailyTasks(database, clock),
        site_usage=SiteUsage(database, clock, groupware, CompanyMails(mails, emails)),
        refunds=refunds,
        unattended_items=UnattendedItems(database, clock),
        payment_methods=PaymentMethods(payments, tax_contacts),
        cards=Cards(vault, billing_keys, payments),
        card_jobs=card_jobs,
        charges=charges,
        virtual_accounts=virtual_accounts,
        terms=Terms(database, clock, mails, emails),
        bank_deposits=BankDeposits(database, clock, vault, mails, emails),
        payment_checks=PaymentChecks(
            database, clock, payments, charges, virtual_accounts, order_jobs
        ),
        provisioning=Provisioning(database, clock, vault, catalogues, groupware, mails, emails),
        upcoming=Upcoming(catalogues),
        renewals=Renewals(
            database,
            clock,
            catalogues,
            groupware,
            RenewalNotices(RenewalMails(mails, emails)),
            payments,
            charges,
        ),
        site_puts=SitePuts(database, clock, vault, groupware),
        scheduled_changes=ScheduledChanges(catalogues),
        tax_invoice_contacts=tax_contacts,
        tax_invoices=TaxInvoices(
            database,
            clock,
            invoicing,
            registry,
            tax_contacts,
            mails,
            emails,
            settings.operator_email,
        ),
        terminations=Terminations(
            groupware, catalogues, mails, emails, settings.termination_fee_percent
        ),
        termination_ends=TerminationEnds(
            database, clock, groupware, mails, emails, settings.termination_fee_percent
        ),
        operator_terminations=OperatorTerminations(database, clock, mails, emails),
        room_checks=RoomChecks(database, clock, catalogues, groupware, mails, emails),
        operator_catalogue=OperatorCatalogue(database, clock, catalogues),
        operator_coupons=OperatorCoupons(database, clock, catalogues),
        operator_agreements=OperatorAgreements(database, clock, catalogues),
        operator_refunds=OperatorRefunds(database, clock, vault, refunds, settings.four_eyes_from),
        operator_goodwill=OperatorGoodwill(
            database, clock, catalogues, mails, emails, settings.four_eyes_from
        ),
        operator_members=OperatorMembers(database, clock, vault, mails),
        operator_holidays=OperatorHolidays(database, clock),
        operator_keys=OperatorKeys(database, vault),
        operator_disputes=OperatorDisputes(database, clock),
        refund_accounts=refund_accounts,
        segments=Segments(database, clock),
        order_jobs=order_jobs,
        webhooks=ReceivedWebhooks(
            database,
            clock,
            vault,
            PortOneWebhooks(settings.portone_webhook_secrets.get_secret_value().split()),
            GroupwareWebhooks(settings.groupware_webhook_secrets.get_secret_value().split()),
        ),
    )


def _social_providers(
    settings: Settings, transport: httpx.AsyncBaseTransport | None
) -> Mapping[SocialProvider, Kakao | Naver | Google]:
    def http(provider: SocialProvider) -> ProviderHttp:
        return ProviderHttp(provider, "", social_refusal, transport=transport)

    return {
        SocialProvider.KAKAO: Kakao(
            http(SocialProvider.KAKAO),
            settings.kakao_auth_url,
            settings.kakao_api_url,
            settings.kakao_client_id,
            settings.kakao_client_secret.get_secret_value(),
        ),
        SocialProvider.NAVER: Naver(
            http(SocialProvider.NAVER),
            settings.naver_auth_url,
            settings.naver_api_url,
            settings.naver_client_id,
            settings.naver_client_secret.get_secret_value(),
        ),
        SocialProvider.GOOGLE: Google(
            http(SocialProvider.GOOGLE),
            settings.google_issuer,
            settings.google_client_id,
            settings.google_client_secret.get_secret_value(),
        ),
    }


def _channels(settings: Settings) -> Mapping[PaymentMethod, str]:
    keys = {
        PaymentMethod.CARD: settings.portone_card_channel_key,
        PaymentMethod.TRANSFER: settings.portone_transfer_channel_key,
        PaymentMethod.VIRTUAL_ACCOUNT: settings.portone_virtual_account_channel_key,
        PaymentMethod.BILLING_KEY: settings.portone_billing_channel_key,
    }
    return {method: key for method, key in keys.items() if key}


def _bank_account(settings: Settings) -> OurAccount | None:
    if not settings.bank_account_number:
        return None
    return OurAccount(
        settings.bank_account_bank, settings.bank_account_number, settings.supplier_name
    )


def _supplier(settings: Settings) -> Party:
    return Party(
        name=settings.supplier_name,
        business_number=settings.supplier_business_number,
        representative=settings.supplier_representative,
        address=settings.supplier_address,
        business_type=settings.supplier_business_type,
        contact=settings.supplier_contact,
    )


def _files(settings: Settings) -> FileStorage:
    if not settings.files_in_s3:
        return DiskFiles(settings.files_dir)
    from app.adapters.s3_files import Bucket, S3Files  # noqa: PLC0415 - not for a disk

    return S3Files(
        Bucket(
            settings.files_s3_endpoint,
            settings.files_s3_region,
            settings.files_s3_bucket,
            settings.files_s3_access_key,
            settings.files_s3_secret_key.get_secret_value(),
        )
    )


def _handovers(
    settings: Settings,
    database: Database,
    clock: Clock,
    vault: Vault,
    tokens: OneTimeTokens,
    mails: Mails,
    passwords: Passwords,
    identities: IdentityVerifications,
    cases: Cases,
) -> AssistedHandovers:
    """The company's own ones are a part of those that the operator helps with."""
    steps, spa_url = CaseSteps(vault, mails), settings.spa_url
    handovers = Handovers(
        database, clock, vault, tokens, mails, passwords, identities, spa_url, steps
    )
    return AssistedHandovers(
        *(database, clock, vault, tokens, identities, cases, steps, handovers),
        *(mails, Emails(vault), CompanyContacts(vault), spa_url),
    )


def _inquiries(
    settings: Settings,
    database: Database,
    clock: Clock,
    vault: Vault,
    one_time: OneTimeTokens,
    files: FileStorage,
    mails: Mails,
) -> Inquiries:
    uploads = Uploads(database, clock, files)
    attachments = Attachments(database, clock, vault, one_time, uploads)
    return Inquiries(database, clock, vault, one_time, attachments, mails, settings.spa_url)


def _mails(
    settings: Settings,
    database: Database,
    clock: Clock,
    vault: Vault,
    one_time: OneTimeTokens,
    papers: PapersOfMails,
) -> Mails:
    password = settings.smtp_password
    transport = SmtpMailTransport(
        settings.smtp_host,
        settings.smtp_port,
        settings.mail_from,
        security=SmtpSecurity(settings.smtp_security),
        username=settings.smtp_username,
        password=password.get_secret_value() if password else None,
    )
    advertiser = Advertiser(
        settings.supplier_name,
        settings.supplier_address,
        settings.support_phone,
        settings.support_email,
    )
    links = MarketingLinks(one_time, settings.spa_url, settings.portal_base_url)
    return Mails(database, clock, vault, transport, settings.mail_from, papers, advertiser, links)
