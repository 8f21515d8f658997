"""What stands in the invented city: enterprises, outlets, stations and their loggers, from `city.toml` and a seed."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from ecobureau.domain import credit_code
from ecobureau.simulator.factors import ST_OF_KIND
from ecobureau.simulator.plan import PROFILES, StationPlan

_NUMERALS = "一二三四五六七八九十"
_ALWAYS_2017 = frozenset({"river", "lake"})
_HAS_2005 = frozenset({"power", "municipal", "chemical", "food", "cement", "boiler"})


@dataclass(frozen=True, slots=True)
class OutletPlan:
    """An outlet with the one station that watches it."""

    code: str
    name: str
    profile: str
    station: StationPlan


@dataclass(frozen=True, slots=True)
class EnterprisePlan:
    """An enterprise of a district (name without 区)."""

    code: str
    name: str
    district: str
    industry: str
    industry_code: str
    outlets: tuple[OutletPlan, ...]


@dataclass(frozen=True, slots=True)
class EnvironmentPlan:
    """A station without an outlet."""

    district: str
    station: StationPlan


@dataclass(slots=True)
class CityPlan:
    """The whole of it. `limits`: profile -> table of `city.toml`."""

    seed: int
    enterprises: list[EnterprisePlan] = field(default_factory=list)
    environment: list[EnvironmentPlan] = field(default_factory=list)
    limits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    history: Mapping[str, int] = field(default_factory=dict)

    @property
    def stations(self) -> list[StationPlan]:
        """Every logger of the city."""
        watched = [outlet.station for enterprise in self.enterprises for outlet in enterprise.outlets]
        return watched + [one.station for one in self.environment]


def read_city() -> dict[str, Any]:
    """Return `city.toml`."""
    return tomllib.loads(files("ecobureau.demo").joinpath("city.toml").read_text(encoding="utf-8"))


def plan_city(districts: Mapping[str, str], *, stations: int | None = None) -> CityPlan:
    """Return the plan of the city.

    Args:
        districts: name without 区 -> division code, in the order of the tree.
        stations: build only about so many (every kind keeps its share); default all of `city.toml`.
    """
    spec = read_city()
    maker = _Maker(spec, districts)
    share = 1.0
    if stations is not None:
        whole = sum(plant["count"] * len(plant["outlets"]) for plant in spec["plant"])
        share = stations / (whole + sum(spec["environment"].values()))
    city = CityPlan(spec["seed"], limits=spec["limits"], names=spec["names"], history=spec["history"])
    for plant in spec["plant"]:
        for number in range(_scaled(plant["count"], share, plant.get("least", 0))):
            city.enterprises.append(maker.enterprise(plant, number))
    for kind in ("air", "river", "noise"):
        for number in range(_scaled(spec["environment"][kind], share, int(kind != "river"))):
            city.environment.append(maker.environment(kind, number))
    return city


def _scaled(count: int, share: float, least: int) -> int:
    return count if share >= 1.0 else max(least, round(count * share))


class _Maker:
    def __init__(self, spec: Mapping[str, Any], districts: Mapping[str, str]) -> None:
        self.spec = spec
        self.districts = districts
        self.rng = random.Random(spec["seed"])
        self.stations = 0
        self.enterprises = 0
        self.order = self._order(spec["weights"])

    def _order(self, weights: Mapping[str, int]) -> list[str]:
        """A round of districts in which each stands as often as it weighs, well mixed."""
        places = [
            ((turn + 0.5) / weight, name)
            for name, weight in weights.items()
            if name in self.districts
            for turn in range(weight)
        ]
        return [name for _at, name in sorted(places)] or list(self.districts)

    def enterprise(self, plant: Mapping[str, Any], number: int) -> EnterprisePlan:
        district = self.order[self.enterprises % len(self.order)]
        self.enterprises += 1
        first = f"91{self.districts[district]}DEM0{self.enterprises:05d}"
        name = self.spec["names"]["enterprise"].format(
            district=district, noun=plant["noun"], number=_NUMERALS[number % 10]
        )
        counts = {"DA": 0, "DW": 0}
        outlets = []
        for profile, title in plant["outlets"]:
            kind = "DA" if PROFILES[profile]["kind"] == "flue" else "DW"
            counts[kind] += 1
            outlets.append(
                OutletPlan(f"{kind}{counts[kind]:03d}", title, profile, self.station(f"{name}{title}", profile))
            )
        return EnterprisePlan(
            first + credit_code.check_letter(first),
            name,
            district,
            plant["industry"],
            plant["industry_code"],
            tuple(outlets),
        )

    def environment(self, kind: str, number: int) -> EnvironmentPlan:
        names = list(self.districts)
        district = names[number % len(names)]
        turn = number // len(names)
        name = self.spec["names"][kind].format(district=district, number=_NUMERALS[turn % 10])
        profile = {
            "air": "urban" if turn == 0 else "suburb",
            "river": "lake" if number % 3 == 2 else "river",
            "noise": "street" if number % 2 == 0 else "homes",
        }[kind]
        return EnvironmentPlan(district, self.station(name, profile))

    def station(self, name: str, profile: str) -> StationPlan:
        self.stations += 1
        number, limits = self.stations, self.spec["limits"].get(profile, {})
        edition = self._edition(profile, number)
        return StationPlan(
            name=name,
            mn=f"88{next(iter(self.districts.values()))[:4]}00{number:06d}" if edition == 0 else f"DE2120{number:018X}",
            pw=f"{self.rng.randrange(10**6):06d}",
            st=ST_OF_KIND[str(PROFILES[profile]["kind"])],
            profile=profile,
            edition=edition,
            key=f"{self.rng.getrandbits(128):032x}" if edition == 2 and number % 12 == 1 else None,
            stamp="end" if edition == 0 else "start",
            rtd_interval=self.spec["brisk"].get(name, 300 if profile in ("river", "lake") else 60),
            minute_interval=10,
            limits={code: float(value) for code, value in limits.items() if isinstance(value, (int, float))},
        )

    def _edition(self, profile: str, number: int) -> int:
        if profile in _ALWAYS_2017:
            return 1
        if profile in _HAS_2005 and number % 6 == 4:
            return 0
        return 2 if number % 6 in (1, 5) else 1


def find(stations: Sequence[StationPlan], name: str) -> StationPlan:
    """Return the station of a name.

    Raises:
        KeyError: there is none.
    """
    for plan in stations:
        if plan.name == name:
            return plan
    raise KeyError(name)
