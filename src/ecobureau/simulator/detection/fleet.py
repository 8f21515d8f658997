"""Dealing plants and events, and running each plant through its stages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ecobureau.simulator.detection import benign, marks
from ecobureau.simulator.detection.event import Event, Kind
from ecobureau.simulator.detection.frauds_marks import permits
from ecobureau.simulator.detection.gas import converted, gas_power, gas_read, gas_stack
from ecobureau.simulator.detection.kinds import BENIGN, EVENTS
from ecobureau.simulator.detection.plant import EAST, City, Grid, Plant
from ecobureau.simulator.detection.signals import bell, grain, lag, wander
from ecobureau.simulator.detection.styles import make_plant
from ecobureau.simulator.detection.water import inlet_read, water_power, water_read, water_works


@dataclass(frozen=True, slots=True)
class Fleet:
    """Finished plants on one time axis; what happened stands in each plant's `labels`."""

    grid: Grid
    plants: tuple[Plant, ...]


def make_fleet(
    seed: int,
    *,
    outlets: int = 40,
    days: int = 60,
    step_minutes: int = 60,
    events_per_outlet: float = 2.4,
    harmless_per_outlet: float = 1.2,
    clean_share: float = 0.1,
) -> Fleet:
    """Draw a fleet.

    Args:
        seed: same seed, same fleet. outlets: how many (six of ten flue gas, the rest waste water).
        step_minutes: 60 or 10. events_per_outlet, harmless_per_outlet: for 60 days; fewer days get fewer in proportion.
        clean_share: share of outlets that get no event.

    Raises:
        ValueError: fewer than 1 outlet, fewer than 10 days, or a step that does not divide an hour.
    """
    if outlets < 1 or days < 10 or step_minutes < 1 or 60 % step_minutes:
        raise ValueError("outlets >= 1, days >= 10, 60 % step == 0")
    rng = np.random.default_rng([seed, 20260101])
    grid = Grid(_start(rng), step_minutes * 60, days * 24 * 60 // step_minutes)
    city = _city(rng, grid)
    gas_count = round(outlets * 0.6)
    streams = rng.spawn(outlets)
    plants = [
        make_plant(
            i + 1 if i < gas_count else i + 1 - gas_count, "gas" if i < gas_count else "water", grid, city, streams[i]
        )
        for i in range(outlets)
    ]
    share = days / 60.0
    plans: dict[str, list[tuple[Kind, Event]]] = {plant.id: [] for plant in plants}
    shared = _shared(rng, plants, grid)
    dirty = [plant for plant in plants if rng.random() >= clean_share]
    _deal(rng, dirty, EVENTS, round(outlets * events_per_outlet * share), plans)
    _deal(rng, plants, BENIGN, round(outlets * harmless_per_outlet * share), plans)
    for plant in plants:
        _run(plant, plans[plant.id], shared)
    return Fleet(grid, tuple(plants))


def _start(rng: np.random.Generator) -> int:
    year, month = int(rng.choice([2024, 2025])), int(rng.integers(1, 13))
    day = 1 if rng.random() < 0.5 else int(rng.integers(1, 28))
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) - EAST


