"""P08: all pollutants fall by one factor at once, as if the sample were thinned with air, nitrogen or clean water."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.model.expected import Expected
from ecobureau.domain.detection.model.facts import clip01, finding, median_of, samples
from ecobureau.domain.detection.model.outlet import FLOW, STATE, cycle_of, expected_of, pollutants
from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.model.spells import Spell, lagged_level, lagged_median, spells_of, trailing_median
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, NoOpinion, Opinion, Params

O2, WET, PH = "a19001", "a01014", "w01001"
_AIR_O2 = 20.9
_NEUTRAL_PH = 7.0


@detector(
    id="P08",
    title="detection.P08.title",
    inputs=("at least two pollutants", "O2 and humidity, or pH", "flow", "inlet"),
    group="physics",
    cost="O(n log n)",
)
def dilution(case: Case, p: Params) -> Opinion:
    """Find a common factor d < 1 on all pollutants that O2 and humidity (gas) or pH (water) confirm.

    ln d is the median over factors of the trailing median residual; the factors must agree within their own scatter;
    gas: d from O2 towards 20.9 % (air) or towards 0 (nitrogen) must agree; a flow that rose as the values fell is rain.
    """
    series = case.series
    names = [f for f in pollutants(series) if f not in STATE and f in case.facts.factors]
    if len(names) < 2:
        return NoOpinion("detection.too_few_factors", {"least": 2.0})
    width = samples(case, p["window_h"])
    levels, errors, seen = [], [], np.zeros(len(series), dtype=bool)
    for factor in names:
        inputs = _inputs(case, factor)
        e = expected_of(case, factor, inputs)
        if not isinstance(e, Expected):
            continue
        use = case.masks.use(factor) & e.known
        seen |= use
        ratio = _since(case, np.where(use, e.ln_ratio, np.nan), use)
        cycles = max(1, width // cycle_of(case, factor))
        levels.append(trailing_median(ratio, width, max(2, width // 2), every=series.per_hour))
        errors.append(np.nan_to_num(e.scale, nan=1.0) * 1.25 / np.sqrt(cycles))
    if len(levels) < 2:
        return NoOpinion("detection.no_history", {"factor": names[0]})
    level, error = np.array(levels), np.array(errors)
    fell = np.isfinite(level).sum(axis=0) >= max(2, int(np.ceil(0.75 * len(levels))))
    ln_d, spread, highest = (np.full(len(series), np.nan) for _ in range(3))
    if fell.any():
        there = level[:, fell]
        ln_d[fell], highest[fell] = quick.row_medians(there.T), np.nanmax(there, axis=0)
        spread[fell] = highest[fell] - np.nanmin(there, axis=0)
    # Without an O2 to confirm it, water must fall further.
    bar = float(np.log(p["factor"] if series.kind == "gas" else p["water_factor"]))
    common = fell & (ln_d < bar) & (highest < 0.6 * bar)
    # What all factors of this outlet do together honestly: a fall must leave it, and leave where it stood before.
    usual, own = lagged_level(
        ln_d, fell, hold=2 * width, window=samples(case, 24 * 30), every=samples(case, 6), least=samples(case, 24)
    )
    common &= ~(ln_d - usual > -p["own_scales"] * own) & ~(ln_d - usual > bar + 0.1)
    # The factors agree when their range stays within what their own scatter allows.
    own_scatter = p["spread"] + 2.5 * np.sqrt((error**2).mean(axis=0))
    common &= spread < np.fmax(own_scatter, p["spread_of_fall"] * -ln_d)
    agree, told = _witness(case, p, ln_d, width)
    hit = common & agree & seen
    found = []
    # The trailing median turns when half of it has fallen: what it lacks of the least duration must follow.
    least = p["least_h"] if series.kind == "gas" else p["water_least_h"]
    need = samples(case, least - p["window_h"] / 2)
    for spell in spells_of(hit, seen, need=need, share=0.7, gap=samples(case, 12)):
        first = _first_low(level, spell, width)
        spell = Spell(first, spell.stop, spell.raised)
        d = float(np.exp(ln_d[spell.raised]))
        if not np.isfinite(d):
            continue
        numbers: dict[str, float | str] = {"factor": d, "percent": 100 * (1 - d), "count": float(len(levels))}
        numbers |= {name: median_of(values, spell.seen) for name, values in told.items()}
        flow = FLOW[series.kind]
        counter = ["detection.counter.load_considered"] + (
            ["detection.counter.flow_steady"] if flow in series.avg else []
        )
        found.append(
            finding(
                case,
                "P08",
                spell,
                factors=tuple(names),
                statistic=d,
                threshold=p["factor"],
                score=clip01(0.75 + 0.4 * (p["factor"] - d)),
                severity=5,
                group="physics",
                numbers=numbers,
                counter=tuple(counter),
            )
        )
    return found


def _since(case: Case, ratio: Floats, use: Bools) -> Floats:
    """Return a residual against where it stood in the week before, a day ago at the latest, (n,)."""
    level = lagged_median(
        ratio, use, hold=samples(case, 24), window=samples(case, 24 * 7), every=samples(case, 3), least=samples(case, 8)
    )
    return ratio - np.nan_to_num(level, nan=0.0)


def _inputs(case: Case, factor: str) -> tuple[str, ...]:
    series = case.series
    names = [name for name in ("pw_prod", "pw_treat") if name in series.avg]
    if not names and FLOW[series.kind] in series.avg:
        names = [FLOW[series.kind]]
    if series.inlet is not None and factor in series.inlet.avg:
        names += [f"in:{factor}"]
    return (*names, "hour")


def _witness(case: Case, p: Params, ln_d: Floats, width: int) -> tuple[Bools, dict[str, Floats]]:
    """Return where the second witness agrees with `ln_d`, and what it says."""
    series = case.series
    agree = np.ones(len(series), dtype=bool)
    told: dict[str, Floats] = {}
    flow = FLOW[series.kind]
    if flow in series.avg:
        e = expected_of(case, flow, ("pw_prod", "hour") if "pw_prod" in series.avg else ("hour",))
        if isinstance(e, Expected):
            moved = _since(case, np.where(case.masks.ok[flow], e.ln_ratio, np.nan), case.masks.ok[flow])
            rise = trailing_median(moved, width, max(2, width // 2), every=series.per_hour)
            # Rain or a wash thins honestly: the flow rises as the values fall.
            agree &= ~(rise > 0.5 * -ln_d)
    if series.kind == "water":
        return agree & _towards_neutral(case, p, width, ln_d, told), told
    if O2 not in series.avg:
        return agree, told
    e = expected_of(case, O2, ("pw_prod", "hour") if "pw_prod" in series.avg else ("a00000", "hour"))
    if not isinstance(e, Expected):
        return agree & False, told
    o2 = np.where(case.masks.ok[O2], series.avg[O2], np.nan)
    with np.errstate(all="ignore"):
        air = np.log(np.clip((_AIR_O2 - o2) / (_AIR_O2 - e.center), 0.02, None))
        nitrogen = np.log(np.clip(o2 / e.center, 0.02, None))
    by_air = trailing_median(air, width, max(2, width // 2), every=series.per_hour)
    by_nitrogen = trailing_median(nitrogen, width, max(2, width // 2), every=series.per_hour)
    told["o2"], told["o2_expected"] = o2, e.center
    near = p["o2_agreement"] * np.abs(ln_d)
    return agree & ((np.abs(by_air - ln_d) < near) | (np.abs(by_nitrogen - ln_d) < near)), told


def _towards_neutral(case: Case, p: Params, width: int, ln_d: Floats, told: dict[str, Floats]) -> Bools:
    """Water: clean water draws pH towards neutral; a pH that was away from it and stays there speaks against it."""
    series = case.series
    if PH not in series.avg:
        return np.ones(len(series), dtype=bool)
    ph = np.where(case.masks.ok[PH], series.avg[PH], np.nan)
    told["ph"] = ph
    usual = lagged_median(
        ph,
        np.isfinite(ph),
        hold=3 * width,
        window=samples(case, 24 * 7),
        every=samples(case, 6),
        least=samples(case, 24),
    )
    away = usual - _NEUTRAL_PH
    now = trailing_median(ph, width, max(2, width // 2), every=series.per_hour) - _NEUTRAL_PH
    least = p["ph_share"] * (1 - np.exp(ln_d)) * np.abs(away)
    moved = np.abs(away) - np.abs(now)
    return ~((np.abs(away) > p["ph_away"]) & (moved < least))


def _first_low(level: Floats, spell: Spell, width: int) -> int:
    """The trailing median lags by half its width: the fall began about there."""
    return max(0, spell.first - width // 2)
