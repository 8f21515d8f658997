"""P18 and P18b: production runs, treatment does not, or does too little."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model.facts import finding, mean_of, median_of, samples, usual
from ecobureau.domain.detection.model.outlet import FLOW, expected_of, pollutants
from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.model.spells import Spell, spells_of
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, NoOpinion, Opinion, Params


def _powers(case: Case) -> tuple[Floats, Floats] | NoOpinion:
    series = case.series
    for name in ("pw_prod", "pw_treat"):
        if name not in series.avg or not np.isfinite(series.avg[name]).any():
            return NoOpinion("detection.no_power", {"factor": name})
    return series.avg["pw_prod"], series.avg["pw_treat"]


def _producing(case: Case, production: Floats) -> Bools:
    m = case.masks
    return m.run & m.known & ~m.trans & ~m.stop & np.isfinite(production)


@detector(
    id="P18",
    title="detection.P18.title",
    inputs=("production power", "treatment power", "inlet, flow"),
    group="power",
    cost="O(n)",
)
def treatment_off(case: Case, p: Params) -> Opinion:
    """Find hours in which production runs and treatment draws less than a fifth of what it usually draws then.

    Marks of the instruments do not matter here; they do not turn the treatment off.
    """
    powers = _powers(case)
    if isinstance(powers, NoOpinion):
        return powers
    production, treatment = powers
    series = case.series
    running = _producing(case, production) & np.isfinite(treatment)
    level = usual(case, "pw_treat", treatment, running)
    hit = running & (treatment < p["share"] * level)
    least = samples(case, p["gas_h"] if series.kind == "gas" else p["water_h"])
    if not np.isfinite(level).any():
        return NoOpinion("detection.no_history", {"factor": "pw_treat"})
    found = []
    for spell in spells_of(hit, running, need=least, share=0.8, gap=max(samples(case, 3), least)):
        share = 100 * median_of(treatment / level, spell.seen)
        rose = _rise(case, spell)
        numbers: dict[str, float | str] = {
            "production": median_of(production, spell.seen),
            "treatment": median_of(treatment, spell.seen),
            "usual": median_of(level, spell.seen),
            "percent": share,
            "excess": _excess(case, spell),
        }
        honest = rose > p["honest_rise"]
        found.append(
            finding(
                case,
                "P18",
                spell,
                factors=("pw_prod", "pw_treat"),
                statistic=share / 100,
                threshold=p["share"],
                score=0.9 if not honest else 0.85,
                severity=4 if honest else 5,
                group="power",
                numbers=numbers,
                counter=("detection.counter.values_rose",) if honest else (),
            )
        )
    return found


@detector(
    id="P18b",
    title="detection.P18b.title",
    inputs=("production power", "treatment power", "values"),
    group="power",
    cost="O(n)",
)
def treatment_low(case: Case, p: Params) -> Opinion:
    """Find a day in which treatment draws less than 0.6 of what it usually draws at this production."""
    powers = _powers(case)
    if isinstance(powers, NoOpinion):
        return powers
    production, treatment = powers
    e = expected_of(case, "pw_treat", ("pw_prod", "hour"))
    if isinstance(e, NoOpinion):
        return e
    running = _producing(case, production) & np.isfinite(treatment) & e.known
    ratio = np.where(running, e.ln_ratio, np.nan)
    width = samples(case, p["hours"])
    low = running & (ratio < np.log(p["share"])) & (ratio > np.log(p["idle_share"]))
    found = []
    for spell in spells_of(low, running, need=int(0.8 * width), share=0.8, gap=samples(case, 12)):
        share = float(np.exp(median_of(ratio, spell.seen)))
        rose = _rise(case, spell)
        found.append(
            finding(
                case,
                "P18b",
                spell,
                factors=("pw_prod", "pw_treat"),
                statistic=share,
                threshold=p["share"],
                score=0.7 + 0.5 * (p["share"] - share) - (0.0 if rose < p["honest_rise"] else 0.05),
                severity=3,
                group="power",
                numbers={
                    "percent": 100 * share,
                    "treatment": median_of(treatment, spell.seen),
                    "expected": median_of(e.center, spell.seen),
                },
                counter=("detection.counter.values_rose",) if rose >= p["honest_rise"] else (),
            )
        )
    return found


def _rise(case: Case, spell: Spell) -> float:
    """Return the largest median of ln(value / usual) over the pollutants while the spell was watched, 0 if unknown."""
    rises = []
    for factor in pollutants(case.series):
        values = np.where(case.masks.ok[factor], case.series.avg[factor], np.nan)
        before = median_of(values, slice(max(0, spell.first - samples(case, 72)), spell.first))
        now = median_of(values, spell.seen)
        if before > 0 and now > 0:
            rises.append(float(np.log(now / before)))
    return max(rises, default=0.0)


def _excess(case: Case, spell: Spell) -> float:
    """Return kg that went untreated if the outlet told too little: flow x (inlet - reported) of the worst factor."""
    series = case.series
    inlet, flow = series.inlet, series.avg.get(FLOW[series.kind])
    if inlet is None or flow is None:
        return 0.0
    worst = 0.0
    for factor in pollutants(series):
        if factor in inlet.avg:
            part = slice(spell.first, spell.raised + 1)
            grams = flow[part] * np.maximum(inlet.avg[factor][part] - series.avg[factor][part], 0.0)
            kg = mean_of(grams, slice(None)) * (spell.raised + 1 - spell.first) * series.step_s * 1e-6
            worst = max(worst, kg if np.isfinite(kg) else 0.0)
    return worst
