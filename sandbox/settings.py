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

    @property
    def portal_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def internal_url(self) -> str:
        return f"http://127.0.0.1:{self.metrics_port}"
