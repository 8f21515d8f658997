"""Speed of the loop: from the frame that completes a rule's pending condition to the clue on an open page.

    python bench/loop.py                  30 exceedances, one after the other
    python bench/loop.py -n 100 --loggers 200     with 200 simulated loggers beside

Starts the whole bureau (`ecobureau up`, fsync on) in a temporary folder. For each exceedance two real-time values over
the permit limit go to the gateway and are judged; then the third, which completes the two minutes that the limit must
be exceeded for, is sent, and the clock runs until

    answer   its 9014 is there: the frame is durable
    commit   the clue is committed (PostgreSQL's own NOTIFY, which goes out with the commit)
    page     the news of the clue arrives at a client of /live, as a browser reads it

Prints one JSON line: p50, p95 and the longest of each, in seconds. Exit code 1 if the p95 of `page` is above the aim.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

AIM = 5.0
PATIENCE = 240.0
PASSWORD = "123456"
FACTOR, LIMIT, OVER = "w01018", "50", 82.5
BEFORE = (timedelta(seconds=125), timedelta(seconds=60))
"""How long before the last value the earlier ones were measured: together more than the pending time of the rule."""
INTERVAL = 240
ST = "32"


def mn_of(number: int) -> str:
    return f"010000A8900016F0{number:08X}"


# The registry, through the services of the pages; in a process of its own.


def enter(count: int, fleet: Path | None) -> None:
    """Make the tree, outlets with a limit and a logger each, and a duty officer; print the officer's user id."""
    import django

    django.setup()
    from ecobureau import clock
    from ecobureau.domain import credit_code
    from ecobureau.simulator.plan import load_fleet
    from ecobureau.web.accounts import services as accounts
    from ecobureau.web.core.access import SYSTEM
    from ecobureau.web.places.city import load_city
    from ecobureau.web.sources import services as sources

    now = clock.now()
    today = clock.beijing(now).date()
    load_city(SYSTEM, on=today - timedelta(days=30))
    first17 = "91420100BENCH0000"[:17].replace("O", "0").replace("I", "1")
    enterprise = sources.make_enterprise(
        SYSTEM, code=first17 + credit_code.check_letter(first17), name="测速企业", lon=114.42, lat=30.63
    )
    for number in range(count):
        outlet = sources.make_outlet(
            SYSTEM, enterprise, code=f"DW{number:03d}", name=f"测速排口{number}", medium="water", lon=114.42, lat=30.63
        )
        sources.set_limit(
            SYSTEM, outlet, FACTOR, value=LIMIT, source="bench/loop.py", valid_from=today - timedelta(days=30)
        )
        station = sources.make_station(SYSTEM, code=f"BENCH-{number}", name=f"测速站{number}", st=ST, outlet=outlet)
        sources.make_logger(
            SYSTEM,
            station,
            mn=mn_of(number),
            password=PASSWORD,
            edition=1,
            rtd_interval_s=INTERVAL,
            accept_from=now - timedelta(days=1),
        )
    for plan in load_fleet(fleet) if fleet else []:
        station = sources.make_station(SYSTEM, code=plan.mn[-20:], name=plan.name, st=plan.st)
        sources.make_logger(
            SYSTEM,
            station,
            mn=plan.mn,
            password=plan.pw,
            sm4_key=plan.key,
            stamp_rule=plan.stamp,
            edition=plan.edition,
            rtd_interval_s=plan.rtd_interval,
            accept_from=now - timedelta(days=1),
        )
    user, _secret = accounts.create_user(
        SYSTEM, username="bench", name="测速", phone="00000000000", password=None, signs_in=False
    )
    accounts.assign(SYSTEM, user, "duty_officer", "/wuhan", valid_from=now - timedelta(days=1))
    print(user.pk)


def ticket(user_id: int) -> None:
    """Print a token for `/live`, as the pages of that person carry it."""
    import django

    django.setup()
    from ecobureau.web.accounts.models import User
    from ecobureau.web.core.access import viewer_of
    from ecobureau.web.core.live import token

    print(token(viewer_of(User.objects.get(pk=user_id)), ["list:clue"]))


