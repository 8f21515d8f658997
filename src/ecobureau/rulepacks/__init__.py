"""Rule packs: data, not code. This loader is the only reader; what it reads is handed on as values.

A pack is `<name>.toml` beside this file:

    [pack]
    name = "sla"
    version = "2026.1"

    [[entry]]
    key = "task.sla.red.accept"
    value = 5
    unit = "min"
    source = "…"
    clause = "…"
    flag = "proposal"
    valid_from = 2026-01-01

A city's own values stand in `<data>/rulepacks/<name>.toml` in the same form.
"""

from __future__ import annotations

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from ecobureau.config import data_dir
from ecobureau.domain.rules import Certainty, Entry, RulePack

HERE = Path(__file__).resolve().parent


class BadPack(ValueError):
    """A rule pack cannot be read; the message names file and entry."""


def _entry(raw: dict[str, Any], path: Path) -> Entry:
    try:
        return Entry(
            key=raw["key"],
            value=raw["value"],
            unit=raw.get("unit", ""),
            source=raw["source"],
            clause=raw.get("clause", ""),
            flag=Certainty(raw["flag"]),
            valid_from=_day(raw["valid_from"]),
            valid_to=_day(raw["valid_to"]) if "valid_to" in raw else None,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise BadPack(f"{path.name}: entry {raw.get('key', '?')!r}: {error!r}") from error


def _day(value: object) -> date:
    if not isinstance(value, date):
        raise TypeError(f"not a date: {value!r}")
    return value


def _read(path: Path) -> tuple[str, list[Entry]]:
    try:
        text = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadPack(f"{path.name}: {error}") from error
    return str(text["pack"]["version"]), [_entry(raw, path) for raw in text.get("entry", [])]


@lru_cache(maxsize=64)
def load(name: str, city: Path | None = None) -> RulePack:
    """Return the rule pack `name` with the city's overlay.

    Args:
        name: file name without `.toml`.
        city: folder of the city's overlays; default `<data>/rulepacks`.

    Raises:
        BadPack: a file cannot be read.
        FileNotFoundError: there is no such pack.
    """
    version, national = _read(HERE / f"{name}.toml")
    own = (city or data_dir() / "rulepacks") / f"{name}.toml"
    if not own.exists():
        return RulePack(name, version, national)
    city_version, overlay = _read(own)
    return RulePack(name, f"{version}+{city_version}", national, overlay)
