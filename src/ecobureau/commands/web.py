"""`ecobureau web`: the web server alone, for those who run the processes by themselves."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from ecobureau.words import say


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("web", help=say("web.help"), description=say("web.help"))
    parser.add_argument("--host", default="127.0.0.1", help=say("web.host"))
    parser.add_argument("--port", type=int, default=8000, help=say("web.port"))
    parser.add_argument("--workers", type=int, default=1, help=say("web.workers"))


def run(args: argparse.Namespace) -> int:
    from ecobureau.commands._django import find_database

    if not find_database():
        return 1
    command = [sys.executable, "-m", "granian", "--interface", "asginl", "--loop", "uvloop", "--no-ws"]
    command += ["--workers", str(args.workers), "--workers-kill-timeout", "5"]
    command += ["--host", args.host, "--port", str(args.port), "ecobureau.web.asgi:application"]
    os.execv(sys.executable, command)  # noqa: S606
    return 1
