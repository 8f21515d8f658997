"""The numbers of the wall: each is counted by the very filters of the list that it opens, and says what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from ecobureau.clock import beijing, monotonic, now
from ecobureau.rulepacks import load
from ecobureau.web.core import access, addresses, registry
from ecobureau.web.core import selectors as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Clock
from ecobureau.web.dispatch import selectors as dispatch
from ecobureau.web.figures import selectors as figures
from ecobureau.web.figures.pages import value_words
from ecobureau.web.figures.slices import BY_CODE as SLICES
from ecobureau.web.statistics import pages_targets, selectors_targets
from ecobureau.web.statistics import selectors as air
from ecobureau.words import say

DAYS = 30
MOST_BARS, MOST_TARGETS = 4, 2
_KEEP_S = 60.0


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the wall: name, value as people read it, how it is reckoned, where its list is.

    `tone`: '' or red, orange, ok. `beside`: a second number of the same matter, in words.
    """

    name: str
    value: str
    how: str
    url: str
    beside: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A district: its name, open tasks, how many of them are late, and the lists of both."""

    name: str
    open: int
    late: int
    open_url: str
    late_url: str
    width: float = 0.0
    late_width: float = 0.0


def counted(viewer: Viewer, code: str, query: dict[str, str]) -> tuple[int, str]:
    """Return how many records of a kind a list's filters leave to the viewer, and that list's address."""
    kind = registry.get(code)
    params = QueryDict(mutable=True)
    params.update(query)
    return kernel.found(viewer, kind, params)[1].order_by().count(), addresses.of_list(kind, query)


def steps(viewer: Viewer) -> list[Number]:
    """Return how much waits at each step of handling, first those that nobody has yet."""
    task = registry.get("task")
    found, url = counted(viewer, "clue", {"state": "new"})
    waiting = Number(_("待研判"), str(found), "", url, tone="orange" if found else "")
    states = dispatch.by_state(viewer)
    return [waiting] + [
        Number(say(task.flow.state(code).name), str(states.get(code, 0)), "", addresses.of_list(task, {"state": code}))
        for code in ("dispatched", "accepted", "onsite", "submitted")
    ]


def bars(viewer: Viewer) -> tuple[list[Bar], int]:
    """Return the districts with open tasks, most late ones first, at most MOST_BARS; and how many more there are."""
    kind, at = registry.get("task"), now()
    by = SLICES["district"]
    late = Clock.objects.filter(
        kind="task", object_id=OuterRef("pk"), stopped_at__isnull=True, paused_at__isnull=True, due_at__lt=at
    )
    params = QueryDict("open=1")
    rows = kernel.found(viewer, kind, params)[1].order_by().annotate(slice_key=by.keys["task"]())
    opened = {row["slice_key"]: row["n"] for row in rows.values("slice_key").annotate(n=Count("pk"))}
    lates = {
        row["slice_key"]: row["n"] for row in rows.filter(Exists(late)).values("slice_key").annotate(n=Count("pk"))
    }
    order = sorted(opened, key=lambda key: (-lates.get(key, 0), -opened[key], str(key)))
    most = max(opened.values(), default=1)
    made = []
    for key in order[:MOST_BARS]:
        query = {"open": "1", **by.query(key)}
        made.append(
            Bar(
                by.label(key),
                opened[key],
                lates.get(key, 0),
                addresses.of_list(kind, query),
                addresses.of_list(kind, {**query, "late": "on"}),
                round(100 * opened[key] / most, 1),
                round(100 * lates.get(key, 0) / most, 1),
            )
        )
    return made, len(order) - len(made)


_kept: dict[tuple[int | None, str, date], tuple[float, list[Number]]] = {}


def slow(viewer: Viewer, lang: str) -> list[Number]:
    """Return what does not change by the second (handling of 30 days, targets), reckoned once a minute per person."""
    key = (viewer.user_id, lang, beijing(now()).date())
    kept = _kept.get(key)
    if kept is not None and monotonic() - kept[0] < _KEEP_S:
        return kept[1]
    found = [*_handling(viewer), *_targets(viewer)]
    if len(_kept) > 200:
        _kept.clear()
    _kept[key] = (monotonic(), found)
    return found


def forget() -> None:
    """Forget what was kept."""
    _kept.clear()


def _handling(viewer: Viewer) -> list[Number]:
    if not viewer.has(*figures.READERS):
        return []
    today = beijing(now()).date()
    table = figures.table(viewer, figures.Asked(today - timedelta(days=DAYS - 1), today, None, {}))
    cells = {cell.figure.code: cell for cell in table.total.cells if cell is not None}
    handled, median, p90 = cells["handled"], cells["median"], cells["p90"]
    aim = float(str(load("sla").at("figures.aim.handled", today).value))
    bad = handled.value is not None and handled.value < aim
    return [
        Number(
            say(handled.figure.name),
            value_words(handled),
            _("近 {days} 天：").format(days=DAYS) + say(handled.figure.how),
            handled.url,
            _("{counted} ÷ {n} 件，目标 ≥ {aim:g}%").format(counted=handled.counted, n=handled.n, aim=aim),
            "orange" if bad else "",
        ),
        Number(
            say(median.figure.name),
            value_words(median),
            _("近 {days} 天：").format(days=DAYS) + say(median.figure.how),
            median.url,
            _("九成不超过 {p90}，共 {n} 件").format(p90=value_words(p90), n=median.n),
        ),
    ]


def _targets(viewer: Viewer) -> list[Number]:
    """Return the year's targets that stand worst: missed, then unlikely, then the others."""
    year = beijing(now()).year
    rows = selectors_targets.outlooks(selectors_targets.targets(viewer, year)[:30])
    lines = [pages_targets.line_of(one) for one in rows]
    lines.sort(key=lambda line: (not line["lost"], line["reached"] is not False, line["likely"] is not False))
    made = []
    for line in lines[:MOST_TARGETS]:
        bad = line["lost"] or line["reached"] is False or line["likely"] is False
        how = _("目标 {wanted}；年底预计 {range}，{reaching} 种情形能达到").format(
            wanted=line["wanted"], range=line["range"], reaching=line["reaching"]
        )
        if len(lines) > MOST_TARGETS:
            how += _("；另有 {n} 项目标没有列出").format(n=len(lines) - MOST_TARGETS)
        words = _("不能达到") if line["lost"] else _("有风险") if bad else _("能完成")
        made.append(
            Number(
                f"{line['name']} {line['kind']}",
                line["value"],
                how,
                reverse("statistics:target", args=[line["pk"]]),
                words,
                "red" if line["lost"] else "orange" if bad else "ok",
            )
        )
    return made


def duties(viewer: Viewer) -> list[Number]:
    """Return how the matters of inspections stand: open, and late among them."""
    if not access.may_somewhere(viewer, "view", registry.get("rectification")):
        return []
    matters, url = counted(viewer, "rectification", {"open": "1"})
    late, late_url = counted(viewer, "rectification", {"open": "1", "late": "on"})
    hung, _url = counted(viewer, "hanging", {"open": "1"})
    return [
        Number(
            _("督察整改超期"),
            str(late),
            _("未销号 {n} 件中有时限已过的；另有挂账督办 {hung} 件").format(n=matters, hung=hung),
            late_url if late else url,
            tone="red" if late else "",
        )
    ]


def air_of_city(viewer: Viewer) -> dict[str, Any] | None:
    """Return the newest daily index of the topmost place that has one; None where there is none."""
    found = air.newest_of_places(viewer)
    if found is None:
        return None
    today = beijing(now()).date()
    return {
        "name": found.series.name,
        "day": found.day,
        "aqi": found.aqi,
        "level": found.level,
        "stale": found.day < today - timedelta(days=1),
        "url": reverse("statistics:home"),
    }
