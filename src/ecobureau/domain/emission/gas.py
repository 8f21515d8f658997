"""Stack gas, HJ 212-2017 annex D.2 (from HJ/T 75-2007, HJ/T 76-2007): scalar functions, each with its derivation.

`bulk.py` has the same formulas on arrays; both give the same numbers. Pressures in kPa (`ba` atmospheric, `ps` static
gauge pressure of the stack), temperatures in degC, shares of volume in %, concentrations in mg/m3.
Every function returns a `Figure`: a value, or None with the reason.
"""

from __future__ import annotations

from ecobureau.domain.emission.figure import Figure, figure, given
from ecobureau.domain.emission.rules import EmissionRules

NO_VALUE = "emission.reason.missing"
O2_HIGH = "emission.reason.o2_high"
NO_O2 = "emission.reason.no_o2"
NO_FLOW = "emission.reason.no_flow"
STOPPED = "emission.reason.stopped"
NEGATIVE_KEPT = "emission.reason.negative_kept"
IMPOSSIBLE = "emission.reason.impossible"


def standard_state(c: float, ts: float, ps: float, ba: float, rules: EmissionRules) -> Figure:
    """Bring a concentration at stack conditions to the standard state, eq. 18; wet or dry stays as it is.

    Args:
        c: concentration at stack conditions, mg/m3.
        ts: stack temperature, degC; ps: stack gauge pressure, kPa; ba: atmospheric pressure, kPa.
        rules: rules in force.

    Returns:
        mg/m3 at the standard state; no value where the state is impossible (Ba + Ps <= 0, below absolute zero).
    """
    inputs = (given("c", c, "mg/m3"), given("ts", ts, "degC"), given("ps", ps, "kPa"), given("ba", ba, "kPa"))
    params = {"c": c, "ts": ts, "ps": ps, "ba": ba, "kelvin": rules.kelvin, "pressure": rules.pressure}
    if ba + ps <= 0 or rules.kelvin + ts <= 0:
        return figure(None, "D.2.1 (18)", "emission.step.standard_state", params, inputs, reason=IMPOSSIBLE)
    value = c * rules.pressure / (ba + ps) * (rules.kelvin + ts) / rules.kelvin
    return figure(value, "D.2.1 (18)", "emission.step.standard_state", params, inputs)


def dry(wet: float, humidity: float) -> Figure:
    """Bring a concentration or an oxygen content from wet to dry basis, eq. 19.

    Args:
        wet: concentration (mg/m3) or oxygen (%) on wet basis; humidity: volume share of water, %.

    Returns:
        The same on dry basis; no value where humidity is not in [0, 100) %.
    """
    inputs, params = (given("wet", wet, ""), given("humidity", humidity, "%")), {"wet": wet, "humidity": humidity}
    if not 0 <= humidity < 100:
        return figure(None, "D.2.1 (19)", "emission.step.dry", params, inputs, reason=IMPOSSIBLE)
    return figure(wet / (1 - humidity / 100), "D.2.1 (19)", "emission.step.dry", params, inputs)


def from_ppm(ppm: float, molar_mass: float, rules: EmissionRules) -> Figure:
    """Turn a volume share into a mass concentration at the standard state, eq. 20: ppm * M / 22.4.

    Args:
        ppm: umol/mol; molar_mass: g/mol.

    Returns:
        mg/m3.
    """
    params = {"ppm": ppm, "mass": molar_mass, "volume": rules.molar_volume}
    inputs = (given("ppm", ppm, "umol/mol"), given("mass", molar_mass, "g/mol"))
    return figure(ppm * molar_mass / rules.molar_volume, "D.2.1 (20)", "emission.step.ppm", params, inputs)


def nox_as_no2(no: float, no2: float, rules: EmissionRules) -> Figure:
    """Nitrogen oxides as NO2 from masses, eq. 21: NO * 46/30 + NO2 (mg/m3 all)."""
    params = {"no": no, "no2": no2, "no2_mass": rules.no2_mass, "no_mass": rules.no_mass}
    inputs = (given("no", no, "mg/m3"), given("no2", no2, "mg/m3"))
    return figure(no * rules.no2_mass / rules.no_mass + no2, "D.2.1 (21)", "emission.step.nox_mass", params, inputs)


