"""Speed of the duty desk with many desks open.

    python bench/duty_desks.py                     200 desks, 3,000 clues, 60 s
    python bench/duty_desks.py --desks 50 --seconds 20

Starts the whole bureau (`ecobureau up`, fsync on, granian as the supervisor starts it) in a temporary folder, enters a
city with clues and tasks, and opens the desks: event streams of 40 officers, which fetch their queue anew when news
come in, exactly as the page does (`static/eb/js/live.js`). Beside them somebody works: about one act a second on clues,
each with its news. Meanwhile the whole page of the duty desk is asked for again and again, by one officer after
another.
Prints one JSON line: page time p50, p95, longest; the same of the fetched queues; news heard; processor seconds of the
bureau by process. Exit code 1 if the p95 of the page is above the aim.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from loop import Bureau, quantile

AIM = 0.3
OFFICERS = 40
CALM = 0.4
PAUSE = 0.25


def enter(clues: int) -> None:
    """Make the city, its officers and what they have to do."""
    import django

    django.setup()
    from datetime import timedelta

    from ecobureau import clock
    from ecobureau.web.accounts import services as accounts
    from ecobureau.web.clues.models import Clue
    from ecobureau.web.clues.services.pool import own_source
    from ecobureau.web.core.access import SYSTEM
    from ecobureau.web.core.models import Clock
    from ecobureau.web.core.services.many import create_many
    from ecobureau.web.places.city import load_city
    from ecobureau.web.places.models import Level, Organisation

    dice, now = random.Random(3), clock.now()
    load_city(SYSTEM, on=clock.beijing(now).date() - timedelta(days=30))
    grids = list(Organisation.objects.filter(level=Level.GRID).values_list("path", "lon", "lat"))
    source = own_source("manual")
    rows = []
    for number in range(clues):
        path, lon, lat = dice.choice(grids)
        at = now - timedelta(minutes=dice.randrange(1, 1440))
        rows.append(
            {
                "title": f"{dice.choice(('夜间施工噪声', '雨水口晴天排水', '工地扬尘', '露天焚烧'))} {number}",
                "text": "居民反映已持续一段时间",
                "level": dice.choices(("red", "orange", "yellow", "blue"), (3, 22, 55, 20))[0],
                "org_path": path,
                "grid": path,
                "lon": lon + dice.uniform(-0.01, 0.01),
                "lat": lat + dice.uniform(-0.01, 0.01),
                "origin": "manual",
                "source_id": source.pk,
                "scenario": dice.choice(("K05", "K07", "K08", "K11")),
                "risk": dice.randrange(10, 95),
                "first_at": at,
                "last_at": at,
            }
        )
    made = create_many("clue", SYSTEM, rows)
    gone = made[len(made) // 5 :]
    tasked, rest = gone[: len(gone) // 2], gone[len(gone) // 2 :]
    create_many(
        "task",
        SYSTEM,
        [
            {"title": each.title, "level": each.level, "org_path": each.org_path, "grid": each.grid, "lon": each.lon,
             "lat": each.lat, "owner_unit": each.grid, "clue_id": each.pk}
            for each in tasked
        ],
    )  # fmt: skip
    Clue.objects.filter(pk__in=[each.pk for each in tasked]).update(state="tasked")
    Clue.objects.filter(pk__in=[each.pk for each in rest]).update(state="closed", closed_at=now)
    Clock.objects.filter(kind="clue", object_id__in=[each.pk for each in gone]).update(
        stopped_at=now, stopped_by="bench", next_at=None
    )
    districts = list(Organisation.objects.filter(level=Level.DISTRICT).values_list("path", flat=True))
    for number in range(OFFICERS):
        user, _secret = accounts.create_user(
            SYSTEM, username=f"o{number:02d}", name=f"值班{number}", password=None, must_change_password=False
        )
        place = "/wuhan" if number % 5 == 0 else districts[number % len(districts)]
        accounts.assign(SYSTEM, user, "duty_officer", place, valid_from=now - timedelta(days=1))
    print(len(made))


def tickets() -> None:
    """Print session and `/live` token of every officer, as the desk's page asks for them."""
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from ecobureau.web.accounts.models import User
    from ecobureau.web.core.access import viewer_of
    from ecobureau.web.core.live import token

    made = []
    for user in User.objects.filter(username__startswith="o").order_by("pk"):
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[1]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        made.append([session.session_key, token(viewer_of(user), ["list:clue", "feed", f"user:{user.pk}"])])
    print(json.dumps(made))


