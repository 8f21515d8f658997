"""Data loggers: how to speak with them, their secrets sealed, and word to the gateways of every change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from ecobureau import clock
from ecobureau.domain.rules import NoRule
from ecobureau.rulepacks import load
from ecobureau.secret import seal, unseal
from ecobureau.web.core.access import Viewer
from ecobureau.web.places.changes import HIDDEN, differences, note_change
from ecobureau.web.places.door import must_change
from ecobureau.web.places.problems import invalid
from ecobureau.web.sources.models import Logger, Station
from ecobureau.web.sources.services.common import check_fields, next_revision, notify_stations
from ecobureau.web.sources.services.stations import check_st

_MN = re.compile(r"[0-9A-Za-z_-]{4,40}")
_SM4 = re.compile(r"[0-9A-Fa-f]{32}")
_CHANGEABLE = {
    "edition",
    "dialect",
    "rtd_interval_s",
    "minute_interval",
    "accept_from",
    "active",
    "unit_overrides",
    "factor_map",
    "max_frames_per_minute",
    "relay",
}
_RANGES = {"rtd_interval_s": (1, 3600), "minute_interval": (1, 60), "max_frames_per_minute": (1, 100000)}


@transaction.atomic
def make_logger(
    actor: Viewer,
    station: Station,
    *,
    mn: str,
    password: str,
    st: str | None = None,
    sm4_key: str | None = None,
    stamp_rule: str = Logger.Stamp.START,
    accept_from: datetime | None = None,
    **fields: Any,
) -> Logger:
    """Register a data logger of a station.

    Args:
        mn: device id as it is sent, 4..40 letters and digits (the field has 5 and 6 too); unique.
        password: PW as it is sent, may be empty; sealed at once and never shown again.
        st: system code; default the station's.
        sm4_key: 32 hex digits of the 2025 edition's key, sealed likewise; None or empty = plain.
        stamp_rule: whether its DataTime is the `start` or the `end` of a period. It stays: another rule would silently
            shift what is stored.
        accept_from: oldest data time that is data; default now.
        fields: edition (0 | 1 | 2, None = read from the frames), dialect, rtd_interval_s, minute_interval, active,
            unit_overrides {factor: unit} (on top of the units usual for the system code, rule pack `units`),
            factor_map {sent code: factor}, max_frames_per_minute, relay.

    Raises:
        Invalid: bad or taken MN, bad key or field; Refused: no right there.
    """
    must_change(actor, station.org_path)
    if not _MN.fullmatch(mn):
        raise invalid("mn", "registry.mn", value=mn)
    taken = Logger.objects.filter(mn=mn).select_related("station").first()
    if taken:
        raise invalid("mn", "registry.mn.taken", value=mn, name=taken.station.name)
    check_st(st or station.st)
    _check(fields)
    now = clock.now()
    fields["unit_overrides"] = usual_units(st or station.st) | fields.get("unit_overrides", {})
    row = Logger(
        station=station,
        mn=mn,
        st=st or station.st,
        stamp_rule=stamp_rule,
        accept_from=accept_from or now,
        password_sealed=seal(password),
        sm4_key_sealed=_sealed_key(sm4_key),
        revision=next_revision(),
        created_at=now,
        updated_at=now,
        **fields,
    )
    check_fields(row)
    row.save(force_insert=True)
    note_change(actor, "make", row, number=mn, station=station.code, stamp_rule=stamp_rule)
    notify_stations()
    return row


def usual_units(st: str) -> dict[str, str]:
    """Return the units that devices of a system code send where the standard prints another, by factor."""
    try:
        value = load("units").at(f"units.of_st.{st}", clock.beijing(clock.now()).date()).value
    except NoRule:
        return {}
    return {str(factor): str(unit) for factor, unit in value.items()} if isinstance(value, dict) else {}


@transaction.atomic
def change_logger(actor: Viewer, row: Logger, **changes: Any) -> Logger:
    """Change a logger's settings; `password` and `sm4_key` replace the sealed secrets (`sm4_key=""` removes it).

    MN, station, system code and stamp rule stay.

    Raises:
        Invalid: a fixed or bad field; Refused: no right there.
    """
    secrets = {name: changes.pop(name) for name in ("password", "sm4_key") if name in changes}
    unknown = changes.keys() - _CHANGEABLE
    if unknown:
        raise invalid(min(unknown), "registry.fixed")
    _check(changes)
    row = Logger.objects.select_for_update().select_related("station").get(pk=row.pk)
    must_change(actor, row.station.org_path)
    changed = differences(row, changes) | {name: [HIDDEN, HIDDEN] for name in secrets}
    if not changed:
        return row
    for name, value in changes.items():
        setattr(row, name, value)
    if "password" in secrets:
        row.password_sealed = seal(secrets["password"])
    if "sm4_key" in secrets:
        row.sm4_key_sealed = _sealed_key(secrets["sm4_key"])
    row.revision, row.updated_at = next_revision(), clock.now()
    check_fields(row)
    row.save()
    note_change(actor, "change", row, number=row.mn, changed=changed)
    notify_stations()
    return row


def unchanged_secrets(row: Logger, given: Mapping[str, Any]) -> set[str]:
    """Return which of the handed-in secrets are those that are sealed already."""
    sealed = {"password": row.password_sealed, "sm4_key": row.sm4_key_sealed}
    same = set()
    for name, blob in sealed.items():
        if name in given and (unseal(bytes(blob)) if blob else "") == str(given[name] or ""):
            same.add(name)
    return same


def _sealed_key(sm4_key: str | None) -> bytes | None:
    if not sm4_key:
        return None
    if not _SM4.fullmatch(sm4_key):
        raise invalid("sm4_key", "registry.sm4")
    return seal(sm4_key.upper())


def _check(fields: Mapping[str, Any]) -> None:
    unknown = fields.keys() - _CHANGEABLE
    if unknown:
        raise invalid(min(unknown), "registry.fixed")
    for name, (low, high) in _RANGES.items():
        if name in fields and not low <= fields[name] <= high:
            raise invalid(name, "registry.range", value=fields[name], low=low, high=high)
    edition = fields.get("edition")
    if edition is not None and edition not in Logger.Edition.values:
        raise invalid("edition", "registry.choice", value=edition, choices="0, 1, 2")
    if fields.get("accept_from", clock.now()) is None:
        raise invalid("accept_from", "registry.missing")
    for name in ("unit_overrides", "factor_map"):
        table = fields.get(name, {})
        if not isinstance(table, dict) or not all(
            isinstance(key, str) and isinstance(value, str) for key, value in table.items()
        ):
            raise invalid(name, "registry.json", value=table)
