"""How the figures of noise came about, computed anew from what lies below them: hours, days, point-periods."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta

import numpy as np

from ecobureau.domain.explain import Code, Derivation, Step, joined
from ecobureau.domain.noise import (
    Attainment,
    DayPart,
    NoiseRules,
    Verdict,
    explain_attainment,
    explain_part,
    explain_span,
    explain_span_ldn,
    explain_verdict,
    judge_level,
    judge_night_lmax,
    part_slice,
)
from ecobureau.domain.rounding import plain
from ecobureau.domain.rules import Entry
from ecobureau.web.core.access import Viewer
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.explain_parts import Explained, Part
from ecobureau.web.statistics.models import Day, NoiseSummary, Series
from ecobureau.web.statistics.noise_attainment import settled, span_levels, zone_mean
from ecobureau.web.statistics.points import Membership
from ecobureau.web.statistics.rollup_days import hours_of
from ecobureau.web.statistics.rollup_noise import HOUR_ITEMS, days_in, hours_on, levels_of
from ecobureau.web.statistics.selectors_noise import READER
from ecobureau.web.statistics.spans import after, last_of

_DAY = timedelta(days=1)
_RULES = {
    "day": ("hours", "night_belongs", "auto.hour_minutes", "auto.wind", "auto.period_share", "ldn_penalty"),
    "span": ("auto.span_mean", "auto.span_share", "ldn_penalty"),
    "place": ("auto.zone_mean",),
}


def explained(viewer: Viewer, series_id: int, span: str, start: date) -> Explained | None:
    """Return how a series' figures of a period came about; None when there is nothing the viewer may see."""
    series, rules = READER.one(viewer, series_id), in_force.noise_on(last_of(span, start))
    if series is None or rules is None:
        return None
    if series.kind != Series.Kind.POINT:
        return _of_place(series, span, start, rules)
    row = NoiseSummary.objects.filter(series=series, span=span, start=start).first()
    zone = row.zone if row is not None else series.zone
    parts = _of_day(series.pk, start, zone, rules) if span == "day" else _of_span(series.pk, span, start, zone, rules)
    return Explained(parts, _entries(rules, "day" if span == "day" else "span", [zone]), [])


def _entries(rules: NoiseRules, kind: str, zones: list[str]) -> list[Entry]:
    limits = [rules.zones[zone].entry for zone in zones if zone in rules.zones]
    more = [rules.entries["gb3096.night_lmax"]] if limits else []
    return [*limits, *more, *(rules.entries[key] for key in _RULES[kind])]


# --- a point ----------------------------------------------------------------------------------------------------------


def _of_day(series_id: int, day: date, zone: str, rules: NoiseRules) -> list[Part]:
    keys = [(series_id, day + at * _DAY) for at in (0, 1)]
    raw, kept = hours_of(keys, HOUR_ITEMS, reviewed=False), hours_of(keys, HOUR_ITEMS)
    none = np.full(24, np.nan)

    def row(found: dict[str, dict[tuple[int, date], np.ndarray]], item: str) -> np.ndarray:
        return np.concatenate([found.get(item, {}).get(key, none) for key in keys])

    wind = row(raw, "wind")
    parts = []
    levels = {item: level for _, _, item, level in levels_of([(series_id, day)])}
    plan: tuple[tuple[str, str, DayPart], ...] = (
        ("ld", "leq", "day"),
        ("ln", "leq", "night"),
        ("peak", "lmax", "night"),
    )
    for item, source, part in plan:
        given, counted = row(raw, source), row(kept, source)
        some = range(*part_slice(day, day, part, hours_on(day)).indices(48))
        hours = []
        for at in some:
            value = None if given[at] != given[at] else float(given[at])
            reason = ""
            if value is not None and counted[at] != counted[at]:
                reason = "noise.out.review"
            elif value is not None and wind[at] > rules.auto_wind:
                reason = "noise.out.wind"
            begins = datetime.combine(day, time()) + timedelta(hours=at)
            hours.append((f"{begins:%m-%d %H:%M}", value, reason))
        if item == "peak" and all(value is None for _, value, _ in hours):
            continue
        derivation = explain_part(part, hours, rules, peak=item == "peak")
        level = levels.get(item)
        if level is not None and level.valid:
            derivation = joined(derivation, _verdict(item, level.value, zone, rules))
        parts.append(Part(f"statistics.noise.{item}", derivation, item))
    if "ldn" in levels and "ld" in levels:
        night = levels.get("ln")
        if night is not None and not levels["ldn"].note:
            parts.append(Part("statistics.noise.ldn", explain_span_ldn(levels["ld"].value, night.value, rules), "ldn"))
        else:
            step = Step("GB 3096-2008", "Ldn", "noise.note.night_before", {}, plain(levels["ldn"].value, 3))
            parts.append(Part("statistics.noise.ldn", Derivation((step,)), "ldn"))
    return parts


