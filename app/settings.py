"""Every variable the portal reads from its environment, with its default and meaning.

Only the sandbox has default secrets. `ENVIRONMENT=production` refuses to start with one of them,
without a database server, or with anything that only the sandbox may have.
"""

import base64
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Environment(StrEnum):
    SANDBOX = "sandbox"
    PRODUCTION = "production"


def _sandbox_webhook_secret(words: str) -> SecretStr:
    return SecretStr("whsec_" + base64.b64encode(words.encode()).decode())


Words = Annotated[tuple[str, ...], NoDecode]
"""A list given as words separated by white space."""

SANDBOX_SECRETS = {
    "access_token_keys": SecretStr("sandbox:sandbox-access-token-key-0123456789abcdef"),
    "refresh_token_key": SecretStr("sandbox-refresh-token-key-0123456789abcdef"),
    "token_hash_key": SecretStr("sandbox-token-hash-key-0123456789abcdef"),
    "identity_hash_key": SecretStr("sandbox-identity-hash-key-0123456789abcdef"),
    "blind_index_key": SecretStr("sandbox-blind-index-key-0123456789abcdef"),
    "encryption_keys": SecretStr("sandbox:c2FuZGJveC1lbmNyeXB0aW9uLWtleS0wMTIzNDU2Nzg="),
    "internal_secret": SecretStr("sandbox-internal-secret"),
    "nts_service_key": SecretStr("sandbox-nts-service-key"),
    "portone_api_secret": SecretStr("sandbox-portone-api-secret"),
    "portone_webhook_secrets": _sandbox_webhook_secret("sandbox-portone-webhook-secret-01"),
    "groupware_client_secret": SecretStr("sandbox-groupware-client-secret"),
    "groupware_oidc_client_secret": SecretStr("sandbox-groupware-oidc-secret"),
    "kakao_client_secret": SecretStr("sandbox-kakao-secret"),
    "naver_client_secret": SecretStr("sandbox-naver-secret"),
    "google_client_secret": SecretStr("sandbox-google-secret"),
    "groupware_webhook_secrets": _sandbox_webhook_secret("sandbox-groupware-webhook-secret"),
}
"""The sandbox's own secrets by field: public, so worthless anywhere else."""


WORD_LISTS = (
    "cors_origins",
    "social_redirect_uris_browser",
    "social_redirect_uris_native",
    "sso_target_uris",
)
ADDRESSES = (
    "nts_base_url",
    "portone_base_url",
    "groupware_base_url",
    "portal_base_url",
    "groupware_oidc_issuer",
    "kakao_auth_url",
    "kakao_api_url",
    "naver_auth_url",
    "naver_api_url",
    "google_issuer",
    "spa_url",
)
"""Of others, and of the SPA: https in production."""
FILES_S3 = (
    "files_s3_endpoint",
    "files_s3_region",
    "files_s3_bucket",
    "files_s3_access_key",
    "files_s3_secret_key",
)

SANDBOX_SUPPLIER = "다우오피스 (샌드박스)"


def _is_set(value: str | SecretStr) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


