"""`ecobureau simulate`: loggers that speak HJ 212 over TCP."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ecobureau import clock
from ecobureau.words import say


def add_parser(commands: Any) -> None:
    """Add `simulate`."""
    parser = commands.add_parser("simulate", help=say("simulate.help"), description=say("simulate.help"))
    parser.add_argument("--host", default="127.0.0.1", help=say("simulate.host"))
    parser.add_argument("--port", type=int, default=9212, help=say("simulate.port"))
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--stations", type=Path, metavar="FILE", help=say("simulate.stations"))
    which.add_argument("--count", type=int, default=10, metavar="N", help=say("simulate.count"))
    parser.add_argument("--seed", type=int, default=1, help=say("simulate.seed"))
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help=say("simulate.speed"))
    parser.add_argument("--start", metavar="WHEN", help=say("simulate.start"))
    parser.add_argument("--incidents", type=Path, metavar="FILE", help=say("simulate.incidents"))
    parser.add_argument("--duration", metavar="SPAN", help=say("simulate.duration"))
    parser.add_argument("--deviations", type=float, default=0.0, metavar="SHARE", help=say("simulate.deviations"))
    parser.add_argument("--deviation", action="append", metavar="CODE", help=say("simulate.deviation"))
    parser.add_argument("--cuts", type=float, default=0.0, metavar="N", help=say("simulate.cuts"))
    parser.add_argument("--rtd-interval", type=int, default=60, metavar="S", help=say("simulate.rtd_interval"))
    parser.add_argument("--minute-interval", type=int, default=10, metavar="MIN", help=say("simulate.minute_interval"))
    parser.add_argument("--over-time", type=float, default=10.0, metavar="S", help=say("simulate.over_time"))
    parser.add_argument("--no-lag", action="store_true", help=say("simulate.no_lag"))
    parser.add_argument("--journal", type=Path, metavar="FILE", help=say("simulate.journal"))
    parser.add_argument("--state", type=Path, metavar="FILE", help=say("simulate.state"))
    parser.add_argument("--report", type=float, default=30.0, metavar="S", help=say("simulate.report"))
    parser.add_argument("--list", action="store_true", help=say("simulate.list"))


def run(args: argparse.Namespace) -> int:
    """Play until stopped; 0 done, 1 a file could not be read or an argument made no sense."""
    from ecobureau.simulator.run import play

    try:
        played = _run_of(args)
    except ValueError as error:
        print(say("simulate.bad", None, why=error), file=sys.stderr)
        return 1
    if args.list:
        print(json.dumps([asdict(plan) for plan in played.plans], ensure_ascii=False, indent=1))
        return 0
    counts = {"count": len(played.plans), "incidents": len(played.incidents)}
    print(say("simulate.started", None, host=args.host, port=args.port, **counts), flush=True)
    tally = asyncio.run(play(played))
    _report(tally)
    return 0


def _run_of(args: argparse.Namespace) -> Any:
    from ecobureau.simulator.deviate import DEPARTURES
    from ecobureau.simulator.incidents import load_incidents
    from ecobureau.simulator.plan import fleet, load_fleet
    from ecobureau.simulator.run import Run
    from ecobureau.simulator.times import moment_of, seconds_of
    from ecobureau.simulator.world import Settings

    unknown = [code for code in args.deviation or () if code not in DEPARTURES]
    if unknown:
        raise ValueError(f"--deviation {unknown[0]}: {', '.join(DEPARTURES)}")
    if not 0 <= args.deviations <= 1 or args.speed <= 0 or args.count < 1 or args.over_time <= 0:
        raise ValueError("--deviations 0..1, --speed > 0, --count >= 1, --over-time > 0")
    if args.stations:
        plans = load_fleet(args.stations)
    else:
        plans = fleet(args.count, args.seed, rtd_interval=args.rtd_interval, minute_interval=args.minute_interval)
    now = int(clock.now().timestamp())
    start = moment_of(args.start, now) if args.start else None
    incidents = load_incidents(args.incidents, plans, start or now) if args.incidents else []
    settings = Settings(
        deviations=args.deviations,
        codes=tuple(args.deviation) if args.deviation else None,
        over_time=args.over_time,
        cuts=args.cuts,
        lag=not args.no_lag,
    )
    return Run(
        host=args.host,
        port=args.port,
        plans=plans,
        seed=args.seed,
        incidents=incidents,
        settings=settings,
        speed=args.speed,
        start=start,
        duration=float(seconds_of(args.duration)) if args.duration else None,
        journal=args.journal,
        state=args.state,
        report=_report,
        report_every=args.report,
    )


def _report(tally: Counter[str]) -> None:
    names = ("sent", "answered", "resent", "backfilled", "deviated", "cut", "commands")
    print(say("simulate.tally", None, **{name: tally[name] for name in names}), flush=True)
