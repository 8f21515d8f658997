"""What the detection room speaks of: series, facts, masks, findings, opinions, clues.

Times are epoch seconds UTC of the START of a sample; a sample covers `[t, t + step_s)`. Windows of findings are
half open. Arrays of one series all have the same length n, one element a sample of the regular grid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ecobureau.domain.rules import RulePack

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Flags = NDArray[np.str_]

Kind = Literal["gas", "water"]
Group = Literal["shape", "physics", "power", "flags", "outside"]

BEIJING_S = 8 * 3600
DAY_S = 86400
PLANT_FACTORS = ("pw_prod", "pw_treat")


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """One parameter of an instrument that changed its value.

    Attributes:
        at: epoch seconds; device: pollutant code or empty; filed: it stands in the filing record (备案): work on the
            device was declared for then, or the device's record names the value or begins then; None: nothing is filed
            of this outlet at all, so that nothing can be missing.
    """

    at: float
    device: str
    name: str
    old: str
    new: str
    filed: bool | None


@dataclass(frozen=True, slots=True)
class OutletSeries:
    """The aligned series of one outlet, or of the inlet of its treatment.

    Attributes:
        step_s: length of a sample, 60 to 3600 s.
        t: (n,) start of each sample, regular; a gap is filled with NaN rows.
        avg: factor -> (n,) mean in the unit of the factor (gas mg/m3 dry at measured O2, water mg/L), NaN = no row.
        zs: factor -> (n,) converted mean where sent, else NaN.
        flag: factor -> (n,) HJ 212 mark, "" where there is no row.
        inlet: series of the treatment's inlet on the same grid.
        revised: factor -> (n,) the value was rewritten after it had been stored.
        arrived: (n,) epoch seconds of the row's arrival, NaN unknown (running system only).
        parameters: changes of instrument parameters (running system only).
    """

    outlet_id: str
    kind: Kind
    step_s: int
    t: Ints
    avg: Mapping[str, Floats]
    zs: Mapping[str, Floats]
    flag: Mapping[str, Flags]
    inlet: OutletSeries | None = None
    revised: Mapping[str, Bools] = field(default_factory=dict)
    arrived: Floats | None = None
    parameters: tuple[ParameterChange, ...] = ()

    def __len__(self) -> int:
        return len(self.t)

    @property
    def present(self) -> Bools:
        """(n,) any factor of the monitoring station has a row; power comes from another device and does not count."""
        there = np.zeros(len(self.t), dtype=bool)
        for factor, values in self.avg.items():
            if factor not in PLANT_FACTORS:
                there |= ~np.isnan(values)
        return there

    @property
    def hour_of_day(self) -> Ints:
        """(n,) hour of the day, Asia/Shanghai, 0 to 23."""
        return ((self.t + BEIJING_S) % DAY_S) // 3600

    @property
    def day(self) -> Ints:
        """(n,) number of the day, Asia/Shanghai, counted from 1970-01-01."""
        return (self.t + BEIJING_S) // DAY_S

    @property
    def per_hour(self) -> int:
        """Samples an hour, at least one."""
        return max(1, round(3600 / self.step_s))

    @property
    def end(self) -> int:
        """Epoch seconds at which the last sample ends; 0 for an empty series."""
        return int(self.t[-1]) + self.step_s if len(self.t) else 0

    def until(self, at: float) -> OutletSeries:
        """Return what the running system had at `at`: the samples that end at or before it."""
        count = int(np.searchsorted(self.t, at - self.step_s, side="right"))
        return self.first(count)

    def first(self, count: int) -> OutletSeries:
        """Return the first `count` samples, without copying them."""
        cut = slice(0, count)
        end = float(self.t[count - 1] + self.step_s) if count else 0.0
        return replace(
            self,
            t=self.t[cut],
            avg={key: values[cut] for key, values in self.avg.items()},
            zs={key: values[cut] for key, values in self.zs.items()},
            flag={key: values[cut] for key, values in self.flag.items()},
            inlet=None if self.inlet is None else self.inlet.first(count),
            revised={key: values[cut] for key, values in self.revised.items()},
            arrived=None if self.arrived is None else self.arrived[cut],
            parameters=tuple(change for change in self.parameters if change.at <= end),
        )


@dataclass(frozen=True, slots=True)
class FactorFacts:
    """What is registered of a factor of an outlet; None where unknown.

    Attributes:
        limit: emission limit in the unit of the factor, to be compared with zs where `o2_ref` is given.
        range_max: upper end of the instrument's range; resolution: smallest step of its values.
        o2_ref: reference O2, percent by volume, dry.
        permit_kg_month: permitted mass, kg a month.
    """

    factor: str
    limit: float | None = None
    range_max: float | None = None
    resolution: float | None = None
    o2_ref: float | None = None
    permit_kg_month: float | None = None


@dataclass(frozen=True, slots=True)
class OutletFacts:
    """What is registered of an outlet; rated powers in kW, None where unknown."""

    outlet_id: str
    kind: Kind
    industry: str = ""
    factors: Mapping[str, FactorFacts] = field(default_factory=dict)
    has_inlet: bool = False
    has_power: bool = False
    rated_prod_kw: float | None = None
    rated_treat_kw: float | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declared stop or start-up, or an ordered cut of production.

    Attributes:
        start, end: epoch seconds; value: ordered share 0..1 of the usual production that is to be cut.
    """

    outlet_id: str
    start: int
    end: int
    type: Literal["stop", "startup", "order_cut"]
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Masks:
    """Who may be judged when; see `masks.masks_of`. Every array is (n,).

    Attributes:
        ok: factor -> mark is N and the row is there.
        inst: some factor carries an instrument mark, widened; inst_by: the same of each factor by itself.
        run: production on; stop: declared stop or start-up; trans: just after a start or an end of production.
        known: `run` rests on power or O2 or flow that was there; False where it was carried over a gap.
    """

    ok: Mapping[str, Bools]
    inst: Bools
    run: Bools
    stop: Bools
    trans: Bools
    inst_by: Mapping[str, Bools] = field(default_factory=dict)
    known: Bools = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def use(self, factor: str) -> Bools:
        """(n,) the default evaluation set of a factor: ok, running, no instrument mark of its own, no transition."""
        if factor not in self.ok:
            return np.zeros(len(self.run), dtype=bool)
        inst = self.inst_by.get(factor, self.inst)
        good: Bools = self.ok[factor] & self.run & ~inst & ~self.trans & ~self.stop
        return good


