"""`ecobureau standards …`: official figures from plain CSV, offline, without a database.

Each part is a module beside this one with `add_parser(parts)` and `run(arguments) -> int`.
Exit codes: 0 done, 1 trouble with a file, 2 wrong usage or a column is missing, 3 done, but some cells could not be
read.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util

from ecobureau.words import say

_PARTS = ("aqi", "water", "noise", "emission", "totals", "check")


def parts_here() -> tuple[str, ...]:
    """Return the names of the parts that this build holds, in the order `--help` shows them."""
    return tuple(name for name in _PARTS if importlib.util.find_spec(f"{__name__}.{name}") is not None)


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `standards` with its parts."""
    parser = commands.add_parser("standards", help=say("standards.help"), description=say("standards.help"))
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    for name in parts_here():
        importlib.import_module(f"{__name__}.{name}").add_parser(parts)


def run(arguments: argparse.Namespace) -> int:
    """Run the part that was asked for; returns its exit code."""
    code: int = importlib.import_module(f"{__name__}.{arguments.part}").run(arguments)
    return code
