"""P20 declared stop but running, P32 an ordered cut that power does not show."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model.facts import finding, mean_of, median_of, samples, usual
from ecobureau.domain.detection.model.outlet import pollutants, trailing_mean
from ecobureau.domain.detection.model.robust import Bools, Floats, scale_of
from ecobureau.domain.detection.model.spells import Spell, spells_of
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, Declaration, Finding, NoOpinion, Opinion, Params

O2, WARMTH = "a19001", "a01012"


@detector(
    id="P20",
    title="detection.P20.title",
    inputs=("marks F, declared stops", "production power, or O2 and T"),
    group="flags",
    cost="O(n)",
)
def stop_but_running(case: Case, p: Params) -> Opinion:
    """Find hours marked or declared as stopped in which production power, or O2 and T, tell operation."""
    m = case.masks
    stopped = _stopped(case)
    running, told, kind = _running(case, p)
    if running is None:
        return NoOpinion("detection.no_power")
    seen = stopped & np.isfinite(told)
    hit = seen & running
    found = []
    for spell in spells_of(
        hit, seen, need=samples(case, p["hours"]), share=0.7, gap=samples(case, 6), apart=samples(case, 24)
    ):
        level = median_of(told, spell.seen)
        declared = bool((m.stop[spell.seen]).mean() > 0.5)
        found.append(
            finding(
                case,
                "P20",
                spell,
                factors=("pw_prod",) if kind == "power" else (O2, WARMTH),
                statistic=level,
                threshold=p["share"],
                score=0.85 if kind == "power" else 0.7,
                severity=4,
                group="flags",
                numbers={"kind": kind, "percent": 100 * level, "by": "declared" if declared else "marked"},
                counter=("detection.counter.not_standby",),
            )
        )
    return found


def _stopped(case: Case) -> Bools:
    """(n,) inside a declared stop (not a start-up), or most concentrations that are there carry F."""
    series = case.series
    stopped = np.zeros(len(series), dtype=bool)
    for declared in case.declarations:
        if declared.type == "stop":
            stopped |= (series.t >= declared.start) & (series.t + series.step_s <= declared.end)
    there, marked = np.zeros(len(series)), np.zeros(len(series))
    for factor in pollutants(series):
        there += series.flag[factor] != ""
        marked += series.flag[factor] == "F"
    return stopped | ((there > 0) & (marked >= 0.5 * there))


def _running(case: Case, p: Params) -> tuple[Bools | None, Floats, str]:
    """Return where the plant tells operation, the share of the usual it tells, and by what."""
    series, m = case.series, case.masks
    power = series.avg.get("pw_prod")
    if power is not None and np.isfinite(power).any():
        level = usual(case, "pw_prod_run", power, m.run & m.known & ~_stopped(case))
        if not np.isfinite(level).any() and case.facts.rated_prod_kw:
            level = np.full(len(series), 0.7 * case.facts.rated_prod_kw)
        share = power / level
        return share > p["share"], share, "power"
    if O2 in series.avg and WARMTH in series.avg:
        warm = series.avg[WARMTH] / usual(case, WARMTH, series.avg[WARMTH], m.use(WARMTH))
        return (
            (series.avg[O2] < p["o2"]) & (warm > p["warm_share"]),
            np.where(np.isfinite(series.avg[O2]), warm, np.nan),
            "o2",
        )
    return None, np.full(len(series), np.nan), ""


@detector(
    id="P32", title="detection.P32.title", inputs=("ordered cuts", "production power"), group="power", cost="O(n)"
)
def order_not_obeyed(case: Case, p: Params) -> Opinion:
    """Find an ordered cut of production that power does not show against the same hours of the last two weeks."""
    series = case.series
    orders = [d for d in case.declarations if d.type == "order_cut"]
    if not orders:
        return NoOpinion("detection.no_order")
    if "pw_prod" not in series.avg:
        return NoOpinion("detection.no_power")
    found: list[Finding] = []
    for order in orders:
        found += _order(case, p, order)
    return found


def _order(case: Case, p: Params, order: Declaration) -> list[Finding]:
    series = case.series
    power = series.avg["pw_prod"]
    asked = order.value if order.value is not None else p["asked_if_unsaid"]
    inside = (series.t >= order.start + p["grace_h"] * 3600) & (series.t + series.step_s <= order.end)
    where = np.flatnonzero(inside)
    begin = int(np.searchsorted(series.t, order.start))
    if not len(where) or begin < samples(case, 48):
        return []
    # The reference is fixed when the order begins: the same hours of the fortnight before, production days only.
    past = slice(max(0, begin - samples(case, 24 * p["reference_d"])), begin)
    ran = case.masks.run[past] & case.masks.known[past] & np.isfinite(power[past])
    before, hours = power[past][ran], series.hour_of_day[past][ran]
    if len(before) < samples(case, 24):
        return []
    overall = float(before.mean())
    table = np.array([before[hours == h].mean() if (hours == h).sum() >= 2 else overall for h in range(24)])
    reference = table[series.hour_of_day]
    # How far a spell of the outlet's own past strays from the same hours: less than that is no disobedience.
    width = samples(case, p["hours"])
    ratio = trailing_mean(np.where(case.masks.run & case.masks.known, power / reference, np.nan), width)[past]
    stray = scale_of(ratio[:: max(1, width // 2)])
    bar = asked - max(p["tolerance"], p["stray_scales"] * stray)
    seen = inside & np.isfinite(power)
    mean = trailing_mean(np.where(inside, power / reference, np.nan), width)
    short = seen & (1 - mean < bar)
    found = []
    for spell in spells_of(short, seen, need=samples(case, p["hours"]), share=0.8, gap=samples(case, 12)):
        cut = 1 - mean_of(power, spell.seen) / mean_of(reference, spell.seen)
        if cut > bar:
            continue
        # The order binds from its beginning; the first hours were left to run down.
        first = begin if spell.first - begin <= samples(case, p["grace_h"] + 1) else spell.first
        spell = Spell(first, spell.stop, spell.raised)
        found.append(
            finding(
                case,
                "P32",
                spell,
                factors=("pw_prod",),
                statistic=cut,
                threshold=bar,
                score=0.7 + 0.25 * min(1.0, (asked - cut) / max(asked, 0.1)),
                severity=4,
                group="power",
                numbers={
                    "asked": 100 * asked,
                    "cut": 100 * cut,
                    "power": mean_of(power, spell.seen),
                    "reference": mean_of(reference, spell.seen),
                },
                counter=("detection.counter.same_hours",),
            )
        )
    return found
