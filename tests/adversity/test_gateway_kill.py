"""Gateway and PostgreSQL killed with kill -9, in turn, at random instants, with loggers in the middle of sending.

Every frame that a logger counts as answered is stored exactly once, and the books balance or say what was cut off.
The server runs with its real settings: an answer means that the commit is on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from ecobureau.clock import beijing, now
from ecobureau.domain.hj212 import encode, parse_time
from ecobureau.domain.hj212.times import to_text
from ecobureau.secret import read_or_make_key
from ecobureau.storage import books
from ecobureau.supervisor.postgres import EmbeddedPostgres
from supervisor.helpers import migrated

pytestmark = pytest.mark.adversity

LOGGERS = 50
KILLS = 10
PASSWORD = "123456"


def environment(postgres, data):
    return os.environ | {
        "DATABASE_URL": postgres.url("app"),
        "DATABASE_OWNER_URL": postgres.url("owner"),
        "ECOBUREAU_DATA": str(data),
        "ECOBUREAU_KEY_FILE": str(data / "key"),
        "ECOBUREAU_GATEWAY_RETRY_FIRST": "0.02",
        "ECOBUREAU_GATEWAY_RETRY_MOST": "0.2",
    }


def register(owner, key_file):
    from cryptography.fernet import Fernet

    sealed = Fernet(read_or_make_key(key_file)).encrypt(PASSWORD.encode())
    found = {}
    with psycopg.connect(owner) as db:
        for number in range(LOGGERS):
            mn = f"010000A8900016F0{number:08X}"
            words = {"mn": mn, "sealed": sealed, "at": now(), "from": datetime(2020, 1, 1, tzinfo=UTC)}
            (found[mn],) = db.execute(
                "with s as (insert into sources_station (name, name_sort, initials, address, source_system, org_path,"
                " active, created_at, updated_at, code, st, water_body, noise_zone, operator)"
                " values ('s', '', '', '', 'wgs84', '', true, %(at)s, %(at)s, %(mn)s, '31', '', '', '') returning id)"
                " insert into sources_logger (station_id, mn, st, edition, dialect, password_sealed, stamp_rule,"
                " rtd_interval_s, minute_interval, accept_from, active, unit_overrides, factor_map,"
                " max_frames_per_minute, relay, revision, created_at, updated_at)"
                " select id, %(mn)s, '31', 1, '', %(sealed)s, 'start', 60, 10, %(from)s, true, '{}', '{}',"
                " 1000000, false, 1, %(at)s, %(at)s from s returning station_id",
                words,
            ).fetchone()
    return found


class Logger:
    """Sends frame after frame, one unanswered at a time; dials again and sends again until it is answered."""

    def __init__(self, mn, port):
        self.mn, self.port = mn, port
        self.at = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=10)
        self.answered: list[str] = []
        self.waiting = False
        self.resent = 0
        self.over = False

    async def run(self):
        frame, stamp, writer = b"", "", None
        while not (self.over and not frame):
            if not frame:
                self.at -= timedelta(minutes=10)
                frame, stamp, tries = self.make()
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                self.resent += tries > 0
                tries += 1
                writer.write(frame)
                self.waiting = True
                answer = await reader.readuntil(b"\r\n")
            except (OSError, asyncio.IncompleteReadError):
                writer = None
                await asyncio.sleep(0.01)  # as a logger waits before it dials again
                continue
            finally:
                self.waiting = False
            assert b"CN=9014" in answer
            assert self.mn.encode() in answer
            self.answered.append(stamp)
            frame = b""

    def make(self):
        stamp = to_text(self.at)
        cp = f"DataTime={stamp};a21026-Avg={len(self.answered) + 1}.25,a21026-Flag=N"
        head = {"qn": to_text(now(), milliseconds=True), "st": "31", "cn": "2051", "pw": PASSWORD, "mn": self.mn}
        return encode(**head, flag="5", cp=cp), stamp, 0


class GatewayProcess:
    def __init__(self, env):
        self.env, self.port, self.process = env, 0, None

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ecobureau", "gateway", "--port", str(self.port),
            env=self.env, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        while not self.port:
            line = json.loads(await self.process.stderr.readline())
            if line["event"] == "listening":
                self.port = line["port"]
        self.drain = asyncio.create_task(self.process.stderr.read())

    async def kill(self):
        self.process.kill()
        await self.process.wait()

    async def stop(self):
        self.process.terminate()
        assert await self.process.wait() == 0


async def until(condition):
    while not condition():
        await asyncio.sleep(0.005)


async def storm(postgres, gateway, loggers):
    """Ten kills; each only once frames were answered since the last one, and while frames wait for their answer."""
    dice = random.Random(212)
    work = [asyncio.create_task(logger.run()) for logger in loggers]
    for number in range(KILLS):
        mark = sum(len(one.answered) for one in loggers) + dice.randrange(20, 400)
        await until(lambda mark=mark: sum(len(one.answered) for one in loggers) >= mark)
        await until(lambda: sum(one.waiting for one in loggers) >= 5)
        resent = sum(one.resent for one in loggers)
        in_flight = sum(one.waiting for one in loggers)
        if number % 2 == 0:
            await gateway.kill()
            await gateway.start()
        else:
            os.kill(postgres.pid, signal.SIGKILL)
            await until(lambda: not postgres.running())
            postgres.start()
        assert in_flight >= 5
        if number % 2 == 0:  # the gateway itself holds on to what it took while the database is away
            await until(lambda resent=resent: sum(one.resent for one in loggers) > resent)
    for one in loggers:
        one.over = True
    await asyncio.gather(*work)


def test_ten_kills_lose_nothing_and_double_nothing(tmp_path: Path):
    data = tmp_path / "data"
    migrated(data)
    with EmbeddedPostgres(data) as postgres:
        env = environment(postgres, data)
        stations = register(postgres.url("owner"), data / "key")

        async def scene():
            gateway = GatewayProcess(env)
            await gateway.start()
            loggers = [Logger(mn, gateway.port) for mn in stations]
            try:
                async with asyncio.timeout(400):
                    await storm(postgres, gateway, loggers)
                    await gateway.stop()
            finally:
                with contextlib.suppress(ProcessLookupError):
                    gateway.process.kill()
            return loggers

        loggers = asyncio.run(scene())
        with psycopg.connect(postgres.url("owner"), autocommit=True) as db:
            for one in loggers:
                rows = db.execute(
                    "select start from frame_period where station_id = %s", (stations[one.mn],)
                ).fetchall()
                assert sorted(row[0] for row in rows) == sorted(parse_time(stamp)[0] for stamp in one.answered)
            assert db.execute("select count(*) from revision").fetchone() == (0,)
            books.mark_crashed(db, now(), timedelta(0))
            day = beijing(now()).date()
            lines = [line for one in (day - timedelta(days=1), day) for line in books.balance(db, one)]
            assert {line.verdict for line in lines} <= {"balanced", "cut_off"}
            assert sum(line.settled for line in lines) >= sum(len(one.answered) for one in loggers)
            assert books.recount(db, day) == []
            runs = books.runs(db)
            assert len(runs) == KILLS // 2 + 1
            assert [run.ended_at is not None for run in runs] == [True] + [False] * (KILLS // 2)
