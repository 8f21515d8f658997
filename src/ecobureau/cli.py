"""The one command. Each sub-command lives in `ecobureau.commands.<name>` and is imported only when it is asked for."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from ecobureau import __version__
from ecobureau.commands import COMMANDS
from ecobureau.words import language, say, set_language


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """Return the parser; with `only`, the one of that sub-command alone is filled in, which keeps start-up short."""
    parser = argparse.ArgumentParser(prog="ecobureau", description=say("cli.description"))
    parser.add_argument("--version", action="version", version=f"ecobureau {__version__}")
    parser.add_argument("--lang", choices=("zh", "en"), default=language(), help=say("cli.lang"))
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        if only in (None, name):
            module = importlib.import_module(f"ecobureau.commands.{name.replace('-', '_')}")
            module.add_parser(commands)
    return parser


def _asked_language(words: Sequence[str]) -> str:
    for here, word in enumerate(words):
        if word == "--lang" and here + 1 < len(words):
            return words[here + 1]
        if word.startswith("--lang="):
            return word.removeprefix("--lang=")
    return os.environ.get("ECOBUREAU_LANG", "zh")


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line `words` (without the program's name; default: those of the process).

    Returns:
        The exit code: 0 done, 1 refused or failed, 2 wrong usage.
    """
    words = list(sys.argv[1:] if words is None else words)
    asked = _asked_language(words)
    if asked in ("zh", "en"):
        set_language(asked)
    named = next((word for word in words if word in COMMANDS), None)
    arguments = build_parser(named).parse_args(words)
    module = importlib.import_module(f"ecobureau.commands.{arguments.command.replace('-', '_')}")
    try:
        code: int = module.run(arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    return code