def work(seconds: int) -> None:
    """Work on clues for some seconds: about one act a second, reports, triage and watching in turn."""
    import django

    django.setup()
    from ecobureau.web.clues import services as clues
    from ecobureau.web.clues.models import Clue
    from ecobureau.web.core.access import SYSTEM
    from ecobureau.web.places.models import Level, Organisation

    dice, until, acts = random.Random(4), time.monotonic() + seconds, 0
    grids = list(Organisation.objects.filter(level=Level.GRID).values_list("path", "lon", "lat"))
    officer = _officer()
    while time.monotonic() < until:
        if acts % 2:
            clue = Clue.objects.filter(state="new").order_by("risk")[dice.randrange(50)]
            clues.triage(clue, officer)
        else:
            path, lon, lat = dice.choice(grids)
            clues.register(SYSTEM, title="楼下餐馆油烟", org_path=path, lon=lon, lat=lat, scenario="K11")
        acts += 1
        time.sleep(dice.uniform(0.6, 1.4))
    print(acts)


def _officer() -> Any:
    from ecobureau.web.accounts.models import User
    from ecobureau.web.core.access import viewer_of

    return viewer_of(User.objects.get(username="o00"))


class Desks:
    """The open desks: what they heard, and how long their queues took."""

    def __init__(self, port: int, count: int, signed_in: list[list[str]]) -> None:
        self.port, self.signed_in = port, signed_in
        self.owners = [signed_in[number % len(signed_in)] for number in range(count)]
        self.open = 0
        self.news = 0
        self.queues: list[float] = []
        self.pages: list[float] = []
        self.waiting: set[int] = set()
        self.jobs: set[asyncio.Task[None]] = set()
        self.cpu: dict[str, float] = {}

    async def get(self, path: str, session: str) -> float:
        """Ask for a page as a browser does; return its seconds to the last byte."""
        began = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: sessionid={session}\r\n"
        writer.write(f"{head}Accept-Encoding: identity\r\nConnection: close\r\n\r\n".encode())
        body = await reader.read()
        writer.close()
        if b" 200 " not in body[:20]:
            sys.exit(f"{path}: {body[:200]!r}")
        return time.perf_counter() - began

    async def desk(self, number: int) -> None:
        _session, token = self.owners[number]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"GET /live?token={token} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
        writer.write(f"{head}Accept: text/event-stream\r\n\r\n".encode())
        name = ""
        async for line in reader:
            text = line.decode().strip()
            if text.startswith("HTTP/1.1 ") and " 200 " not in f"{text} ":
                sys.exit(f"/live answered {text}")
            if text.startswith("event: "):
                name = text.removeprefix("event: ")
            elif text.startswith("data: ") and name == "hello":
                self.open += 1
            elif text.startswith("data: ") and name == "news":
                self.news += 1
                self._fetch(number, json.loads(text.removeprefix("data: ")))
        sys.exit("/live ended")

    def _fetch(self, number: int, news: dict[str, Any]) -> None:
        if news.get("t") == "list:clue" and number not in self.waiting:
            self.waiting.add(number)
            job = asyncio.create_task(self._queue(number, float(news.get("w", 0)) / 1000))
            self.jobs.add(job)
            job.add_done_callback(self.jobs.discard)

    async def _queue(self, number: int, spread: float) -> None:
        await asyncio.sleep(CALM + random.random() * spread)
        self.waiting.discard(number)
        self.queues.append(await self.get("/desk/?part=queue", self.owners[number][0]))

    async def measure(self, seconds: int) -> None:
        until, turn = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            session = self.signed_in[turn % len(self.signed_in)][0]
            self.pages.append(await self.get("/desk/", session))
            turn += 1
            await asyncio.sleep(PAUSE)


