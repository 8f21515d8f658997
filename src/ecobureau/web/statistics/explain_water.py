"""How the figures of water came about, computed anew from what lies below them: hours, days, months, sections."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ecobureau.domain.explain import Code, Derivation, Input, Step, joined
from ecobureau.domain.rounding import plain
from ecobureau.domain.rules import Entry
from ecobureau.domain.water import (
    AutoDay,
    Body,
    NoIndex,
    city_index,
    class_shares,
    day_value_derivation,
    exceedances,
    explain_class,
    explain_exceedance,
    explain_index,
    explain_mean,
    explain_shares,
    explain_tli,
    mean,
    month_value_derivation,
)
from ecobureau.rulepacks import load
from ecobureau.web.core.access import Viewer
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics import water_samples
from ecobureau.web.statistics.explain_parts import Explained, Part
from ecobureau.web.statistics.models import Day, Figure, SampleItem, Series, WaterItem
from ecobureau.web.statistics.points import Membership
from ecobureau.web.statistics.rollup_days import hours_of
from ecobureau.web.statistics.rollup_water import means_of
from ecobureau.web.statistics.rules import WaterInForce
from ecobureau.web.statistics.selectors_water import READER
from ecobureau.web.statistics.services_data import UNITS
from ecobureau.web.statistics.spans import after, last_of
from ecobureau.web.statistics.water_classes import automatic, judged, sampled_items, sampled_of


def explained(viewer: Viewer, series_id: int, span: str, start: date) -> Explained | None:
    """Return how a series' figures of a period came about; None when there is nothing the viewer may see."""
    series, rules = READER.one(viewer, series_id), in_force.water_on(last_of(span, start))
    if series is None or rules is None:
        return None
    if series.kind == Series.Kind.POINT:
        return Explained(_of_point(series, span, start, rules), _rules_of_point(span, rules), [])
    return _of_place(series, span, start, rules)


def _rules_of_point(span: str, rules: WaterInForce) -> list[Entry]:
    own = {"day": ["auto.day_min_slots"], "month": ["auto.month_min_share", "manual.use"]}.get(span, [])
    auto = [rules.auto.entries[key] for key in (*own, "auto.means")]
    some = (
        "gb3838.table1.do",
        "assess.non_detect_share",
        "assess.auto_items",
        "assess.auto_required",
        "assess.exceed_class",
        "assess.main_count",
    )
    return [*auto, *(rules.classes.entries[key] for key in some if key in rules.classes.entries), rules.index.entry]


# --- a point ----------------------------------------------------------------------------------------------------------


def _of_point(series: Series, span: str, start: date, rules: WaterInForce) -> list[Part]:
    body: Body = "lake" if series.body == "lake" else "river"
    means = means_of(span, start, [series.pk]).get(series.pk, {})
    items = (*rules.classes.auto_items, *sampled_items(means, rules.classes))
    found, how = explain_class(means, rules.classes, body=body, items=items, required=rules.classes.auto_required)
    parts = [Part("statistics.water.class", how)]
    over = exceedances(means, rules.classes, body=body, items=tuple(found.by_item))
    if over:
        some = [explain_exceedance(each, rules.classes, body) for each in over]
        parts.append(Part("statistics.water.over", joined(*some)))
    if found.water_class is not None:
        parts.extend(_index_part(means, rules, body))
    if body == "lake":
        parts.append(Part("statistics.water.tli", explain_tli(means, rules.trophic)))
    for item, derivation in _mean_derivations(series.pk, span, start, rules).items():
        parts.append(Part(f"water.item.{item}", derivation, item))
    return parts


def _index_part(means: dict[str, float | None], rules: WaterInForce, body: Body) -> list[Part]:
    try:
        return [
            Part(
                "statistics.water.cwqi",
                explain_index(automatic(means, rules.classes), rules.classes, rules.index, body),
            )
        ]
    except NoIndex:
        return []


def _mean_derivations(series_id: int, span: str, start: date, rules: WaterInForce) -> dict[str, Derivation]:
    order = [str(item) for item in (*WaterItem.values, *SampleItem.values)]
    if span == "day":
        by_item = hours_of([(series_id, start)])
        return {
            item: day_value_derivation(
                item,
                [None if hour != hour else hour for hour in by_item[item][series_id, start].tolist()],
                UNITS["water"][item],
                rules.auto,
            )
            for item in order
            if item in by_item
        }
    if span == "month":
        days: dict[str, dict[date, AutoDay]] = {}
        rows = Day.objects.filter(series=series_id, day__gte=start, day__lt=after(span, start))
        for item, day, value, valid, count, total in rows.values_list(
            "item", "day", "value", "valid", "count", "total"
        ):
            days.setdefault(item, {})[day] = AutoDay(value, valid, count, 0, total)
        length = (after(span, start) - start).days
        found = {
            item: month_value_derivation(item, days[item], length, UNITS["water"][item], rules.auto)
            for item in order
            if item in days
        }
        return found | _sampled(series_id, start, rules)
    return _from_months(series_id, span, start, order, rules)


