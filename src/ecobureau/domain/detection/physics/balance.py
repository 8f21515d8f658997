"""P24 inlet against outlet, P25 contradictions between factors."""

from __future__ import annotations

from typing import Final

import numpy as np

from ecobureau.domain.detection.model.expected import best_lag, shift
from ecobureau.domain.detection.model.facts import finding, mean_of, median_of, samples, usual
from ecobureau.domain.detection.model.outlet import cycle_of, pollutants
from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.model.spells import Spell, lagged_median, spells_of
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, Finding, NoOpinion, Opinion, Params

NH3, TN, O2, WARMTH, WET = "w21003", "w21001", "a19001", "a01012", "a01014"
COD, BOD = "w01018", "w01017"
_AIR_O2: Final = 20.9


@detector(
    id="P24",
    title="detection.P24.title",
    inputs=("inlet", "outlet", "treatment power"),
    group="physics",
    cost="O(n log n)",
)
def inversion(case: Case, p: Params) -> Opinion:
    """Find an outlet above its inlet for hours, and an efficiency too constant to be true.

    Hours in which treatment stands are left out: then the outlet is the inlet, and P18 speaks.
    """
    series = case.series
    if series.inlet is None:
        return NoOpinion("detection.no_inlet")
    pairs = [f for f in pollutants(series) if f in series.inlet.avg]
    if not pairs:
        return NoOpinion("detection.no_inlet")
    working = _treating(case, p)
    found: list[Finding] = []
    for factor in pairs:
        # Sulphur dioxide and the like pass in minutes; water takes up to a day and a half.
        found += _inverted(case, p, factor, working)
        found += _constant(case, p, factor, working)
    return found


def _treating(case: Case, p: Params) -> Bools:
    power = case.series.avg.get("pw_treat")
    if power is None:
        return np.ones(len(case.series), dtype=bool)
    level = usual(case, "pw_treat", power, case.masks.run & case.masks.known & np.isfinite(power))
    idle = power < p["idle_share"] * level
    # What left while treatment stood is still on its way for a while.
    wide = samples(case, p["after_idle_h"])
    edges = np.cumsum(np.r_[0, idle])
    last = np.arange(1, len(idle) + 1)
    working: Bools = (edges[last] - edges[np.maximum(last - wide, 0)]) == 0
    return working


def _lag(case: Case, factor: str) -> int:
    """Return the retention in samples as the first ten days told it."""
    series = case.series
    if series.kind == "gas" or series.inlet is None:
        return 0
    head = slice(0, samples(case, 24 * 10))
    use = case.masks.use(factor)[head]
    step = max(1, series.per_hour)
    out, into = series.avg[factor][head][::step], series.inlet.avg[factor][head][::step]
    return best_lag(out, into, use[::step], 36) * step


def _inverted(case: Case, p: Params, factor: str, working: Bools) -> list[Finding]:
    series = case.series
    inlet = series.inlet
    assert inlet is not None
    good = case.masks.ok[factor] & case.masks.run & ~case.masks.inst_by.get(factor, case.masks.inst) & ~case.masks.stop
    marked = inlet.flag[factor]
    into = np.where(marked == "N", inlet.avg[factor], np.nan)
    lag = _lag(case, factor) if len(series) >= samples(case, 240) else 0
    seen = good & working & np.isfinite(into) & (into > 0)
    out = series.avg[factor]
    # Whatever the retention: the outlet must stand above what came in both now and then.
    then = shift(into, lag)
    bound = np.fmax(into, then)
    hit = seen & (out > (1 + p["margin"]) * bound)
    need = samples(case, p["hours"])
    found = []
    for spell in spells_of(hit, seen, need=max(need, 2 * cycle_of(case, factor)), share=0.8, gap=samples(case, 6)):
        eta = median_of(1 - out / bound, spell.seen)
        found.append(
            finding(
                case,
                "P24",
                spell,
                factors=(factor,),
                statistic=eta,
                threshold=-p["margin"],
                score=0.8 + 0.15 * min(1.0, -eta),
                severity=4,
                group="physics",
                numbers={
                    "kind": "inverted",
                    "inlet": median_of(bound, spell.seen),
                    "outlet": median_of(out, spell.seen),
                    "percent": 100 * eta,
                    "factor": factor,
                },
                counter=("detection.counter.treatment_ran", "detection.counter.retention"),
            )
        )
    return found