class Params:
    """Parameters of the detectors, read from rule packs and handed in as values.

    Args:
        values: dotted key -> value, as `P05.min_days`.
    """

    def __init__(self, values: Mapping[str, object], prefix: str = "") -> None:
        self._values = values
        self._prefix = prefix

    @classmethod
    def of(cls, packs: Iterable[RulePack], on: date) -> Params:
        """Return the parameters of `packs` in force on the day `on`."""
        keys = [(pack, key) for pack in packs for key in pack.keys()]  # noqa: SIM118 - a pack is no mapping
        return cls({key: pack.at(key, on).value for pack, key in keys if _has(pack, key, on)})

    def part(self, name: str) -> Params:
        """Return the parameters whose key begins with `name.`, addressed without it."""
        return Params(self._values, f"{self._prefix}{name}.")

    def __getitem__(self, key: str) -> float:
        """Return a number.

        Raises:
            KeyError: there is none of that key; TypeError: it is no number.
        """
        value = self.raw(key)
        if not isinstance(value, int | float):
            raise TypeError(f"{self._prefix}{key} is no number: {value!r}")
        return float(value)

    def __contains__(self, key: str) -> bool:
        return f"{self._prefix}{key}" in self._values

    def raw(self, key: str) -> object:
        """Return the value as it stands in the pack."""
        return self._values[f"{self._prefix}{key}"]

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.raw(key)
        return tuple(str(one) for one in value) if isinstance(value, list | tuple) else (str(value),)

    def keys(self) -> list[str]:
        """Return every key of this part, sorted, without the part's name."""
        return sorted(key.removeprefix(self._prefix) for key in self._values if key.startswith(self._prefix))

    def __getstate__(self) -> tuple[dict[str, object], str]:
        return dict(self._values), self._prefix

    def __setstate__(self, state: tuple[dict[str, object], str]) -> None:
        self._values, self._prefix = state


def _has(pack: RulePack, key: str, on: date) -> bool:
    try:
        pack.at(key, on)
    except KeyError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Case:
    """All that a detector is handed of one outlet.

    Attributes:
        cache: shared results of this outlet, such as the model of expected values.
    """

    series: OutletSeries
    facts: OutletFacts
    declarations: tuple[Declaration, ...]
    masks: Masks
    params: Params
    cache: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one pattern saw in one window of one outlet.

    Attributes:
        start, end: the window, epoch seconds, half open.
        raised_at: when the running system, given only data up to then, would have raised it.
        factors: codes concerned; statistic and threshold: what was compared.
        score: 0..1; severity: 5 likely crime, 4 serious evasion, 3 suspicious, 2 malfunction, 1 data quality.
        numbers: values of the reason's template; counter: codes of what speaks in the plant's favour.
    """

    pattern: str
    start: int
    end: int
    raised_at: int
    factors: tuple[str, ...]
    statistic: float
    threshold: float
    score: float
    severity: int
    numbers: Mapping[str, float | str] = field(default_factory=dict)
    counter: tuple[str, ...] = ()
    group: Group = "shape"


@dataclass(frozen=True, slots=True)
class NoOpinion:
    """The pattern cannot speak of this outlet: `code` says what is missing."""

    code: str
    params: Mapping[str, str | float] = field(default_factory=dict)


Opinion = list[Finding] | NoOpinion


@dataclass(frozen=True, slots=True)
class Clue:
    """Findings of one outlet that tell one event, put together.

    Attributes:
        pattern: id of the strongest member.
        confidence: 0..1; groups: evidence groups that agree.
        members: the findings, strongest first.
    """

    outlet_id: str
    start: int
    end: int
    pattern: str
    confidence: float
    severity: int
    raised_at: int
    factors: tuple[str, ...]
    groups: tuple[str, ...]
    members: tuple[Finding, ...]
