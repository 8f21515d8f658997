"""How the figures of emissions came about, computed anew from what lies below them: hours, days, months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from ecobureau.clock import beijing
from ecobureau.domain.emission import EmissionRules
from ecobureau.domain.emission.figure import figure
from ecobureau.domain.emission.means import day_mean, mean_of, month_mean
from ecobureau.domain.emission.totals import kilograms
from ecobureau.domain.emission.transmission import explained as explain_transmission
from ecobureau.domain.emission.transmission import transmission
from ecobureau.domain.emission.water import day_mean as water_day_mean
from ecobureau.domain.explain import Derivation, Input, Step
from ecobureau.domain.rounding import half_even, plain
from ecobureau.domain.rules import Entry, NoRule
from ecobureau.rulepacks import load
from ecobureau.web.sources.models import Limit, Outlet
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.emission.limits import UNITS, limits_on
from ecobureau.web.statistics.emission.rollup import LONGER, summed
from ecobureau.web.statistics.emission.source import OutletHour
from ecobureau.web.statistics.emission.words import kg_text, percent
from ecobureau.web.statistics.explain_parts import Part
from ecobureau.web.statistics.models import EmissionSummary, Series
from ecobureau.web.statistics.spans import after, last_of

_OK = ("emission.state.ok", "emission.state.no_flow")
_RULES = {
    "gas": ("valid.hour_minutes", "valid.day_hours", "valid.month_days", "capture.target", "substitute.gas"),
    "water": ("water.day_share", "water.weighted", "water.substitute", "valid.month_days"),
    "all": ("valid.longer_spans", "transmission.target", "mark.device"),
}


def rules_of(series: Series, day: date) -> list[Entry]:
    """Return the rules that figures of a series rest on."""
    water = series.outlet is not None and series.outlet.medium == Outlet.Medium.WATER
    keys = [*(_RULES["water"] if water else _RULES["gas"]), *_RULES["all"]]
    pack, found = load("emission"), []
    for key in keys:
        try:
            found.append(pack.at(f"emission.{key}", day))
        except NoRule:
            continue
    return found


def of_outlet_day(
    series: Series, row: EmissionSummary, hours: Sequence[OutletHour], limits: Sequence[Limit]
) -> list[Part]:
    """Return how a day of an outlet and factor came about, from its hours."""
    outlet, rules = series.outlet, in_force.emission_on(row.start)
    if outlet is None or rules is None or not hours:
        return []
    unit = UNITS[Outlet.Medium(outlet.medium)]
    parts = [Part("statistics.emission.mean", _day_mean(outlet, hours, rules, unit), "mean")]
    converted = [one.converted for one in hours if one.converted is not None]
    if outlet.medium == Outlet.Medium.AIR and converted:
        mean, count = mean_of(converted)
        made = figure(mean, "D.2.2 (25)", "emission.step.arithmetic", {"count": count})
        inputs = tuple(_input(one, one.converted, unit) for one in hours if one.converted is not None)
        parts.append(Part("statistics.emission.converted", Derivation(_shown(made.derivation), inputs), "converted"))
    measured = sum(one.kg for one in hours if one.kg is not None)
    filled = [one.substitute for one in hours if one.substitute is not None]
    parts.append(
        Part("statistics.emission.mass", _mass(row, half_even(measured, 3), half_even(sum(filled), 3)), "mass")
    )
    return [*parts, *_common(row, rules, limits)]


def _day_mean(outlet: Outlet, hours: Sequence[OutletHour], rules: EmissionRules, unit: str) -> Derivation:
    values = [one.concentration if one.state in _OK else None for one in hours]
    if outlet.medium == Outlet.Medium.WATER:
        neutral = ("emission.state.stopped", "emission.state.no_discharge")
        required = sum(one.state not in neutral for one in hours)
        made = water_day_mean(values, [one.flow for one in hours], required, rules)
    else:
        made = day_mean(values, rules)
    return Derivation(_shown(made.derivation), tuple(_input(one, one.concentration, unit) for one in hours))


def _shown(derivation: Derivation) -> tuple[Step, ...]:
    """Return steps with their results as the page shows means: three decimals."""
    return tuple(
        replace(step, result=plain(step.result, 3)) if isinstance(step.result, float) else step
        for step in derivation.steps
    )


def _input(hour: OutletHour, value: float | None, unit: str) -> Input:
    reason = "" if hour.state in _OK else hour.cause or hour.state
    text = "" if value is None else plain(value, 3)
    return Input("emission.input.c", text, unit, not reason, reason, f"{beijing(hour.start):%H:%M}")


def _mass(row: EmissionSummary, measured: Any, substituted: Any) -> Derivation:
    total = half_even(kilograms(row.measured_ug + row.substituted_ug), 3)
    had = {"hours": row.measured, "kg": plain(measured)}
    filled = {"hours": row.substituted, "kg": plain(substituted), "lost": row.lost}
    both = {"measured": plain(measured), "substituted": plain(substituted)}
    return Derivation(
        (
            Step("HJ 212-2017", "D.1, D.2.4", "statistics.emission.step.measured", had, plain(measured)),
            Step("HJ 75-2017；HJ 356-2019", "", "statistics.emission.step.substituted", filled, plain(substituted)),
            Step("", "", "statistics.emission.step.mass", both, plain(total)),
        )
    )


def _common(row: EmissionSummary, rules: EmissionRules, limits: Sequence[Limit]) -> list[Part]:
    """Return how transmission and hours over the limit came about, alike for every span and kind."""
    rates = transmission(row.should, row.received, row.valid_items, rules.transmission_target)
    stops = Step(
        "", "", "statistics.emission.step.stopped", {"stopped": row.stopped, "quiet": row.quiet}, row.operating
    )
    made = explain_transmission(rates).derivation
    share = "" if rates.effective is None else f"{percent(rates.effective)} %"
    counted = tuple(replace(step, result=share or None) for step in made.steps)
    parts = [Part("statistics.emission.rate", Derivation((stops, *counted), made.inputs), "rate")]
    if row.judged or limits:
        params: dict[str, object] = {"judged": row.judged, "over": row.over}
        words = [f"{one.amount} ({one.source})" for one in limits]
        code = "statistics.emission.step.over" if words else "statistics.emission.step.over_each"
        steps = [Step("", "", code, {**params, "limits": words} if words else params, row.over)]
        if row.judged_days:
            params = {"judged": row.judged_days, "over": row.over_days}
            steps.append(Step("", "", "statistics.emission.step.over_days", params, row.over_days))
        parts.append(Part("statistics.emission.over", Derivation(tuple(steps)), "over"))
    return parts


def of_span(series: Series, row: EmissionSummary, limits: Sequence[Limit]) -> list[Part]:
    """Return how a month, quarter or year, or a day of a place, came about: from days, months or outlets."""
    rules = in_force.emission_on(last_of(row.span, row.start))
    if rules is None:
        return []
    if row.span == "day":
        params = {
            "count": row.outlets,
            "measured": kg_text(row.measured_ug),
            "substituted": kg_text(row.substituted_ug),
        }
        step = Step("", "", "statistics.emission.step.outlets", params, kg_text(row.measured_ug + row.substituted_ug))
        return [Part("statistics.emission.mass", Derivation((step,)), "mass"), *_common(row, rules, limits)]
    below = dict(LONGER)[row.span]
    kept = EmissionSummary.objects.filter(
        series=series, item=row.item, span=below, start__gte=row.start, start__lt=after(row.span, row.start)
    )
    given = list(kept.order_by("start"))
    whole = summed(row.span, row.start, [_figures(one) for one in given]) if given else {}
    parts = []
    if series.kind == Series.Kind.POINT and given:
        parts.append(Part("statistics.emission.mean", _longer_mean(row, given, whole, rules), "mean"))
    if given:
        parts.append(Part("statistics.emission.mass", _sum(below, given, whole), "mass"))
    return [*parts, *_common(row, rules, limits)]


def _figures(row: EmissionSummary) -> Mapping[str, Any]:
    return {field.name: getattr(row, field.name) for field in row._meta.concrete_fields if field.name != "series"}


def _longer_mean(
    row: EmissionSummary, given: Sequence[EmissionSummary], whole: Mapping[str, Any], rules: EmissionRules
) -> Derivation:
    inputs = tuple(
        Input(
            "emission.input.c",
            "" if one.mean is None else plain(one.mean, 3),
            "",
            one.valid,
            "" if one.valid else "emission.reason.too_few",
            _at(one),
        )
        for one in given
    )
    if row.span == "month":
        made = month_mean([one.mean for one in given], row.start.year, row.start.month, rules)
        return Derivation(_shown(made.derivation), inputs)
    entry = load("emission").at("emission.valid.longer_spans", row.start)
    params = {"count": whole["valid_days"]}
    step = Step(entry.source, entry.clause, "statistics.emission.step.longer_mean", params, _plain(whole["mean"]))
    return Derivation((step,), inputs)


def _sum(below: str, given: Sequence[EmissionSummary], whole: Mapping[str, Any]) -> Derivation:
    inputs = tuple(
        Input("statistics.emission.mass", kg_text(one.measured_ug + one.substituted_ug), "kg", True, "", _at(one))
        for one in given
    )
    measured, substituted = whole["measured_ug"], whole["substituted_ug"]
    params = {"count": len(given), "measured": kg_text(measured), "substituted": kg_text(substituted)}
    step = Step("", "", f"statistics.emission.step.sum_{below}", params, kg_text(measured + substituted))
    return Derivation((step,), inputs)


def _at(row: EmissionSummary) -> str:
    return row.start.isoformat() if row.span == "day" else f"{row.start:%Y-%m}"


def _plain(value: float | None) -> str | None:
    return None if value is None else plain(value, 3)


def limits_for(series: Series, limits: Sequence[Limit], factor: str, day: date) -> list[Limit]:
    """Return the limits of a factor on a day, none for places."""
    return limits_on(limits, factor, day) if series.outlet is not None else []
