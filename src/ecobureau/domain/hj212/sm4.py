"""SM4 of HJ 212-2025: the content of CP in 16-byte groups, ECB without padding, a shorter last group left plain."""

from __future__ import annotations

import re

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

_GROUP = 16
_TEXT_FORM = re.compile(rb"\{\s*(0[xX][0-9A-Fa-f]{1,2}(?:\s*,\s*0[xX][0-9A-Fa-f]{1,2})*)\s*\}")


class BadKey(ValueError):
    """A key is not 16 bytes."""


def key_from_hex(text: str) -> bytes:
    """Return the 16 bytes of a key written as 32 hex digits.

    Raises:
        BadKey: other characters or another length.
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise BadKey(text) from None
    if len(key) != _GROUP:
        raise BadKey(text)
    return key


def encrypt(plain: bytes, key: bytes) -> bytes:
    """Return the cipher bytes of a CP content; same length, the last group short of 16 bytes stays plain.

    Source: HJ 212-2025 6.4, annex A.2.
    Raises:
        BadKey: the key is not 16 bytes.
    """
    return _groups(plain, key, encrypting=True)


def decrypt(cipher: bytes, key: bytes) -> bytes:
    """Return the plain CP content of cipher bytes (the reverse of `encrypt`)."""
    return _groups(cipher, key, encrypting=False)


def _groups(data: bytes, key: bytes, *, encrypting: bool) -> bytes:
    if len(key) != _GROUP:
        raise BadKey(key.hex())
    whole = len(data) - len(data) % _GROUP
    if not whole:
        return data
    cipher = Cipher(SM4(key), modes.ECB())  # noqa: S305 - ECB is what the standard prescribes
    turn = cipher.encryptor() if encrypting else cipher.decryptor()
    return turn.update(data[:whole]) + turn.finalize() + data[whole:]


def text_form(content: bytes) -> bytes | None:
    """Return the raw bytes of a cipher text written as `{0xE4,0x3E,…}` with a plain rest behind it, else None."""
    match = _TEXT_FORM.match(content.lstrip())
    if match is None:
        return None
    numbers = bytes(int(item, 16) for item in match.group(1).split(b","))
    return numbers + content.lstrip()[match.end() :]
