"""Connections to the test database in the application's role, and frames to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from ecobureau.storage.writer import Writer

TABLES = (
    "raw_frame, frame_rt, frame_period, layout, layout_factor, stream, latest_rest, rollup_hour, rollup_day,"
    " stream_state, frame_counter, gateway_received, gateway_run, gateway_batch, gateway_session, revision,"
    " frame_source,"
    " device_event, parameter, quarantine, pending_part, dirty, command, command_event, seal, rekey"
)
Connect = Callable[[], psycopg.Connection[Any]]


@pytest.fixture
def connect(app_database_url: str, database_url: str) -> Iterator[Connect]:
    """Opens connections in the application's role; the store is empty before and after."""
    opened: list[psycopg.Connection[Any]] = []

    def open_one() -> psycopg.Connection[Any]:
        opened.append(psycopg.connect(app_database_url, autocommit=True))
        return opened[-1]

    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(f"TRUNCATE {TABLES} CASCADE")
        yield open_one
        for conn in opened:
            conn.close()
        owner.execute(f"TRUNCATE {TABLES} CASCADE")


@pytest.fixture
def conn(connect: Connect) -> psycopg.Connection[Any]:
    return connect()


@pytest.fixture
def writer(conn: psycopg.Connection[Any]) -> Writer:
    return Writer(conn)


@pytest.fixture
def owner(connect: Connect, database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """The owner's hand: what an attacker with full rights could do."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        yield conn
