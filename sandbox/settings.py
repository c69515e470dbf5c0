"""What the sandbox reads from its environment. Its secrets are public: they guard nothing real."""

import base64
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def _webhook_secret(words: str) -> str:
    return "whsec_" + base64.b64encode(words.encode()).decode()


class SandboxSettings(BaseSettings):
    """Names in the environment are the field names in capitals, with SANDBOX_ where said."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    sandbox_host: str = "127.0.0.1"
    sandbox_port: int = 8001
    smtp_port: int = 8025
    port: int = 8000
    metrics_port: int = 8002
    data_dir: Path = Path(".data")
    operation_seconds: float = Field(default=0.3, validation_alias="SANDBOX_OPERATION_SECONDS")
    """How long the groupware works on a site."""

    portone_secret: str = "sandbox-portone-api-secret"
    store_id: str = "store-sandbox"
    nts_service_key: str = "sandbox-nts-service-key"
    groupware_client_id: str = "sandbox-portal"
    groupware_client_secret: str = "sandbox-groupware-client-secret"
    portone_webhook_secret: str = _webhook_secret("sandbox-portone-webhook-secret-01")
    groupware_webhook_secret: str = _webhook_secret("sandbox-groupware-webhook-secret")
    internal_secret: str = "sandbox-internal-secret"
    groupware_oidc_client_id: str = "sandbox-portal-sso"
    groupware_oidc_secret: str = "sandbox-groupware-oidc-secret"
    social_redirect_uris: str = Field(
        default="com.example.portal:/social/callback",
        validation_alias="SANDBOX_SOCIAL_REDIRECT_URIS",
    )
    """Registered at Kakao, Naver and Google, separated by white space; every address on loopback
    is registered anyway."""

    @property
    def portal_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """The social providers and the SPA: the same site as the portal."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def spa_url(self) -> str:
        return f"{self.sandbox_url}/spa"

    @property
    def groupware_url(self) -> str:
        """The groupware for browsers, and its issuer: another site than the portal, as in life."""
        return f"http://localhost:{self.sandbox_port}/groupware"

    @staticmethod
    def social_secret(provider: str) -> str:
        return f"sandbox-{provider}-secret"

    @property
    def internal_url(self) -> str:
        return f"http://127.0.0.1:{self.metrics_port}"
