"""`ecobureau simulate-detection`: a labelled fleet of outlets as plain files to measure `ecobureau detect` on."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ecobureau.words import say


def add_parser(commands: Any) -> None:
    """Add `simulate-detection`."""
    text = say("simulate_detection.help")
    parser = commands.add_parser("simulate-detection", help=text, description=text)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=say("simulate_detection.out"))
    parser.add_argument("--seed", type=int, default=1, help=say("simulate.seed"))
    parser.add_argument("--outlets", type=int, default=40, metavar="N", help=say("simulate_detection.outlets"))
    parser.add_argument("--days", type=int, default=60, metavar="N", help=say("simulate_detection.days"))
    parser.add_argument("--step", type=int, default=60, metavar="MIN", help=say("simulate_detection.step"))
    parser.add_argument("--events", type=float, default=2.4, metavar="X", help=say("simulate_detection.events"))
    parser.add_argument("--harmless", type=float, default=1.2, metavar="X", help=say("simulate_detection.harmless"))


def run(args: argparse.Namespace) -> int:
    """Write the files; 0 done, 1 an argument made no sense or the folder cannot be written."""
    from ecobureau.simulator.detection import make_fleet, write_fleet

    try:
        fleet = make_fleet(
            args.seed,
            outlets=args.outlets,
            days=args.days,
            step_minutes=args.step,
            events_per_outlet=args.events,
            harmless_per_outlet=args.harmless,
        )
        counts = write_fleet(fleet, args.out)
    except (ValueError, OSError) as error:
        print(say("simulate_detection.bad", None, why=error), file=sys.stderr)
        return 1
    print(say("simulate_detection.done", None, folder=args.out, **counts))
    return 0
