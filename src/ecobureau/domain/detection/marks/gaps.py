"""P15 rows missing at night, P16 logger silent, both while the plant runs."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model.facts import finding, median_of, samples
from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.model.spells import Spell, runs_of
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, Finding, NoOpinion, Opinion, Params
from ecobureau.domain.late import stats

SILENT_SHARE = "fleet:silent_share"


def silent_with_others(case: Case) -> Floats:
    """Return the share of the other outlets that are silent at the same sample, (n,); zeros where nobody compared."""
    share = case.cache.get(SILENT_SHARE)
    if isinstance(share, np.ndarray) and len(share) == len(case.series):
        return share
    return np.zeros(len(case.series))


def _gaps(case: Case) -> list[tuple[int, int]]:
    """Return index ranges without any row of the station, after its first row."""
    present = case.series.present
    if not present.any():
        return []
    first = int(np.argmax(present))
    return [(a, b) for a, b in runs_of(~present) if a >= first]


def _running(case: Case, a: int, b: int) -> tuple[float, bool]:
    """Return the share of [a, b) in which production is known to run, and whether power was there to tell."""
    m = case.masks
    known = m.known[a:b]
    if "pw_prod" in case.series.avg:
        known = known & np.isfinite(case.series.avg["pw_prod"][a:b])
        if known.mean() >= 0.5:
            return float(m.run[a:b][known].mean()), True
    return float(m.run[a:b].mean()), False


@detector(
    id="P15", title="detection.P15.title", inputs=("presence of rows", "production power"), group="flags", cost="O(n)"
)
def night_gaps(case: Case, p: Params) -> Opinion:
    """Find rows that are missing at the same hours of the night, several nights, while the plant runs by day and night.

    Chance is reckoned from the outlet's own rate of nights with such a gap; gaps that many outlets share do not count.
    """
    series = case.series
    if not len(series):
        return NoOpinion("detection.no_history", {"factor": "P15"})
    hour = series.hour_of_day
    night = (hour >= p["night_from"]) | (hour < p["night_to"])
    others = silent_with_others(case)
    least = samples(case, p["least_h"])
    gaps: list[tuple[int, int, int, int]] = []  # first, stop, sample that made it long enough, night number
    for a, b in _gaps(case):
        inside = night[a:b]
        if inside.sum() < least or inside.mean() < p["inside_share"] or b - a > samples(case, p["longest_h"]):
            continue
        told = a + int(np.searchsorted(np.cumsum(inside), least))
        running, known = _running(case, a, told + 1)
        if (
            running < p["run_share"]
            or (not known and "pw_prod" in series.avg)
            or median_of(others, slice(a, b)) >= p["others"]
        ):
            continue
        # The evening belongs to the night of the day after.
        gaps.append((a, b, told, int((series.t[a] + 8 * 3600 + 12 * 3600) // 86_400)))
    found: list[Finding] = []
    used = 0
    for k in range(len(gaps)):
        if k < used:
            continue
        recent = [
            g
            for g in gaps[used : k + 1]
            if gaps[k][3] - g[3] < p["nights_in"] and _same_hours(series.hour_of_day, g, gaps[k])
        ]
        need, told = p["nights"], gaps[k][2]
        if len(recent) == 2 and _same_length(case, recent[0], recent[1], p):
            # The length of the second is known when it has ended.
            need, told = p["nights_alike"], gaps[k][1]
        if len(recent) < need or _day_share(case, recent[0][0], gaps[k][2], night) < p["day_share"]:
            continue
        chance = _chance(case, recent, gaps[:k], p)
        if chance > p["chance"]:
            continue
        last = k
        while last + 1 < len(gaps) and gaps[last + 1][3] - gaps[last][3] <= 3:
            last += 1
        spell = Spell(recent[0][0], gaps[last][1], told)
        used = last + 1
        lengths = [(b - a) / series.per_hour for a, b, _t, _n in recent]
        found.append(
            finding(
                case,
                "P15",
                spell,
                factors=(),
                statistic=float(len(recent)),
                threshold=need,
                score=0.75 + 0.05 * min(4, len(recent)),
                severity=4,
                group="flags",
                numbers={
                    "nights": float(len(recent)),
                    "gap": float(np.mean(lengths)),
                    "from": f"{int(hour[recent[0][0]]):02d}",
                    "to": f"{(int(hour[recent[0][1] - 1]) + 1) % 24:02d}",
                    "chance": f"{chance:.1e}",
                },
                counter=("detection.counter.not_shared", "detection.counter.plant_ran"),
            )
        )
    return found


def _same_hours(hour: np.ndarray, one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    a, b = set(hour[one[0] : one[2] + 1].tolist()), set(hour[other[0] : other[2] + 1].tolist())
    return len(a & b) >= 0.5 * min(len(a), len(b))


def _same_length(case: Case, one: tuple[int, int, int, int], other: tuple[int, int, int, int], p: Params) -> bool:
    """Two nights in a row whose gaps are long and begin and end at the same hour: a switch, not a bad line."""
    if (
        other[3] - one[3] != 1
        or other[1] >= len(case.series)
        or min(b - a for a, b, _t, _n in (one, other)) < samples(case, p["alike_h"])
    ):
        return False
    within, day = samples(case, p["alike_within_h"]), samples(case, 24)
    return all(abs(other[end] - one[end] - day) <= within for end in (0, 1))


def _day_share(case: Case, first: int, last: int, night: Bools) -> float:
    """Return the share of daytime rows that are there between two indices."""
    day = ~night[first : last + 1]
    present = case.series.present[first : last + 1]
    return float(present[day].mean()) if day.any() else 1.0


def _chance(
    case: Case, recent: list[tuple[int, int, int, int]], past: list[tuple[int, int, int, int]], p: Params
) -> float:
    """Return the probability of so many nights with a gap in a week at the outlet's own rate."""
    first = recent[0][0]
    nights = max(1.0, first / samples(case, 24))
    before = sum(1 for gap in past if gap[0] < first)
    rate = (before + p["prior_nights"] * p["prior_rate"]) / (nights + p["prior_nights"])
    return float(stats.binom.sf(len(recent) - 1, int(p["nights_in"]), rate))


