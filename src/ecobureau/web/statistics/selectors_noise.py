"""What people see of the noise statistics: the viewer's points and places, their levels and attainment by zone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from ecobureau.domain.noise import NoiseRules
from ecobureau.domain.rounding import half_even
from ecobureau.web.core.access import Viewer
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.models import Medium, NoiseSummary, Series
from ecobureau.web.statistics.noise_attainment import Counts
from ecobureau.web.statistics.rollup_days import Key, hours_of
from ecobureau.web.statistics.selectors_series import POINT, Reader, of_medium
from ecobureau.web.statistics.spans import last_of, year_before


def series(viewer: Viewer, kind: str | None = None) -> QuerySet[Series]:
    """Return the series of noise that the viewer may see, of one kind or all."""
    return of_medium(viewer, Medium.NOISE, kind)


READER = Reader(series, NoiseSummary)


@dataclass(frozen=True, slots=True)
class Line:
    """A point, or a zone of a place, in a period.

    Attributes:
        summary: None without data; before: of the year before, same zone. day_limit, night_limit: of the zone, dB(A).
    """

    series: Series
    zone: str
    summary: NoiseSummary | None
    before: NoiseSummary | None
    day_limit: float | None
    night_limit: float | None


def overview(viewer: Viewer, span: str, start: date, kind: str = POINT) -> list[Line]:
    """Return points, or places zone by zone (all zones first), in a period and a year before, by name."""
    rows = list(series(viewer, kind).only("name", "kind", "zone").order_by("name", "pk"))
    keys = [row.pk for row in rows]
    now, before = _summaries(span, (start, year_before(start)), keys)
    rules = in_force.noise_on(last_of(span, start))
    lines = []
    for row in rows:
        these, those = now.get(row.pk, {}), before.get(row.pk, {})
        if kind == POINT:
            this = next(iter(these.values()), None)
            zone = this.zone if this is not None else row.zone
            lines.append(Line(row, zone, this, next(iter(those.values()), None), *limits_of(zone, rules)))
        else:
            lines += [
                Line(row, zone, these.get(zone), those.get(zone), *limits_of(zone, rules))
                for zone in sorted(set(these) | {""})
            ]
    return lines


def limits_of(zone: str, rules: NoiseRules | None) -> tuple[float | None, float | None]:
    """Return the limits of a zone by day and by night (GB 3096), None where there are none."""
    pair = None if rules is None else rules.zones.get(zone)
    return (None, None) if pair is None else (pair.day, pair.night)


def counted(rows: Iterable[NoiseSummary | None]) -> Counts:
    """Return the sum of what summaries count."""
    whole = Counts()
    for row in rows:
        if row is not None:
            whole.add(row)
    return whole


def rate(within: int, total: int) -> str:
    """Return a share in percent with one decimal, empty of nothing."""
    return str(half_even(within * 100 / total, 1)) if total else ""


def periods(viewer: Viewer, series_id: int, span: str, start: date, end: date) -> list[NoiseSummary]:
    """Return a series' summaries over the periods that begin in [start, end); of a place that of all zones."""
    rows = READER.own(viewer, series_id).filter(span=span, start__gte=start, start__lt=end)
    of_place = rows.filter(series__kind=Series.Kind.PLACE, zone="") | rows.filter(series__kind=POINT)
    return list(of_place.order_by("start"))


def summaries(viewer: Viewer, series_id: int, span: str, start: date) -> list[NoiseSummary]:
    """Return a point's summary of a period, or a place's: all zones first, then zone by zone."""
    return list(READER.own(viewer, series_id).filter(span=span, start=start).order_by("zone"))


def hours(viewer: Viewer, series_id: int, day: date, items: Collection[str]) -> dict[str, list[float | None]]:
    """Return the hours of a natural day as they came, by item."""
    if READER.one(viewer, series_id) is None:
        return {}
    key: Key = (series_id, day)
    found = hours_of([key], items, reviewed=False)
    return {
        item: [None if value != value else value for value in by_key[key].tolist()]
        for item, by_key in found.items()
        if key in by_key
    }


def _summaries(
    span: str, starts: Sequence[date], series_ids: Collection[int]
) -> list[dict[int, dict[str, NoiseSummary]]]:
    found: dict[date, dict[int, dict[str, NoiseSummary]]] = {start: {} for start in starts}
    for row in NoiseSummary.objects.filter(span=span, start__in=starts, series__in=series_ids):
        found[row.start].setdefault(row.series_id, {})[row.zone] = row
    return [found[start] for start in starts]
