"""Sealed columns."""

import base64

import pytest

from app.db.vault import CannotOpen, Vault

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()


def test_a_sealed_value_opens_for_its_own_column_only() -> None:
    vault = Vault(OLD, "index")
    sealed = vault.seal("accounts.phone", "01012345678")
    assert vault.open("accounts.phone", sealed) == "01012345678"
    with pytest.raises(CannotOpen):
        vault.open("accounts.name", sealed)


def test_the_plain_text_is_not_in_the_bytes_and_no_two_are_alike() -> None:
    vault = Vault(OLD, "index")
    first, second = vault.seal("c", "홍길동"), vault.seal("c", "홍길동")
    assert first != second
    assert "홍길동".encode() not in first


def test_a_rotated_ring_opens_what_the_old_key_sealed() -> None:
    sealed = Vault(OLD, "index").seal("c", "값")
    assert Vault(f"{NEW} {OLD}", "index").open("c", sealed) == "값"
    with pytest.raises(CannotOpen):
        Vault(NEW, "index").open("c", sealed)


def test_one_changed_bit_does_not_open() -> None:
    vault = Vault(OLD, "index")
    sealed = bytearray(vault.seal("c", "값"))
    sealed[-1] ^= 1
    with pytest.raises(CannotOpen):
        vault.open("c", bytes(sealed))


def test_blind_indexes_are_equal_for_equal_values_of_one_column() -> None:
    vault = Vault(OLD, "index")
    assert vault.index("email", "a@b.kr") == vault.index("email", "a@b.kr")
    assert vault.index("email", "a@b.kr") != vault.index("phone", "a@b.kr")
    assert vault.index("email", "a@b.kr") != Vault(OLD, "other").index("email", "a@b.kr")
