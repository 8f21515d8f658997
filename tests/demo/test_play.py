"""The live part of the demo: incidents begin once a run, not at every start of the simulator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ecobureau import clock
from ecobureau.demo import play as playing
from ecobureau.demo.setup import STATE, STATIONS, marker, write_marker
from ecobureau.simulator.incidents import Incident
from ecobureau.simulator.past import Past, past_frames
from ecobureau.simulator.plan import StationPlan, save_fleet
from ecobureau.simulator.run import Run
from ecobureau.simulator.state import State

NOON = 1_795_320_000
POWER = StationPlan("演示青山热电厂一1号机组烟囱", "A" * 24, "123456", "31", "power", limits={"a21002": 50.0})


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """What would have been played; the stations' file and a state stand in `tmp_path`."""
    save_fleet(tmp_path / STATIONS, [POWER])
    State(seed=5, collected={POWER.mn: NOON}).save(tmp_path / STATE)
    seen: list[Run] = []

    async def record(run: Run, stop: Any = None) -> Counter[str]:
        seen.append(run)
        return Counter()

    monkeypatch.setattr(playing, "play", record)
    return seen


def start(tmp_path: Path) -> None:
    playing.play_demo(tmp_path, "127.0.0.1", 1, lambda tally: None)


def test_a_new_run_begins_the_incidents_and_a_restart_within_it_does_not(
    tmp_path: Path, runs: Sequence[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_marker(tmp_path, run="first")
    monkeypatch.setenv("ECOBUREAU_RUN", "first")
    start(tmp_path)
    monkeypatch.setenv("ECOBUREAU_RUN", "second")
    start(tmp_path)
    start(tmp_path)
    assert [[one.kind for one in run.incidents] for run in runs] == [[], ["over_limit"], []]
    assert all(run.seed == 5 and run.state == tmp_path / STATE for run in runs)
    assert marker(tmp_path)["run"] == "second"


def test_an_incident_never_runs_twice_at_a_time_nor_changes_what_was_sent(
    tmp_path: Path, runs: Sequence[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(clock.now().timestamp())
    running = Incident("over_limit", POWER.mn, now - 600, now + 600, factor="a21002", to=82.0)
    State(seed=5, collected={POWER.mn: now - 20}, incidents=[running]).save(tmp_path / STATE)
    start(tmp_path)
    State(seed=5, collected={POWER.mn: now - 20}, incidents=[]).save(tmp_path / STATE)
    start(tmp_path)
    assert list(runs[0].incidents) == []
    assert [one.start for one in runs[1].incidents] == [now - 20]


def test_the_demo_never_departs_in_ways_that_change_values(tmp_path: Path, runs: Sequence[Run]) -> None:
    start(tmp_path)
    codes = set(runs[0].settings.codes or ())  # type: ignore[union-attr]
    assert "crc.modbus" in codes
    assert not codes & {"cp.negative_value", "cp.not_a_number", "cp.private_factor", "data_time.missing"}


def test_the_past_comes_in_order_and_ends_now() -> None:
    sent = past_frames(POWER, 5, [], Past(NOON, 2, 3, 10))
    times = [at for at, _frame in sent]
    assert times == sorted(times)
    assert NOON - 100 < times[-1] <= NOON
    assert sum(b"CN=2061;" in frame for _at, frame in sent) == 47, "the last hour has ended but is not sent yet"
    assert 17 <= sum(b"CN=2051;" in frame for _at, frame in sent) <= 18
    assert len({frame.split(b";")[0] for _at, frame in sent}) == len(sent)