def nox_from_ppm(no: float, no2: float, rules: EmissionRules) -> Figure:
    """Nitrogen oxides as NO2 from volume shares, eq. 22: (NO + NO2) * 46 / 22.4 (umol/mol to mg/m3)."""
    params = {"no": no, "no2": no2, "mass": rules.no2_mass, "volume": rules.molar_volume}
    inputs = (given("no", no, "umol/mol"), given("no2", no2, "umol/mol"))
    value = (no + no2) * rules.no2_mass / rules.molar_volume
    return figure(value, "D.2.1 (22)", "emission.step.nox_ppm", params, inputs)


def excess_air(o2: float, rules: EmissionRules, *, o2_air: float | None = None) -> Figure:
    """Excess-air factor from dry oxygen, eq. 26: 21 / (21 - O2).

    Args:
        o2: dry oxygen, %; o2_air: oxygen of the combustion air, % (default: the pack's 21).
    """
    air = rules.o2_air if o2_air is None else o2_air
    params, inputs = {"o2": o2, "air": air}, (given("o2", o2, "%"),)
    if o2 >= air:
        return figure(None, "D.2.3 (26)", "emission.step.excess_air", params, inputs, reason=O2_HIGH)
    return figure(air / (air - o2), "D.2.3 (26)", "emission.step.excess_air", params, inputs)


def converted_by_excess_air(c: float, alpha: float, alpha_ref: float) -> Figure:
    """Convert by excess air, eq. 27: C * alpha / alpha_s.

    Args:
        c: dry concentration at the standard state, mg/m3; alpha: measured, alpha_ref: the standard's excess-air factor.
    """
    params = {"c": c, "alpha": alpha, "alpha_ref": alpha_ref}
    inputs = (given("c", c, "mg/m3"), given("alpha", alpha, ""))
    if c < 0:
        return figure(c, "D.2.3 (27)", "emission.step.by_excess_air", params, inputs, reason=NEGATIVE_KEPT)
    return figure(c * alpha / alpha_ref, "D.2.3 (27)", "emission.step.by_excess_air", params, inputs)


def converted(
    c: float | None,
    o2: float | None,
    o2_ref: float,
    rules: EmissionRules,
    *,
    o2_air: float | None = None,
    stopped: bool = False,
) -> Figure:
    """Convert a dry concentration to the reference oxygen, eq. 28: C * (21 - O2_ref) / (21 - O2).

    Guards: O2 at or above that of the combustion air, no O2, shutdown: no value, with the reason. A negative
    concentration is kept as it is, with the reason `negative_kept`.

    Args:
        c: dry concentration at the standard state, mg/m3.
        o2: dry oxygen, %; o2_ref: reference oxygen, %.
        o2_air: oxygen of the combustion air phi0, % (GB 18484-2020 3.20; 21 for plain air, default of the pack).
        stopped: the plant is shut down: do not convert.

    Returns:
        mg/m3 at the reference oxygen.
    """
    air = rules.o2_air if o2_air is None else o2_air
    params = {"c": c, "o2": o2, "ref": o2_ref, "air": air, "air_ref": rules.o2_air}
    inputs = (given("c", c, "mg/m3"), given("o2", o2, "%"))
    reason = STOPPED if stopped else NO_VALUE if c is None else NO_O2 if o2 is None else O2_HIGH if o2 >= air else ""
    if reason or c is None or o2 is None:
        return figure(None, "D.2.3 (28)", "emission.step.converted", params, inputs, reason=reason)
    if c < 0:
        return figure(c, "D.2.3 (28)", "emission.step.converted", params, inputs, reason=NEGATIVE_KEPT)
    value = c * (rules.o2_air - o2_ref) / (air - o2)
    return figure(value, "D.2.3 (28)", "emission.step.converted", params, inputs)


