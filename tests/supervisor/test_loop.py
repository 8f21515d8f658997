"""Supervision with small real processes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from ecobureau.supervisor.children import (
    FIRST_DELAY,
    HEALTHY_AFTER,
    LONGEST_DELAY,
    Child,
    ChildSpec,
    default_children,
    processes_with,
)
from ecobureau.supervisor.loop import RUN_VARIABLE, Supervisor, data_mark, status
from ecobureau.supervisor.postgres import EmbeddedPostgres, live_url
from supervisor.helpers import PATIENCE, gone, python, wait_for

DRIVER = """
import json, sys
from pathlib import Path
from ecobureau.supervisor.children import ChildSpec
from ecobureau.supervisor.errors import SupervisorError
from ecobureau.supervisor.loop import StopAsked, Supervisor
from ecobureau.supervisor.postgres import EmbeddedPostgres

data, plan = Path(sys.argv[1]), json.loads(sys.argv[2])
postgres = EmbeddedPostgres(data, fast_unsafe=True) if plan.get("postgres") else None
bye = lambda: print("bye said", flush=True)
try:
    children = [ChildSpec(**child) for child in plan["children"]]
    patience = plan.get("patience", 8)
    with Supervisor(data, children, postgres=postgres, bye=bye, leftover_patience=patience) as supervisor:
        for step in plan.get("steps", []):
            print("step gave", supervisor.step("step", step), flush=True)
        supervisor.start_children()
        supervisor.run()
except StopAsked:
    print("stopped in a step", flush=True)
except SupervisorError as error:
    print(error.code, error.params, flush=True)
    sys.exit(1)
"""

CHILD = """
import os, signal, sys
name, log, manner = sys.argv[1:]
def note(word):
    with open(log, "a") as file:
        file.write(f"{word} {name} {os.getpid()}\\n")
def stop(*_):
    note("stop")
    if manner != "stubborn":
        sys.exit(0)
signal.signal(signal.SIGTERM, stop)
if manner == "family" and os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    name += "-grandchild"
if manner == "orphaning":
    if os.fork() == 0:
        if os.fork() == 0:
            note("start")
            os._exit(0)
        os._exit(0)
    os.wait()
note("start")
print(f"{name} speaks")
if manner == "crash":
    sys.exit(3)
while True:
    signal.pause()
"""


@dataclass
class Nursery:
    """A data folder, a log the children write to, and the supervisor's process."""

    data: Path

    @property
    def log(self) -> Path:
        return self.data / "children.log"

    def child(self, name: str, manner: str = "good", **more: object) -> dict[str, object]:
        command = [sys.executable, "-c", CHILD, name, str(self.log), manner]
        return {"name": name, "command": command, **more}

    def said(self) -> list[tuple[str, str, int]]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [(word, name, int(pid)) for word, name, pid in (line.split() for line in lines)]

    def pids(self, name: str) -> list[int]:
        return [pid for word, who, pid in self.said() if word == "start" and who == name]

    def running(self, **plan: object) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
        return python(DRIVER, str(self.data), json.dumps(plan))


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    with tempfile.TemporaryDirectory(prefix="eb-sv-") as folder:
        data = Path(folder)
        yield Nursery(data)
        for pid in processes_with(RUN_VARIABLE, data_mark(data)):
            os.kill(pid, signal.SIGKILL)


def finish(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=PATIENCE)
    return output


def test_child_that_dies_is_started_again_and_the_others_stay(nursery: Nursery) -> None:
    with nursery.running(children=[nursery.child("one"), nursery.child("two")]) as process:
        wait_for(lambda: nursery.pids("one") and nursery.pids("two"), "both children")
        first = nursery.pids("one")[0]
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: len(nursery.pids("one")) == 2, "the second life of 'one'")
        assert len(nursery.pids("two")) == 1
        state = wait_for(lambda: status(nursery.data), "the status")
        assert state["pid"] == process.pid
        assert state["children"]["one"] == {"pid": nursery.pids("one")[1], "restarts": 1}
        output = finish(process)
    assert process.returncode == 0
    assert "one      | one speaks" in output
    assert status(nursery.data) is None


