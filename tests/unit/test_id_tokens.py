"""ID tokens: each fault is refused by its own name, and a rotation of keys needs no restart."""

import base64
import hmac
import json
import time
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from app.adapters.http import ProviderHttp
from app.adapters.oidc import IdTokens, SigningKeys
from app.domain.id_tokens import TokenFault, TokenRefused
from app.domain.provider_errors import ProviderNonsense, ProviderUnavailable
from tests.openid import FakeProvider

ISSUER = "http://provider.example"
NONCE = "n-0123456789"


class Clock:
    """Monotonic seconds, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def fake() -> FakeProvider:
    return FakeProvider(
        ISSUER, ("client", "secret"), authorize="/authorize", token="/token", issuer=ISSUER
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(fake: FakeProvider, clock: Clock) -> IdTokens:
    async def address() -> str:
        return ISSUER + "/.well-known/jwks.json"

    http = ProviderHttp("provider", "", lambda status, body: None, transport=fake)
    return IdTokens("provider", ISSUER, "client", SigningKeys(http, address, clock))


def issue(fake: FakeProvider) -> str:
    return fake._id_token({"nonce": NONCE}, {"sub": "somebody"})


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


async def fault_of(tokens: IdTokens, token: str) -> TokenFault:
    with pytest.raises(TokenRefused) as refused:
        await tokens.verify(token, NONCE)
    return refused.value.fault


async def test_a_good_token_gives_its_claims(fake: FakeProvider, tokens: IdTokens) -> None:
    assert (await tokens.verify(issue(fake), NONCE))["sub"] == "somebody"


async def test_es256_is_as_good(fake: FakeProvider, tokens: IdTokens) -> None:
    fake.keys = [ECKey.generate_key("P-256", {"kid": "curve"}, auto_kid=False)]
    assert (await tokens.verify(issue(fake), NONCE))["sub"] == "somebody"


NOW = int(time.time())


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ({"iss": "http://other.example"}, TokenFault.ISSUER),
        ({"iss": ISSUER + "/"}, TokenFault.ISSUER),
        ({"aud": "another-client"}, TokenFault.AUDIENCE),
        ({"aud": ["client", "another"], "azp": "another"}, TokenFault.AUDIENCE),
        ({"azp": "another"}, TokenFault.AUDIENCE),
        ({"nonce": "of-another-start"}, TokenFault.NONCE),
        ({"exp": NOW - 3600}, TokenFault.EXPIRED),
        ({"iat": NOW + 3600}, TokenFault.EXPIRED),
        ({"nonce": None}, TokenFault.CLAIM_MISSING),
        ({"sub": None}, TokenFault.CLAIM_MISSING),
        ({"exp": None}, TokenFault.CLAIM_MISSING),
        ({"iat": None}, TokenFault.CLAIM_MISSING),
        ({"aud": None}, TokenFault.CLAIM_MISSING),
        ({"iss": None}, TokenFault.CLAIM_MISSING),
    ],
)
async def test_a_claim_that_does_not_hold_is_refused_by_its_name(
    fake: FakeProvider, tokens: IdTokens, claims: dict[str, Any], fault: TokenFault
) -> None:
    fake.claims = claims
    assert await fault_of(tokens, issue(fake)) is fault


@pytest.mark.parametrize(("age", "believed"), [(25, True), (45, False)])
async def test_thirty_seconds_of_skew_are_forgiven(
    fake: FakeProvider, tokens: IdTokens, age: int, believed: bool
) -> None:
    fake.claims = {"exp": int(time.time()) - age}
    if believed:
        await tokens.verify(issue(fake), NONCE)
    else:
        assert await fault_of(tokens, issue(fake)) is TokenFault.EXPIRED


async def test_a_token_without_a_signature_is_refused(fake: FakeProvider, tokens: IdTokens) -> None:
    _, payload, _ = issue(fake).split(".")
    unsigned = f"{_encoded(json.dumps({'alg': 'none', 'kid': 'first'}).encode())}.{payload}."
    assert await fault_of(tokens, unsigned) is TokenFault.ALGORITHM


async def test_the_public_key_as_an_hmac_secret_is_refused(
    fake: FakeProvider, tokens: IdTokens
) -> None:
    _, payload, _ = issue(fake).split(".")
    header = _encoded(json.dumps({"alg": "HS256", "kid": "first"}).encode())
    public = fake.keys[0].as_pem(private=False)
    signature = hmac.digest(public, f"{header}.{payload}".encode(), "sha256")
    forged = f"{header}.{payload}.{_encoded(signature)}"
    assert await fault_of(tokens, forged) is TokenFault.ALGORITHM


async def test_another_algorithm_of_the_right_key_is_refused(
    fake: FakeProvider, tokens: IdTokens
) -> None:
    fake.header = {"alg": "RS512"}
    assert await fault_of(tokens, issue(fake)) is TokenFault.ALGORITHM


async def test_a_signature_by_a_stranger_is_refused(fake: FakeProvider, tokens: IdTokens) -> None:
    fake.key = RSAKey.generate_key(2048, {"kid": "first"}, auto_kid=False)
    assert await fault_of(tokens, issue(fake)) is TokenFault.SIGNATURE


async def test_a_changed_payload_is_refused(fake: FakeProvider, tokens: IdTokens) -> None:
    header, payload, signature = issue(fake).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changed = _encoded(json.dumps(claims | {"sub": "boss"}).encode())
    token = f"{header}.{changed}.{signature}"
    assert await fault_of(tokens, token) is TokenFault.SIGNATURE


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "e30.e30.", "ü.ü.ü", "..", "a.b.c.d.e"])
async def test_what_is_no_token_is_refused(tokens: IdTokens, token: str) -> None:
    assert await fault_of(tokens, token) in {TokenFault.MALFORMED, TokenFault.ALGORITHM}


async def test_a_token_that_names_no_key_is_refused(fake: FakeProvider, tokens: IdTokens) -> None:
    fake.header = {"kid": ""}
    assert await fault_of(tokens, issue(fake)) is TokenFault.KEY_UNKNOWN


async def test_rotated_keys_are_found_without_a_restart(
    fake: FakeProvider, tokens: IdTokens
) -> None:
    await tokens.verify(issue(fake), NONCE)
    fake.keys = [RSAKey.generate_key(2048, {"kid": "second"}, auto_kid=False)]
    assert (await tokens.verify(issue(fake), NONCE))["sub"] == "somebody"


async def test_unknown_keys_make_us_ask_once_a_minute_at_most(
    fake: FakeProvider, tokens: IdTokens, clock: Clock
) -> None:
    await tokens.verify(issue(fake), NONCE)
    fake.key = RSAKey.generate_key(2048, {"kid": "nobody's"}, auto_kid=False)
    strange = issue(fake)
    for _ in range(20):
        assert await fault_of(tokens, strange) is TokenFault.KEY_UNKNOWN
    assert fake.asked.count("/.well-known/jwks.json") == 2
    clock.seconds += 61
    assert await fault_of(tokens, strange) is TokenFault.KEY_UNKNOWN
    assert fake.asked.count("/.well-known/jwks.json") == 3


async def test_a_withdrawn_key_is_forgotten_within_the_hour(
    fake: FakeProvider, tokens: IdTokens, clock: Clock
) -> None:
    old = issue(fake)
    await tokens.verify(old, NONCE)
    fake.keys = [RSAKey.generate_key(2048, {"kid": "second"}, auto_kid=False)]
    clock.seconds += 3601
    assert await fault_of(tokens, old) is TokenFault.KEY_UNKNOWN


async def test_keys_that_cannot_be_fetched_are_the_providers_failure(
    fake: FakeProvider, tokens: IdTokens
) -> None:
    token = issue(fake)
    fake.answers["/.well-known/jwks.json"] = httpx.Response(200, text="<html>")
    with pytest.raises(ProviderNonsense):
        await tokens.verify(token, NONCE)
    fake.answers["/.well-known/jwks.json"] = httpx.ConnectError("down")
    with pytest.raises(ProviderUnavailable):
        await tokens.verify(token, NONCE)


async def test_symmetric_and_broken_keys_of_a_provider_are_left_out(
    fake: FakeProvider, tokens: IdTokens
) -> None:
    token = issue(fake)
    good = fake.keys[0].as_dict(private=False)
    broken = [
        {"kty": "oct", "kid": "first", "k": "c2VjcmV0"},
        {"kty": "RSA", "kid": "x"},
        good | {"kid": "y", "use": "enc"},
        {},
    ]
    fake.answers["/.well-known/jwks.json"] = httpx.Response(200, json={"keys": [*broken, good]})
    assert (await tokens.verify(token, NONCE))["sub"] == "somebody"
