"""What people see of the emission statistics: the viewer's outlets, enterprises and places, ranked or by period."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Max, QuerySet, Sum

from ecobureau.domain.air import ranks
from ecobureau.domain.emission.totals import kilograms
from ecobureau.domain.emission.transmission import Transmission
from ecobureau.domain.rounding import half_even, half_even_array
from ecobureau.web.core.access import Viewer
from ecobureau.web.sources import selectors as sources
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.models import EmissionSummary, Medium, Series
from ecobureau.web.statistics.points import Membership
from ecobureau.web.statistics.selectors_series import POINT, Reader, of_medium
from ecobureau.web.statistics.spans import last_of, year_before

RATE, MASS = "rate", "mass"
ORDERS = (RATE, MASS)
RANKED = ("measured_ug", "substituted_ug", "should", "received", "valid_items", "judged", "over")
"""Figures of a summary that a ranking adds up."""


def series(viewer: Viewer, kind: str | None = None) -> QuerySet[Series]:
    """Return the series of emissions that the viewer may see, of one kind or all."""
    return of_medium(viewer, Medium.EMISSION, kind)


READER = Reader(series, EmissionSummary, ("parent", "outlet"))


def of_outlet(outlet_id: int) -> int | None:
    """Return the series of an outlet, None when it has no statistics."""
    return Series.objects.filter(medium=Medium.EMISSION, outlet=outlet_id).values_list("pk", flat=True).first()


def of_enterprise(enterprise_id: int) -> int | None:
    """Return the series of an enterprise, None when it has no statistics."""
    code = f"firm:{enterprise_id}"
    return Series.objects.filter(medium=Medium.EMISSION, code=code).values_list("pk", flat=True).first()


@dataclass(frozen=True, slots=True)
class Sums:
    """What summaries of one series over one period add up to, of one factor or of all."""

    figures: Mapping[str, Any]
    target: float

    @property
    def kg(self) -> Decimal:
        """Mass, measured and substituted."""
        return kilograms(self.figures["measured_ug"] + self.figures["substituted_ug"])

    @property
    def rates(self) -> Transmission:
        """Rates of transmission and validity."""
        of = self.figures
        return Transmission(of["should"], of["received"], of["received"], of["valid_items"], self.target)


@dataclass(frozen=True, slots=True)
class Line:
    """A series in a period; `rank`: 1 = best rate or greatest mass, ties alike; `before`: a year earlier."""

    rank: int | None
    series_id: int
    name: str
    now: Sums
    before: Sums | None


def items(viewer: Viewer, span: str, start: date, kind: str) -> list[str]:
    """Return the factors that the viewer's series have figures of in a period."""
    rows = EmissionSummary.objects.filter(span=span, start=start, series__in=series(viewer, kind).values("pk"))
    return sorted(set(rows.order_by().values_list("item", flat=True).distinct()))


def ranking(viewer: Viewer, span: str, start: date, kind: str, by: str, item: str = "") -> list[Line]:
    """Return the viewer's outlets, enterprises or places in a period, the best rate or the greatest mass first.

    Args:
        by: `rate` (of one factor or all) or `mass` (of one factor). item: factor, empty = all.
    """
    rows = series(viewer, kind)
    names = dict(rows.values_list("pk", "name"))
    if not names:
        return []
    now, before = _sums(span, (start, year_before(start)), rows, item)
    keys = sorted(now, key=lambda pk: names[pk])
    if by == MASS:
        figures: list[Any] = [-half_even(now[pk].kg, 3) for pk in keys]
    else:
        shares = [now[pk].rates.effective for pk in keys]
        rounded = half_even_array([None if share is None else share * 100 for share in shares], 2)
        figures = [None if share != share else -share for share in rounded.tolist()]
    lines = [Line(rank, pk, names[pk], now[pk], before.get(pk)) for pk, rank in zip(keys, ranks(figures), strict=True)]
    return sorted(lines, key=lambda line: (line.rank is None, line.rank or 0))


def _sums(span: str, starts: Sequence[date], rows: QuerySet[Series], item: str) -> list[dict[int, Sums]]:
    """Return what the summaries of some periods add up to by series, period by period."""
    found = EmissionSummary.objects.filter(span=span, start__in=starts, series__in=rows.values("pk"))
    if item:
        found = found.filter(item=item)
    whole = found.order_by().values_list("start", "series_id")
    sums: dict[date, dict[int, Sums]] = {start: {} for start in starts}
    targets = {start: target_on(last_of(span, start)) for start in starts}
    for start, one, outlets, *figures in whole.annotate(Max("outlets"), *(Sum(name) for name in RANKED)):
        sums[start][one] = Sums({**dict(zip(RANKED, figures, strict=True)), "outlets": outlets}, targets[start])
    return [sums[start] for start in starts]


def target_on(day: date) -> float:
    """Return the rate of transmission and validity to reach on a day."""
    rules = in_force.emission_on(day)
    return 0.0 if rules is None else rules.transmission_target


def total(lines: Collection[Line]) -> Sums | None:
    """Return what lines add up to; None without any."""
    if not lines:
        return None
    given = [line.now for line in lines]
    return Sums({name: sum(one.figures[name] for one in given) for name in RANKED}, given[0].target)


def summaries(viewer: Viewer, series_id: int, span: str, start: date) -> list[EmissionSummary]:
    """Return a series' summaries of a period, by factor."""
    return list(READER.own(viewer, series_id).filter(span=span, start=start).order_by("item"))


def periods(viewer: Viewer, series_id: int, item: str, span: str, first: date, until: date) -> list[EmissionSummary]:
    """Return a series' summaries of a factor over the periods that begin in [first, until)."""
    return READER.periods(viewer, series_id, span, first, until, item=item)


def factors_of(viewer: Viewer, series_id: int) -> list[str]:
    """Return the factors that a series has figures of in any year."""
    return sorted(set(READER.own(viewer, series_id).filter(span="year").order_by().values_list("item", flat=True)))


def members(viewer: Viewer, row: Series, item: str, span: str, start: date) -> list[EmissionSummary]:
    """Return what the outlets that count towards an enterprise or place emitted in a period, the most first."""
    points = Membership([row.pk]).points(row.pk, last_of(span, start))
    seen = series(viewer, POINT).filter(pk__in=points)
    rows = EmissionSummary.objects.filter(series__in=seen, item=item, span=span, start=start).select_related("series")
    return sorted(rows, key=lambda one: (-(one.measured_ug + one.substituted_ug), one.series.name))


def factor_names(codes: Collection[str], lang: str) -> dict[str, str]:
    """Return what factors are called on pages, by code."""
    known = sources.factors(codes)
    return {code: sources.factor_label(known.get(code), code, lang) for code in codes}
