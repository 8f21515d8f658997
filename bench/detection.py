"""Cost of detection: per outlet-day, by pattern, growth with the number of outlets; refits of the data model apart.

    python bench/detection.py                        10, 20, 40, 80 outlets of 60 days hourly, one process
    python bench/detection.py --outlets 5 --times 1 2 4 8 --step 10
    python bench/detection.py --factors 15           outlets widened to so many factors by further pollutants
    python bench/detection.py --city 1000            what a night of a city of that size takes on two processors

A night judges the whole window of 60 days again. Refits are spread over the week: a night bears a seventh of the newest
ones.
The fleet is the simulator's; what it costs to make or read is not counted. All seconds are the processor's: what else
the machine does counts only as far as it slows the processor itself.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from ecobureau.commands._detect_grid import Notes
from ecobureau.commands._detect_read import read_files
from ecobureau.commands.detect import params_of
from ecobureau.domain.detection.fusion import fuse
from ecobureau.domain.detection.model import outlet as outlet_model
from ecobureau.domain.detection.registry import Detector, load_all
from ecobureau.domain.detection.run import Input, case_of
from ecobureau.domain.detection.types import Finding, NoOpinion, Params
from ecobureau.simulator.detection import make_fleet, write_fleet

DAYS = 60


class Refits:
    """Time spent in fitting the data model, by wrapping the one function that fits."""

    def __init__(self) -> None:
        self.seconds, self.models, self.cards = 0.0, 0, 0
        plain = outlet_model.fit_expected

        def timed(*args: object, **named: object) -> object:
            began = time.process_time()
            found = plain(*args, **named)  # type: ignore[arg-type]
            self.seconds += time.process_time() - began
            self.models += 1
            self.cards += len(found.cards) if found is not None else 0
            return found

        outlet_model.fit_expected = timed  # type: ignore[assignment]


def inputs_of(seed: int, outlets: int, step: int, params: Params) -> list[Input]:
    """Return the inputs of a simulated fleet, read back from its files."""
    with tempfile.TemporaryDirectory(prefix="detection-cost-") as folder:
        base = Path(folder)
        write_fleet(make_fleet(seed, outlets=outlets, days=DAYS, step_minutes=step), base)
        files = (base / f"{name}.csv" for name in ("values", "outlets", "declarations"))
        read = read_files(*files, params.part("files"), Notes())
    return [
        (series, read.facts[name], [d for d in read.declarations if d.outlet_id == name])
        for name, series in sorted(read.series.items())
    ]


MORE = {
    "gas": (
        "a05002",
        "a21001",
        "a21003",
        "a21004",
        "a21005",
        "a21018",
        "a21024",
        "a24088",
        "a25002",
        "a34004",
        "a29017",
    ),
    "water": (
        "w20111",
        "w20115",
        "w20117",
        "w20119",
        "w20120",
        "w20121",
        "w20122",
        "w20123",
        "w21016",
        "w21017",
        "w22001",
    ),
}
"""Further pollutants, in the order in which an outlet is given them."""


def widened(one: Input, factors: int) -> Input:
    """Return an outlet with further pollutants until it reports `factors`: neighbours of its own, scattered anew.

    Every one has a limit, range, resolution and marks as the pollutant it is drawn from, so that it costs the same.
    """
    series, facts, declarations = one
    own = [code for code in sorted(facts.factors) if code in series.avg]
    avg, zs, flag, known = dict(series.avg), dict(series.zs), dict(series.flag), dict(facts.factors)
    rng = np.random.default_rng(len(series) + sum(map(ord, series.outlet_id)))
    lack = max(0, factors - len(avg))
    for place, code in enumerate([code for code in MORE[series.kind] if code not in avg][:lack]):
        of = own[place % len(own)]
        slow = np.repeat(rng.normal(0, 0.1, len(series) // 12 + 1), 12)[: len(series)]
        change = np.exp(slow + rng.normal(0, 0.05, len(series)))
        step = known[of].resolution or 0.01
        avg[code] = np.round(series.avg[of] * change / step) * step
        zs[code] = series.zs[of] * change if of in series.zs else np.full(len(series), np.nan)
        flag[code] = series.flag[of]
        known[code] = replace(known[of], factor=code)
    return replace(series, avg=avg, zs=zs, flag=flag), replace(facts, factors=known), declarations


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outlets", type=int, default=10)
    parser.add_argument("--times", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--step", type=int, default=60, help="minutes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--factors", type=int, default=0, help="least factors an outlet reports, default as simulated")
    parser.add_argument("--city", type=int, default=1000)
    args = parser.parse_args()
    params = params_of(date(2026, 3, 1))
    registry = load_all()
    refits = Refits()
    fleet = [
        widened(one, args.factors) for one in inputs_of(args.seed, args.outlets * max(args.times), args.step, params)
    ]
    every = [len(series.avg) + (len(series.inlet.avg) if series.inlet else 0) for series, _f, _d in fleet]
    print(f"factors an outlet: {np.mean([len(one[0].avg) for one in fleet]):.1f}, with its inlet {np.mean(every):.1f}")
    _one(fleet[0], params, registry, Counter())
    print(" outlets     values  seconds  ms/outlet-day  of it refits  refits  ms/refit")
    costs: Counter[str] = Counter()
    per_day = 0.0
    for times in args.times:
        chosen = fleet[: args.outlets * times]
        refits.seconds, refits.cards = 0.0, 0
        costs = Counter()
        began = time.process_time()
        for one in chosen:
            _one(one, params, registry, costs)
        took = time.process_time() - began
        values = sum(len(one[0]) * len(one[0].avg) for one in chosen)
        days = len(chosen) * DAYS
        per_day = (took - refits.seconds) / days
        each = 1000 * refits.seconds / max(1, refits.cards)
        print(
            f"{len(chosen):8} {values:10} {took:8.1f} {1000 * took / days:14.2f} {1000 * refits.seconds / days:13.2f}"
            f" {refits.cards:7} {each:9.2f}"
        )
    night = per_day * DAYS * args.city / 2
    newest = refits.seconds / max(1, refits.cards) * refits.models / len(fleet) * args.city / 7 / 2
    print(f"\na night of {args.city} outlets x {DAYS} days on 2 processors: {night:.0f} s + refits {newest:.0f} s")
    print(f"\n{'pattern':8} {'ms/outlet-day':>14} {'share':>7}   (refits counted with the pattern that asks first)")
    total = sum(costs.values())
    for name, seconds in costs.most_common():
        print(f"{name:8} {1000 * seconds / (len(chosen) * DAYS):14.3f} {seconds / total:7.1%}")


def _one(one: Input, params: Params, registry: dict[str, Detector], costs: Counter[str]) -> None:
    series, facts, declarations = one
    case = case_of(series, facts, declarations, params)
    found: list[Finding] = []
    for detector in registry.values():
        began = time.process_time()
        with np.errstate(all="ignore"):
            opinion = detector.look(case)
        costs[detector.id] += time.process_time() - began
        if not isinstance(opinion, NoOpinion):
            found += opinion
    began = time.process_time()
    fuse(series.outlet_id, found, params.part("fusion"))
    costs["fusion"] += time.process_time() - began


if __name__ == "__main__":
    main()
