"""P07: the oxygen value or the conversion by it does not hold."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model.expected import Expected
from ecobureau.domain.detection.model.facts import finding, mean_of, median_of, samples
from ecobureau.domain.detection.model.outlet import expected_of
from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.model.spells import Spell, lagged_median, spells_of, trailing_median
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, Finding, NoOpinion, Opinion, Params

O2 = "a19001"
# What tells the load of a combustion plant without resting on the oxygen probe itself.
_LOAD = ("pw_prod", "a00000", "hour")


@detector(
    id="P07",
    title="detection.P07.title",
    inputs=("concentrations", "converted values", "O2", "power or flow"),
    group="physics",
    cost="O(n log n)",
)
def oxygen(case: Case, p: Params) -> Opinion:
    """Find converted values that do not follow from c and O2, and O2 that left its link with the load.

    (a) e = c_z / [c (21 - O2_ref)/(21 - O2)] - 1 beyond a tolerance; (b) O2 below what the load asks for, for a day;
    (c) O2 that lost most of its own scatter while the load moves.
    """
    series = case.series
    if series.kind != "gas":
        return NoOpinion("detection.only_gas")
    if O2 not in series.avg:
        return NoOpinion("detection.no_factor", {"factor": O2})
    return _conversion(case, p) + _shift(case, p) + _frozen(case, p)


def _conversion(case: Case, p: Params) -> list[Finding]:
    """(a) one finding a spell over all factors whose converted value does not follow."""
    series = case.series
    o2 = series.avg[O2]
    worst, seen = np.full(len(series), np.nan), np.zeros(len(series), dtype=bool)
    named: dict[str, Bools] = {}
    for factor, facts in case.facts.factors.items():
        if facts.o2_ref is None or factor not in series.avg or factor not in series.zs:
            continue
        # Above the cap the conversion says nothing (21 - O2 goes to zero), and rules of start-up allow a cap.
        room = 21.0 - o2
        good = (
            case.masks.use(factor) & case.masks.ok.get(O2, seen) & (room > p["least_room"]) & (series.avg[factor] > 0)
        )
        reckoned = series.avg[factor] * (21.0 - facts.o2_ref) / np.where(good, room, 1.0)
        e = np.where(
            good & np.isfinite(series.zs[factor]), series.zs[factor] / np.where(good, reckoned, 1.0) - 1.0, np.nan
        )
        step = facts.resolution or 0.0
        tolerance = p["conversion_share"] + step / np.where(good, series.avg[factor], 1.0)
        off = np.isfinite(e) & (np.abs(e) > tolerance)
        seen |= np.isfinite(e)
        if off.any():
            named[factor] = off
            worst = np.where(off & ~(np.abs(worst) > np.abs(e)), e, worst)
    found: list[Finding] = []
    for spell in spells_of(np.isfinite(worst), seen, need=samples(case, p["conversion_h"]), share=p["conversion_rows"]):
        off_by = median_of(worst, spell.seen)
        factors = tuple(f for f, off in named.items() if off[spell.first : spell.stop].any())
        found.append(
            finding(
                case,
                "P07",
                spell,
                factors=factors,
                statistic=abs(off_by),
                threshold=p["conversion_share"],
                score=0.75 + 0.2 * min(1.0, abs(off_by) / 0.2),
                severity=5,
                group="physics",
                numbers={"kind": "conversion", "percent": 100 * off_by, "o2": median_of(o2, spell.seen)},
                counter=("detection.counter.startup_left_out",),
            )
        )
    return found


def _shift(case: Case, p: Params) -> list[Finding]:
    """(b) O2 lower than the load asks for, by the median of a day."""
    e = expected_of(case, O2, _LOAD)
    if not isinstance(e, Expected):
        return []
    series = case.series
    use = case.masks.use(O2)
    residual = np.where(use, series.avg[O2] - e.center, np.nan)
    width = samples(case, p["shift_h"])
    middle = trailing_median(residual, width, max(3, width // 2), every=series.per_hour)
    # A day's median scatters by about half the residual scale where neighbours hang together.
    threshold = np.maximum(p["shift_points"], p["shift_scales"] * e.scale)
    low = (residual < -0.6 * threshold) & use
    hit = low & (middle < -threshold)
    found = []
    for spell in spells_of(hit, use & np.isfinite(residual), need=samples(case, 2), share=0.5, gap=samples(case, 12)):
        first = _begin(low, use & np.isfinite(residual), spell, width)
        spell = Spell(first, spell.stop, spell.raised)
        size = median_of(residual, spell.seen)
        found.append(
            finding(
                case,
                "P07",
                spell,
                factors=(O2,),
                statistic=abs(size),
                threshold=p["shift_points"],
                score=0.6 + 0.3 * min(1.0, abs(size) / (3 * p["shift_points"])),
                severity=5,
                group="physics",
                numbers={
                    "kind": "shift",
                    "points": size,
                    "o2": median_of(series.avg[O2], spell.seen),
                    "expected": median_of(e.center, spell.seen),
                },
                counter=("detection.counter.load_considered",),
            )
        )
    return found


def _frozen(case: Case, p: Params) -> list[Finding]:
    """(c) O2 with a small part of its usual hour-to-hour scatter while the plant runs at a moving load."""
    series = case.series
    use = case.masks.use(O2)
    o2 = np.where(use, series.avg[O2], np.nan)
    # Rows that can be judged stand side by side: a plant of two shifts has few of them a day.
    rows = np.flatnonzero(use & np.isfinite(o2))
    step, now = np.full(len(series), np.nan), np.full(len(series), np.nan)
    if len(rows) > 2:
        step[rows[1:]] = np.abs(np.diff(o2[rows]))
        count = samples(case, p["frozen_rows_h"])
        now[rows] = trailing_median(step[rows], count, count)
    width = samples(case, p["frozen_h"])
    usual = lagged_median(
        step,
        use,
        hold=samples(case, 72),
        window=samples(case, 24 * 30),
        every=samples(case, 6),
        least=samples(case, 24),
    )
    load = next((series.avg[name] for name in ("pw_prod", "a00000") if name in series.avg), None)
    if load is None:
        return []
    wide = _scatter(load, width)
    still = (now < p["frozen_share"] * usual) & (wide > p["frozen_load_sd"]) & (usual > 0)
    hit = still & use & np.isfinite(step)
    found = []
    for spell in spells_of(hit, use & np.isfinite(step), need=samples(case, 2), share=0.5, gap=samples(case, 12)):
        begin = int(np.searchsorted(rows, spell.first)) - samples(case, p["frozen_rows_h"]) + 1
        spell = Spell(int(rows[max(0, begin)]), spell.stop, spell.raised)
        share = median_of(now / usual, slice(spell.raised, spell.raised + 1))
        found.append(
            finding(
                case,
                "P07",
                spell,
                factors=(O2,),
                statistic=share,
                threshold=p["frozen_share"],
                score=0.85 - 0.5 * share,
                severity=5,
                group="physics",
                numbers={"kind": "frozen", "o2": median_of(o2, spell.seen), "percent": 100 * share},
                counter=("detection.counter.load_considered",),
            )
        )
    return found


def _scatter(load: Floats, width: int) -> Floats:
    """Return sd of load over its mean in the last `width` samples, (n,)."""
    good = np.isfinite(load)
    x = np.where(good, load, 0.0)
    c, s1, s2 = (np.cumsum(np.r_[0.0, part]) for part in (good.astype(float), x, x * x))
    last = np.arange(1, len(load) + 1)
    first = np.maximum(last - width, 0)
    n = np.maximum(c[last] - c[first], 1.0)
    mean = (s1[last] - s1[first]) / n
    var = np.maximum((s2[last] - s2[first]) / n - mean**2, 0.0)
    share: Floats = np.sqrt(var) / np.maximum(np.abs(mean), 1e-9)
    return share


def _begin(low: Bools, seen: Bools, spell: Spell, width: int) -> int:
    """Return where the run of low values began that the median of a day saw, at most `width` before the spell."""
    first = spell.first
    back = np.arange(max(0, first - width), first)
    back = back[seen[back]]
    for k in range(len(back)):
        if mean_of(low.astype(float), slice(int(back[k]), first + 1)) >= 0.6 and low[back[k]]:
            return int(back[k])
    return first