async def run_desks(bureau: Bureau, count: int, seconds: int) -> Desks:
    desks = Desks(bureau.web, count, json.loads(bureau.ask("--tickets")))
    streams = [asyncio.create_task(desks.desk(number)) for number in range(count)]
    while desks.open < count:
        await asyncio.sleep(0.05)
        for stream in streams:
            if stream.done():
                stream.result()
    for session, _token in desks.signed_in[:8]:
        await desks.get("/desk/", session)  # what a process loads once is not the page's time
    env = bureau.env | {"DATABASE_URL": bureau.url, "ECOBUREAU_NO_POOL": "1"}
    words = (sys.executable, __file__, "--work", str(seconds))
    worker = await asyncio.create_subprocess_exec(*words, env=env, stdout=subprocess.DEVNULL)
    await asyncio.sleep(4)
    before = processor(bureau)
    await desks.measure(seconds - 4)
    desks.cpu = {name: round(spent - before.get(name, 0.0), 1) for name, spent in processor(bureau).items()}
    await worker.wait()
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    return desks


def processor(bureau: Bureau) -> dict[str, float]:
    """Return processor seconds of the bureau's processes so far, by what they are."""
    rows: dict[int, tuple[int, float, str]] = {}
    tick = os.sysconf("SC_CLK_TCK")
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, UnicodeDecodeError):
            continue
        rows[int(folder.name)] = (int(stat[1]), (int(stat[11]) + int(stat[12])) / tick, words)
    found: dict[str, float] = {}
    assert bureau.process is not None
    for pid, (_parent, spent, words) in rows.items():
        here = pid
        while here in rows and here != bureau.process.pid:
            here = rows[here][0]
        if here == bureau.process.pid:
            name = next((each for each in ("granian", "gateway", "worker", "postgres") if each in words), "other")
            found[name] = found.get(name, 0.0) + spent
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--desks", type=int, default=200)
    parser.add_argument("--clues", type=int, default=3000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--hold", default="", help="file to make while measuring, so that others keep still")
    parser.add_argument("--settle", type=int, default=0, help="seconds to wait after that, until others are done")
    parser.add_argument("--enter", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--tickets", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.enter:
        enter(args.enter)
        return 0
    if args.tickets:
        tickets()
        return 0
    if args.work:
        work(args.work)
        return 0
    with tempfile.TemporaryDirectory(prefix="eb-bench-", ignore_cleanup_errors=True) as folder:
        bureau = Bureau(Path(folder))
        bureau.script = __file__
        try:
            bureau.start()
            bureau.ask("--enter", str(args.clues))
            if args.hold:
                Path(args.hold).touch()
                time.sleep(args.settle)
            desks = asyncio.run(run_desks(bureau, args.desks, args.seconds))
        finally:
            if args.hold:
                Path(args.hold).unlink(missing_ok=True)
            bureau.stop()
    line: dict[str, Any] = {"bench": "duty_desks", "desks": args.desks, "clues": args.clues, "aim_p95_s": AIM}
    for name, values in (("page", desks.pages), ("queue", desks.queues)):
        line[name] = {"n": len(values)}
        if values:
            line[name] |= {"p50": round(quantile(values, 0.5), 3), "p95": round(quantile(values, 0.95), 3)}
            line[name]["longest"] = round(max(values), 3)
    line |= {"news": desks.news, "cpu_s": desks.cpu, "load": round(os.getloadavg()[0], 1)}
    print(json.dumps(line))
    return int(line["page"]["p95"] > AIM)


if __name__ == "__main__":
    sys.exit(main())