def test_delay_doubles_for_a_child_that_keeps_dying_and_falls_back_for_a_healthy_one() -> None:
    child = Child(ChildSpec("short", (sys.executable, "-c", "pass")), lambda _name, _line: None)
    delays = []
    now = 100.0
    for _ in range(9):
        child.start({}, now)
        assert child.process is not None
        child.process.wait()
        child.bury(now + 1)
        delays.append(child.start_after - now - 1)
        now = child.start_after
    assert delays == pytest.approx([FIRST_DELAY * 2**n for n in range(7)] + [16.0 * 2 - 2, LONGEST_DELAY])
    child.start({}, now)
    assert child.process is not None
    child.process.wait()
    child.bury(now + HEALTHY_AFTER)
    assert child.start_after - now - HEALTHY_AFTER == pytest.approx(FIRST_DELAY)


def test_crashing_child_is_told_with_its_code(nursery: Nursery) -> None:
    with nursery.running(children=[nursery.child("bad", "crash"), nursery.child("good")]) as process:
        wait_for(lambda: len(nursery.pids("bad")) >= 3 and nursery.pids("good"), "three lives of 'bad'")
        output = finish(process)
    assert "bad" in output
    assert "3" in output
    assert len(nursery.pids("good")) == 1


def test_program_that_does_not_exist_harms_nobody(nursery: Nursery) -> None:
    nowhere = {"name": "nowhere", "command": [str(nursery.data / "no-such-program")]}
    with nursery.running(children=[nowhere, nursery.child("good")]) as process:
        wait_for(lambda: nursery.pids("good"), "the good child")
        output = finish(process)
    assert process.returncode == 0
    assert "no-such-program" in output


def test_children_stop_stage_by_stage_after_the_bye(nursery: Nursery) -> None:
    names = {"gateway": 2, "web": 1, "worker": 3}
    with nursery.running(children=[nursery.child(name, stop_stage=stage) for name, stage in names.items()]) as process:
        wait_for(lambda: all(nursery.pids(name) for name in names), "all children")
        output = finish(process)
    assert [name for word, name, _ in nursery.said() if word == "stop"] == ["web", "gateway", "worker"]
    assert "bye said" in output


def test_stubborn_child_is_killed_after_its_patience(nursery: Nursery) -> None:
    with nursery.running(children=[nursery.child("mule", "stubborn", patience=0.2)]) as process:
        wait_for(lambda: nursery.pids("mule"), "the child")
        finish(process)
    assert process.returncode == 0
    assert ("stop", "mule", nursery.pids("mule")[0]) in nursery.said()
    assert gone(nursery.pids("mule")[0])


def test_second_signal_ends_the_waiting(nursery: Nursery) -> None:
    with nursery.running(children=[nursery.child("mule", "stubborn", patience=3600)]) as process:
        wait_for(lambda: nursery.pids("mule"), "the child")
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: any(word == "stop" for word, _, _ in nursery.said()), "the child to be asked")
        finish(process)
    assert gone(nursery.pids("mule")[0])


def test_killed_supervisor_leaves_nothing_and_a_new_one_starts(nursery: Nursery) -> None:
    plan = {"children": [nursery.child("one"), nursery.child("two")], "postgres": True}
    with nursery.running(**plan) as process:
        state = wait_for(lambda: (s := status(nursery.data)) and s["children"]["two"]["pid"] and s, "the status")
        wait_for(lambda: nursery.pids("one") and nursery.pids("two"), "both children")
        process.send_signal(signal.SIGKILL)
        process.wait()
        for pid in (state["postgres"], nursery.pids("one")[0], nursery.pids("two")[0]):
            wait_for(lambda pid=pid: gone(pid), f"process {pid} to end with its supervisor")
    assert status(nursery.data) is None
    with nursery.running(**plan) as process:
        wait_for(lambda: len(nursery.pids("one")) == 2, "the child of the second supervisor")
        assert live_url(nursery.data) is not None
        finish(process)
    assert process.returncode == 0


