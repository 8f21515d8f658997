"""P33: an outlet far from the outlets of its own industry, for weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.model.facts import finding, median_of, samples
from ecobureau.domain.detection.model.outlet import FLOW, pollutants
from ecobureau.domain.detection.model.robust import Floats, scale_of
from ecobureau.domain.detection.model.spells import Spell
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, NoOpinion, Opinion, Params

PEERS: Final = "fleet:peers"
Weekly = Mapping[str, Floats]


def features_of(case: Case) -> dict[str, Floats]:
    """Return features of every full week of a case, name -> (weeks,): levels over limits, scatter, O2, power ratios.

    Ratios only, so that outlets of different size can be compared; NaN where a week has too few rows.
    """
    series = case.series
    week = samples(case, 24 * 7)
    count = len(series) // week
    out: dict[str, Floats] = {}

    def weekly(name: str, x: Floats) -> None:
        block = x[: count * week].reshape(count, week)
        good = np.isfinite(block).sum(axis=1) >= week // 4
        values = np.full(count, np.nan)
        if good.any():
            values[good] = quick.row_medians(block[good])
        out[name] = values

    for factor in pollutants(series):
        facts = case.facts.factors.get(factor)
        if facts is None or not facts.limit:
            continue
        values = np.where(case.masks.use(factor), series.avg[factor], np.nan)
        with np.errstate(all="ignore"):
            weekly(f"level:{factor}", np.log(np.maximum(values, 1e-6) / facts.limit))
        steps = np.abs(np.diff(values, prepend=np.nan)) / np.maximum(np.abs(values), 1e-6)
        weekly(f"scatter:{factor}", np.log(np.maximum(steps, 1e-4)))
    if "a19001" in series.avg:
        weekly("o2", np.where(case.masks.use("a19001"), series.avg["a19001"], np.nan))
    power, treat, flow = (series.avg.get(name) for name in ("pw_prod", "pw_treat", FLOW[series.kind]))
    with np.errstate(all="ignore"):
        if power is not None and treat is not None:
            weekly("treat", np.log(np.where(case.masks.run & (treat > 0) & (power > 0), treat / power, np.nan)))
        if power is not None and flow is not None:
            weekly("flow", np.log(np.where(case.masks.run & (flow > 0) & (power > 0), flow / power, np.nan)))
    return out


def peers_of(cases: Sequence[Case]) -> dict[str, list[dict[str, Floats]]]:
    """Return the features of all outlets by industry: put each list into the cache of its cases as `PEERS`."""
    groups: dict[str, list[dict[str, Floats]]] = {}
    for case in cases:
        groups.setdefault(f"{case.facts.kind}:{case.facts.industry}", []).append(features_of(case))
    return groups


@detector(
    id="P33",
    title="detection.P33.title",
    inputs=("weekly features of the industry's outlets",),
    group="outside",
    cost="O(n) and a look at every peer",
)
def peer_outlier(case: Case, p: Params) -> Opinion:
    """Find weeks in which an outlet stands far from its industry in several features, three weeks in a row.

    Distance: the mean square of robust deviations from the median of the peers. Ranking only.
    """
    peers = case.cache.get(PEERS)
    if not isinstance(peers, list) or len(peers) < p["least_peers"]:
        return NoOpinion("detection.no_peers", {"least": p["least_peers"]})
    own = features_of(case)
    if not own:
        return NoOpinion("detection.no_history", {"factor": "P33"})
    weeks = max(len(values) for values in own.values())
    distance = np.full(weeks, np.nan)
    worst = [""] * weeks
    for w in range(weeks):
        away: dict[str, float] = {}
        for name, values in own.items():
            others = np.array([x[name][w] for x in peers if name in x and len(x[name]) > w and np.isfinite(x[name][w])])
            if len(others) >= p["least_peers"] and np.isfinite(values[w]):
                away[name] = (values[w] - float(np.median(others))) / max(scale_of(others), 0.05)
        if len(away) >= p["least_features"]:
            distance[w] = float(np.sqrt(np.mean(np.square(list(away.values())))))
            worst[w] = max(away, key=lambda name: abs(away[name]))
    far = np.where(np.isfinite(distance), distance > p["distance"], False)
    width = samples(case, 24 * 7)
    found = []
    stable = int(p["weeks"])
    for w in range(stable - 1, weeks):
        if far[w - stable + 1 : w + 1].all() and not (w >= stable and far[w - stable : w].all()):
            stop = w + 1
            while stop < weeks and far[stop]:
                stop += 1
            spell = Spell((w - stable + 1) * width, stop * width, (w + 1) * width - 1)
            found.append(
                finding(
                    case,
                    "P33",
                    spell,
                    factors=(worst[w].split(":")[-1],),
                    statistic=float(distance[w]),
                    threshold=p["distance"],
                    score=0.5,
                    severity=2,
                    group="outside",
                    numbers={
                        "distance": float(distance[w]),
                        "peers": float(len(peers)),
                        "weeks": float(stop - w + stable - 1),
                    },
                )
            )
    return found


def rank(cases: Sequence[Case], week: int) -> list[tuple[str, float]]:
    """Return outlet ids with their distance from the industry in one week, farthest first."""
    groups = peers_of(cases)
    out = []
    for case in cases:
        peers = groups[f"{case.facts.kind}:{case.facts.industry}"]
        own = features_of(case)
        away = []
        for name, values in own.items():
            others = np.array([x[name][week] for x in peers if name in x and len(x[name]) > week])
            others = others[np.isfinite(others)]
            if len(others) >= 4 and len(values) > week and np.isfinite(values[week]):
                away.append((values[week] - median_of(others, slice(None))) / max(scale_of(others), 0.05))
        if away:
            out.append((case.series.outlet_id, float(np.sqrt(np.mean(np.square(away))))))
    return sorted(out, key=lambda pair: -pair[1])
