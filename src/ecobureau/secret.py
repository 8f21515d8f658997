"""Secrets of devices and people, sealed with a key that lies outside the database."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from ecobureau.config import key_file


class WrongKey(Exception):
    """The key file is not the one these secrets were sealed with."""


def read_or_make_key(path: Path) -> bytes:
    """Return the key in `path`; make one (mode 0600) at first use. Two processes may race: one key wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(Fernet.generate_key())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes().strip()


@lru_cache(maxsize=8)
def _box(path: Path) -> Fernet:
    return Fernet(read_or_make_key(path))


def seal(text: str) -> bytes:
    """Return `text` encrypted and authenticated with the key file's key."""
    return _box(key_file()).encrypt(text.encode())


def unseal(blob: bytes) -> str:
    """Return the text that `seal` hid.

    Raises:
        WrongKey: the blob was sealed with another key, or is damaged.
    """
    try:
        return _box(key_file()).decrypt(bytes(blob)).decode()
    except InvalidToken as error:
        raise WrongKey(str(key_file())) from error
