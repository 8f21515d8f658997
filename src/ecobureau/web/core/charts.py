"""What a chart shows: stacked plots on one time axis, with limits, flags, gaps and suspect windows.

Pure values; `Chart.data()` is what the island draws, `Chart.rows()` the same as a table. Intervals are stored, never
labels: a point has a start and an end, instants have both equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from ecobureau.clock import BEIJING
from ecobureau.web.core.parts import unit_words

Text = str | Promise


class Point(NamedTuple):
    """A value of an interval (aware times); None where it is missing. `flag`: the mark as sent ("N", "C" …)."""

    start: datetime
    end: datetime
    value: float | None
    flag: str = ""


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A limit in force from `start` to `end` (None: the edge of the chart). `judged`: the one the judgement used."""

    value: float
    words: Text
    source: Text = ""
    judged: bool = True
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class FlagRun:
    """A stretch under one mark: letter and word."""

    start: datetime
    end: datetime
    code: str
    words: Text = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch over all plots: `suspect` (pale red) or `gap` (grey), with one label."""

    start: datetime
    end: datetime
    kind: Literal["suspect", "gap"]
    words: Text = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot of the stack: one unit, one y axis.

    Attributes:
        name, unit: as they stand left of the axis.
        points: in order of time; a missing stretch is missing points or None values.
        kind: `step` for means of intervals, `line` for instants.
        zero: the axis starts at 0 (not for pH, temperature, level).
        decimals: digits after the point, by the standard.
        limits, flags: lines and flag strip of this plot.
        note: a sentence at the top right of the plot; note_tone: orange or red.
        series: place in the series colours, 1–6. area: light area below the line. main: the tall plot.
    """

    name: Text
    unit: str
    points: Sequence[Point]
    kind: Literal["step", "line"] = "step"
    zero: bool = True
    decimals: int = 1
    limits: Sequence[LimitLine] = ()
    flags: Sequence[FlagRun] = ()
    note: Text = ""
    note_tone: Literal["", "orange", "red"] = ""
    series: int = 1
    area: bool = False
    main: bool = False


class Row(NamedTuple):
    """A row of the table: the interval in words, and for each plot value and flag."""

    when: str
    cells: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A stack of plots from `start` to `end` (aware).

    Attributes:
        name: what is shown. subtitle: which period, and whether labels name its start or end.
        labels: `start` (HJ 212 data) or `end` (air-quality hours).
        source: where the data come from, for exports.
    """

    name: Text
    start: datetime
    end: datetime
    plots: Sequence[Plot]
    bands: Sequence[Band] = ()
    subtitle: Text = ""
    labels: Literal["start", "end"] = "start"
    source: Text = ""

    def data(self) -> dict[str, Any]:
        """Return what the island draws: times in milliseconds since 1970 (UTC)."""
        return {
            "name": str(self.name),
            "subtitle": str(self.subtitle),
            "from": _ms(self.start),
            "to": _ms(self.end),
            "labels": self.labels,
            "source": str(self.source),
            "bands": [
                {"from": _ms(band.start), "to": _ms(band.end), "kind": band.kind, "words": str(band.words)}
                for band in self.bands
            ],
            "plots": [self._plot(plot) for plot in self.plots],
        }

    def _plot(self, plot: Plot) -> dict[str, Any]:
        return {
            "name": str(plot.name),
            "unit": unit_words(plot.unit),
            "kind": plot.kind,
            "zero": plot.zero,
            "decimals": plot.decimals,
            "series": plot.series,
            "area": plot.area,
            "main": plot.main,
            "note": str(plot.note),
            "noteTone": plot.note_tone,
            "points": [[_ms(point.start), _ms(point.end), point.value, point.flag] for point in plot.points],
            "limits": [
                {
                    "value": limit.value,
                    "words": str(limit.words),
                    "source": str(limit.source),
                    "judged": limit.judged,
                    "from": _ms(limit.start or self.start),
                    "to": _ms(limit.end or self.end),
                }
                for limit in plot.limits
            ],
            "flags": [
                {"from": _ms(run.start), "to": _ms(run.end), "code": run.code, "words": str(run.words)}
                for run in plot.flags
            ],
        }

    def rows(self) -> list[Row]:
        """Return the same as rows of a table, newest first."""
        cells: dict[tuple[datetime, datetime], dict[int, tuple[str, str]]] = {}
        for place, plot in enumerate(self.plots):
            for point in plot.points:
                text = "—" if point.value is None else f"{point.value:,.{plot.decimals}f}"
                cells.setdefault((point.start, point.end), {})[place] = (text, point.flag)
        return [
            Row(_when(start, end), [found.get(place, ("—", "")) for place in range(len(self.plots))])
            for (start, end), found in sorted(cells.items(), reverse=True)
        ]

    @property
    def summary(self) -> str:
        """The sentence for those who do not see the chart: range, largest value, how long over the limit."""
        return " ".join(self._summary(plot) for plot in self.plots)

    def _summary(self, plot: Plot) -> str:
        known = [point for point in plot.points if point.value is not None]
        if not known:
            return _("{name}：这段时间没有数据，不是 0。").format(name=plot.name)
        top = max(known, key=lambda point: point.value or 0)
        low = min(known, key=lambda point: point.value or 0)
        text = _("{name}：最小 {low}，最大 {high} {unit}，最大出现在 {at}。").format(
            name=plot.name,
            low=f"{low.value:,.{plot.decimals}f}",
            high=f"{top.value:,.{plot.decimals}f}",
            unit=unit_words(plot.unit),
            at=_when(top.start, top.end),
        )
        judged = next((limit for limit in plot.limits if limit.judged), None)
        if judged is not None:
            over = sum(1 for point in known if (point.value or 0) > judged.value)
            text += " " + _("高于 {limit} 的有 {n} 个时段。").format(limit=judged.words, n=over)
        return text


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _when(start: datetime, end: datetime) -> str:
    first = start.astimezone(BEIJING)
    if end <= start:
        return first.strftime("%Y-%m-%d %H:%M:%S" if first.second else "%Y-%m-%d %H:%M")
    last = end.astimezone(BEIJING)
    tail = "24:00" if last.hour == last.minute == 0 else last.strftime("%H:%M")
    return f"{first:%Y-%m-%d %H:%M}–{tail}"