def test_orphan_that_outlives_a_killed_supervisor_is_ended_by_the_next(nursery: Nursery) -> None:
    with nursery.running(children=[nursery.child("server", "family")]) as process:
        orphan = wait_for(lambda: nursery.pids("server-grandchild"), "the grandchild")[0]
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_for(lambda: gone(nursery.pids("server")[0]), "the child to end")
    assert not gone(orphan)
    with nursery.running(children=[nursery.child("next")], patience=0) as process:
        wait_for(lambda: nursery.pids("next"), "the next supervisor's child")
        assert gone(orphan)
        finish(process)


def test_grandchild_goes_with_a_killed_child(nursery: Nursery) -> None:
    with nursery.running(children=[nursery.child("server", "family")]) as process:
        first = wait_for(lambda: nursery.pids("server-grandchild"), "the grandchild")[0]
        wait_for(lambda: nursery.pids("server"), "the child")
        os.kill(nursery.pids("server")[0], signal.SIGKILL)
        wait_for(lambda: len(nursery.pids("server-grandchild")) == 2, "the second grandchild")
        assert gone(first)
        finish(process)
    assert gone(nursery.pids("server-grandchild")[1])


@pytest.mark.skipif(sys.platform != "linux", reason="needs a Linux subreaper")
def test_orphans_are_reaped(nursery: Nursery) -> None:
    with nursery.running(children=[nursery.child("mother", "orphaning")]) as process:
        pids = wait_for(lambda: len(p := nursery.pids("mother")) == 2 and p, "mother and orphan")
        state = wait_for(lambda: status(nursery.data), "the status")
        (orphan,) = set(pids) - {state["children"]["mother"]["pid"]}
        wait_for(lambda: not Path(f"/proc/{orphan}").exists(), "the orphan to be reaped, not left a zombie")
        finish(process)


def test_second_supervisor_of_a_folder_is_refused(nursery: Nursery) -> None:
    with nursery.running(children=[nursery.child("one")]) as process:
        wait_for(lambda: nursery.pids("one"), "the child")
        with nursery.running(children=[nursery.child("other")]) as second:
            output, _ = second.communicate(timeout=PATIENCE)
        assert second.returncode == 1
        assert "supervisor.busy" in output
        assert str(process.pid) in output
        assert not nursery.pids("other")
        assert not gone(nursery.pids("one")[0])
        state = status(nursery.data)
        assert state is not None
        assert state["pid"] == process.pid
        finish(process)


def test_killed_postgres_comes_back_and_children_stay(nursery: Nursery) -> None:
    with nursery.running(children=[nursery.child("one")], postgres=True) as process:
        wait_for(lambda: nursery.pids("one"), "the child")
        state = wait_for(lambda: status(nursery.data), "the status")
        os.kill(state["postgres"], signal.SIGKILL)
        wait_for(lambda: (s := status(nursery.data)) and s["postgres"] not in (None, state["postgres"]), "new server")
        url = wait_for(lambda: live_url(nursery.data), "its address")
        with psycopg.connect(url) as db:
            assert db.execute("select 1").fetchone() == (1,)
        assert len(nursery.pids("one")) == 1
        finish(process)
    assert live_url(nursery.data) is None