# The bureau.


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Bureau:
    """`ecobureau up` in a folder."""

    def __init__(self, folder: Path) -> None:
        self.data, self.log = folder / "data", folder / "up.log"
        self.web, self.gateway = free_port(), free_port()
        self.env = {
            name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "ECOBUREAU_"))
        }
        self.env |= {"ECOBUREAU_DATA": str(self.data), "DJANGO_SETTINGS_MODULE": "ecobureau.web.settings"}
        self.process: subprocess.Popen[bytes] | None = None
        self.script = __file__

    @property
    def url(self) -> str:
        from ecobureau.supervisor.postgres import live_url

        return live_url(self.data, "app") or ""

    def start(self) -> None:
        from ecobureau.supervisor.loop import status

        command = [sys.executable, "-m", "ecobureau", "up", "--web-port", str(self.web)]
        command += ["--gateway-port", str(self.gateway)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while not (status(self.data) or {}).get("ready"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(self.log.read_text()[-4000:])
            time.sleep(0.1)

    def ask(self, *words: str) -> str:
        """Run the bench's file in the bureau's surroundings; return what it prints."""
        env = self.env | {"DATABASE_URL": self.url, "ECOBUREAU_NO_POOL": "1"}
        done = subprocess.run(
            [sys.executable, self.script, *words], env=env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(done.stderr)
        return done.stdout.strip().splitlines()[-1]

    @contextlib.contextmanager
    def fleet(self, file: Path | None) -> Iterator[None]:
        """Simulated loggers beside."""
        if file is None:
            yield
            return
        command = [sys.executable, "-m", "ecobureau", "simulate", "--stations", str(file), "--port", str(self.gateway)]
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait()

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)


# The loop.


class Watch:
    """News with the instant at which each came: from the commit, and from the page's event stream."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[int, float]] = {"commit": {}, "page": {}}
        self.change = asyncio.Condition()

    async def note(self, where: str, news: dict[str, Any]) -> None:
        at = time.perf_counter()
        if news.get("t") == "list:clue" and news.get("id") is not None:
            async with self.change:
                self.seen[where].setdefault(int(news["id"]), at)
                self.change.notify_all()

    async def newest(self, where: str, known: int) -> tuple[int, float]:
        """Wait for the first clue with an id above `known`; return it and its instant."""
        async with self.change:
            await self.change.wait_for(lambda: any(id_ > known for id_ in self.seen[where]))
            id_ = min(id_ for id_ in self.seen[where] if id_ > known)
            return id_, self.seen[where][id_]


async def listen(url: str, watch: Watch, ready: asyncio.Event) -> None:
    """Hear the commit of every clue."""
    import psycopg

    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
        await db.execute("listen live")
        ready.set()
        async for notice in db.notifies():
            await watch.note("commit", json.loads(notice.payload))


async def read_page(port: int, token: str, watch: Watch, ready: asyncio.Event) -> None:
    """Read `/live` as a browser does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET /live?token={token} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\r\n"
    writer.write(request.encode())
    name = ""
    async for line in reader:
        text = line.decode().strip()
        if text.startswith("HTTP/1.1 ") and " 200 " not in f"{text} ":
            sys.exit(f"/live answered {text}")
        if text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("data: ") and name == "hello":
            ready.set()
        elif text.startswith("data: ") and name == "news":
            await watch.note("page", json.loads(text.removeprefix("data: ")))
    sys.exit("/live ended")


class Device:
    """A logger of the registry, one frame at a time."""

    def __init__(self, mn: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from ecobureau.domain.hj212 import FrameReader

        self.mn, self._reader, self._writer, self._frames = mn, reader, writer, FrameReader()

    async def send(self, at: datetime, value: float) -> tuple[float, float]:
        """Send one real-time value; return the instants of sending and of the answer."""
        from ecobureau import clock
        from ecobureau.domain.hj212 import encode
        from ecobureau.domain.hj212.times import to_text

        cp = f"DataTime={to_text(at)};{FACTOR}-Rtd={value:.2f},{FACTOR}-Flag=N"
        qn = to_text(clock.now(), milliseconds=True)
        frame = encode(qn=qn, st=ST, cn="2011", pw=PASSWORD, mn=self.mn, flag=5, cp=cp)
        sent = time.perf_counter()
        self._writer.write(frame)
        while True:
            data = await self._reader.read(65536)
            if not data:
                raise ConnectionError("closed by the gateway")
            if any(one.cn == "9014" for one in self._frames.feed(data)):
                return sent, time.perf_counter()


@contextlib.asynccontextmanager
async def device(port: int, mn: str) -> AsyncIterator[Device]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Device(mn, reader, writer)
    finally:
        writer.close()


async def judged(url: str) -> None:
    """Wait until the judge has nothing left to look at."""
    import psycopg

    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:

        async def empty() -> bool:
            row = await (await db.execute("select count(*) from dirty")).fetchone()
            return row == (0,)

        await until(empty)


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    while not await look():
        await asyncio.sleep(0.02)


async def measure(bureau: Bureau, count: int, token: str) -> dict[str, list[float]]:
    """Make `count` exceedances; return the seconds from the completing frame to each station of its way."""
    from ecobureau import clock

    watch, url, dice = Watch(), bureau.url, random.Random(1)
    ready = [asyncio.Event(), asyncio.Event()]
    readers = [
        asyncio.create_task(listen(url, watch, ready[0])),
        asyncio.create_task(read_page(bureau.web, token, watch, ready[1])),
    ]
    found: dict[str, list[float]] = {"answer": [], "commit": [], "page": []}
    for one in ready:
        await asyncio.wait_for(one.wait(), PATIENCE)
    known = 0
    for number in range(count):
        async with device(bureau.gateway, mn_of(number)) as logger:
            for back in BEFORE:
                await logger.send(clock.now() - back, OVER)
            await judged(url)
            if any(id_ > known for id_ in watch.seen["commit"]):
                sys.exit("a clue before the pending time was over")
            await asyncio.sleep(dice.random())  # no step with the judge's own beat
            sent, answered = await logger.send(clock.now(), OVER)
            id_, committed = await asyncio.wait_for(watch.newest("commit", known), PATIENCE)
            _id, shown = await asyncio.wait_for(watch.newest("page", known), PATIENCE)
            known = id_
        found["answer"].append(answered - sent)
        found["commit"].append(committed - sent)
        found["page"].append(shown - sent)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return found


def quantile(values: list[float], share: float) -> float:
    """The value that `share` of all do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, -(-int(share * 1000) * len(ranked) // 1000) - 1))]


def run(args: argparse.Namespace, folder: Path) -> int:
    fleet = None
    if args.loggers:
        from ecobureau.simulator import plan

        fleet = folder / "fleet.json"
        plan.save_fleet(fleet, plan.fleet(args.loggers, 7))
    bureau = Bureau(folder)
    try:
        bureau.start()
        user = bureau.ask("--enter", str(args.n), *([str(fleet)] if fleet else []))
        urllib.request.urlopen(f"http://127.0.0.1:{bureau.web}/accounts/login/", timeout=60).read()
        with bureau.fleet(fleet):
            found = asyncio.run(measure(bureau, args.n, bureau.ask("--ticket", user)))
    finally:
        bureau.stop()
    line: dict[str, Any] = {"bench": "loop", "n": args.n, "loggers": args.loggers, "aim_p95_page_s": AIM}
    for name, values in found.items():
        line[name] = {"p50": round(quantile(values, 0.5), 3), "p95": round(quantile(values, 0.95), 3)}
        line[name]["longest"] = round(max(values), 3)
    line["load"] = os.getloadavg()[0]
    print(json.dumps(line))
    return int(line["page"]["p95"] > AIM)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=30, help="exceedances")
    parser.add_argument("--loggers", type=int, default=0, help="simulated loggers beside (one frame a minute each)")
    parser.add_argument("--enter", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--ticket", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.enter:
        enter(int(args.enter[0]), Path(args.enter[1]) if len(args.enter) > 1 else None)
        return 0
    if args.ticket:
        ticket(args.ticket)
        return 0
    with tempfile.TemporaryDirectory(prefix="eb-bench-", ignore_cleanup_errors=True) as folder:
        return run(args, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
