"""`ecobureau migrate`: bring the database up to date, as its owner."""

from __future__ import annotations

import argparse
import os
from typing import Any

from ecobureau.words import say


def add_parser(commands: Any) -> None:
    commands.add_parser("migrate", help=say("migrate.help"), description=say("migrate.help"))


def run(args: argparse.Namespace) -> int:
    from ecobureau.commands._django import own_database

    os.environ["ECOBUREAU_AS_OWNER"] = os.environ["ECOBUREAU_NO_POOL"] = "1"
    with own_database():
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False)
    return 0
