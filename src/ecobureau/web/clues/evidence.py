"""What people see of a clue: its sentence, its chips, its chart, its evidence pack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.urls import reverse
from django.utils.translation import gettext as _

from ecobureau.clock import now
from ecobureau.domain.workflow import Role
from ecobureau.storage.types import Kind
from ecobureau.web.clues import extra, pool, repeats, scenarios, selectors
from ecobureau.web.clues.models import Clue, Evidence, SensitivePlace
from ecobureau.web.core import access, parts
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.charts import Chart
from ecobureau.web.core.refusals import sentence
from ecobureau.web.telemetry import charts
from ecobureau.words import say


@dataclass(frozen=True, slots=True)
class RiskLine:
    """One part of the risk: its sentence, and the points it adds (negative: takes away)."""

    text: str
    points: int

    @property
    def signed(self) -> str:
        """The points with their sign; a real minus, as people write it."""
        return f"+{self.points}" if self.points > 0 else f"−{-self.points}" if self.points < 0 else "0"


_TONES = {"for": "ok", "none": "", "unknown": "outline"}
_BEFORE = timedelta(hours=12)
MERGEABLE = ("new", "triaged", "watching")
_DESK = (Role.DUTY_OFFICER, Role.DISPATCHER)


def title(clue: Clue) -> str:
    """Return the title in the reader's language; what a person typed stays as it is."""
    return clue.heading


def reason(clue: Clue) -> str:
    """Return the sentence that says why."""
    return sentence(clue.reason_code, clue.reason_params) if clue.reason_code else clue.title


def subject_name(clue: Clue) -> str:
    """Return what it is about: enterprise and outlet, else the station."""
    if clue.outlet is not None:
        return f"{clue.outlet.enterprise.short_name or clue.outlet.enterprise.name} {clue.outlet.code}"
    return clue.station.name if clue.station is not None else ""


def subject_url(clue: Clue) -> str:
    """Return the address of the outlet's or station's page, empty where it has none."""
    if clue.outlet_id is not None:
        return reverse("desk:outlet", args=[clue.outlet_id])
    return reverse("desk:station", args=[clue.station_id]) if clue.station_id is not None else ""


def scenario_name(clue: Clue) -> str:
    """Return the scene kind with its code, empty where the clue has none."""
    return scenarios.name(clue.scenario) if clue.scenario else ""


def risk_parts(clue: Clue) -> list[RiskLine]:
    """Return the parts of the risk as sentences with what each adds; empty for clues from before there were parts."""
    return lines_of(clue.risk_parts.get("parts", [])) if isinstance(clue.risk_parts, dict) else []


def lines_of(parts_: Iterable[Mapping[str, Any]]) -> list[RiskLine]:
    """Return parts of a risk, as they are kept, in words."""
    made = []
    for part in parts_:
        params = dict(part.get("params", {}))
        if "kind" in params:
            params["kind_name"] = str(SensitivePlace.Kind(params["kind"]).label)
        made.append(RiskLine(say(str(part["code"]), None, **params), int(part["points"])))
    return made


def chips(pieces: list[Evidence]) -> list[parts.Chip]:
    """Return the evidence in short: what was checked in the plant's favour, and what came of it."""
    made: dict[str, parts.Chip] = {}
    for piece in pieces:
        if piece.kind == "favour":
            result = str(piece.params.get("result", "unknown"))
            icon = "shield-check" if result == "for" else "shield"
            made[piece.code] = parts.Chip(sentence(piece.code, piece.params), _TONES.get(result, ""), icon)
    return list(made.values())


def chart(clue: Clue) -> Chart | None:
    """Return the chart of the clue's factor round its window, None where it has no series."""
    if clue.station_id is None or not clue.factor:
        return None
    stream = selectors.stream_of(clue)
    kind = stream[0] if stream else None
    length = clue.last_at - clue.first_at
    start = clue.first_at - max(_BEFORE if kind is not Kind.RT else timedelta(hours=2), length)
    end = max(clue.last_at + timedelta(minutes=10), min(now(), clue.last_at + timedelta(hours=6)))
    return charts.chart(
        clue.station_id,
        [clue.factor],
        start,
        end,
        name=title(clue),
        kind=kind,
        suspect=(clue.first_at, clue.last_at, _("疑似时段")),
        judged=clue.factor,
    )


def happenings(pieces: list[Evidence]) -> list[parts.Happening]:
    """Return the evidence as a timeline, newest last."""
    return [
        parts.Happening(
            at=piece.at,
            text=sentence(piece.code, piece.params) if piece.code else piece.kind,
            digest=piece.sha256[:8],
            url=reverse("desk:frame", args=[piece.params["ref"]])
            if piece.kind == "frame" and str(piece.params.get("ref", "")).isdigit()
            else "",
        )
        for piece in pieces
    ]


def page_context(viewer: Viewer, clue: Clue) -> dict[str, Any]:
    """Return the template context of a clue's own page: evidence, repeats, reporters, risk; what higher rooms add."""
    told = context(viewer, clue) | {"added": extra.parts_of(viewer, clue)}
    if clue.state in MERGEABLE and access.allowed(viewer, "act", clue) is None and viewer.has(*_DESK):
        told["proposals"] = [
            {
                "clue": each.clue,
                "url": reverse("core:detail", args=["clues", each.clue.number]),
                "why": each.why,
                "uuid": uuid4(),
            }
            for each in repeats.find(viewer, clue, 5)
        ]
        told["merge_url"] = reverse("core:do", args=["clues", clue.number, "merge"])
    told["reporters"] = pool.reporters(viewer, clue)
    told["risk_history"] = [(row, lines_of(row.parts)) for row in pool.risk_history(clue)]
    if clue.source is not None and viewer.has(*pool.SEES_SOURCES):
        told["source_rate"] = pool.rates(viewer, [clue.source]).get(clue.source.pk)
    return told


def context(viewer: Viewer, clue: Clue) -> dict[str, Any]:
    """Return the template context of a clue's evidence, for the desk and for its own page."""
    pieces = selectors.evidence(clue)
    return {
        "clue": clue,
        "clue_title": title(clue),
        "reason": reason(clue),
        "chips": chips(pieces),
        "score": f"{clue.confidence:.2f}" if clue.confidence is not None else "",
        "clue_chart": chart(clue),
        "pieces": happenings(pieces),
        "subject_name": subject_name(clue),
        "subject_url": subject_url(clue),
        "scenario_name": scenario_name(clue),
        "matter_name": scenarios.matter_name(clue.matter) if clue.matter else "",
        "risk_lines": risk_parts(clue),
        "earlier": selectors.same_kind_last_year(viewer, clue),
        "children": selectors.children_of([clue])[clue.pk],
    }
