"""Which other clues may be the same matter: found, and ranked with reasons (workflow reference 1.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import cos, radians
from typing import Any

from django.db.models import Q

from ecobureau.clock import beijing, now
from ecobureau.domain.repeats import Bounds, Reason, Told, compare
from ecobureau.rulepacks import load
from ecobureau.web.clues import selectors
from ecobureau.web.clues.flow import OPEN
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import Viewer
from ecobureau.words import say

MOST_COMPARED = 300
_M_PER_DEG = 111_195.0


@dataclass(frozen=True, slots=True)
class Repeat:
    """A clue that may be the same matter: how much it looks like it (0-1), and why."""

    clue: Clue
    score: float
    reasons: tuple[Reason, ...]

    @property
    def why(self) -> str:
        """The reasons in words, in the language in force."""
        return "；".join(say(reason.code, None, **reason.params) for reason in self.reasons)

    def told(self) -> list[Mapping[str, Any]]:
        """Return the reasons as the history keeps them."""
        return [{"code": reason.code, **reason.params} for reason in self.reasons]


def bounds() -> Bounds:
    """Return the thresholds in force today (packs `sla` and `risk`)."""
    day, sla, risk = beijing(now()).date(), load("sla"), load("risk")
    return Bounds(
        radius_m=float(str(sla.at("merge.radius_m", day).value)),
        hours=float(str(sla.at("merge.hours", day).value)),
        text=float(str(sla.at("merge.text", day).value)),
        text_hours=float(str(risk.at("repeats.text_hours", day).value)),
        text_radius_m=float(str(risk.at("repeats.text_radius_m", day).value)),
    )


def told(clue: Clue) -> Told:
    """Return what is compared of a clue."""
    spoken = not clue.rule
    return Told(
        subject=clue.subject,
        scenario=clue.scenario,
        lon=clue.lon,
        lat=clue.lat,
        at=clue.first_at.timestamp(),
        text=f"{clue.title} {clue.text}" if spoken else "",
        spoken=spoken,
    )


def _fitting(clue: Clue, by: Bounds) -> Q:
    """Return the condition on clues that could be a repeat at all; the pure function then says whether they are."""
    wanted = Q(subject=clue.subject) if clue.subject else Q(pk__in=())
    reach = by.text_radius_m if not clue.rule else by.radius_m
    span = timedelta(hours=max(by.hours, by.text_hours) if not clue.rule else by.hours)
    around = Q(first_at__range=(clue.first_at - span, clue.first_at + span))
    district = "/".join(clue.org_path.split("/")[:3]) + "/"
    unplaced = Q(org_path__startswith=district, lon__isnull=True) if not clue.rule else Q(pk__in=())
    if clue.lon is None or clue.lat is None:
        return wanted | (around & Q(org_path__startswith=district, rule="") if not clue.rule else Q(pk__in=()))
    tall = reach / _M_PER_DEG
    wide = tall / max(0.01, cos(radians(clue.lat)))
    boxed = Q(lon__range=(clue.lon - wide, clue.lon + wide), lat__range=(clue.lat - tall, clue.lat + tall))
    return wanted | (around & (boxed | unplaced))


def find(viewer: Viewer, clue: Clue, most: int = 10) -> list[Repeat]:
    """Return the open clues within the viewer's sight that may be the same matter as `clue`, the likest first."""
    by = bounds()
    rows = selectors.clues(viewer).filter(_fitting(clue, by), state__in=OPEN).exclude(pk=clue.pk)
    one = told(clue)
    found = []
    for other in rows.order_by("-first_at", "-pk")[:MOST_COMPARED]:
        alike = compare(one, told(other), by)
        if alike is not None:
            found.append(Repeat(other, alike.score, alike.reasons))
    found.sort(key=lambda each: (-each.score, each.clue.created_at, each.clue.pk))
    return found[:most]
