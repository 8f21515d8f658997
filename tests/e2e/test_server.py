"""The web process: live streams end and the process goes at once when it is told to."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path

import psycopg
from playwright.sync_api import Browser, expect

from e2e.conftest import Server
from e2e.helpers import assert_accessible, choose, give_password, shot, watch
from ecobureau.demo.people import PASSWORDS, PEOPLE
from ecobureau.web.core import live
from ecobureau.web.core.access import viewer_of
from web.people import person


def _stream(server: Server, token: str) -> socket.socket:
    wire = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    head = (
        f"GET /live?token={token} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n"
    )
    wire.sendall(head.encode())
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
        connection.execute("select pg_notify('live', %s)", [server.farewell])
    while wire.recv(4096):
        pass
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(30) == 0


def test_a_forged_pass_gets_no_stream(server: Server) -> None:
    wire = _stream(server, "forged")
    assert b" 403 " in _until(wire, b"\r\n\r\n").splitlines()[0]


def test_the_demo_offers_its_people_with_one_press(
    static_root: Path, browser: Browser, tmp_path: Path, transactional_db: None
) -> None:
    passwords = {one.username: f"pass-{one.username}-9" for one in PEOPLE}
    (tmp_path / PASSWORDS).write_text(json.dumps(passwords), encoding="utf-8")
    somebody = next(one for one in PEOPLE if one.role == "duty_officer")
    give_password(person(somebody.username, ("duty_officer", "/wuhan/")), passwords[somebody.username])
    server = Server(static_root, ECOBUREAU_DEMO="1", ECOBUREAU_DATA=str(tmp_path))
    try:
        page = browser.new_page(base_url=server.url, viewport={"width": 1440, "height": 900})
        seen = watch(page)
        choose(page, theme="light", language="zh-hans")
        page.goto("/accounts/login/")
        assert_accessible(page)
        shot(page, "login-demo")
        for role in {one.role_zh for one in PEOPLE}:
            expect(page.locator(".eb-roles").get_by_text(role).first).to_be_visible()
        page.get_by_role("button", name=f"{somebody.username} /").click()
        expect(page.locator("nav.eb-rail")).to_be_visible()
        assert not seen.problems
        page.close()
    finally:
        server.stop()