def test_supervisor_and_postgres_killed_together(nursery: Nursery) -> None:
    plan = {"children": [nursery.child("one")], "postgres": True}
    with nursery.running(**plan) as process:
        wait_for(lambda: nursery.pids("one"), "the child")
        state = wait_for(lambda: status(nursery.data), "the status")
        process.send_signal(signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(state["postgres"], signal.SIGKILL)
        process.wait()
    with nursery.running(**plan) as process:
        wait_for(lambda: len(nursery.pids("one")) == 2, "the child of the next supervisor")
        finish(process)
    assert process.returncode == 0


def test_step_runs_to_its_end_and_gives_its_code(nursery: Nursery) -> None:
    step = [sys.executable, "-c", "print('working'); raise SystemExit(4)"]
    with nursery.running(children=[nursery.child("one")], steps=[step]) as process:
        wait_for(lambda: nursery.pids("one"), "the child after the step")
        output = finish(process)
    assert "step     | working" in output
    assert "step gave 4" in output


def test_signal_during_a_step_stops_everything(nursery: Nursery) -> None:
    step = [sys.executable, "-c", CHILD, "slow", str(nursery.log), "good"]
    with nursery.running(children=[nursery.child("never")], steps=[step], postgres=True) as process:
        wait_for(lambda: nursery.pids("slow"), "the step")
        output = finish(process)
    assert "stopped in a step" in output
    assert gone(nursery.pids("slow")[0])
    assert not nursery.pids("never")
    assert live_url(nursery.data) is None


def test_busy_database_leaves_the_folder_usable(nursery: Nursery) -> None:
    with EmbeddedPostgres(nursery.data, fast_unsafe=True) as pg:
        with nursery.running(children=[nursery.child("one")], postgres=True) as process:
            output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert "supervisor.pg.busy" in output
        assert pg.running()
    assert not nursery.pids("one")


def test_status_of_an_unused_or_damaged_folder_is_none(tmp_path: Path) -> None:
    assert status(tmp_path) is None
    (tmp_path / "supervisor.json").write_text("{")
    assert status(tmp_path) is None


def test_long_line_without_end_is_cut_not_hoarded() -> None:
    lines: list[str] = []
    code = "import sys; sys.stdout.write('x' * 300_000); sys.stdout.flush()"
    child = Child(ChildSpec("loud", (sys.executable, "-c", code)), lambda _name, line: lines.append(line))
    child.start(dict(os.environ), time.monotonic())
    wait_for(lambda: not child.pump(), "the end of its output")
    assert sum(map(len, lines)) == 300_000
    assert max(map(len, lines)) <= 2 * 64 * 1024 + 1
    assert child.process is not None
    child.process.wait()
    child.bury(time.monotonic())


def test_the_children_of_a_bureau_are_data() -> None:
    children = default_children(
        host="127.0.0.1",
        web_port=1,
        web_workers=2,
        gateway_host="0.0.0.0",
        gateway_port=2,
        gateways=2,
        metrics_port=9,
    )
    assert [child.name for child in children] == ["gateway-1", "gateway-2", "web", "worker"]
    by_stage = sorted(children, key=lambda child: child.stop_stage)
    assert [child.name for child in by_stage] == ["web", "gateway-1", "gateway-2", "worker"]
    assert children[0].command[-6:] == ("--host", "0.0.0.0", "--port", "2", "--metrics-port", "9")
    assert children[1].command[-2:] == ("--metrics-port", "10")


def test_talker_does_not_hold_up_the_loop() -> None:
    code = "import sys\nwhile True: sys.stdout.write('word ' * 2000 + chr(10))"
    lines: list[str] = []
    child = Child(ChildSpec("talker", (sys.executable, "-c", code)), lambda _name, line: lines.append(line))
    child.start(dict(os.environ), time.monotonic())
    wait_for(lambda: child.pump() and lines, "its first words")
    assert child.pump() is True
    child.signal_group(signal.SIGKILL)
    assert child.process is not None
    child.process.wait()
    child.bury(time.monotonic())
    assert child.process is None
    assert set(lines[:-1]) == {"word " * 2000}


def test_log_that_cannot_be_written_does_not_stop_anything(nursery: Nursery) -> None:
    with nursery.running(children=[nursery.child("one", "crash"), nursery.child("two")]) as process:
        assert process.stdout is not None
        process.stdout.close()
        wait_for(lambda: len(nursery.pids("one")) >= 3, "restarts with nobody reading")
        process.send_signal(signal.SIGTERM)
        process.stdout = None
        assert process.wait(PATIENCE) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_under_the_log_does_not_stop_anything(tmp_path: Path) -> None:
    full = Path("/dev/full").open("w")  # noqa: SIM115 - closing it fails, as it should
    supervisor = Supervisor(tmp_path, out=full)
    supervisor.write("web", "a line that finds no room")
    assert supervisor._out is full
    with contextlib.suppress(OSError):
        full.close()
