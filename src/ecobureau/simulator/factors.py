"""What the simulated instruments measure: code, 2005 code, decimals, range of the instrument.

Values inside the simulator are whole numbers of the instrument's resolution (10 ** -decimals), so that statistics
are exact and rounding happens once.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FactorSpec:
    """One factor of an instrument.

    Attributes:
        code: HJ 212-2017 code; code_2005: its twin of HJ/T 212-2005 ('' where there is none).
        decimals: places of the reading. high, low: measuring range in the factor's unit.
        noise: relative scatter of single readings. held: True where the analyser gives one value a cycle (an hour).
        calibrated: True where the nightly calibration touches it.
    """

    code: str
    code_2005: str
    decimals: int
    low: float
    high: float
    noise: float
    held: bool = False
    calibrated: bool = False

    @property
    def scale(self) -> int:
        """Whole numbers per unit."""
        return int(10**self.decimals)


_F = FactorSpec

FACTORS: dict[str, FactorSpec] = {
    spec.code: spec
    for spec in (
        # flue gas
        _F("a00000", "B02", 1, 0, 2000, 0.015),
        _F("a01011", "S02", 2, 0, 40, 0.015),
        _F("a01012", "S03", 1, 0, 300, 0.004),
        _F("a01013", "S08", 3, -5, 5, 0.03),
        _F("a01014", "S05", 1, 0, 40, 0.01),
        _F("a19001", "S01", 2, 0, 25, 0.008, calibrated=True),
        _F("a21026", "02", 2, 0, 200, 0.03, calibrated=True),
        _F("a21002", "03", 2, 0, 1000, 0.02, calibrated=True),
        _F("a34013", "01", 2, 0, 100, 0.03, calibrated=True),
        _F("a21005", "04", 2, 0, 500, 0.05, calibrated=True),
        _F("a21024", "08", 2, 0, 150, 0.04, calibrated=True),
        _F("a24088", "", 2, 0, 200, 0.04, calibrated=True),
        # waste water
        _F("w00000", "B01", 2, 0, 5000, 0.02),
        _F("w01001", "001", 2, 0, 14, 0.003),
        _F("w01010", "", 1, 0, 60, 0.003),
        _F("w01018", "011", 1, 0, 500, 0.0, held=True, calibrated=True),
        _F("w21003", "060", 2, 0, 100, 0.0, held=True, calibrated=True),
        _F("w21011", "101", 3, 0, 20, 0.0, held=True, calibrated=True),
        _F("w21001", "065", 2, 0, 150, 0.0, held=True, calibrated=True),
        _F("w20116", "023", 3, 0, 5, 0.0, held=True, calibrated=True),
        _F("w20121", "028", 3, 0, 5, 0.0, held=True, calibrated=True),
        # air
        _F("a34004", "", 1, 0, 1000, 0.03, calibrated=True),
        _F("a34002", "", 1, 0, 2000, 0.03, calibrated=True),
        _F("a21004", "", 1, 0, 1000, 0.03, calibrated=True),
        _F("a05024", "", 1, 0, 1000, 0.02, calibrated=True),
        _F("a01001", "", 1, -40, 60, 0.002),
        _F("a01002", "", 1, 0, 100, 0.005),
        _F("a01006", "", 2, 50, 120, 0.00005),
        _F("a01007", "", 1, 0, 60, 0.12),
        _F("a01008", "", 0, 0, 360, 0.04),
        # surface water
        _F("w01009", "", 2, 0, 20, 0.004),
        _F("w01014", "", 1, 0, 5000, 0.003),
        _F("w01003", "", 1, 0, 1000, 0.05),
        _F("w01019", "", 2, 0, 20, 0.0, held=True, calibrated=True),
        # noise
        _F("LA", "", 1, 30, 130, 0.0),
    )
}
"""All factors of the simulator. Codes and 2005 twins: `hj212` reference section 10 (annex B of HJ 212-2017)."""

OF_KIND: dict[str, tuple[str, ...]] = {
    "flue": ("a21026", "a21002", "a34013", "a19001", "a01012", "a01013", "a01014", "a01011", "a00000"),
    "sewage": ("w00000", "w01001", "w01018", "w21003", "w21011", "w21001", "w01010"),
    "air": (
        "a34004",
        "a34002",
        "a21026",
        "a21004",
        "a21005",
        "a05024",
        "a01001",
        "a01002",
        "a01006",
        "a01007",
        "a01008",
    ),
    "river": ("w01010", "w01001", "w01009", "w01014", "w01003", "w01019", "w21003", "w21011", "w21001"),
    "noise": ("LA",),
}
"""Factors of each kind of station, in the order they are sent."""

ST_OF_KIND = {"flue": "31", "sewage": "32", "air": "22", "river": "21", "noise": "23"}

NOT_A_NUMBER_OF_GAS = frozenset({"a19001", "a01012", "a01013", "a01014", "a01011"})
"""Flue-gas conditions: neither converted nor summed."""

CONVERTED = frozenset({"a21026", "a21002", "a34013", "a21005", "a21024", "a24088"})
"""Pollutants of flue gas that are converted to the reference oxygen content (折算)."""

NEVER_SUMMED = frozenset({"w01001", "w01010"})
"""Factors of waste water without a discharged amount."""
