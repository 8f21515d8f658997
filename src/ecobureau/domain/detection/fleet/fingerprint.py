"""P34: a week whose joint pattern of O2, flow and concentrations is not this outlet's own."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model.facts import finding, samples
from ecobureau.domain.detection.model.multivariate import fit_components
from ecobureau.domain.detection.model.outlet import FLOW, pollutants
from ecobureau.domain.detection.model.robust import scale_of
from ecobureau.domain.detection.model.spells import Spell
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, NoOpinion, Opinion, Params


@detector(
    id="P34",
    title="detection.P34.title",
    inputs=("O2, flow, T and concentrations of past weeks",),
    group="outside",
    cost="O(n k^2)",
)
def fingerprint(case: Case, p: Params) -> Opinion:
    """Find weeks whose rows leave the outlet's own components: the share beyond T2 or Q against the weeks before.

    The components are those of the weeks that ended before a hold-off. A declared stop just before explains a new
    fingerprint (overhaul). Supporting only.
    """
    series = case.series
    names = [
        f
        for f in ("a19001", FLOW[series.kind], "a01012", "pw_prod", "pw_treat", *pollutants(series))
        if f in series.avg
    ]
    if len(names) < p["least_factors"]:
        return NoOpinion("detection.too_few_factors", {"least": p["least_factors"]})
    use = np.all([case.masks.use(f) for f in names], axis=0)
    x = np.column_stack([series.avg[f] for f in names])
    logs = [k for k, f in enumerate(names) if f not in ("a19001", "a01012")]
    x[:, logs] = np.log(np.maximum(x[:, logs], 1e-3))
    x[~use] = np.nan
    week, hold = samples(case, 24 * 7), samples(case, 72)
    shares: list[float] = []
    found = []
    spoke = False
    for start in range(samples(case, 24 * p["history_d"]), len(series) - week + 1, week):
        model = fit_components(x[max(0, start - samples(case, 24 * 60)) : start - hold], tuple(names), draws=40)
        rows = x[start : start + week]
        whole = np.all(np.isfinite(rows), axis=1)
        if model is None or whole.sum() < week // 4:
            continue
        spoke = True
        look = model.look(rows[whole])
        out = (look.t2 > model.limit_t2) | (look.q > model.limit_q)
        share = float(out.mean())
        usual = float(np.median(shares)) if shares else 0.01
        spread = max(scale_of(np.array(shares)), 0.03) if len(shares) >= 3 else 0.05
        shares.append(share)
        if share > usual + p["scales"] * spread and share > p["share"]:
            parts = (
                look.to_q[out].mean(axis=0) / max(model.limit_q, 1e-9) + look.to_t2[out].mean(axis=0) / model.limit_t2
            )
            named = tuple(names[k] for k in np.argsort(parts)[::-1][:2])
            rebuilt = bool(case.masks.stop[max(0, start - week) : start].any())
            found.append(
                finding(
                    case,
                    "P34",
                    Spell(start, start + week, start + week - 1),
                    factors=named,
                    statistic=share,
                    threshold=p["share"],
                    score=0.3 if rebuilt else 0.5,
                    severity=2,
                    group="outside",
                    numbers={"percent": 100 * share, "usual": 100 * usual},
                    counter=("detection.counter.stopped_before",) if rebuilt else (),
                )
            )
    return found if spoke else NoOpinion("detection.no_history", {"factor": "P34"})