def velocity(kv: float, vp: float) -> Figure:
    """Mean velocity of the section, eq. 29: Kv * Vp (m/s), with the velocity-field coefficient Kv."""
    inputs = (given("kv", kv, ""), given("vp", vp, "m/s"))
    return figure(kv * vp, "D.2.4 (29)", "emission.step.velocity", {"kv": kv, "vp": vp}, inputs)


def flow_actual(area: float, vs: float) -> Figure:
    """Wet flow at stack conditions, eq. 30: 3600 * F * Vs (m2, m/s; m3/h)."""
    inputs = (given("area", area, "m2"), given("vs", vs, "m/s"))
    return figure(3600 * area * vs, "D.2.4 (30)", "emission.step.flow_actual", {"area": area, "vs": vs}, inputs)


def flow_standard(qs: float, ts: float, ps: float, ba: float, humidity: float, rules: EmissionRules) -> Figure:
    """Dry flow at the standard state, eq. 31.

    Args:
        qs: wet flow at stack conditions, m3/h; ts degC, ps and ba kPa, humidity %.

    Returns:
        m3/h, dry, standard state; no value where the state is impossible.
    """
    state = (given("ts", ts, "degC"), given("ps", ps, "kPa"), given("ba", ba, "kPa"), given("humidity", humidity, "%"))
    inputs = (given("qs", qs, "m3/h"), *state)
    params: dict[str, object] = {"qs": qs, "ts": ts, "ps": ps, "ba": ba, "humidity": humidity}
    params |= {"kelvin": rules.kelvin, "pressure": rules.pressure}
    if ba + ps <= 0 or rules.kelvin + ts <= 0 or not 0 <= humidity < 100:
        return figure(None, "D.2.4 (31)", "emission.step.flow_standard", params, inputs, reason=IMPOSSIBLE)
    value = qs * rules.kelvin / (rules.kelvin + ts) * (ba + ps) / rules.pressure * (1 - humidity / 100)
    return figure(value, "D.2.4 (31)", "emission.step.flow_standard", params, inputs)


def day_flow(hours: list[float | None]) -> Figure:
    """Flow of a day, eq. 32: sum of the hourly flows (m3), without the hours that have none."""
    there = [one for one in hours if one is not None]
    params = {"hours": len(there)}
    if not there:
        return figure(None, "D.2.4 (32)", "emission.step.day_flow", params, reason=NO_FLOW)
    return figure(sum(there), "D.2.4 (32)", "emission.step.day_flow", params)


def rate(c: float | None, flow: float | None, rules: EmissionRules) -> Figure:
    """Emission rate, eq. 33: C * Qsn * 1e-6, with the measured dry concentration, not the converted one.

    Args:
        c: dry concentration at the standard state, mg/m3; flow: dry flow at the standard state, m3/h.

    Returns:
        kg/h. A negative concentration counts as none emitted where the pack says `zero`.
    """
    inputs, params = (given("c", c, "mg/m3"), given("flow", flow, "m3/h")), {"c": c, "flow": flow}
    if c is None or flow is None or flow < 0:
        reason = NO_VALUE if c is None else NO_FLOW
        return figure(None, "D.2.5 (33)", "emission.step.rate", params, inputs, reason=reason)
    if c < 0 and rules.negative_rate == "zero":
        return figure(0.0, "D.2.5 (33)", "emission.step.rate", params, inputs, reason="emission.reason.negative_zero")
    return figure(c * flow * 1e-6, "D.2.5 (33)", "emission.step.rate", params, inputs)


def day_mass(rates: list[float | None]) -> Figure:
    """Mass of a day, eq. 34: sum of the hourly rates (kg).

    The standard prints a second 1e-6, which is a misprint: the hourly rates are in kg/h already.
    """
    there = [one for one in rates if one is not None]
    params = {"hours": len(there)}
    if not there:
        return figure(None, "D.2.5 (34)", "emission.step.day_mass", params, reason=NO_VALUE)
    return figure(sum(there), "D.2.5 (34)", "emission.step.day_mass", params)
