"""How long a failure makes wait, and what counts as one address."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.devices import device_label
from app.domain.sign_in import address_group, blocked_until

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 32), (11, 60), (12, 60), (10_000, 60)],
)
def test_the_wait_doubles_from_a_minute_to_an_hour(failures: int, minutes: int) -> None:
    assert blocked_until(failures, 5, AT) == AT + timedelta(minutes=minutes)


@pytest.mark.parametrize("failures", range(5))
def test_fewer_than_allowed_wait_for_nothing(failures: int) -> None:
    assert blocked_until(failures, 5, AT) is None


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1%eth0", "2001:db8:1:2::/64"),
        ("unix", "unix"),
        ("", ""),
    ],
)
def test_what_counts_as_one_address(address: str, group: str) -> None:
    assert address_group(address) == group


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/130 Safari/537 Edg/130", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604", "Safari · iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130 Whale/3", "Whale · Android"),
        ("Portal/1.0 (iPhone)", "iPhone"),
        ("<b>http://evil.example</b>", "알 수 없는 기기"),
        ("", "알 수 없는 기기"),
    ],
)
def test_a_device_in_a_few_words_and_never_in_its_own(user_agent: str, label: str) -> None:
    assert device_label(user_agent).ko == label
