"""What a simulated station is: its logger's identity and the plant behind it; whole fleets from a seed or a file."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ecobureau.simulator.factors import FACTORS, OF_KIND, ST_OF_KIND

MINUTE_INTERVALS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
"""MinInterval values that HJ 212-2017 allows (minutes)."""

PROFILES: dict[str, dict[str, Any]] = {
    "power": {"kind": "flue", "rhythm": "grid", "o2_ref": 6.0, "o2": 5.4, "capacity": 320.0, "temp": 52.0,
              "levels": {"a21026": 17.0, "a21002": 27.0, "a34013": 3.2}},
    "steel": {"kind": "flue", "rhythm": "continuous", "o2_ref": 16.0, "o2": 15.4, "capacity": 240.0, "temp": 96.0,
              "levels": {"a21026": 17.0, "a21002": 27.0, "a34013": 4.8}},
    "cement": {"kind": "flue", "rhythm": "continuous", "o2_ref": 10.0, "o2": 9.1, "capacity": 130.0, "temp": 108.0,
               "levels": {"a21026": 22.0, "a21002": 52.0, "a34013": 5.0}},
    "waste": {"kind": "flue", "rhythm": "continuous", "o2_ref": 11.0, "o2": 8.6, "capacity": 42.0, "temp": 148.0,
              "levels": {"a21026": 28.0, "a21002": 125.0, "a34013": 5.0, "a21005": 18.0, "a21024": 12.0},
              "factors": ["a21026", "a21002", "a34013", "a21005", "a21024", "a19001", "a01012", "a01013", "a01014",
                          "a01011", "a00000"]},
    "glass": {"kind": "flue", "rhythm": "continuous", "o2_ref": 8.0, "o2": 9.4, "capacity": 55.0, "temp": 176.0,
              "levels": {"a21026": 64.0, "a21002": 210.0, "a34013": 11.0}},
    "boiler": {"kind": "flue", "rhythm": "weekday", "o2_ref": 3.5, "o2": 4.2, "capacity": 14.0, "temp": 84.0,
               "levels": {"a21026": 6.0, "a21002": 27.0, "a34013": 2.4}},
    "coating": {"kind": "flue", "rhythm": "dayshift", "o2_ref": None, "o2": 20.4, "capacity": 22.0, "temp": 36.0,
                "levels": {"a24088": 19.0},
                "factors": ["a24088", "a01012", "a01013", "a01014", "a01011", "a00000"]},
    "municipal": {"kind": "sewage", "rhythm": "municipal", "capacity": 920.0,
                  "levels": {"w01018": 21.0, "w21003": 0.9, "w21011": 0.21, "w21001": 7.8, "w01001": 7.1}},
    "food": {"kind": "sewage", "rhythm": "weekday", "capacity": 14.0,
             "levels": {"w01018": 52.0, "w21003": 4.2, "w21011": 0.24, "w21001": 12.5, "w01001": 7.3}},
    "chemical": {"kind": "sewage", "rhythm": "continuous", "capacity": 31.0,
                 "levels": {"w01018": 41.0, "w21003": 3.1, "w21011": 0.24, "w21001": 11.0, "w01001": 7.6}},
    "plating": {"kind": "sewage", "rhythm": "dayshift", "capacity": 4.6,
                "levels": {"w01018": 34.0, "w21003": 5.0, "w21011": 0.35, "w21001": 10.0, "w01001": 7.9,
                           "w20116": 0.21, "w20121": 0.12},
                "factors": ["w00000", "w01001", "w01018", "w21003", "w21011", "w21001", "w20116", "w20121", "w01010"]},
    "hospital": {"kind": "sewage", "rhythm": "municipal", "capacity": 9.0,
                 "levels": {"w01018": 29.0, "w21003": 6.2, "w21011": 0.4, "w21001": 14.0, "w01001": 7.2}},
    "urban": {"kind": "air", "rhythm": "continuous", "levels": {"a34004": 42.0, "a21004": 34.0, "a05024": 62.0}},
    "suburb": {"kind": "air", "rhythm": "continuous", "levels": {"a34004": 35.0, "a21004": 22.0, "a05024": 74.0}},
    "river": {"kind": "river", "rhythm": "continuous",
              "levels": {"w01019": 2.9, "w21003": 0.22, "w21011": 0.085, "w21001": 1.7, "w01014": 310.0}},
    "lake": {"kind": "river", "rhythm": "continuous",
             "levels": {"w01019": 3.6, "w21003": 0.18, "w21011": 0.038, "w21001": 1.1, "w01014": 280.0}},
    "street": {"kind": "noise", "rhythm": "continuous", "levels": {"LA": 60.0}},
    "homes": {"kind": "noise", "rhythm": "continuous", "levels": {"LA": 47.0}},
}  # fmt: skip
"""Kinds of plants and places: rhythm of work, levels of well-kept ones (mg/m3 converted, mg/L, ug/m3, dB)."""

_MIX = ("power", "municipal", "urban", "river", "street", "chemical", "boiler", "food", "cement", "suburb", "plating",
        "coating", "homes", "steel", "lake", "waste", "hospital", "glass")  # fmt: skip


@dataclass(slots=True)
class StationPlan:
    """One station with its logger.

    Attributes:
        name, mn, pw, st: identity on the wire. edition: 0, 1, 2 for 2005, 2017, 2025.
        key: SM4 key as 32 hex digits, or None. stamp: `start` or `end` of a period in DataTime.
        rtd_interval (s), minute_interval (min): sending intervals. profile: a key of `PROFILES`.
        factors: codes (2017) in the order they are sent. levels: usual level of each pollutant.
        limits: permit limits by factor, for incidents measured in them. answers: whether uploads ask for 9014.
        live: whether the logger connects (False: history only).
    """

    name: str
    mn: str
    pw: str
    st: str
    profile: str
    edition: int = 1
    key: str | None = None
    stamp: str = "start"
    rtd_interval: int = 60
    minute_interval: int = 10
    factors: tuple[str, ...] = ()
    levels: dict[str, float] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    capacity: float | None = None
    answers: bool = True
    live: bool = True

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ValueError(f"{self.mn}: no such profile {self.profile!r}; there are {', '.join(PROFILES)}")
        base = PROFILES[self.profile]
        if not self.factors:
            usual = base.get("factors") or OF_KIND[base["kind"]]
            self.factors = tuple(code for code in usual if self.edition or FACTORS[code].code_2005)
        unknown = [code for code in self.factors if code not in FACTORS]
        if unknown:
            raise ValueError(f"{self.mn}: no such factors {', '.join(unknown)}")
        if self.minute_interval not in MINUTE_INTERVALS:
            raise ValueError(f"{self.mn}: minute_interval {self.minute_interval} is not one of {MINUTE_INTERVALS}")
        if self.stamp not in ("start", "end"):
            raise ValueError(f"{self.mn}: stamp is {self.stamp!r}, not start or end")
        if not 1 <= self.rtd_interval <= 3600:
            raise ValueError(f"{self.mn}: rtd_interval {self.rtd_interval} s is not within 1..3600")
        self.factors = tuple(self.factors)
        self.levels = {**base["levels"], **self.levels}
        if self.capacity is None:
            self.capacity = base.get("capacity")

    @property
    def kind(self) -> str:
        """flue, sewage, air, river or noise."""
        return str(PROFILES[self.profile]["kind"])

    @property
    def rhythm(self) -> str:
        return str(PROFILES[self.profile]["rhythm"])

    @property
    def o2_ref(self) -> float | None:
        value = PROFILES[self.profile].get("o2_ref")
        return None if value is None else float(value)

    def wire(self, code: str) -> str:
        """Return the factor's code as this logger's edition writes it."""
        return (FACTORS[code].code_2005 or code) if self.edition == 0 else code

    def seed(self, seed: int) -> int:
        """Return this station's own seed."""
        return (seed * 1_000_003 + zlib.crc32(self.mn.encode())) & 0xFFFFFFFFFFFF