def _city(rng: np.random.Generator, grid: Grid) -> City:
    season = (grid.start // 86400 % 365 - 200) / 365 * 2 * np.pi + np.arange(grid.n) * grid.dt / 24 / 365 * 2 * np.pi
    warm = 16 + 11 * np.cos(season) + 4 * (bell(grid.hour, 14.5, 4) - 0.4) + wander(rng, grid.n, grid.dt, 48, 2.5)
    rain = np.zeros(grid.n)
    for _storm in range(int(rng.poisson(grid.n * grid.dt / 24 / 9))):
        first = int(rng.integers(0, grid.n))
        rain[first : first + grid.count(float(rng.uniform(5, 22)))] = rng.uniform(0.3, 1.0)
    return City(warm, lag(rain, grid.dt, 1.5))


Shared = list[tuple[str, list[Plant], int, int, int]]


def _shared(rng: np.random.Generator, plants: list[Plant], grid: Grid) -> Shared:
    """Draw outages of the network and the grid that hit many outlets at once; batteries carry loggers through some."""
    out: Shared = []
    for name, share, low, high in (("lines", 0.35, 4, 30), ("power", 0.12, 3, 9)):
        if rng.random() < 0.85:
            hit = [plant for plant in plants if rng.random() < share]
            first = int(rng.integers(grid.count(72), grid.n - grid.count(72)))
            last = first + grid.count(float(rng.uniform(low, high)))
            after = last + grid.count(6)
            hit = [p for p in hit if not any(first < end and start < after for start, end in p.taken)]
            for plant in hit:
                plant.taken.append((first - grid.count(12), after + grid.count(6)))
            out.append((name, hit, first, last, after))
            if name == "power":
                benign.power_cut(
                    [p for p in hit if not (p.kind == "water" and np.mean(p.load > 0.03) < 0.85)], first, last, after
                )
    return out


def _deal(
    rng: np.random.Generator,
    plants: list[Plant],
    kinds: tuple[Kind, ...],
    count: int,
    plans: dict[str, list[tuple[Kind, Event]]],
) -> None:
    order: list[int] = []
    while kinds and len(order) < count:
        order += list(rng.permutation(len(kinds)))
    for index in order[: max(count, 0)]:
        kind = kinds[index]
        fits = [plant for plant in plants if _fits(plant, kind)]
        rng.shuffle(fits)
        fits.sort(key=lambda plant: len(plans[plant.id]))
        for plant in fits:
            event = _place(rng, plant, kind)
            if event is not None:
                plans[plant.id].append((kind, event))
                break


def _fits(plant: Plant, kind: Kind) -> bool:
    if kind.only and kind.only != plant.kind:
        return False
    if ("power" in kind.needs and not plant.has_power) or ("inlet" in kind.needs and not plant.has_inlet):
        return False
    return kind.fits is None or kind.fits(plant)


def _place(rng: np.random.Generator, plant: Plant, kind: Kind) -> Event | None:
    grid = plant.grid
    usual = float(np.mean(plant.running))
    for _attempt in range(25):
        length = grid.count(float(np.exp(rng.uniform(*np.log(kind.hours)))))
        lead, tail = grid.count(float(rng.choice([72, 120, 168]))), grid.count(24)
        if grid.n - length - tail <= lead:
            continue
        first = int(rng.integers(lead, grid.n - length - tail))
        last = first + length
        if kind.alone and any(
            first < end + grid.count(30) and start < last + grid.count(30) for start, end in plant.taken
        ):
            continue
        if float(np.mean(plant.running[first:last])) < 0.9 * usual:
            continue
        if plant.load[first] <= 0.03 or plant.load[min(last, grid.n - 1)] <= 0.03:
            continue
        if kind.alone:
            plant.taken.append((first, last))
        return Event(kind.name, kind.pattern, first, last, float(rng.random()))
    return None


def _run(plant: Plant, plan: list[tuple[Kind, Event]], shared: Shared) -> None:
    """Take one plant through all stages."""
    marks.clear_marks(plant)
    marks.plan_calibration(plant)
    _hooks(plant, plan, "operate")
    gas = plant.kind == "gas"
    (gas_stack if gas else water_works)(plant)
    _hooks(plant, plan, "stack")
    if not gas:
        plant.cz["w21001"] = np.maximum(plant.cz["w21001"], 1.08 * plant.cz["w21003"])
    plant.read = gas_read(plant, plant.load) if gas else water_read(plant, plant.load)
    (gas_power if gas else water_power)(plant)
    plant.inlet_read = inlet_read(plant) if plant.has_inlet else {}
    _hooks(plant, plan, "read")
    _floors(plant)
    marks.over_range(plant)
    marks.stopped(plant)
    marks.faults(plant)
    marks.calibrations(plant)
    marks.lost_rows(plant)
    for name, hit, first, last, _after in shared:
        if any(plant is one for one in hit) and (name == "lines" or plant.load[first] <= 0.03):
            if name == "lines" or first % 2:
                plant.gone[first:last] = plant.power_gone[first:last] = True
            if name == "lines":
                plant.label(first, last, "network_outage", "")
    _hooks(plant, plan, "report")
    marks.detection_floor(plant)
    permits(plant)
    _hooks(plant, plan, "book")
    _show(plant)
    _write_labels(plant, plan)


def _hooks(plant: Plant, plan: list[tuple[Kind, Event]], stage: str) -> None:
    for kind, event in plan:
        hook = getattr(kind, stage)
        if hook is not None:
            hook(plant, event)


def _floors(plant: Plant) -> None:
    for factor in ("a00000", "a01011", "w00000", "a01014", "pw_prod", "pw_treat"):
        if factor in plant.read:
            plant.read[factor] = np.maximum(plant.read[factor], 0.0)


def _show(plant: Plant) -> None:
    """Round to what is displayed, convert to reference oxygen from what is displayed."""
    for factor in plant.read:
        plant.read[factor] = grain(plant.read[factor], plant.resolution[factor])
    for factor in plant.inlet_read:
        plant.inlet_read[factor] = grain(plant.inlet_read[factor], max(plant.resolution[factor], 0.01))
    if plant.kind == "gas":
        for factor in plant.limits:
            plant.zs[factor] = np.round(converted(plant, factor) * plant.zs_factor, 3)


def _write_labels(plant: Plant, plan: list[tuple[Kind, Event]]) -> None:
    for kind, event in plan:
        last = min(event.last, event.first + plant.grid.count(240)) if kind.name == "retrofit" else event.last
        if last > event.first:
            plant.label(event.first, last, kind.name, kind.pattern, event.factors, event.note)
    if plant.style.get("rain_gain", 0.0) > 0.0 and plant.industry.name == "municipal":
        wet = np.flatnonzero(np.diff(np.concatenate(([0], (plant.city.rain > 0.15).astype(int), [0]))))
        for first, end in zip(wet[::2], wet[1::2], strict=True):
            plant.label(int(first), int(end), "rain", "")
    plant.labels.sort(key=lambda label: label.first)
