"""What people see of the water statistics: the viewer's sections, places and rivers, and their classes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q, QuerySet

from ecobureau.domain.air import ranks
from ecobureau.domain.rounding import fraction_of, half_even
from ecobureau.domain.water import Shares, Trend, WaterClass, index_change, share_trend
from ecobureau.web.core.access import Viewer
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.models import Medium, Series, Target, WaterSummary
from ecobureau.web.statistics.rollup_water import means_of
from ecobureau.web.statistics.selectors_series import PLACE, POINT, Reader, of_medium
from ecobureau.web.statistics.spans import after, last_of, year_before

SECTION, RIVER = POINT, "river"


def series(viewer: Viewer, kind: str | None = None) -> QuerySet[Series]:
    """Return the series of water that the viewer may see; rivers and basins are those of the viewer's sections
    and places."""
    rows = of_medium(viewer, Medium.WATER)
    sections = rows.filter(kind=SECTION)
    rivers = Series.objects.filter(Q(sections__in=sections) | Q(points__sections__in=sections), kind=RIVER)
    if kind == RIVER:
        return (Series.objects.filter(pk__in=rivers) | rows.filter(kind=RIVER)).distinct()
    if kind:
        return rows.filter(kind=kind)
    return Series.objects.filter(pk__in=rivers.values("pk")).distinct() | rows.distinct()


READER = Reader(series, WaterSummary, ("parent", "river"))


@dataclass(frozen=True, slots=True)
class Line:
    """A section, place or river in a period.

    Attributes:
        rank: by index, the smallest first, ties alike; None without an index.
        means: of a section, by item. target: class wanted of a section; met: whether its class keeps it.
        before: the same period of the year before; change: of the index, in percent; trend: of the shares.
    """

    rank: int | None
    series: Series
    summary: WaterSummary | None
    means: dict[str, float | None] = field(default_factory=dict)
    target: int | None = None
    met: bool | None = None
    before: WaterSummary | None = None
    change: float | None = None
    trend: Trend | None = None


def overview(viewer: Viewer, span: str, start: date, kind: str = SECTION) -> list[Line]:
    """Return sections, places or rivers in a period with class, target, index rank and the year before, by name."""
    rows = list(series(viewer, kind).select_related("river").only("name", "kind", "river__name"))
    keys = [row.pk for row in rows]
    now, before = _summaries(span, (start, year_before(start)), keys)
    targets = targets_of(keys, start.year) if kind == SECTION else {}
    means = means_of(span, start, keys) if kind == SECTION else {}
    rules = in_force.water_on(last_of(span, start))
    places = ranks([now[key].cwqi if key in now else None for key in keys])
    lines = []
    for rank, row in zip(places, rows, strict=True):
        this, that = now.get(row.pk), before.get(row.pk)
        target = targets.get(row.pk)
        known = this is not None and this.water_class is not None
        lines.append(
            Line(
                rank,
                row,
                this,
                means.get(row.pk, {}),
                target,
                None if target is None or this is None or not known else (this.water_class or 0) <= target,
                that,
                _change(this, that),
                None if rules is None or this is None or that is None else _trend(this, that, rules.sections),
            )
        )
    return sorted(lines, key=lambda line: line.series.name)


def ranking(viewer: Viewer, span: str, start: date, kind: str = PLACE) -> list[Line]:
    """Return the same by index, the best first; what has no index comes last."""
    return sorted(
        overview(viewer, span, start, kind),
        key=lambda line: (line.rank is None, line.rank or 0, line.series.name),
    )


@dataclass(frozen=True, slots=True)
class YearRow:
    """A section's or place's months of a year, January first (None: nothing), and the year itself."""

    series: Series
    months: list[WaterSummary | None]
    year: WaterSummary | None
    target: int | None


def matrix(viewer: Viewer, year: int, kind: str = SECTION) -> list[YearRow]:
    """Return the class of each month of a year, series by series."""
    rows = list(series(viewer, kind).order_by("name", "pk"))
    keys = [row.pk for row in rows]
    first = date(year, 1, 1)
    months: dict[tuple[int, int], WaterSummary] = {}
    found = WaterSummary.objects.filter(series__in=keys, span="month", start__gte=first, start__lt=date(year + 1, 1, 1))
    for one in found:
        months[one.series_id, one.start.month] = one
    (years,), targets = _summaries("year", (first,), keys), targets_of(keys, year)
    return [
        YearRow(row, [months.get((row.pk, month)) for month in range(1, 13)], years.get(row.pk), targets.get(row.pk))
        for row in rows
    ]


def targets_of(series_ids: Collection[int], year: int) -> dict[int, int]:
    """Return the class that is wanted of sections in a year: of that year, or the newest before it."""
    rows = Target.objects.filter(series__in=series_ids, kind=Target.Kind.WATER_CLASS, year__lte=year).order_by("year")
    return {one: int(value) for one, value in rows.values_list("series_id", "value")}


def summary(viewer: Viewer, series_id: int, span: str, start: date) -> WaterSummary | None:
    """Return a series' class in one period."""
    return next(iter(READER.periods(viewer, series_id, span, start, after(span, start))), None)


def shares_of(row: WaterSummary) -> Shares:
    """Return the shares of classes behind a place's summary."""
    return Shares(tuple(row.counts))


def all_shares(lines: Sequence[Line]) -> Shares:
    """Return the shares of classes among the sections of an overview."""
    counts = [0] * len(WaterClass)
    for line in lines:
        if line.summary is not None and line.summary.water_class is not None:
            counts[line.summary.water_class - 1] += 1
    return Shares(tuple(counts))


def _summaries(span: str, starts: Sequence[date], series_ids: Collection[int]) -> list[dict[int, WaterSummary]]:
    """Return the summaries of some periods by series, period by period."""
    found: dict[date, dict[int, WaterSummary]] = {start: {} for start in starts}
    for row in WaterSummary.objects.filter(span=span, start__in=starts, series__in=series_ids):
        found[row.start][row.series_id] = row
    return [found[start] for start in starts]


def _change(now: WaterSummary | None, before: WaterSummary | None) -> float | None:
    if now is None or before is None or now.cwqi is None or not before.cwqi:
        return None
    return float(half_even(index_change(fraction_of(now.cwqi), fraction_of(before.cwqi)), 1))


def _trend(now: WaterSummary, before: WaterSummary, rules: object) -> Trend | None:
    if now.good_rate is None or before.good_rate is None:
        return None
    return share_trend(shares_of(before), shares_of(now), rules)  # type: ignore[arg-type]