class Settings(BaseSettings):
    """The portal's settings. Names in the environment are the field names in capitals."""

    model_config = SettingsConfigDict(
        extra="ignore", env_file=None, frozen=True, hide_input_in_errors=True
    )

    environment: Environment = Environment.SANDBOX

    # Listeners
    host: str = "127.0.0.1"
    port: int = 8000
    metrics_port: int = 8002
    """The internal listener: Prometheus and, in the sandbox, the clock. 0 turns it off."""
    worker_metrics_port: int = 0
    """Prometheus of a worker: its calls to providers. 0 turns it off."""
    otlp_endpoint: str = Field(default="", pattern=r"^(https?://[^?#@]*[^/?#@])?$")
    """Where spans go by OTLP over HTTP, without `/v1/traces` and a slash; empty: nowhere."""
    operator_port: int = 0
    """The operator's listener, never routed to the outside; 0 turns it off."""
    operator_token: SecretStr | None = None
    """Gone: the staff have accounts (`python -m tools.operators`). Production refuses it."""
    forwarded_allow_ips: str = "127.0.0.1"
    """Addresses of proxies whose X-Forwarded-For is believed."""
    cors_origins: Words = (
        "http://127.0.0.1:8001",
        "http://127.0.0.1:3000",
        "http://localhost:3000",
    )
    """Origins of the SPA: allowed for CORS, and the only ones a browser session may come from."""
    spa_url: str = Field(default="http://127.0.0.1:8001/spa", pattern=r"^https?://[^?#]*[^/?#]$")
    """Where the SPA is, without a slash at its end: mail links and the way back from the groupware
    begin with it. The pages behind it: docs/spa-pages.md."""

    # Help
    support_phone: str = "1577-3019"
    support_email: str = "daouoffice@daou.co.kr"
    support_hours_ko: str = "평일 09:00~18:00 (점심 12:00~13:00)"
    support_hours_en: str = "weekdays 09:00 to 18:00 KST (lunch 12:00 to 13:00)"
    remote_support_url: str = Field(default="https://care.example/remote", pattern="^https://")
    manual_url: str = Field(default="https://care.example/manual", pattern="^https://")

    # Contract
    termination_fee_percent: int = Field(default=10, ge=0, le=100)
    """위약금 of what is unused when a service ends before its term, from the terms agreed (약관의
    규제에 관한 법률 제8조 †, for the operator's adviser to confirm)."""

    # Database
    database_url: str = "postgresql+asyncpg://portal_api@127.0.0.1/portal"
    read_database_url: str | None = None
    """A replica for reads that may be a moment old."""
    database_pool_size: int = 10

    # Files
    files_dir: Path = Path(".data/files")
    """Customers' uploads: one folder that API and workers share, kept as the database is kept."""
    files_s3_endpoint: str = Field(default="", pattern=r"^(https?://[^?#@]*[^/?#@])?$")
    """A store that speaks S3 in place of the folder, without a slash at its end; the bucket goes
    into the path. All five, or none."""
    files_s3_region: str = Field(default="", pattern=r"^[A-Za-z0-9-]{0,60}$")
    files_s3_bucket: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$")
    files_s3_access_key: str = ""
    files_s3_secret_key: SecretStr = SecretStr("")

    # Files that are sent while they are made
    export_silent_seconds: float = Field(default=30, gt=0)
    """A client that takes longer for a part of an export is left."""
    export_whole_seconds: float = Field(default=600, gt=0)
    """How long an export may take in all."""

    # Tokens
    access_token_issuer: str = "https://portal.example"  # noqa: S105 - a name, not a secret
    access_token_audience: str = "customer-portal"  # noqa: S105 - a name, not a secret
    access_token_keys: SecretStr = SANDBOX_SECRETS["access_token_keys"]
    """Key ring `kid:key kid:key`, the first signs, all verify."""
    refresh_token_key: SecretStr = SANDBOX_SECRETS["refresh_token_key"]
    token_hash_key: SecretStr = SANDBOX_SECRETS["token_hash_key"]
    identity_hash_key: SecretStr = SANDBOX_SECRETS["identity_hash_key"]
    blind_index_key: SecretStr = SANDBOX_SECRETS["blind_index_key"]
    encryption_keys: SecretStr = SANDBOX_SECRETS["encryption_keys"]
    """Key ring `kid:base64 kid:base64` of 32-byte keys, the first encrypts, all decrypt."""
    internal_secret: SecretStr = SANDBOX_SECRETS["internal_secret"]
    """What the sandbox shows at the internal listener to move the clock."""

    # National Tax Service
    nts_base_url: str = "http://127.0.0.1:8001/nts/api/nts-businessman/v1"
    nts_service_key: SecretStr = SANDBOX_SECRETS["nts_service_key"]

    # PortOne
    portone_base_url: str = "http://127.0.0.1:8001/portone"
    portone_api_secret: SecretStr = SANDBOX_SECRETS["portone_api_secret"]
    portone_store_id: str = "store-sandbox"
    portone_card_channel_key: str = "channel-key-card"
    portone_transfer_channel_key: str = ""
    """Of 실시간 계좌이체; empty: not offered. For when its evidence is issued (section 11)."""
    portone_virtual_account_channel_key: str = ""
    """Of 가상계좌; empty: not offered."""
    portone_virtual_account_bank: str = Field(default="SHINHAN", pattern="^[A-Z_]{2,30}$")
    """Where accounts are issued, as PortOne names banks."""
    four_eyes_from: int = Field(default=1_000_000, ge=1)
    """KRW: refunds by hand and goodwill credit of as much take two operators."""
    bank_account_number: str = Field(default="", pattern="^([0-9-]{6,30})?$")
    """Our own, for 무통장입금; empty: not offered."""
    bank_account_bank: str = Field(default="SHINHAN", pattern="^[A-Z_]{2,30}$")
    """As PortOne names banks; its holder is SUPPLIER_NAME."""
    portone_billing_channel_key: str = ""
    """Of 자동카드결제; empty: no card can be registered."""
    portone_cash_receipt_channel_key: str = ""
    """Empty: payers by a bank have tax invoices only."""
    portone_identity_channel_key: str = "channel-key-identity"
    portone_webhook_secrets: SecretStr = SANDBOX_SECRETS["portone_webhook_secrets"]
    """One or two secrets separated by white space, for rotation."""

    # Groupware
    groupware_base_url: str = "http://127.0.0.1:8001/groupware"
    groupware_client_id: str = "sandbox-portal"
    groupware_client_secret: SecretStr = SANDBOX_SECRETS["groupware_client_secret"]
    groupware_webhook_secrets: SecretStr = SANDBOX_SECRETS["groupware_webhook_secrets"]

    # Groupware SSO: we are its OpenID Connect client
    portal_base_url: str = "http://127.0.0.1:8000"
    """Where browsers reach this API, without a slash at its end."""
    groupware_oidc_issuer: str = "http://localhost:8001/groupware"
    """The only `iss` that may start a sign-in; everything else is in its discovery document."""
    groupware_oidc_client_id: str = "sandbox-portal-sso"
    groupware_oidc_client_secret: SecretStr = SANDBOX_SECRETS["groupware_oidc_client_secret"]
    sso_target_uris: Words = ()
    """Pages that may be asked for as `target_link_uri`, the usual one first; none: `SPA_URL` +
    `/sso`."""

    # Social sign-in. The authorization pages are opened by browsers, the rest by us.
    kakao_auth_url: str = "http://127.0.0.1:8001/social/kakao"
    """`https://kauth.kakao.com`: its issuer, too."""
    kakao_api_url: str = "http://127.0.0.1:8001/social/kakao"
    """`https://kapi.kakao.com`."""
    kakao_client_id: str = "sandbox-kakao"
    kakao_client_secret: SecretStr = SANDBOX_SECRETS["kakao_client_secret"]
    naver_auth_url: str = "http://127.0.0.1:8001/social/naver"
    """`https://nid.naver.com`."""
    naver_api_url: str = "http://127.0.0.1:8001/social/naver"
    """`https://openapi.naver.com`."""
    naver_client_id: str = "sandbox-naver"
    naver_client_secret: SecretStr = SANDBOX_SECRETS["naver_client_secret"]
    google_issuer: str = "http://127.0.0.1:8001/social/google"
    """`https://accounts.google.com`: everything else is in its discovery document."""
    google_client_id: str = "sandbox-google"
    google_client_secret: SecretStr = SANDBOX_SECRETS["google_client_secret"]
    social_redirect_uris_browser: Words = ()
    """Where providers may lead browsers back; none: `SPA_URL` + `/social/callback`."""
    social_redirect_uris_native: Words = ("com.example.portal:/social/callback",)
    """Where they may lead the mobile apps back."""

    # Mail
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 8025
    smtp_security: str = Field(default="none", pattern="^(none|starttls|tls)$")
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    operator_email: str = "operator@portal.example"
    """Whom the operator's alarms go to: disputes of payments; empty: nobody."""
    mail_from: str = "다우오피스 고객포털 <portal@portal.example>"

    # The supplier, as papers (견적서, 주문확인서, 거래확인서) name it
    supplier_name: str = SANDBOX_SUPPLIER
    supplier_business_number: str = Field(default="1208147521", pattern="^[0-9]{10}$")
    supplier_representative: str = "김대표"
    supplier_address: str = "경기도 성남시 분당구 판교역로 241, 10층"
    supplier_business_type: str = "정보통신업 / 소프트웨어 개발 및 공급"
    """업태 / 종목."""
    supplier_contact: str = "1577-3019 · portal@portal.example"

    @model_validator(mode="before")
    @classmethod
    def _split_words(cls, values: dict[str, object]) -> dict[str, object]:
        for name in WORD_LISTS:
            given = values.get(name)
            if isinstance(given, str):
                values[name] = tuple(given.split())
        return values

    @model_validator(mode="after")
    def _refuse_half_a_store(self) -> Self:
        missing = [name for name in FILES_S3 if not _is_set(getattr(self, name))]
        if missing and len(missing) < len(FILES_S3):
            raise ValueError(
                "a store for files is named by all of FILES_S3_…; missing: "
                + ", ".join(missing).upper()
            )
        return self

    @model_validator(mode="after")
    def _refuse_sandbox_in_production(self) -> Self:
        if self.environment is not Environment.PRODUCTION:
            return self
        if self.operator_token is not None:
            raise ValueError("OPERATOR_TOKEN is gone: make accounts with python -m tools.operators")
        kept = [name for name, secret in SANDBOX_SECRETS.items() if getattr(self, name) == secret]
        if kept:
            raise ValueError("production refuses the sandbox's secrets: " + ", ".join(kept).upper())
        spoken = [*ADDRESSES, *(["files_s3_endpoint"] if self.files_in_s3 else [])]
        plain = [name for name in spoken if not str(getattr(self, name)).startswith("https://")]
        if plain:
            raise ValueError("production speaks https only: " + ", ".join(plain).upper())
        if self.supplier_name == SANDBOX_SUPPLIER:
            raise ValueError("production papers name their supplier: SUPPLIER_NAME and the rest")
        if not self.files_in_s3 and not self.files_dir.is_absolute():
            raise ValueError(
                "production keeps files in a place that is named: FILES_DIR, FILES_S3_…"
            )
        if self.smtp_security == "none":
            raise ValueError("production sends mail by STARTTLS or TLS only: SMTP_SECURITY")
        return self

    @property
    def is_sandbox(self) -> bool:
        return self.environment is Environment.SANDBOX

    @property
    def files_in_s3(self) -> bool:
        """Whether files are in a bucket rather than in `files_dir`."""
        return bool(self.files_s3_endpoint)

    @property
    def browser_redirect_uris(self) -> tuple[str, ...]:
        """Where social providers may lead browsers back, the usual one first."""
        return self.social_redirect_uris_browser or (self.spa_url + "/social/callback",)

    @property
    def sso_targets(self) -> tuple[str, ...]:
        """Where a sign-in from the groupware may end, the usual page first."""
        return self.sso_target_uris or (self.spa_url + "/sso",)
