"""What the files of enterprises, outlets and stations hold beyond the data: matters, papers, people, history.

Each part is read only where its tab is open; the numbers of questions do not grow with what hangs on the thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from ecobureau.clock import beijing, now
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.clues import evidence as clue_evidence
from ecobureau.web.clues import selectors as clues
from ecobureau.web.core import addresses, parts, people, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.selectors import about
from ecobureau.web.dispatch import selectors as tasks
from ecobureau.web.outfalls import selectors as outfalls
from ecobureau.web.outfalls.models import Outfall
from ecobureau.web.places import selectors as places
from ecobureau.web.sources import codes
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Outlet, Station
from ecobureau.web.telemetry.selectors import store
from ecobureau.words import say

MOST = 50
DAYS = 90
TABS: Mapping[str, tuple[tuple[str, Any], ...]] = {
    "outlet": (
        ("", lazy("在线监测")),
        ("limits", lazy("许可与限值")),
        ("upkeep", lazy("校准运维")),
        ("matters", lazy("线索与任务")),
        ("media", lazy("照片与文件")),
        ("people", lazy("人员与沿革")),
    ),
    "station": (
        ("", lazy("在线监测")),
        ("upkeep", lazy("校准运维")),
        ("matters", lazy("线索与任务")),
        ("people", lazy("人员与沿革")),
    ),
    "enterprise": (
        ("", lazy("概况")),
        ("limits", lazy("许可与限值")),
        ("matters", lazy("线索与任务")),
        ("media", lazy("照片与文件")),
        ("people", lazy("人员与沿革")),
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A record in a list of the file."""

    number: str
    title: str
    state: str
    level: str
    url: str
    at: datetime
    kind: str = ""


@dataclass(slots=True)
class Matters:
    """Clues, tasks, and whatever else is bound to them, as far as the viewer may see them."""

    clues: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    others: list[Row] = field(default_factory=list)
    ids: dict[str, list[int]] = field(default_factory=dict)


def tab_of(what: str, wanted: str) -> str:
    """Return the tab that is open: the wanted one where there is such, `all` for print, else the first."""
    return wanted if wanted == "all" or any(wanted == key for key, _words in TABS[what]) else ""


def tabs(what: str, present: str) -> list[parts.Tab]:
    """Return the tabs of a file; each has its own address."""
    return [
        parts.Tab(words, f"?tab={key}" if key else "?", key == present)
        for key, words in (*TABS[what], ("all", lazy("全部（打印）")))
    ]


def _row(record: Any, title: str = "") -> Row:
    kind = registry.kind_of(type(record))
    return Row(
        record.number,
        title or record.heading,
        say(kind.flow.state(record.state).name),
        record.level,
        addresses.of(record),
        record.created_at,
        say(kind.name),
    )


def matters(
    viewer: Viewer, *, outlet_ids: Sequence[int] = (), station_id: int | None = None, of: Sequence[Outfall] = ()
) -> Matters:
    """Return what is known of matters at outlets, a station and outfalls."""
    found: list[Any] = clues.about(viewer, outlet_ids=list(outlet_ids), station_id=station_id, most=MOST)
    made = Matters(ids={"clue": [clue.pk for clue in found], "outfall": [each.pk for each in of]})
    if of:
        bound = about.bound_to(viewer, {"outfall": made.ids["outfall"]}, MOST)
        known = set(made.ids["clue"])
        found += [each.record for each in bound if each.kind.code == "clue" and each.record.pk not in known]
        made.ids["clue"] = [clue.pk for clue in found]
    made.clues = [_row(clue, clue_evidence.title(clue)) for clue in found]
    sent = list(
        tasks.tasks(viewer).filter(clue__in=made.ids["clue"]).select_related("clue").order_by("-created_at")[:MOST]
    )
    made.tasks = [_row(task) for task in sent]
    made.ids["task"] = [task.pk for task in sent]
    made.others = [_row(each.record) for each in about.bound_to(viewer, made.ids, MOST)]
    return made


def media(ids: Mapping[str, Sequence[int]]) -> list[dict[str, Any]]:
    """Return photos and papers of records that the viewer may see (kind → ids)."""
    papers = {
        (kind.code, paper.kind): say(paper.name)
        for kind in registry.kinds()
        if kind.code in ids
        for paper in kind.papers
    }
    return [
        {
            "file": each,
            "paper": papers.get((each.kind, each.paper), each.paper),
            "url": addresses.of_file(each),
            "picture": bool(each.shared_sha256),
            "at": each.shot_at or each.received_at,
        }
        for each in about.files_of(ids)
    ]


