"""`ecobureau gateway`: the device process. Needs a live database; `ecobureau up` starts both."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from ecobureau.words import say

MOST_PROCESSES = 64


def add_parser(commands: Any) -> None:
    """Add the sub-command to the command line."""
    parser = commands.add_parser("gateway", help=say("gateway.help"), description=say("gateway.help"))
    parser.add_argument("--host", default="127.0.0.1", help=say("gateway.host"))
    parser.add_argument("--port", type=int, default=9212, help=say("gateway.port"))
    parser.add_argument("--processes", type=_processes, default=1, help=say("gateway.processes"))
    parser.add_argument("--metrics-host", default="127.0.0.1", help=say("gateway.metrics_host"))
    parser.add_argument("--metrics-port", type=int, help=say("gateway.metrics_port"))
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info", help=say("gateway.log_level")
    )


def _processes(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= MOST_PROCESSES:
        raise argparse.ArgumentTypeError(say("gateway.bad_processes", None, text=text))
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Run the gateway until SIGTERM or SIGINT; returns the exit code."""
    from ecobureau.config import database_url
    from ecobureau.gateway.service import CannotListen, Service, serve, serve_many
    from ecobureau.gateway.settings import BadSetting, Settings

    url = database_url()
    if url is None:
        print(say("gateway.no_database"), file=sys.stderr)
        return 1
    try:
        settings = Settings.of(dict(os.environ))
    except BadSetting as error:
        words = {"name": error.name, "text": error.text, "wanted": error.wanted}
        print(say("gateway.bad_setting", None, **words), file=sys.stderr)
        return 1
    service = Service(
        url=url,
        settings=settings,
        host=args.host,
        port=args.port,
        metrics_host=args.metrics_host,
        metrics_port=args.metrics_port,
        log_level=args.log_level,
    )
    try:
        return serve(service) if args.processes == 1 else serve_many(service, args.processes)
    except CannotListen as error:
        print(say("gateway.cannot_listen", None, host=error.host, port=error.port, why=error.why), file=sys.stderr)
        return 1
