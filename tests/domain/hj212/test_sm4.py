from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.domain.hj212.sm4 import BadKey, decrypt, encrypt, key_from_hex, text_form

KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")


def test_the_vector_of_the_cipher_s_own_standard() -> None:
    # GB/T 32907-2016 annex A: key and plain text are the same.
    assert encrypt(KEY, KEY) == bytes.fromhex("681EDF34D206965E86B3E94F536E4246")


@given(st.binary(max_size=100))
def test_what_was_encrypted_is_decrypted_and_the_rest_stays_plain(plain: bytes) -> None:
    cipher = encrypt(plain, KEY)
    assert len(cipher) == len(plain)
    assert decrypt(cipher, KEY) == plain
    whole = len(plain) // 16 * 16
    assert cipher[whole:] == plain[whole:]


@pytest.mark.parametrize("text", ["", "00", "zz" * 16, "00" * 15, "00" * 17])
def test_bad_keys_are_refused(text: str) -> None:
    with pytest.raises(BadKey):
        key_from_hex(text)
    with pytest.raises(BadKey):
        encrypt(b"x" * 16, b"short")


def test_keys_in_hex() -> None:
    assert key_from_hex("30" * 16) == b"0" * 16


def test_text_form() -> None:
    assert text_form(b"{0xE4,0x3e, 0x9A}g=N") == b"\xe4\x3e\x9ag=N"
    assert text_form(b" {0X0}") == b"\x00"
    for other in (b"", b"DataTime=1", b"{}", b"{0x100}", b"{0xE4", b"0xE4"):
        assert text_form(other) is None