def _verdict(item: str, level: float, zone: str, rules: NoiseRules) -> Derivation:
    if zone not in rules.zones:
        return Derivation((Step("GB 3096-2008", "", "noise.no_zone_set"),))
    part: DayPart = "day" if item == "ld" else "night"

    def judged(shown: float) -> Verdict:
        if item == "peak":
            return judge_night_lmax(shown, rules, "gb3096", zone)
        return judge_level(shown, part, rules, "gb3096", zone)

    found, short = judged(settled(level)), judged(round(level, 3))
    # Three decimals are enough to read, unless they would say something else.
    return Derivation(explain_verdict(short if short.within == found.within else found, part).steps)


def _of_span(series_id: int, span: str, start: date, zone: str, rules: NoiseRules) -> list[Part]:
    days: dict[str, dict[date, float]] = defaultdict(dict)
    rows = Day.objects.filter(series=series_id, day__gte=start, day__lt=after(span, start), valid=True)
    for item, day, value in rows.values_list("item", "day", "value"):
        if value is not None:
            days[item][day] = value
    levels = span_levels({item: [some[day] for day in sorted(some)] for item, some in days.items()}, rules)
    parts = []
    for item in ("ld", "ln"):
        derivation = explain_span(f"noise.input.{item}", days[item], days_in(span, start), rules)
        if item in levels:
            derivation = joined(derivation, _verdict(item, levels[item], zone, rules))
        parts.append(Part(f"statistics.noise.{item}", derivation, item))
    if "ldn" in levels:
        parts.append(Part("statistics.noise.ldn", explain_span_ldn(levels["ld"], levels["ln"], rules), "ldn"))
    of_days = NoiseSummary.objects.filter(
        series=series_id, span="day", start__gte=start, start__lt=after(span, start)
    ).exclude(zone="")
    return [*parts, *_attainment_parts(list(of_days), rules)]


# --- a place ----------------------------------------------------------------------------------------------------------


def _of_place(series: Series, span: str, start: date, rules: NoiseRules) -> Explained:
    last = last_of(span, start)
    points = Membership([series.pk]).points(series.pk, last)
    rows = list(
        NoiseSummary.objects.filter(series__in=points, span=span, start=start)
        .select_related("series")
        .order_by("zone", "series__name")
    )
    of_days = NoiseSummary.objects.filter(series=series, span="day", start__gte=start, start__lte=last).exclude(zone="")
    parts = _attainment_parts(list(of_days), rules)
    zones = sorted({row.zone for row in rows if row.zone in rules.zones})
    entry, steps = rules.entries["auto.zone_mean"], []
    for zone in zones:
        own = [row for row in rows if row.zone == zone and row.points]
        for item in ("ld", "ln"):
            level = zone_mean(own, item, rules)
            if level is not None:
                params: dict[str, object] = {
                    "zone": zone,
                    "count": sum(getattr(row, item) is not None for row in own),
                    "name": Code(f"noise.input.{item}"),
                    "level": plain(level),
                }
                steps.append(Step(entry.source, entry.clause, "noise.step.zone_mean", params, plain(level)))
    if steps:
        parts.append(Part("statistics.noise.zone_means", Derivation(tuple(steps))))
    return Explained(parts, _entries(rules, "place", zones), [(row.series, row.zone) for row in rows])


def _attainment_parts(rows: list[NoiseSummary], rules: NoiseRules) -> list[Part]:
    """Return the attainment by day and by night from point-days, zone by zone."""
    parts = []
    for part, name in (("day", "day"), ("night", "night")):
        total: dict[str, int] = {}
        within: dict[str, int] = {}
        for row in rows:
            if row.zone in rules.zones and getattr(row, f"{name}_total"):
                total[row.zone] = total.get(row.zone, 0) + getattr(row, f"{name}_total")
                within[row.zone] = within.get(row.zone, 0) + getattr(row, f"{name}_within")
        if total:
            how = explain_attainment(Attainment(within, total), "day" if part == "day" else "night", rules)
            parts.append(Part(f"statistics.noise.attained_{name}", how))
    return parts