def persons(place: str, at: datetime) -> list[dict[str, str]]:
    """Return who answers for a place: grid workers, officers, heads, and who is on duty there now."""
    made = []
    roles = (
        ("grid_worker", _("网格员")),
        ("enforcement_officer", _("执法人员")),
        ("unit_head", _("负责人")),
        ("dispatcher", _("调度员")),
    )
    held = [(words, people.holders(role, place, at)) for role, words in roles]
    names = people.names({each for _words, ids in held for each in ids})
    for words, ids in held:
        if ids:
            made.append({"role": words, "names": parts.listed(names[each] for each in ids[:8] if each in names)})
    district = "/" + "/".join(place.strip("/").split("/")[:2]) + "/"
    on_shift = places.on_duty(district, at)
    if on_shift:
        made.append(
            {"role": _("当班"), "names": parts.listed(f"{each.name} {each.phone}".strip() for each in on_shift)}
        )
    return made


def changes(kind: str, object_id: int) -> list[dict[str, Any]]:
    """Return how a thing of the registry became what it is: who changed what when."""
    rows = about.changes_of(kind, object_id)
    return [
        {
            "at": row.at,
            "who": row.actor_name or _("系统"),
            "what": row.what,
            "fields": _fields(row.detail),
            "purpose": row.purpose,
        }
        for row in rows
    ]


def _fields(detail: Mapping[str, Any]) -> str:
    changed = detail.get("changed")
    if not isinstance(changed, Mapping):
        return ""
    return "；".join(f"{name}: {before} → {after}" for name, (before, after) in changed.items())[:400]


@dataclass(frozen=True, slots=True)
class Span:
    """A factor over the last days: the daily means (None where a day has none), and what they come to."""

    factor: str
    unit: str
    means: list[float | None]
    least: float
    most: float
    days: int


def spans(stations: Sequence[Station], at: datetime) -> list[Span]:
    """Return the last DAYS days of each factor of the stations, from the daily roll-ups of hour data."""
    end = beijing(at).replace(hour=0, minute=0, second=0, microsecond=0)
    start = end - timedelta(days=DAYS)
    rows = read.rollups(store(), [station.pk for station in stations], Kind.HOUR, "day", start, end) if stations else []
    means: dict[str, dict[int, float]] = {}
    for row in rows:
        value = row.mean if row.converted_mean is None else row.converted_mean
        if value is not None:
            means.setdefault(row.code, {})[(beijing(row.start) - start).days] = value
    known = sources.factors(means)
    return [
        Span(
            sources.factor_label(known.get(code), code, "en" if (get_language() or "").startswith("en") else "zh"),
            parts.unit_words(known[code].unit) if code in known else "",
            [days.get(day) for day in range(DAYS)],
            min(days.values()),
            max(days.values()),
            len(days),
        )
        for code, days in sorted(means.items())
    ]


def actions(viewer: Viewer, what: str, pk: int, place: str) -> dict[str, Any]:
    """Return the buttons of a file: code, report a clue here, start a check."""
    return {
        "code": codes.of(what, pk),
        "code_url": reverse("sources:code", args=[what, pk]),
        "report_url": reverse("desk:report_here", args=[what, pk]) if outfalls.may_report(viewer, place) else "",
        "check_url": reverse("desk:check_here", args=[what, pk]) if outfalls.may_report(viewer, place) else "",
        "paper_url": reverse("desk:file_paper", args=[what, pk]) if may_print(viewer) else "",
    }


def may_print(viewer: Viewer) -> bool:
    """Say whether the viewer may take a file out as a paper; grid workers may look only."""
    return bool(viewer.roles - {"grid_worker"}) and viewer.user_id is not None


def context(viewer: Viewer, what: str, thing: Any, present: str, *, stations: Sequence[Station] = ()) -> dict[str, Any]:
    """Return the parts of the tab that is open (all of them for `all`)."""
    at = now()
    wanted = {key for key, _words in TABS[what]} if present == "all" else {present}
    made: dict[str, Any] = {
        "tab": present,
        "open": wanted,
        "tabs": tabs(what, present),
        **actions(viewer, what, thing.pk, thing.org_path),
    }
    if wanted & {"matters", "media"}:
        outlets, falls = reach(viewer, what, thing)
        found = matters(viewer, outlet_ids=outlets, station_id=thing.pk if what == "station" else None, of=falls)
        made["matters"] = found
        if "media" in wanted:
            made["media"] = media(found.ids)
    if "limits" in wanted:
        made["spans"] = spans(stations, at)
        made["span_days"] = DAYS
    if "people" in wanted:
        made["persons"] = persons(thing.org_path, at)
        made["changes"] = changes(what, thing.pk)
    return made


def reach(viewer: Viewer, what: str, thing: Any) -> tuple[list[int], list[Outfall]]:
    if what == "enterprise":
        return [outlet.pk for outlet in thing.outlets.all()], outfalls.of_firm(viewer, thing.pk)
    return ([thing.pk], outfalls.of_outlet(viewer, thing.pk)) if isinstance(thing, Outlet) else ([], [])
