"""Where somebody was when they did something on the phone: how it is kept in the history, and how it is said.

In an entry's data, under `position`: `{"lon", "lat", "accuracy_m", "at_phone"}` (degrees WGS 84, metres, ISO instant by
the phone's clock), or `{"none": why}` with a reason of `WHY_NOT`. An act is never refused for want of a position.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ecobureau.clock import beijing
from ecobureau.domain.geo import distance_m
from ecobureau.words import say

WHY_NOT = ("denied", "unavailable", "timeout", "unsupported", "not_sent")


def position(
    lon: float | None,
    lat: float | None,
    accuracy_m: float | None = None,
    at_phone: datetime | None = None,
    why_not: str = "",
) -> dict[str, Any]:
    """Return what the history keeps of a phone's position; without one, why there is none (`not_sent` if unsaid)."""
    if lon is None or lat is None:
        return {"none": why_not if why_not in WHY_NOT else "not_sent"}
    return {
        "lon": round(lon, 6),
        "lat": round(lat, 6),
        "accuracy_m": None if accuracy_m is None else round(accuracy_m, 1),
        "at_phone": None if at_phone is None else at_phone.isoformat(),
    }


def words(data: Mapping[str, Any], lon: float | None = None, lat: float | None = None) -> str:
    """Return a position as a sentence, in the language in force; empty where the act's data hold none.

    Args:
        data: the entry's data. lon, lat: of the record, to say how far from it the phone was.
    """
    kept = data.get("position")
    if not isinstance(kept, Mapping):
        return ""
    if "none" in kept:
        return say("core.position.none", None, why=say(f"core.position.{kept['none']}"))
    said = [say("core.position.at", None, lon=f"{kept['lon']:.5f}", lat=f"{kept['lat']:.5f}")]
    if kept.get("accuracy_m") is not None:
        said.append(say("core.position.accuracy", None, metres=f"{kept['accuracy_m']:.0f}"))
    if kept.get("at_phone"):
        at = beijing(datetime.fromisoformat(str(kept["at_phone"])))
        said.append(say("core.position.phone_time", None, time=f"{at:%H:%M:%S}"))
    if lon is not None and lat is not None:
        away = distance_m(float(kept["lon"]), float(kept["lat"]), lon, lat)
        said.append(say("core.position.away", None, metres=f"{away:.0f}"))
    return say("core.position.join").join(said)
