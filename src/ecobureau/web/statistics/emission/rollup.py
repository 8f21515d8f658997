"""Emissions: from the days of outlets to enterprises, districts and cities, and to months, quarters and years.

A day of a place is the sum of its outlets' days; every longer span is the sum of its own: months of days, quarters and
years of months. Masses are whole micrograms and counts whole numbers, so any way of adding gives the same.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from ecobureau.domain.emission.means import longer_is_valid, month_days_needed
from ecobureau.web.statistics import revised
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.emission import days, source
from ecobureau.web.statistics.emission.words import result_words
from ecobureau.web.statistics.models import Cause, EmissionSummary, Series
from ecobureau.web.statistics.points import Membership
from ecobureau.web.statistics.revised import Why
from ecobureau.web.statistics.rollup_days import Causes, Key
from ecobureau.web.statistics.spans import after, first_of, last_of

SUMS = (
    "days", "valid_days", "converted_days", "flow", "measured_ug", "substituted_ug", "operating", "stopped", "quiet",
    "measured", "substituted", "lost", "valid_hours", "should", "received", "valid_items", "judged", "over",
    "judged_days", "over_days",
)  # fmt: skip
"""Figures of a longer span that are the sum of the shorter ones."""

OF_PLACES = tuple(one for one in SUMS if one not in ("days", "valid_days", "converted_days"))
"""Figures of a place that are the sum of its outlets'."""

LONGER = (("month", "day"), ("quarter", "month"), ("year", "month"))
"""Spans with what they are added up from, in the order of computing."""

_ASKED = (Cause.INVALIDATED, Cause.RESTORED)
_DIGITS = 9
_NAMES = ("series_id", "item", "start", "outlets", "mean", "converted", "low", "high", "valid", *SUMS)
_EMPTY = {"outlets": 0, "days": 1, "valid_days": 1, "converted_days": 0, "mean": None, "converted": None, "low": None,
          "high": None, "valid": True}  # fmt: skip
"""A day of a place before any outlet is added: it has no means, and is as valid as they are there."""
Row = dict[str, Any]


def compute(keys: Collection[Key], places: Causes, causes: Causes) -> None:
    """Compute what rests on days of outlets: the days of their places, and all longer spans of both.

    Args:
        keys: days of series of emissions; places: (enterprise or place, day) that these count towards, with why.
    """
    own = {key: causes[key] for key in keys if key not in places}
    _ask(own)
    _place_days(places)
    every = {**own, **places}
    for span, below in LONGER:
        slots: dict[date, dict[int, tuple[str, str]]] = defaultdict(dict)
        for (series, day), cause in every.items():
            slots[first_of(span, day)][series] = cause
        for start, some in sorted(slots.items()):
            _spans(span, below, start, some)


def _ask(own: Causes) -> None:
    """Have the days computed anew that a review bears on: their hours are not kept here."""
    asked = [key for key, (cause, _reason) in own.items() if cause in _ASKED]
    keeper = source.accounts()
    if asked and keeper is not None:
        outlets = Series.objects.filter(pk__in={one for one, _ in asked}, outlet__isnull=False)
        keeper.refresh(list(outlets.values_list("outlet_id", flat=True)), min(day for _, day in asked))


def _place_days(places: Causes) -> None:
    by_day: dict[date, dict[int, tuple[str, str]]] = defaultdict(dict)
    for (place, day), why in places.items():
        by_day[day][place] = why
    members = Membership({place for place, _ in places})
    for day, some in sorted(by_day.items()):
        counted = {point: above for point, above in members.places_of.items() if members.counts(point, day)}
        rows = EmissionSummary.objects.filter(series__in=counted, span="day", start=day).values(*_NAMES)
        sums: dict[tuple[int, str], Row] = {}
        for row in rows:
            for place in counted[row["series_id"]]:
                if place in some:
                    _add_to_place(sums.setdefault((place, row["item"]), dict(_EMPTY)), row)
        _write("day", day, sums, some)


def _add_to_place(whole: Row, row: Row) -> None:
    whole["outlets"] += 1
    for name in OF_PLACES:
        whole[name] = whole.get(name, 0) + row[name]


def _spans(span: str, below: str, start: date, some: Mapping[int, tuple[str, str]]) -> None:
    rows = EmissionSummary.objects.filter(
        series__in=some, span=below, start__gte=start, start__lt=after(span, start)
    ).order_by("start")
    parts: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in rows.values(*_NAMES):
        parts[row["series_id"], row["item"]].append(row)
    _write(span, start, {key: summed(span, start, of) for key, of in parts.items()}, some)


def summed(span: str, start: date, parts: Iterable[Mapping[str, Any]]) -> Row:
    """Return the figures of a month from its days, or of a quarter or year from its months.

    A month's mean is that of its valid days (HJ 212-2017 D.2.2), valid with enough of them; a longer span's is the
    mean of all its valid days, valid with the share of valid months that the rules ask for (all).

    Args:
        parts: figures by name, in order of time.
    """
    given = list(parts)
    whole: Row = {name: sum(one[name] for one in given) for name in SUMS}
    whole["outlets"] = max(one["outlets"] for one in given)
    whole["mean"] = _mean(given, "mean", "valid_days")
    whole["converted"] = _mean(given, "converted", "converted_days")
    lows, highs = ([one[name] for one in given if one[name] is not None] for name in ("low", "high"))
    whole["low"], whole["high"] = min(lows, default=None), max(highs, default=None)
    if span == "month":
        whole["valid"] = month_is_valid(start, whole["valid_days"])
    else:
        months, rules = {"quarter": 3, "year": 12}[span], in_force.emission_on(last_of(span, start))
        valid = sum(one["valid"] for one in given)
        whole["valid"] = valid == months if rules is None else longer_is_valid(valid, months, rules)
    return whole


def month_is_valid(start: date, valid_days: int) -> bool:
    """Say whether a month has enough valid days (HJ 76-2017 annex B)."""
    rules = in_force.emission_on(last_of("month", start))
    needed = (
        monthrange(start.year, start.month)[1] if rules is None else month_days_needed(start.year, start.month, rules)
    )
    return valid_days >= needed


def _mean(parts: Iterable[Mapping[str, Any]], name: str, count: str) -> float | None:
    there = [(one[name], one[count]) for one in parts if one[name] is not None and one[count]]
    total = sum(number for _, number in there)
    return round(sum(value * number for value, number in there) / total, _DIGITS) if total else None


def _write(span: str, start: date, sums: Mapping[tuple[int, str], Row], why_of: Mapping[int, tuple[str, str]]) -> None:
    known = {
        (row.series_id, row.item): row
        for row in EmissionSummary.objects.select_for_update().filter(span=span, start=start, series__in=why_of)
    }
    rows = [
        EmissionSummary(series_id=series, item=item, span=span, start=start, **figures)
        for (series, item), figures in sums.items()
    ]
    why: Why = {(series, span, start): cause for series, cause in why_of.items()}
    pairs = [(known[row.series_id, row.item], row) for row in rows if (row.series_id, row.item) in known]
    revised.keep(pairs, why, result_words, lambda row: None)
    gone = [row.pk for key, row in known.items() if key not in sums]
    EmissionSummary.objects.filter(pk__in=gone).delete()
    days.write(rows)
