"""`ecobureau doctor`: what is wrong here, and how to mend it."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from ecobureau.words import say


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("doctor", help=say("doctor.help"), description=say("doctor.help"))
    parser.add_argument("--host", default="127.0.0.1", help=say("up.host"))
    parser.add_argument("--web-port", type=int, default=8000, help=say("up.web_port"))
    parser.add_argument("--gateway-port", type=int, default=9212, help=say("up.gateway_port"))
    parser.add_argument("--json", action="store_true", help=say("doctor.json"))


def run(args: argparse.Namespace) -> int:
    from ecobureau import clock
    from ecobureau.config import data_dir, database_url
    from ecobureau.supervisor.doctor.findings import Surroundings
    from ecobureau.supervisor.doctor.visit import examine, report

    app_url = database_url("app")
    here = Surroundings(
        data=data_dir(),
        now=clock.now(),
        host=args.host,
        web_port=args.web_port,
        gateway_port=args.gateway_port,
        app_url=app_url,
        owner_url=database_url("owner") if app_url is not None else None,
    )
    found = examine(here)
    if not args.json:
        return report(found, sys.stdout)
    for level, code, params in found:
        shown = {name: str(value) for name, value in params.items()}
        line = {"level": level, "code": code, "params": shown, "text": say(code, None, **params)}
        print(json.dumps(line, ensure_ascii=False))
    return 1 if any(finding.level == "bad" for finding in found) else 0
