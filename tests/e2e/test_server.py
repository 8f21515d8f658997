"""The web process: live streams end and the process goes at once when it is told to."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import psycopg

from e2e.conftest import Server
from ecobureau.web.core import live
from ecobureau.web.core.access import viewer_of
from web.people import person


def _stream(server: Server, token: str) -> socket.socket:
    wire = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    wire.sendall(f"GET /live?token={token} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n".encode())
    return wire


def _until(wire: socket.socket, part: bytes) -> bytes:
    got = b""
    while part not in got:
        more = wire.recv(4096)
        assert more, got
        got += more
    return got


def test_streams_end_and_the_process_stops_by_itself(static_root: Path, transactional_db: None) -> None:
    server = Server(static_root)
    user = person("lin", ("duty_officer", "/wuhan/"))
    wire = _stream(server, live.token(viewer_of(user), [f"user:{user.pk}"]))
    head = _until(wire, b"event: hello")
    assert b" 200 " in head.splitlines()[0]
    assert b"text/event-stream" in head
    with psycopg.connect(os.environ["EB_TEST_APP_HERE"], autocommit=True) as connection:
        payload = f'{{"t":"user:{user.pk}","k":"task","id":4,"org":""}}'
        while True:
            connection.execute("select pg_notify('live', %s)", [payload])
            wire.settimeout(1)
            try:
                _until(wire, b'"id":4')
                break
            except TimeoutError:
                continue
        wire.settimeout(30)
        connection.execute("select pg_notify('live', '__bye__')")
    while wire.recv(4096):
        pass
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(30) == 0


def test_a_forged_pass_gets_no_stream(server: Server) -> None:
    wire = _stream(server, "forged")
    assert b" 403 " in _until(wire, b"\r\n\r\n").splitlines()[0]
