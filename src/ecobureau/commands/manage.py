"""`ecobureau manage …`: Django's own commands on this installation's database."""

from __future__ import annotations

import argparse
import os
from typing import Any

from ecobureau.words import say


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("manage", help=say("manage.help"), description=say("manage.help"))
    parser.add_argument("words", nargs=argparse.REMAINDER, help=say("manage.words"))


def run(args: argparse.Namespace) -> int:
    from ecobureau.commands._django import own_database

    os.environ.setdefault("ECOBUREAU_NO_POOL", "1")
    with own_database():
        from django.core.management import ManagementUtility

        ManagementUtility(["ecobureau manage", *args.words]).execute()
    return 0