def _constant(case: Case, p: Params, factor: str, working: Bools) -> list[Finding]:
    """A day in which the outlet is a fixed share of the inlet: ln(out / in) hardly moves, though it always did.

    The scatter of the ratio must be small against the outlet's own past and against the inlet's movement. One value a
    cycle of the analyser counts.
    """
    series = case.series
    inlet = series.inlet
    assert inlet is not None
    into = inlet.avg[factor]
    use = case.masks.use(factor) & working & np.isfinite(into) & (into > 0) & (series.avg[factor] > 0)
    if cycle_of(case, factor) > 1:
        fresh = np.r_[True, np.diff(series.avg[factor]) != 0]
        use = use & fresh
    out = np.log(np.where(use, series.avg[factor], 1.0))
    came = np.log(np.where(use, into, 1.0))
    ratio = np.where(use, out - came, np.nan)
    # A handful of cycles lie close together by chance now and then.
    width = max(samples(case, p["constant_h"]), int(p["constant_cycles"]) * cycle_of(case, factor))
    least = max(7, int(0.6 * width / cycle_of(case, factor)))
    sd = _rolling_sd(ratio, width, least)
    moved = _rolling_sd(np.where(use, came, np.nan), width, least)
    past = lagged_median(
        sd,
        np.isfinite(sd) & use,
        hold=samples(case, 72),
        window=samples(case, 24 * 30),
        every=samples(case, 6),
        least=max(8, samples(case, 36) // cycle_of(case, factor)),
    )
    still = use & (sd < p["constant_share"] * past) & (sd < p["constant_of_inlet"] * moved)
    # What is reckoned from the inlet scatters by rounding alone.
    grain = _grain(case, factor) / np.where(use, series.avg[factor], np.inf)
    still &= sd < p["constant_sd"] + 0.4 * grain
    found = []
    for spell in spells_of(still, use, need=2, share=0.6, gap=max(3, samples(case, 12) // cycle_of(case, factor))):
        spell = Spell(max(0, spell.first - width + 1), spell.stop, spell.raised)
        level = median_of(sd, slice(spell.raised, spell.raised + 1))
        before = median_of(past, slice(spell.raised, spell.raised + 1))
        eta = 1 - np.exp(median_of(ratio, spell.seen))
        found.append(
            finding(
                case,
                "P24",
                spell,
                factors=(factor,),
                statistic=level,
                threshold=p["constant_share"] * before,
                score=0.7 + 0.25 * (1 - level / max(before, 1e-9)) ** 2,
                severity=4,
                group="physics",
                numbers={
                    "kind": "constant",
                    "percent": 100 * eta,
                    "sd": 100 * level * (1 - eta),
                    "inlet": median_of(into, spell.seen),
                    "outlet": median_of(series.avg[factor], spell.seen),
                    "factor": factor,
                },
                counter=("detection.counter.inlet_moved",),
            )
        )
    return found


def _grain(case: Case, factor: str) -> float:
    """Return the registered resolution of a factor, 0 where unknown."""
    facts = case.facts.factors.get(factor)
    return float(facts.resolution) if facts is not None and facts.resolution else 0.0


def _rolling_sd(x: Floats, width: int, least: int) -> Floats:
    """Return the sd of the last `width` samples up to each (n,), NaN where fewer than `least` of them are there."""
    good = np.isfinite(x)
    middle = float(np.median(x[good][:500])) if good.any() else 0.0
    v = np.where(good, x - middle, 0.0)
    c, s1, s2 = (np.cumsum(np.r_[0.0, part]) for part in (good.astype(float), v, v * v))
    last = np.arange(1, len(x) + 1)
    first = np.maximum(last - width, 0)
    n = c[last] - c[first]
    with np.errstate(all="ignore"):
        mean = (s1[last] - s1[first]) / n
        var = np.maximum((s2[last] - s2[first]) / n - mean**2, 0.0)
    return np.where(n >= least, np.sqrt(var), np.nan)


@detector(
    id="P25",
    title="detection.P25.title",
    inputs=("NH3-N and TN; COD and BOD; O2; T and humidity",),
    group="physics",
    cost="O(n)",
)
def contradiction(case: Case, p: Params) -> Opinion:
    """Find values that cannot stand side by side: the table of rules, each with the analysers' margins.

    NH3-N above TN; BOD above COD; O2 above air; a wet stack that is suddenly hot, or dry.
    """
    m = case.masks
    rules = (_nitrogen, _oxygen_demand, _above_air, _hot_wet, _dry_wet)
    found: list[Finding] = []
    spoke = False
    for rule in rules:
        answer = rule(case, p)
        if answer is None:
            continue
        spoke = True
        hit, seen, factors, kind, left, right = answer
        cycles = p["cycles"]
        need = max(samples(case, cycles), int(cycles) * max(cycle_of(case, f) for f in factors))
        for spell in spells_of(hit & ~m.stop, seen, need=need, share=0.8, gap=samples(case, 6)):
            a, b = mean_of(left, spell.seen), mean_of(right, spell.seen)
            found.append(
                finding(
                    case,
                    "P25",
                    spell,
                    factors=factors,
                    statistic=a,
                    threshold=b,
                    score=0.8,
                    severity=4,
                    group="physics",
                    numbers={"kind": kind, "left": a, "right": b},
                    counter=("detection.counter.margins",),
                )
            )
    return found if spoke else NoOpinion("detection.no_inputs", {"factor": "P25"})


_Answer = tuple[Bools, Bools, tuple[str, ...], str, Floats, Floats]


def _both(case: Case, a: str, b: str) -> tuple[Bools, Floats, Floats] | None:
    series, m = case.series, case.masks
    if a not in series.avg or b not in series.avg:
        return None
    seen = m.ok[a] & m.ok[b] & ~m.inst_by.get(a, m.inst) & ~m.inst_by.get(b, m.inst)
    return seen, series.avg[a], series.avg[b]


def _nitrogen(case: Case, p: Params) -> _Answer | None:
    pair = _both(case, NH3, TN)
    if pair is None:
        return None
    seen, nh3, tn = pair
    return seen & (nh3 - tn > p["nitrogen_share"] * tn + p["nitrogen_mg"]), seen, (NH3, TN), "nitrogen", nh3, tn


def _oxygen_demand(case: Case, p: Params) -> _Answer | None:
    pair = _both(case, BOD, COD)
    if pair is None:
        return None
    seen, bod, cod = pair
    return seen & (bod > (1 + p["bod_share"]) * cod + p["bod_mg"]), seen, (BOD, COD), "bod", bod, cod


def _above_air(case: Case, p: Params) -> _Answer | None:
    if O2 not in case.series.avg:
        return None
    seen, o2 = case.masks.ok[O2], case.series.avg[O2]
    return seen & (o2 > p["o2_most"]), seen, (O2,), "above_air", o2, np.full(len(o2), _AIR_O2)


def _wet_stack(case: Case, p: Params) -> tuple[Bools, Floats, Floats] | None:
    """Rows of a stack behind a wet scrubber: its own past is cool and humid."""
    pair = _both(case, WARMTH, WET)
    if pair is None:
        return None
    seen, warm, wet = pair
    m = case.masks
    cool = usual(case, WARMTH, warm, m.use(WARMTH)) < p["wet_warmth"]
    humid = usual(case, WET, wet, m.use(WET)) > p["wet_humidity"]
    return seen & m.run & ~m.trans & cool & humid, warm, wet


def _hot_wet(case: Case, p: Params) -> _Answer | None:
    rows = _wet_stack(case, p)
    if rows is None:
        return None
    seen, warm, _wet = rows
    return seen & (warm > p["wet_hot"]), seen, (WARMTH,), "hot_wet", warm, np.full(len(warm), p["wet_hot"])


def _dry_wet(case: Case, p: Params) -> _Answer | None:
    rows = _wet_stack(case, p)
    if rows is None:
        return None
    seen, _warm, wet = rows
    return seen & (wet < p["wet_dry"]), seen, (WET,), "dry_wet", wet, np.full(len(wet), p["wet_dry"])