def fleet(count: int, seed: int = 1, *, rtd_interval: int = 60, minute_interval: int = 10) -> list[StationPlan]:
    """Return `count` mixed stations: every kind, every edition, the same for the same seed."""
    rng = random.Random(seed * 7919 + count)
    found = []
    for number in range(count):
        profile = _MIX[number % len(_MIX)]
        st = ST_OF_KIND[PROFILES[profile]["kind"]]
        edition = _edition(profile, number, rng)
        mn = f"8820{seed % 1000:03d}{number:07d}" if edition == 0 else f"{seed % 65536:04X}53494D{number:014X}"
        key = f"{rng.getrandbits(128):032x}" if edition == 2 and number % 2 else None
        found.append(
            StationPlan(
                name=f"演示模拟站{number + 1}",
                mn=mn,
                pw=f"{rng.randrange(10**6):06d}",
                st=st,
                profile=profile,
                edition=edition,
                key=key,
                stamp="end" if edition == 0 else "start",
                rtd_interval=rtd_interval,
                minute_interval=minute_interval,
            )
        )
    return found


def _edition(profile: str, number: int, rng: random.Random) -> int:
    """2005 only where its factor table has the codes; surface water stays 2017: its own dialect shares Flag 8 and 9."""
    if profile in ("power", "municipal", "chemical", "food", "cement") and rng.random() < 0.3:
        return 0
    if PROFILES[profile]["kind"] != "river" and (number % 5 == 2 or rng.random() < 0.15):
        return 2
    return 1


def load_fleet(path: Path) -> list[StationPlan]:
    """Return the stations of a JSON file (a list of objects with the fields of `StationPlan`).

    Raises:
        ValueError: the file is not such a list; the message says which entry and field.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(entries, list):
        raise ValueError(f"{path}: a list of stations was expected")
    plans = []
    for number, entry in enumerate(entries, 1):
        try:
            plans.append(StationPlan(**{**entry, "factors": tuple(entry.get("factors", ()))}))
        except (TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"{path}: entry {number}: {error}") from error
    twice = {plan.mn for plan in plans if sum(other.mn == plan.mn for other in plans) > 1}
    if twice:
        raise ValueError(f"{path}: MN given twice: {', '.join(sorted(twice))}")
    return plans


def save_fleet(path: Path, plans: Sequence[StationPlan]) -> None:
    """Write stations as JSON, readable by the owner alone (the file holds passwords and keys)."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps([asdict(plan) for plan in plans], ensure_ascii=False, indent=1), encoding="utf-8")
