"""What a process holds for its lifetime, made once by `create_app` or the worker."""

from dataclasses import dataclass

from app.clock import Clock, MovedClock, RealClock
from app.db.engine import Database
from app.db.vault import Vault
from app.services.catalogue import Catalogues
from app.settings import Settings
from app.tokens import AccessTokens


@dataclass(frozen=True, slots=True)
class Deps:
    """The portal's parts, wired. Services take what they need of it."""

    settings: Settings
    database: Database
    clock: Clock
    vault: Vault
    access_tokens: AccessTokens
    catalogues: Catalogues


def build_deps(settings: Settings) -> Deps:
    """Opens no connection yet."""
    database = Database.connect(settings.database_url, settings.database_pool_size)
    return Deps(
        settings=settings,
        database=database,
        clock=MovedClock() if settings.is_sandbox else RealClock(),
        vault=Vault(
            settings.encryption_keys.get_secret_value(),
            settings.blind_index_key.get_secret_value(),
        ),
        access_tokens=AccessTokens(
            settings.access_token_keys.get_secret_value(),
            settings.access_token_issuer,
            settings.access_token_audience,
        ),
        catalogues=Catalogues(database),
    )
