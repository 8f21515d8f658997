"""The process as users start it: what it says when it cannot run, its signals, its metrics."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from ecobureau.cli import main
from gateway.field import gateway, in_loop, until

ROOT = Path(__file__).parents[2]


def run(monkeypatch, *words, **environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return main(["gateway", *words])


def test_without_a_database_it_says_so(monkeypatch, capsys):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert main(["--lang", "en", "gateway"]) == 1
    assert "DATABASE_URL" in capsys.readouterr().err


def test_a_bad_setting_is_named(monkeypatch, capsys):
    code = run(monkeypatch, DATABASE_URL="postgresql://x/y", ECOBUREAU_GATEWAY_IDLE_TIMEOUT="soon")
    assert code == 1
    assert "ECOBUREAU_GATEWAY_IDLE_TIMEOUT" in capsys.readouterr().err


def test_a_taken_port_is_named(field, monkeypatch, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run(monkeypatch, "--port", str(port), DATABASE_URL=field.app) == 1
        assert f"127.0.0.1:{port}" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["0", "65", "two"])
def test_processes_are_few(text):
    with pytest.raises(SystemExit):
        main(["gateway", "--processes", text])


def test_it_never_imports_the_web():
    code = (
        "import sys, ecobureau.gateway.service, ecobureau.commands.gateway;"
        "sys.exit(any(m.startswith(('django', 'ecobureau.web')) for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def started(field, *words):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ecobureau", "gateway", "--port", "0", *words,
        env=os.environ | {"DATABASE_URL": field.app}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    while True:
        line = json.loads(await process.stderr.readline())
        if line["event"] == "listening":
            return process, line["port"]


@in_loop
async def test_sigterm_ends_it_in_order(field):
    device = field.register()
    process, port = await started(field)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(device.live())
    assert b"CN=9014" in await reader.readuntil(b"\r\n")
    process.send_signal(signal.SIGTERM)
    assert await reader.read() == b""
    _, err = await process.communicate()
    assert process.returncode == 0
    assert json.loads(err.splitlines()[-1])["event"] == "stopped"


@in_loop
async def test_metrics_and_health(field):
    device = field.register()
    async with gateway(field) as running:
        wire = await running.dial()
        await wire.ask(device.live())
        await wire.ask(device.frame("DataTime=x;w01018-Rtd=1"))
        base = f"http://127.0.0.1:{running.process.metrics_port}"

        def get(path):
            with urllib.request.urlopen(base + path, timeout=10) as answer:  # noqa: S310
                return answer.read().decode()

        text = await asyncio.to_thread(get, "/metrics")
        assert 'ecobureau_gateway_frames_total{outcome="stored"} 1.0' in text
        assert 'ecobureau_gateway_frames_total{outcome="refused"} 1.0' in text
        assert 'ecobureau_gateway_deviations_total{code="data_time.malformed"} 1.0' in text
        assert "ecobureau_gateway_connections 1.0" in text
        assert 'ecobureau_gateway_answer_seconds_bucket{le="+Inf"} 2.0' in text
        names = set(re.findall(r"^# TYPE ecobureau_gateway_(\w+) (?:counter|gauge|histogram)$", text, re.M))
        page = (ROOT / "docs/reference/gateway.md").read_text(encoding="utf-8")
        assert {name for name in names if f"`{name}" not in page} == set()
        assert len(names) > 20
        assert await asyncio.to_thread(get, "/health") == "ok\n"
        with pytest.raises(urllib.error.HTTPError):
            await asyncio.to_thread(get, "/else")
        field.let_in(False)
        wire.send(device.live(2))
        await until(lambda: not running.gateway.well)
        with pytest.raises(urllib.error.HTTPError) as caught:
            await asyncio.to_thread(get, "/health")
        assert caught.value.code == 503
        field.let_in(True)
        await wire.receive()


@in_loop
async def test_it_waits_for_a_database_that_is_not_there_yet(field):
    field.register()
    field.let_in(False)
    from gateway.field import Process, Service, Settings

    process = Process(Service(field.app, Settings(retry_first=0.01, retry_most=0.02), port=0))
    starting = asyncio.create_task(process.start())
    await asyncio.sleep(0)
    assert not starting.done()
    field.let_in(True)
    assert await starting
    await process.stop()


@in_loop
async def test_several_processes_share_the_port_and_stop_together(field):
    device = field.register()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ecobureau", "gateway", "--port", str(port), "--processes", "2",
        env=os.environ | {"DATABASE_URL": field.app}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    listening = 0
    while listening < 2:
        listening += json.loads(await process.stderr.readline())["event"] == "listening"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(device.live())
    assert b"CN=9014" in await reader.readuntil(b"\r\n")
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert process.returncode == 0