def _sampled(series_id: int, start: date, rules: WaterInForce) -> dict[str, Derivation]:
    """Return how the means of samples taken by hand came about, for the items whose month they make."""
    items = Figure.objects.filter(series=series_id, span="month", start=start, origin="manual")
    wanted = set(items.values_list("item", flat=True))
    if not wanted:
        return {}
    samples = water_samples.accepted([series_id], start, last_of("month", start))
    entry = rules.auto.entries["manual.use"]
    found = {}
    for item in (*rules.classes.monthly_items, "tn"):
        results = samples.get((series_id, item))
        if item not in wanted or not results:
            continue
        unit = "1" if item == "ph" else "mg/L"
        how = explain_mean(item, water_samples.flat(results), unit)
        days = [day for day in sorted(results) for _ in results[day]]
        inputs = tuple(replace(one, at=f"{day:%m-%d}") for one, day in zip(how.inputs, days, strict=True))
        step = Step(entry.source, entry.clause, "water.step.sampled", {"count": len(days)}, how.result)
        found[item] = Derivation((*how.steps, step), inputs)
    return found


def _from_months(
    series_id: int, span: str, start: date, order: list[str], rules: WaterInForce
) -> dict[str, Derivation]:
    entry = rules.auto.entries["auto.means"]
    months: dict[str, list[Input]] = {}
    values: dict[str, list[float]] = {}
    rows = Figure.objects.filter(
        series=series_id, span="month", start__gte=start, start__lt=after(span, start), mean__isnull=False
    ).order_by("start")
    for item, month, value, valid in rows.values_list("item", "start", "mean", "valid"):
        values.setdefault(item, []).append(value or 0.0)
        months.setdefault(item, []).append(
            Input(
                f"water.item.{item}",
                plain(value or 0.0, 6),
                UNITS["water"].get(item, "mg/L"),
                valid,
                "" if valid else "water.input.few_days",
                f"{month:%Y-%m}",
            )
        )
    found = {}
    for item in order:
        if item in values:
            shown = plain(mean(values[item]) or 0.0)
            step = Step(
                entry.source, entry.clause, "water.step.months_mean", {"count": len(values[item]), "mean": shown}, shown
            )
            found[item] = Derivation((step,), tuple(months[item]))
    return found


# --- a place or river -------------------------------------------------------------------------------------------------


def _of_place(series: Series, span: str, start: date, rules: WaterInForce) -> Explained:
    last = last_of(span, start)
    points = Membership([series.pk]).points(series.pk, last)
    rows = {row.pk: row for row in Series.objects.filter(pk__in=points).order_by("name")}
    means = means_of(span, start, points)
    bodies: dict[int, Body] = {pk: "lake" if row.body == "lake" else "river" for pk, row in rows.items()}
    classes = {pk: judged(means.get(pk, {}), bodies[pk], rules.classes).water_class for pk in rows}
    sections = [(row, "" if (found := classes[pk]) is None else found.roman) for pk, row in rows.items()]
    known = [pk for pk in rows if classes[pk] is not None]
    parts = [
        Part("statistics.water.shares", explain_shares(class_shares([classes[pk] for pk in known]), rules.sections))
    ]
    kinds = {bodies[pk] for pk in known}
    if known and len(known) < rules.sections.min_sections and len(kinds) == 1:
        items = (*rules.classes.auto_items, *sampled_of([means[pk] for pk in known], rules.classes))
        values = {item: mean([means[pk].get(item) for pk in known]) for item in items}
        _, how = explain_class(values, rules.classes, body=next(iter(kinds)), items=items)
        steps = _section_means(values, [means[pk] for pk in known], rules)
        parts.append(Part("statistics.water.class", Derivation((*steps, *how.steps), how.inputs)))
    parts.extend(_city_parts([(automatic(means[pk], rules.classes), bodies[pk]) for pk in known], rules))
    some = ("basin.min_sections", "basin.good_excellent", "basin.good_fine", "basin.bad_moderate", "basin.bad_heavy")
    return Explained(parts, [*(load("water").at(key, last) for key in some), rules.index.entry], sections)


def _section_means(
    values: dict[str, float | None], sections: list[dict[str, float | None]], rules: WaterInForce
) -> list[Step]:
    entry = rules.classes.entries["assess.auto_items"]
    steps = []
    for item, value in values.items():
        if value is not None:
            count = sum(one.get(item) is not None for one in sections)
            params: dict[str, object] = {"item": Code(f"water.item.{item}"), "count": count, "mean": plain(value, 6)}
            steps.append(Step(entry.source, "", "water.step.sections_mean", params, plain(value, 6)))
    return steps


def _city_parts(sections: list[tuple[dict[str, float | None], Body]], rules: WaterInForce) -> list[Part]:
    halves: dict[Body, list[dict[str, float | None]]] = {"river": [], "lake": []}
    for means, body in sections:
        halves[body].append(means)
    try:
        found = city_index(halves["river"], halves["lake"], rules.classes, rules.index)
    except NoIndex:
        return []
    if found is None:
        return []
    derivations, steps = [], []
    entry = rules.index.entry
    for body, half in (("river", found.river), ("lake", found.lake)):
        if half is not None:
            items = {item: mean([one.get(item) for one in halves[body]]) for item in rules.classes.auto_items}
            derivations.append(explain_index(items, rules.classes, rules.index, body))
            shown = plain(half.value, 6)
            params: dict[str, object] = {"body": Code(f"water.body.{body}"), "count": len(halves[body]), "index": shown}
            steps.append(Step(entry.source, entry.clause, "water.step.cwqi_half", params, shown))
    shown = plain(found.value, rules.auto.index_decimals)
    steps.append(Step(entry.source, entry.clause, "water.step.cwqi_city", {"index": shown}, shown))
    return [Part("statistics.water.cwqi", joined(*derivations).and_then(*steps))]
