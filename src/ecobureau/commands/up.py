"""`ecobureau up`: run the bureau until stopped."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ecobureau.words import say


def add_network_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that `up` and `demo` share."""
    parser.add_argument("--host", default="127.0.0.1", help=say("up.host"))
    parser.add_argument("--web-port", type=int, default=8000, help=say("up.web_port"))
    parser.add_argument("--web-workers", type=int, default=1, help=say("up.web_workers"))
    parser.add_argument("--gateway-host", help=say("up.gateway_host"))
    parser.add_argument("--gateway-port", type=int, default=9212, help=say("up.gateway_port"))
    parser.add_argument("--gateways", type=int, default=1, help=say("up.gateways"))
    parser.add_argument("--metrics-port", type=int, help=say("up.metrics_port"))
    parser.add_argument(
        "--pg-setting", action="append", default=[], metavar="NAME=VALUE", type=_setting, help=say("up.pg_setting")
    )
    parser.add_argument("--pg-port", type=int, help=say("up.pg_port"))


def network_arguments(args: argparse.Namespace) -> dict[str, Any]:
    """The same options as keyword arguments of `supervisor.run.up`."""
    return {
        "host": args.host,
        "web_port": args.web_port,
        "web_workers": args.web_workers,
        "gateway_host": args.gateway_host,
        "gateway_port": args.gateway_port,
        "gateways": args.gateways,
        "metrics_port": args.metrics_port,
        "postgres_settings": dict(args.pg_setting),
        "postgres_port": args.pg_port,
    }


def _setting(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.replace("_", "").replace(".", "").isalnum():
        raise argparse.ArgumentTypeError(say("up.pg_setting.bad", None, text=text))
    return name, value


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("up", help=say("up.help"), description=say("up.help"))
    add_network_arguments(parser)


def run(args: argparse.Namespace) -> int:
    from ecobureau.supervisor.errors import SupervisorError
    from ecobureau.supervisor.run import up

    try:
        return up(**network_arguments(args))
    except SupervisorError as error:
        print(error.say(), file=sys.stderr)
        return 1
