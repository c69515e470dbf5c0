"""The groupware's books: sites with what they are entitled to, and the work on them."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from sandbox.oauth.keys import KeyRing

FAILING_PREFIX = "fail-"
"""A sub-domain that begins so makes its operation fail: for frontend teams."""


class Storage(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    account_gb: int = Field(ge=0)
    public_gb: int = Field(ge=0)


class Admin(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    login_id: str = Field(min_length=1)
    email: str = Field(min_length=3)
    name: str = Field(min_length=1)


class Entitlement(BaseModel):
    """What the portal puts: the whole of it, under a revision."""

    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=1)
    name: str = Field(min_length=1)
    subdomain: str = Field(pattern=r"^[a-z0-9-]{3,40}$")
    hosting: Literal["SHARED_FREE", "SHARED", "DEDICATED"]
    users: int = Field(ge=1)
    storage: Storage
    add_ons: dict[str, int]
    starts_on: date
    expires_on: date | None
    access: Literal["ON", "OFF"]
    accounting_menu: bool
    business_number: str = Field(pattern=r"^[0-9]{10}$")
    admin: Admin


class SiteUser(BaseModel):
    """A person of a site; `sub` is never given to another one."""

    sub: str
    login_id: str
    name: str
    email: str | None = None
    active: bool = True
    site_admin: bool = False


class Usage(BaseModel):
    """What the console or a test says is in use."""

    users: int = Field(default=1, ge=0)
    signed_in_ever: int = Field(default=1, ge=0)
    account_bytes: int = Field(default=0, ge=0)
    public_bytes: int = Field(default=0, ge=0)
    options: dict[str, int] = Field(default_factory=dict)


class Site(BaseModel):
    """A site and its newest wish; `opened_at` is null until the first operation succeeded."""

    external_id: str
    site_id: str
    wanted: Entitlement
    applied_revision: int = 0
    operation_id: str
    opened_at: datetime | None = None
    accounting_started_on: date | None = None
    closed: bool = False
    setup_token: str
    usage: Usage = Field(default_factory=Usage)
    users: list[SiteUser] = Field(default_factory=list)
    company_name: str | None = None
    """Of a site that did not come from the portal; others are called by the site's name."""

    def user(self, sub: str) -> SiteUser | None:
        return next((user for user in self.users if user.sub == sub), None)

    def address_of(self, user: SiteUser) -> str:
        """Unique in the whole groupware; a login hint."""
        return f"{user.login_id}@{self.wanted.subdomain}.groupware.example"

    def email_of(self, user: SiteUser) -> str:
        return user.email or self.address_of(user)


class SignedIn(BaseModel):
    """Who a browser is signed in as, and since when (real time in seconds)."""

    external_id: str
    sub: str
    auth_time: float


class IdTokenOverrides(BaseModel):
    """What is wrong, on purpose, with the ID tokens from now on."""

    model_config = ConfigDict(extra="forbid")

    algorithm: Literal["RS256", "HS256", "none"] = "RS256"
    """HS256: with the public key as the secret."""
    unknown_kid: bool = False
    bad_signature: bool = False
    expired: bool = False
    claims: dict[str, JsonValue] = Field(default_factory=dict)
    without: list[str] = Field(default_factory=list)


class Operation(BaseModel):
    """Work on a site's revision. `ready_at` is real time in seconds."""

    id: str
    external_id: str
    revision: int
    state: Literal["IN_PROGRESS", "SUCCEEDED", "FAILED"] = "IN_PROGRESS"
    error: str | None = None
    ready_at: float


class Snapshot(BaseModel):
    sites: list[Site] = Field(default_factory=list)
    operations: list[Operation] = Field(default_factory=list)
    made: int = 0
    keys: KeyRing = Field(default_factory=KeyRing)
    sessions: dict[str, SignedIn] = Field(default_factory=dict)


_SNAPSHOT = TypeAdapter(Snapshot)


class GroupwareState:
    """Sites by the portal's id, operations by theirs."""

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}
        self.operations: dict[str, Operation] = {}
        self.made = 0
        """How many sites were ever created: what a race must not double."""
        self.keys = KeyRing()
        self.sessions: dict[str, SignedIn] = {}
        """By the value of the browser's cookie."""
        self.id_token = IdTokenOverrides()

    def owner_of(self, subdomain: str) -> Site | None:
        return next(
            (s for s in self.sites.values() if s.wanted.subdomain == subdomain and not s.closed),
            None,
        )

    def dump(self) -> dict[str, object]:
        snapshot = Snapshot(
            sites=list(self.sites.values()),
            operations=list(self.operations.values()),
            made=self.made,
            keys=self.keys,
            sessions=self.sessions,
        )
        plain: dict[str, object] = _SNAPSHOT.dump_python(snapshot, mode="json")
        return plain

    def load(self, plain: dict[str, object]) -> None:
        snapshot = _SNAPSHOT.validate_python(plain)
        self.sites = {site.external_id: site for site in snapshot.sites}
        self.operations = {operation.id: operation for operation in snapshot.operations}
        self.made = snapshot.made
        self.keys = snapshot.keys
        self.sessions = snapshot.sessions
