"""P21: values as in operation while production stands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.detection.model.facts import finding, median_of, samples, usual
from ecobureau.domain.detection.model.outlet import pollutants
from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.model.spells import spells_of
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, NoOpinion, Opinion, Params

O2, WARMTH = "a19001", "a01012"


@detector(
    id="P21",
    title="detection.P21.title",
    inputs=("production power", "O2, T, flow, concentrations"),
    group="physics",
    cost="O(n)",
)
def values_at_standstill(case: Case, p: Params) -> Opinion:
    """Find hours in which production power is idle but the outlet tells values as in operation.

    Gas: at least two of O2 below 18 %, T above 0.8 of its usual, flow and concentrations near their usual.
    Water: discharge and values as in operation, at an outlet whose discharge follows production.
    """
    series = case.series
    if "pw_prod" not in series.avg:
        return NoOpinion("detection.no_power")
    m = case.masks
    # Power itself says that production stands, no gap was carried over, and heat has had time to leave.
    idle = ~m.run & m.known & ~m.trans
    top = usual(case, "pw_prod_run", series.avg["pw_prod"], m.run & m.known)
    idle &= series.avg["pw_prod"] < p["idle_share"] * np.nan_to_num(top, nan=np.inf)
    signs, told = _gas_signs(case, p) if series.kind == "gas" else _water_signs(case, p, idle)
    if not signs:
        return NoOpinion("detection.no_inputs", {"factor": "P21"})
    votes = np.sum(signs, axis=0)
    judged = idle & np.isfinite(np.array(list(told.values()))).any(axis=0)
    hit = judged & (votes >= min(2, len(signs)))
    found = []
    for spell in spells_of(
        hit, judged, need=samples(case, p["hours"]), share=0.8, gap=samples(case, 4), apart=samples(case, 24)
    ):
        share = 100 * median_of(series.avg["pw_prod"] / top, spell.seen)
        numbers: dict[str, float | str] = {"percent": share, "power": median_of(series.avg["pw_prod"], spell.seen)}
        numbers["values"] = "，".join(f"{k} {median_of(v, spell.seen):.4g}" for k, v in told.items())
        declared = bool(m.stop[spell.first : spell.raised + 1].any())
        found.append(
            finding(
                case,
                "P21",
                spell,
                factors=tuple(told),
                statistic=share / 100,
                threshold=p["idle_share"],
                score=0.9 if declared else 0.85,
                severity=5,
                group="physics",
                numbers=numbers,
                counter=("detection.counter.heat_had_time_to_leave",),
            )
        )
    return found


def _gas_signs(case: Case, p: Params) -> tuple[list[Bools], dict[str, Floats]]:
    series, m = case.series, case.masks
    signs: list[Bools] = []
    told: dict[str, Floats] = {}

    def plain(factor: str) -> Floats:
        # A mark does not lift the duty: rows marked F still tell what the probe saw.
        good = np.isin(series.flag[factor], ("N", "F"))
        return np.where(good, series.avg[factor], np.nan)

    if O2 in series.avg:
        told[O2] = plain(O2)
        signs.append(told[O2] < p["o2"])
    if WARMTH in series.avg:
        told[WARMTH] = plain(WARMTH)
        signs.append(told[WARMTH] > p["warm_share"] * usual(case, WARMTH, series.avg[WARMTH], m.use(WARMTH)))
    if "a00000" in series.avg:
        told["a00000"] = plain("a00000")
        signs.append(told["a00000"] > p["flow_share"] * usual(case, "a00000", series.avg["a00000"], m.use("a00000")))
    for factor in pollutants(series)[:4]:
        told[factor] = plain(factor)
        signs.append(told[factor] > p["value_share"] * usual(case, factor, series.avg[factor], m.use(factor)))
    if O2 in told:
        # Concentrations alone linger in a duct; oxygen as in operation is what cannot be.
        lead = signs[0]
        signs = [lead, *[sign & lead for sign in signs[1:]]]
    return signs, told


def _water_signs(case: Case, p: Params, idle: Bools) -> tuple[list[Bools], dict[str, Floats]]:
    series, m = case.series, case.masks
    if "w00000" not in series.avg:
        return [], {}
    flow = np.where(np.isin(series.flag["w00000"], ("N", "F")), series.avg["w00000"], np.nan)
    level = usual(case, "w00000", series.avg["w00000"], m.use("w00000"))
    flowing = flow > p["flow_share"] * level
    # An equalising tank runs on after production: only an outlet that stood dry at earlier stops is judged.
    dry = np.cumsum(idle & ~(flowing & np.isfinite(flow)))
    stood = np.cumsum(idle.astype(np.int64))
    before = np.r_[0.0, dry[:-1]] / np.maximum(np.r_[0, stood[:-1]], 1)
    used_to = (np.r_[0, stood[:-1]] >= samples(case, p["water_history_h"])) & (before > p["water_dry_share"])
    told = {"w00000": flow}
    # What is discharged must be treated: discharge as ever with treatment at rest contradicts itself.
    resting = np.zeros(len(series), dtype=bool)
    treat = series.avg.get("pw_treat")
    if treat is not None:
        resting = treat < p["treat_share"] * usual(case, "pw_treat", treat, m.run & m.known & np.isfinite(treat))
        # Unless that is how this outlet's earlier stops looked.
        both = np.cumsum((idle & flowing & resting).astype(np.int64))
        ago = samples(case, 48)
        resting &= ~((_before(both, ago) > 0) & (_before(both, ago) > 0.3 * _before(stood, ago)))
    signs = [flowing & (used_to | resting)]
    for factor in pollutants(series)[:4]:
        told[factor] = np.where(np.isin(series.flag[factor], ("N", "F")), series.avg[factor], np.nan)
        signs.append(
            signs[0] & (told[factor] > p["value_share"] * usual(case, factor, series.avg[factor], m.use(factor)))
        )
    return signs, told


def _before(count: NDArray[np.int64], ago: int) -> NDArray[np.int64]:
    """Return a running count as it was `ago` samples earlier, 0 before the beginning."""
    out = np.zeros(len(count), dtype=np.int64)
    out[ago:] = count[: max(0, len(count) - ago)]
    return out
