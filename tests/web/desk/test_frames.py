"""The page of a raw frame: what was understood when it came is what is read on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from ecobureau.clock import ManualClock, use_clock
from ecobureau.domain.hj212 import encode
from ecobureau.storage import books, partitions
from ecobureau.storage.types import Kind
from ecobureau.storage.writer import Writer
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.sources import services as sources
from storage_frames import frame
from web.people import person

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
MN = "010000A8900016F000169DC0"
KEY = "30313233343536373839414243444546"
CP = "DataTime=20261122110000;w01018-Avg=12.50,w01018-Flag=N"


@pytest.fixture
def page(client: Any, city: None, database_url: str) -> Any:
    """Store a raw frame of a station that encrypts; return the text of its page."""
    with use_clock(ManualClock(NOON)):
        sources.sync_factors(SYSTEM)
        station = sources.make_station(
            SYSTEM, code="W1", name="水站", st="32", org_path="/wuhan/jiangan/", lon=114.3, lat=30.6
        )
        sources.make_logger(
            SYSTEM, station=station, mn=MN, st="32", edition=2, password="123456", sm4_key=KEY, accept_from=NOON
        )
        client.force_login(person("duty", ("duty_officer", "/wuhan/jiangan/")))

        def show(raw: bytes) -> str:
            with psycopg.connect(database_url, autocommit=True) as conn:
                partitions.ensure_ahead(conn, NOON)
                run = books.start_run(conn, "gateway", "test", 1, NOON)
                texts = {"w01018": {"avg": "12.50"}}
                Writer(conn).write([frame(texts, NOON, station=station.pk, kind=Kind.HOUR, run=run, raw=raw)])
                (number,) = conn.execute("select max(id) from raw_frame").fetchone() or (0,)
            answer = client.get(f"/frames/{number}/")
            assert answer.status_code == 200
            return str(answer.content.decode())

        yield show


def test_an_encrypted_frame_is_read_with_its_loggers_key_which_is_not_shown(page: Any) -> None:
    raw = encode(
        qn="20261122120001000", st="32", cn="2061", pw="123456", mn=MN, flag="9", cp=CP, key=bytes.fromhex(KEY)
    )
    shown = page(raw)
    assert "&quot;w01018&quot;" in shown and "12.50" in shown
    assert "&quot;error&quot;: null" in shown and "crypt" not in shown
    assert KEY not in shown


def test_chinese_in_gbk_is_readable(page: Any) -> None:
    cp = CP + ";i11001-Info=//清洗管路//"
    raw = encode(qn="20261122120001000", st="32", cn="2061", pw="123456", mn=MN, flag="9", cp=cp, charset="gbk")
    assert page(raw).count("清洗管路") == 2