@detector(
    id="P16", title="detection.P16.title", inputs=("presence of rows", "production power"), group="flags", cost="O(n)"
)
def offline(case: Case, p: Params) -> Opinion:
    """Find a station of which nothing arrives for long while the power logger lives and the plant runs.

    A gap that many outlets share, or in which power is silent too, is a fault of net or current: it needs longer and
    weighs less.
    """
    series = case.series
    others = silent_with_others(case)
    found: list[Finding] = []
    has_power = "pw_prod" in series.avg
    for a, b in _gaps(case):
        need = samples(case, p["hours"])
        shared = median_of(others, slice(a, b)) >= p["others"]
        running, known = _running(case, a, min(b, a + need))
        alive = known and running >= p["run_share"]
        if shared or not alive:
            need = samples(case, p["weak_hours"])
        if b - a < need:
            continue
        counter = [] if alive else ["detection.counter.power_silent"]
        counter += ["detection.counter.many_silent"] if shared else ["detection.counter.not_shared"]
        score = 0.8 if alive else 0.6
        if shared:
            score = 0.3
        elif not has_power:
            score = 0.6
        elif known and running < p["run_share"]:
            score = 0.4
        spell = Spell(a, b, a + need - 1)
        found.append(
            finding(
                case,
                "P16",
                spell,
                factors=(),
                statistic=(b - a) / series.per_hour,
                threshold=need / series.per_hour,
                score=score,
                severity=3 if alive else 2,
                group="flags",
                numbers={"gap": (b - a) / series.per_hour, "run": 100 * running, "alive": "yes" if known else "no"},
                counter=tuple(counter),
            )
        )
    return found
