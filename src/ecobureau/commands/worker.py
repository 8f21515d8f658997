"""`ecobureau worker`: the process that works off jobs and runs the loops (limits, judging)."""

from __future__ import annotations

import argparse
from typing import Any

from ecobureau.words import say


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("worker", help=say("worker.help"), description=say("worker.help"))
    parser.add_argument("--concurrency", type=int, default=4, help=say("worker.concurrency"))


def run(args: argparse.Namespace) -> int:
    from ecobureau.commands._django import find_database

    if not find_database():
        return 1
    import asyncio

    import django

    django.setup()
    from ecobureau.web.core.worker import serve

    asyncio.run(serve(args.concurrency))
    return 0
