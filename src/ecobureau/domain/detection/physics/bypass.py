"""P17 bypass and P19 flow: what leaves by the stack or the channel against what the load sends there."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model.expected import Expected
from ecobureau.domain.detection.model.facts import finding, median_of, samples, usual
from ecobureau.domain.detection.model.outlet import FLOW, expected_of
from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.model.spells import Spell, lagged_level, lagged_median, spells_of, trailing_median
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, Finding, NoOpinion, Opinion, Params

SPEED, WARMTH, PRESSURE, WET = "a01011", "a01012", "a01013", "a01014"


def _flow_model(case: Case) -> Expected | NoOpinion:
    """Flow from production power alone: what the load sends towards the outlet."""
    flow = FLOW[case.series.kind]
    if flow not in case.series.avg:
        return NoOpinion("detection.no_factor", {"factor": flow})
    if "pw_prod" not in case.series.avg:
        return NoOpinion("detection.no_power")
    return expected_of(case, flow, ("pw_prod", "hour"))


@detector(
    id="P17", title="detection.P17.title", inputs=("flow", "production power", "T"), group="physics", cost="O(n log n)"
)
def bypass(case: Case, p: Params) -> Opinion:
    """Find spells of hours in which much less flow leaves than the load sends, while production goes on.

    A spell must end by itself: a flow that stays low for more than a day is P19. One spell is enough where T falls with
    it (heat goes another way) or it lasts; else the second within a week is raised.
    """
    e = _flow_model(case)
    if isinstance(e, NoOpinion):
        return e
    series, flow = case.series, FLOW[case.series.kind]
    use = case.masks.use(flow) & e.known & case.masks.known
    # At a load that sends next to nothing, next to nothing is no bypass.
    busy = e.center > p["least_flow"] * usual(case, flow, series.avg[flow], case.masks.use(flow))
    hit = use & busy & (e.ln_ratio < np.log(1 - p["share"])) & (e.z < -p["scales"])
    least = samples(case, p["least_h"])
    longest = samples(case, p["longest_h"])
    warm = expected_of(case, WARMTH, ("pw_prod", "hour")) if WARMTH in series.avg else None
    found: list[Finding] = []
    earlier: list[Spell] = []
    for spell in spells_of(hit, use, need=least, share=0.75, gap=max(2, least)):
        cooler = 0.0
        if isinstance(warm, Expected):
            cooler = median_of(np.where(case.masks.ok[WARMTH], warm.z, np.nan), spell.seen)
        recent = [s for s in earlier if spell.first - s.first < samples(case, 24 * 7)]
        earlier.append(spell)
        raised = spell.raised
        cooled = np.isfinite(cooler) and cooler < -p["cooler_scales"]
        if not cooled and len(recent) < 1:
            raised = max(raised, spell.first + samples(case, p["alone_h"]) - 1)
            if raised >= spell.stop:
                continue
        if spell.stop - spell.first > longest:
            # From here on it is a flow that stays low; what was raised before that stays raised.
            spell = Spell(spell.first, spell.first + longest, raised)
        spell = Spell(spell.first, spell.stop, raised)
        down = 100 * (1 - float(np.exp(median_of(e.ln_ratio, spell.seen))))
        found.append(
            finding(
                case,
                "P17",
                spell,
                factors=(flow, WARMTH) if cooled else (flow,),
                statistic=down / 100,
                threshold=p["share"],
                score=0.65 + 0.1 * min(3, len(recent)) + (0.1 if cooled else 0.0),
                severity=5,
                group="physics",
                numbers={
                    "percent": down,
                    "flow": median_of(series.avg[flow], spell.seen),
                    "expected": median_of(e.center, spell.seen),
                    "times": float(len(recent) + 1),
                    "power": median_of(series.avg["pw_prod"], spell.seen),
                },
                counter=("detection.counter.load_considered",),
            )
        )
    return found


@detector(
    id="P19",
    title="detection.P19.title",
    inputs=("flow", "velocity, T, P, humidity", "production power"),
    group="physics",
    cost="O(n log n)",
)
def flow_changed(case: Case, p: Params) -> Opinion:
    """Find a flow that no longer equals area x velocity, or fell by a factor for days against the load.

    (a) A = Q / [v 273/(273+T) (101.325+P)/101.325 (1-X)] left its own past; (b) ln(Q/Q_model(load)) stays lower.
    """
    flow = FLOW[case.series.kind]
    if flow not in case.series.avg:
        return NoOpinion("detection.no_factor", {"factor": flow})
    area, e = _area(case), _flow_model(case)
    if area is None and isinstance(e, NoOpinion):
        return NoOpinion("detection.no_velocity_no_power")
    found = _area_left(case, p, area) if area is not None else []
    if isinstance(e, Expected):
        found += [f for f in _level_left(case, p, e) if not any(_meet(f, g) for g in found)]
    return found


def _area(case: Case, plain: bool = False) -> Floats | None:
    """Return the cross-section that flow and velocity tell, m2 (n,), or None where a velocity is not measured.

    Args:
        plain: without humidity: a humidity that is wrong must not be taken for a changed area.
    """
    series = case.series
    if series.kind != "gas" or SPEED not in series.avg or WARMTH not in series.avg:
        return None
    pressure = series.avg.get(PRESSURE, np.zeros(len(series)))
    wet = np.zeros(len(series)) if plain else series.avg.get(WET, np.zeros(len(series)))
    speed = series.avg[SPEED]
    ok = case.masks.ok[SPEED] & case.masks.ok[WARMTH] & case.masks.ok["a00000"] & (speed > 0.5)
    with np.errstate(all="ignore"):
        normal = speed * 273 / (273 + series.avg[WARMTH]) * (101.325 + pressure) / 101.325 * (1 - wet / 100)
        return np.where(ok & (normal > 0), series.avg["a00000"] / normal, np.nan)


def _area_left(case: Case, p: Params, area: Floats) -> list[Finding]:
    seen = np.isfinite(area) & case.masks.run & ~case.masks.stop & (area > 0)
    ln_area = np.log(np.where(seen, area, 1.0))
    dry = _area(case, plain=True)
    assert dry is not None
    ln_dry = np.log(np.where(seen & (dry > 0), dry, 1.0))

    def past(values: Floats, learnt: Bools) -> tuple[Floats, Floats]:
        return lagged_level(
            np.where(seen, values, np.nan),
            learnt,
            hold=samples(case, 72),
            window=samples(case, 24 * 30),
            every=samples(case, 6),
            least=samples(case, 24),
        )

    bar = np.log1p(p["area_share"])
    hit = np.zeros(len(seen), dtype=bool)
    off = usual = np.full(len(seen), np.nan)
    for _pass in range(3):
        # What was off before is not learnt: else the way back to the truth would look like a change.
        usual, scale = past(ln_area, seen & ~hit)
        usual_dry, _scale = past(ln_dry, seen & ~hit)
        off = ln_area - usual
        now = seen & (np.abs(off) > np.maximum(bar, 6 * np.nan_to_num(scale, nan=1.0)))
        now &= np.abs(ln_dry - usual_dry) > 0.6 * bar
        settled = bool((now == hit).all())
        hit = now
        if settled:
            break
    found = []
    for spell in spells_of(hit, seen, need=samples(case, p["area_h"]), share=0.8, gap=samples(case, 24)):
        change = 100 * float(np.expm1(median_of(off, spell.seen)))
        found.append(
            finding(
                case,
                "P19",
                spell,
                factors=("a00000", SPEED),
                statistic=abs(change) / 100,
                threshold=p["area_share"],
                score=0.8 + 0.15 * min(1.0, abs(change) / 30),
                severity=4,
                group="physics",
                numbers={
                    "kind": "area",
                    "percent": change,
                    "area": median_of(area, spell.seen),
                    "usual": float(np.exp(median_of(usual, spell.seen))),
                },
                counter=("detection.counter.temperature_pressure_humidity",),
            )
        )
    return found


def _level_left(case: Case, p: Params, e: Expected) -> list[Finding]:
    series, flow = case.series, FLOW[case.series.kind]
    use = case.masks.use(flow) & e.known & case.masks.known
    ratio = np.where(use, e.ln_ratio, np.nan)
    width = samples(case, p["level_h"])
    middle = trailing_median(ratio, width, max(3, width // 2), every=series.per_hour)
    low = use & (ratio < 0.6 * np.log(1 - p["level_share"])) & (e.z < -3)
    hit = low & (middle < np.log(1 - p["level_share"])) & _steady(low, use, width)
    hit &= _below_its_load(case, p, flow, use, width)
    found = []
    for spell in spells_of(hit, use, need=samples(case, 2), share=0.6, gap=samples(case, 24)):
        first = spell.first
        while first > 0 and spell.first - first < width and (low[first - 1] or not use[first - 1]):
            first -= 1
        spell = Spell(first, spell.stop, spell.raised)
        down = 100 * (1 - float(np.exp(median_of(ratio, spell.seen))))
        found.append(
            finding(
                case,
                "P19",
                spell,
                factors=(flow,),
                statistic=down / 100,
                threshold=p["level_share"],
                score=0.65 + 0.2 * min(1.0, down / 60),
                severity=4,
                group="physics",
                numbers={
                    "kind": "level",
                    "percent": -down,
                    "flow": median_of(series.avg[flow], spell.seen),
                    "expected": median_of(e.center, spell.seen),
                },
                counter=("detection.counter.load_considered",),
            )
        )
    return found


def _below_its_load(case: Case, p: Params, flow: str, use: Bools, width: int) -> Bools:
    """(n,) flow over production power fell too: what only a line drawn beyond the loads it knows says is no fraud."""
    values, load = case.series.avg[flow], case.series.avg.get("pw_prod")
    if load is None:
        return np.ones(len(values), dtype=bool)
    with np.errstate(all="ignore"):
        ratio = np.where(use & (values > 0) & (load > 0), np.log(values / load), np.nan)
    usual = lagged_median(
        ratio,
        np.isfinite(ratio),
        hold=samples(case, 72),
        window=samples(case, 24 * 30),
        every=samples(case, 6),
        least=samples(case, 24),
    )
    middle = trailing_median(ratio - usual, width, max(3, width // 2), every=case.series.per_hour)
    below: Bools = ~(middle > p["level_plain_share"] * np.log(1 - p["level_share"]))
    return below


def _steady(low: Bools, use: Bools, width: int) -> Bools:
    """A tampered flow is low nearly always; a bypass comes and goes."""
    total, judged = np.cumsum(np.r_[0, low & use]), np.cumsum(np.r_[0, use])
    last = np.arange(1, len(low) + 1)
    first = np.maximum(last - width, 0)
    part: Bools = (total[last] - total[first]) >= 0.9 * np.maximum(judged[last] - judged[first], 1)
    return part


def _meet(a: Finding, b: Finding) -> bool:
    return a.start < b.end and b.start < a.end
