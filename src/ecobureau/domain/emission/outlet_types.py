"""What is known of an outlet, and what its hours hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ecobureau.domain.emission.bulk import Bools, Floats
from ecobureau.domain.emission.grid import NEUTRAL, Bytes, Hours, State
from ecobureau.domain.emission.substitution import Substituted

GAS_FLOW, GAS_VELOCITY, GAS_TEMPERATURE, GAS_PRESSURE, GAS_HUMIDITY, GAS_O2, AIR_PRESSURE = (
    "a00000",
    "a01011",
    "a01012",
    "a01013",
    "a01014",
    "a19001",
    "a01006",
)
WATER_FLOW = "w00000"
FURNACE = ("a01901", "a01902")
STATE_FACTORS = frozenset(
    {GAS_FLOW, GAS_VELOCITY, GAS_TEMPERATURE, GAS_PRESSURE, GAS_HUMIDITY, GAS_O2, AIR_PRESSURE, WATER_FLOW}
    | {"a01001", "a01002", "a01007", "a01008", "a01015", "a01016", "a01017", "a01901", "a01902"}
)
"""Factors that are no pollutant: flow, state of the gas, furnace."""
MEASURED = (State.OK, State.PARTIAL_STOP)
LARGEST_KG = 1e6
"""Mass of an hour (kg) beyond which value or flow cannot be true; a year of them still adds up exactly."""


@dataclass(frozen=True, slots=True)
class FactorSpec:
    """What is known of one factor of an outlet beyond its samples.

    Attributes:
        o2_ref: reference oxygen, %, None = not converted.
        o2_air: oxygen of the combustion air phi0, %, None = the pack's 21 (GB 18484-2020 3.20).
        scale: by what a value is multiplied to stand in mg/m3 or mg/L.
        mass: whether it has a mass (a pollutant measured per volume).
    """

    o2_ref: float | None = None
    o2_air: float | None = None
    scale: float = 1.0
    mass: bool = True


@dataclass(frozen=True, slots=True)
class OutletSpec:
    """What is known of an outlet.

    Attributes:
        kind: `gas` or `water`.
        factors: by factor code.
        flow_state: `standard`: a00000 is dry flow at the standard state; `actual`: wet flow at stack conditions.
        area: section of the stack, m2, for flow from velocity; kv: velocity-field coefficient.
        steps: step of samples in minutes by factor where it is known; else it is found from the samples.
    """

    kind: str
    factors: Mapping[str, FactorSpec] = field(default_factory=dict)
    flow_state: str = "standard"
    area: float | None = None
    kv: float = 1.0
    steps: Mapping[str, int] = field(default_factory=dict)

    def of(self, factor: str) -> FactorSpec:
        """Return the spec of a factor; the plain one where nothing is known of it."""
        found = self.factors.get(factor)
        return found if found is not None else FactorSpec(mass=factor not in STATE_FACTORS)


@dataclass(frozen=True, slots=True)
class FactorHours:
    """Hours of one factor of an outlet; arrays of one length.

    Attributes:
        hours: means and validity.
        converted: mg/m3 at the reference oxygen, NaN = none; reported: whether it is the mean of what was reported
            (no reference oxygen known) rather than computed.
        convert_state: 0 none to make, 1 computed, 2 reported, 3 O2 at or above that of the air, 4 no valid O2, 5 kept
            negative.
        rate_state: `State` of the emission; kg: mass of the hour where its state is OK or partly stopped, 0 where
            stopped or nothing discharged, else NaN.
        negative: hours whose negative concentration counted as none emitted.
        substitute: of the mass (gas) or concentration (water); kg_substitute: mass that it makes, NaN = none.
        capture: capture rate of the quarter, NaN = nothing operated.
    """

    factor: str
    spec: FactorSpec
    step: int
    hours: Hours
    converted: Floats
    convert_state: Bytes
    rate_state: Bytes
    kg: Floats
    negative: Bools
    substitute: Substituted
    kg_substitute: Floats
    capture: Floats

    @property
    def good(self) -> Bools:
        """Hours whose emission is measured."""
        return np.isin(self.rate_state, MEASURED)

    @property
    def neutral(self) -> Bools:
        """Hours without operation or discharge."""
        return np.isin(self.rate_state, NEUTRAL)


@dataclass(frozen=True, slots=True)
class OutletHours:
    """All factors of one outlet on its hours.

    Attributes:
        first_hour: hours since 1970-01-01 00:00 Beijing time; count: hours.
        flow: m3 of each hour (gas: dry, standard state), NaN = none; flow_state: `State` of it; has_flow.
        factors: by code, in the order of the codes.
        repeats: samples that came more than once.
        furnace: 5-min means of furnace temperatures by factor, shape (hours, 12), NaN = none; only where they were
            sampled often enough.
    """

    first_hour: int
    count: int
    flow: Floats
    flow_state: Bytes
    has_flow: bool
    factors: Mapping[str, FactorHours]
    repeats: int
    furnace: Mapping[str, Floats] = field(default_factory=dict)
