"""Waste water, HJ 212-2017 annex D.1 and HJ 356: loads, flow-weighted means, pH. Scalar forms with derivations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecobureau.domain.emission.figure import Figure, figure, given
from ecobureau.domain.emission.gas import NO_FLOW, NO_VALUE
from ecobureau.domain.emission.means import TOO_FEW, mean_of
from ecobureau.domain.emission.rules import EmissionRules

NO_DISCHARGE = "emission.reason.no_discharge"


def volume(flow: float, seconds: float) -> Figure:
    """Volume of a span: Q * T / 1000 (L/s, s; m3), D.1.1."""
    inputs = (given("flow_water", flow, "L/s"),)
    return figure(flow * seconds / 1000, "D.1.1", "emission.step.volume", {"flow": flow, "seconds": seconds}, inputs)


def load(c: float | None, flow: float | None) -> Figure:
    """Load of an hour: C * Q / 1000 (mg/L, m3/h; kg/h), D.1.2.2."""
    inputs, params = (given("c", c, "mg/L"), given("flow", flow, "m3/h")), {"c": c, "flow": flow}
    if c is None or flow is None or flow < 0 or c < 0:
        reason = NO_VALUE if c is None or c < 0 else NO_FLOW
        return figure(None, "D.1.2.2", "emission.step.load", params, inputs, reason=reason)
    return figure(c * flow / 1000, "D.1.2.2", "emission.step.load", params, inputs)


def weighted_mean(concentrations: Sequence[float | None], flows: Sequence[float | None]) -> Figure:
    """Flow-weighted mean: sum(C * Q) / sum(Q) over the spans that have both (eq. 8-14).

    Args:
        concentrations: mg/L; flows: of the same spans, any one unit; None = missing or invalid.

    Returns:
        mg/L; the arithmetic mean where no flow was measured at all (D.1.3); no value when nothing was discharged.
    """
    if len(concentrations) != len(flows):
        raise ValueError(f"{len(concentrations)} concentrations, {len(flows)} flows")
    if all(one is None for one in flows):
        mean, count = mean_of(concentrations)
        reason = NO_VALUE if mean is None else "emission.reason.no_flow_arithmetic"
        return figure(mean, "D.1.3", "emission.step.arithmetic", {"count": count}, reason=reason)
    both = np.array([c is not None and q is not None for c, q in zip(concentrations, flows, strict=True)])
    c = np.array([0.0 if one is None else one for one in concentrations], dtype=np.float64)
    q = np.array([0.0 if one is None else one for one in flows], dtype=np.float64)
    weight = float(np.where(both, q, 0.0).sum())
    params = {"count": int(both.sum()), "volume": weight}
    if not both.any():
        return figure(None, "D.1.2", "emission.step.weighted", params, reason=NO_VALUE)
    if weight <= 0:
        return figure(None, "D.1.2", "emission.step.weighted", params, reason=NO_DISCHARGE)
    value = float(np.where(both, c * q, 0.0).sum()) / weight
    return figure(value, "D.1.2 (8)-(14)", "emission.step.weighted", params)


def day_slots_needed(required: int, rules: EmissionRules) -> int:
    """Return how many valid slots a day needs of those required (with discharge): the pack's share, carried up."""
    return max(1, int(np.ceil(rules.water_day_share * required - 1e-9)))


def day_mean(
    concentrations: Sequence[float | None], flows: Sequence[float | None], required: int, rules: EmissionRules
) -> Figure:
    """Flow-weighted mean of a day with its validity.

    Args:
        concentrations, flows: of the day's slots, as for `weighted_mean`.
        required: slots with discharge; 0 = nothing was discharged, so there is no value and none is missing.
        rules: rules in force.
    """
    if required <= 0:
        return figure(None, "D.1.2", "emission.step.weighted", {"count": 0, "volume": 0.0}, reason=NO_DISCHARGE)
    valid = sum(c is not None and q != 0 for c, q in zip(concentrations, flows, strict=True))
    if valid < day_slots_needed(required, rules):
        params = {"count": valid, "volume": None}
        return figure(None, "6", "emission.step.weighted", params, rule="HJ 356-2019", reason=TOO_FEW)
    return weighted_mean(concentrations, flows)


def ph_range(hours: Sequence[float | None]) -> tuple[float, float] | None:
    """Return the least and greatest hourly pH of a day (pH is judged by its range, never by a mean)."""
    there = [one for one in hours if one is not None]
    return (min(there), max(there)) if there else None


def removal_rate(inlet: float, outlet: float) -> Figure:
    """Removal rate 1 - C_out / C_in, for works whose influent is above the table's note (GB 18918-2002 table 1)."""
    params = {"inlet": inlet, "outlet": outlet}
    if inlet <= 0:
        return figure(None, "表 1", "emission.step.removal", params, rule="GB 18918-2002", reason=NO_VALUE)
    return figure(1 - outlet / inlet, "表 1", "emission.step.removal", params, rule="GB 18918-2002")
