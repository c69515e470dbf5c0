"""Access tokens that must not be believed."""

import time
import uuid

import pytest
from jose import jwt

from app.tokens import AccessTokens, InvalidAccessToken

KEY = "k" * 40
ACCOUNT, SESSION = uuid.uuid4(), uuid.uuid4()


def tokens() -> AccessTokens:
    return AccessTokens(f"a:{KEY}", "https://issuer", "portal")


def forged(key: str = KEY, algorithm: str = "HS256", kid: str = "a", **changed: object) -> str:
    claims: dict[str, object] = {
        "iss": "https://issuer",
        "aud": "portal",
        "sub": str(ACCOUNT),
        "sid": str(SESSION),
        "iat": int(time.time()),
        "exp": int(time.time()) + 60,
    } | changed
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})


def test_an_issued_token_names_its_account_and_session() -> None:
    ring = tokens()
    claims = ring.verify(ring.issue(ACCOUNT, SESSION))
    assert (claims.account_id, claims.session_id) == (ACCOUNT, SESSION)


def test_the_forger_of_these_tests_makes_a_good_token() -> None:
    assert tokens().verify(forged()).session_id == SESSION


@pytest.mark.parametrize(
    "token",
    [
        forged(key="x" * 40),
        forged(algorithm="HS512"),
        forged(kid="b"),
        forged(aud="somebody"),
        forged(iss="somebody"),
        forged(exp=int(time.time()) - 1),
        forged(sid="not-a-uuid"),
        forged()[:-2] + "AA",
        "eyJhbGciOiJub25lIiwia2lkIjoiYSJ9.eyJzdWIiOiIxIn0.",
        "",
        "ü.ü.ü",
        "a.b",
    ],
    ids=[
        "wrong key",
        "other algorithm",
        "unknown kid",
        "other audience",
        "other issuer",
        "expired",
        "no session",
        "tampered",
        "alg none",
        "empty",
        "not ascii",
        "two parts",
    ],
)
def test_a_bad_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidAccessToken):
        tokens().verify(token)


def test_a_remembered_token_still_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = tokens()
    token = ring.issue(ACCOUNT, SESSION)
    ring.verify(token)
    later = time.time() + 601
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(InvalidAccessToken):
        ring.verify(token)
