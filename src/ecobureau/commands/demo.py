"""`ecobureau demo`: an invented city, built, filled and alive, on one machine."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from ecobureau.commands.up import add_network_arguments, network_arguments
from ecobureau.words import say


def add_parser(commands: Any) -> None:
    """Add `demo`."""
    parser = commands.add_parser("demo", help=say("demo.help"), description=say("demo.help"))
    add_network_arguments(parser)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help=say("demo.data"))
    parser.add_argument("--reset", action="store_true", help=say("demo.reset"))
    parser.add_argument("--small", type=int, metavar="N", help=say("demo.small"))
    parser.add_argument("--part", choices=("build", "play"), help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the demo until stopped; 0 done, 1 refused."""
    data = _data_folder(args)
    if args.part == "build":
        return _build(data, args.small)
    if args.part == "play":
        return _play(data, args)
    return _demo(data, args)


def _data_folder(args: argparse.Namespace) -> Path:
    """`--data`, else `ECOBUREAU_DATA`, else `data/demo`: never the folder of a bureau that really runs here."""
    given = args.data or os.environ.get("ECOBUREAU_DATA") or Path("data") / "demo"
    folder = Path(given).resolve()
    os.environ["ECOBUREAU_DATA"] = str(folder)
    return folder


def _demo(data: Path, args: argparse.Namespace) -> int:
    from ecobureau.demo.setup import NotADemo, marker, reset
    from ecobureau.supervisor.children import ChildSpec
    from ecobureau.supervisor.errors import SupervisorError
    from ecobureau.supervisor.loop import Supervisor, status
    from ecobureau.supervisor.run import up

    if args.reset:
        if (running := status(data)) is not None:
            print(say("supervisor.busy", None, folder=data, pid=running["pid"]), file=sys.stderr)
            return 1
        try:
            reset(data)
        except NotADemo as error:
            print(say("demo.not_a_demo", None, where=error.where), file=sys.stderr)
            return 1
    data.mkdir(parents=True, exist_ok=True)
    me = (sys.executable, "-m", "ecobureau", "--lang", args.lang, "demo", "--data", str(data))
    small = ("--small", str(args.small)) if args.small else ()
    host = args.gateway_host or args.host
    where = ("--gateway-host", "127.0.0.1" if host in ("0.0.0.0", "::") else host)
    playing = (*me, "--part", "play", *where, "--gateway-port", str(args.gateway_port))

    def prepare(supervisor: Supervisor) -> None:
        no_pool = {"ECOBUREAU_NO_POOL": "1"}
        if supervisor.step("build", (*me, "--part", "build", *small), no_pool) != 0 or not marker(data):
            raise SupervisorError("demo.build_failed")

    def ready(supervisor: Supervisor) -> None:
        supervisor.say("demo.ready", url=supervisor.url)

    try:
        return up(
            **network_arguments(args),
            data=data,
            extra=[ChildSpec("simulate", playing)],
            env={"ECOBUREAU_DEMO": "1"},
            prepare=prepare,
            on_ready=ready,
        )
    except SupervisorError as error:
        print(error.say(), file=sys.stderr)
        return 1


def _build(data: Path, small: int | None) -> int:
    """Build the city in the database of the environment (a part of `demo`, in a process of its own)."""
    import django

    django.setup()
    from ecobureau.config import database_url
    from ecobureau.demo.setup import NotADemo, build

    def tell(code: str, **params: object) -> None:
        print(say(code, None, **params), flush=True)

    url = database_url()
    assert url is not None
    try:
        built = build(data, url, stations=small, say=tell)
    except NotADemo as error:
        print(say("demo.not_a_demo", None, where=error.where), file=sys.stderr)
        return 1
    if built.fresh:
        tell(
            "demo.built",
            enterprises=built.enterprises,
            stations=built.stations,
            people=built.people,
            frames=sum(built.frames.values()),
            seconds=", ".join(f"{name} {seconds}" for name, seconds in built.seconds.items()),
        )
    return 0


def _play(data: Path, args: argparse.Namespace) -> int:
    from ecobureau.demo.play import play_demo

    def report(tally: Counter[str]) -> None:
        names = ("sent", "answered", "resent", "backfilled", "deviated", "cut", "commands")
        print(say("simulate.tally", None, **{name: tally[name] for name in names}), flush=True)

    play_demo(data, args.gateway_host or "127.0.0.1", args.gateway_port, report)
    return 0
