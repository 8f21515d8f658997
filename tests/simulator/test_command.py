"""`ecobureau simulate` at the command line: what it prints, and what it refuses."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from ecobureau.cli import main
from ecobureau.simulator.deviate import DEPARTURES
from ecobureau.simulator.incidents import KINDS
from ecobureau.simulator.plan import PROFILES, fleet, load_fleet
from simulator.platform_server import PlatformServer

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "simulator.md"


def test_it_lists_the_stations_of_a_seed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["simulate", "--list", "--count", "7", "--seed", "9"]) == 0
    path = tmp_path / "stations.json"
    path.write_text(capsys.readouterr().out)
    assert load_fleet(path) == fleet(7, 9)


@pytest.mark.parametrize(
    "words",
    [
        ["--deviations", "2"],
        ["--deviation", "crc.nonsense"],
        ["--speed", "0"],
        ["--start", "soon"],
        ["--duration", "long"],
        ["--stations", "/nowhere/stations.json"],
        ["--incidents", "/nowhere/script.toml"],
    ],
)
def test_wrong_arguments_are_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", *words]) == 1
    said = capsys.readouterr().err
    assert "参数有误" in said
    assert "Traceback" not in said


def test_it_plays_for_the_time_given_and_says_what_it_did(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The command runs an event loop of its own, in a thread beside the server."""

    async def serve(ready: asyncio.Queue[int], stop: asyncio.Event) -> None:
        async with PlatformServer() as server:
            ready.put_nowait(server.port)
            await stop.wait()

    async def both() -> int:
        ready: asyncio.Queue[int] = asyncio.Queue()
        stop = asyncio.Event()
        serving = asyncio.create_task(serve(ready, stop))
        port = await ready.get()
        journal = str(tmp_path / "journal")
        words = ["simulate", "--port", str(port), "--count", "3", "--rtd-interval", "1", "--no-lag"]
        code = await asyncio.to_thread(main, [*words, "--duration", "3s", "--journal", journal])
        stop.set()
        await serving
        return code

    assert asyncio.run(both()) == 0
    assert "已应答" in capsys.readouterr().out
    lines = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
    assert {line["mn"] for line in lines} == {plan.mn for plan in fleet(3, 1)}


def test_the_reference_names_every_profile_kind_and_departure() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    for name in (*PROFILES, *KINDS, *DEPARTURES):
        assert f"`{name}`" in text, name
