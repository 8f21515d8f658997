"""The doctor sees what is broken, says so in both languages, and keeps quiet about what is in order."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import psycopg
import pytest

from ecobureau.clock import now
from ecobureau.supervisor.doctor import database, feeds, machine, messages, program
from ecobureau.supervisor.doctor.findings import Finding, Surroundings
from ecobureau.supervisor.doctor.visit import CHECKS, examine, report
from ecobureau.supervisor.postgres import EmbeddedPostgres
from ecobureau.words.codes import doctor as words
from supervisor.helpers import environment, python

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    monkeypatch.setenv("ECOBUREAU_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.delenv("ECOBUREAU_DEMO", raising=False)
    return Surroundings(data=tmp_path, now=now())


@pytest.fixture
def as_app(here: Surroundings, app_database_url: str) -> Iterator[Surroundings]:
    with psycopg.connect(app_database_url, autocommit=True) as db:
        here.db, here.app_url, here.owner_url = db, app_database_url, os.environ["DATABASE_OWNER_URL"]
        yield here


def codes(found: list[Finding]) -> set[str]:
    return {finding.code for finding in found}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- the machine ------------------------------------------------------------------------------------------------------


def test_this_python_is_recent_enough(here: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes(machine.python(here)) == {"doctor.python.ok"}
    monkeypatch.setattr(machine, "LEAST_PYTHON", (99, 0))
    assert codes(machine.python(here)) == {"doctor.python.old"}


def test_data_folder(here: Surroundings) -> None:
    assert codes(machine.data_folder(here)) == {"doctor.data.ok"}
    here.data /= "later"
    assert codes(machine.data_folder(here)) == {"doctor.data.none_yet"}
    here.data.write_text("a file")
    assert codes(machine.data_folder(here)) == {"doctor.data.no_folder"}


@pytest.mark.parametrize("name", ["secret", "key", "django-secret"])
def test_secret_that_others_can_read_is_named(here: Surroundings, name: str) -> None:
    (here.data / name).write_text("x")
    (here.data / name).chmod(0o600)
    assert codes(machine.private_files(here)) == {"doctor.private.ok"}
    (here.data / name).chmod(0o640)
    (found,) = machine.private_files(here)
    assert (found.level, found.code, found.params["mode"]) == ("bad", "doctor.private.open", "640")
    assert str(found.params["file"]).endswith(name)


@pytest.mark.parametrize(
    ("free", "code"), [(50 << 30, "doctor.disk.ok"), (5 << 30, "doctor.disk.low"), (1 << 20, "doctor.disk.full")]
)
def test_space_on_the_disk(here: Surroundings, monkeypatch: pytest.MonkeyPatch, free: int, code: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(100 << 30, 0, free))
    assert codes(machine.disk_space(here)) == {code}


@pytest.mark.parametrize(
    ("count", "code"),
    [
        (65536, "doctor.files.ok"),
        (resource.RLIM_INFINITY, "doctor.files.ok"),
        (4096, "doctor.files.low"),
        (256, "doctor.files.few"),
    ],
)
def test_number_of_open_files(here: Surroundings, monkeypatch: pytest.MonkeyPatch, count: int, code: str) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (256, count))
    assert codes(machine.open_files(here)) == {code}


def test_clock(here: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_unsynchronised", lambda: False)
    assert codes(machine.clock_sane(here)) == {"doctor.clock.ok"}
    monkeypatch.setattr(machine, "_unsynchronised", lambda: True)
    assert codes(machine.clock_sane(here)) == {"doctor.clock.unsynchronised"}
    here.now = datetime(1970, 1, 1, tzinfo=UTC)
    (found,) = machine.clock_sane(here)
    assert (found.level, found.code) == ("bad", "doctor.clock.past")


def test_ports_of_a_bureau_that_does_not_run(here: Surroundings) -> None:
    here.web_port, here.gateway_port = free_port(), free_port()
    assert codes(machine.processes(here)) == {"doctor.ports.free"}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", here.gateway_port))
        taken.listen()
        (found,) = machine.processes(here)
    assert found.code == "doctor.ports.taken"
    assert found.params == {"port": here.gateway_port, "option": "--gateway-port"}


def test_children_of_a_running_bureau(here: Surroundings) -> None:
    with python(
        "import sys; from pathlib import Path; from ecobureau.supervisor.loop import Supervisor\n"
        "from ecobureau.supervisor.children import ChildSpec\n"
        "nowhere = ChildSpec('web', ('/nowhere/program',))\n"
        f"with Supervisor(Path(sys.argv[1]), [nowhere], url='http://127.0.0.1:{free_port()}/') as s:\n"
        "    s.start_children(); s._write_status(); print('up', flush=True); s.run()",
        str(here.data),
    ) as process:
        assert process.stdout is not None
        assert any(line == "up\n" for line in process.stdout)
        found = machine.processes(here)
    assert codes(found) == {"doctor.running.ok", "doctor.running.down", "doctor.running.no_answer"}


def test_demonstration_is_pointed_out(here: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.demonstration(here) == []
    monkeypatch.setenv("ECOBUREAU_DEMO", "1")
    assert codes(machine.demonstration(here)) == {"doctor.demo.on"}


# -- the program ------------------------------------------------------------------------------------------------------


def test_database_programs(here: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes(program.postgres_programs(here)) == {"doctor.pg.ok"}
    monkeypatch.setenv("ECOBUREAU_PG_BIN", str(here.data))
    assert codes(program.postgres_programs(here)) == {"supervisor.pg.no_binaries"}
    for name in ("postgres", "initdb"):
        (here.data / name).write_text("not a program")
        (here.data / name).chmod(0o755)
    (found,) = program.postgres_programs(here)
    assert (found.level, found.code) == ("bad", "supervisor.pg.no_run")
    here.app_url = "postgresql:///elsewhere"
    assert program.postgres_programs(here) == []


def test_static_files(here: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECOBUREAU_STATIC_ROOT", raising=False)
    source, collected = here.data / "web" / "static", here.data / "web" / "staticfiles"
    source.mkdir(parents=True)
    collected.mkdir()
    assert codes(program.static_files(here, here.data)) == {"doctor.static.no_vendor"}
    (source / "vendor").mkdir()
    (source / "vendor" / "a.js").write_text("")
    assert codes(program.static_files(here, here.data)) == {"doctor.static.not_collected"}
    (collected / "staticfiles.json").write_text(json.dumps({"paths": {"vendor/a.js": "vendor/a.1.js"}}))
    (found,) = program.static_files(here, here.data)
    assert (found.code, found.params) == ("doctor.static.missing", {"count": 1, "first": "vendor/a.js"})
    (collected / "vendor").mkdir()
    (collected / "vendor" / "a.1.js").write_text("")
    assert codes(program.static_files(here, here.data)) == {"doctor.static.ok"}
    (source / "new.css").write_text("")
    (found,) = program.static_files(here, here.data)
    assert found.params["first"] == "new.css"


def test_compiled_words(here: Surroundings) -> None:
    folder = here.data / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text("")
    assert codes(program.words_compiled(here, here.data)) == {"doctor.words.missing"}
    (folder / "django.mo").write_text("")
    assert codes(program.words_compiled(here, here.data)) == {"doctor.words.ok"}
    os.utime(folder / "django.mo", (1e9, 1e9))
    assert codes(program.words_compiled(here, here.data)) == {"doctor.words.old"}


# -- the database -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_application_role_on_a_migrated_database(as_app: Surroundings) -> None:
    assert codes(database.reachable(as_app)) == {"doctor.db.ok"}
    assert codes(database.roles(as_app)) == {"doctor.roles.ok"}
    assert codes(database.connections(as_app)) == {"doctor.connections.ok"}
    assert database.clocks_agree(as_app) == []
    assert database.long_transactions(as_app) == []
    assert codes(database.migrations(as_app)) == {"doctor.migrations.ok"}


@pytest.mark.django_db
def test_server_that_may_lose_what_it_has_committed(as_app: Surroundings) -> None:
    """The test server runs with fsync off, which in an installation would break the promise to the devices."""
    found = database.durable(as_app)
    assert {"fsync", "synchronous_commit"} <= {finding.params["setting"] for finding in found}
    assert {finding.level for finding in found} == {"bad"}


@pytest.mark.django_db
def test_one_role_for_everything_is_warned_of(here: Surroundings, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as here.db:
        here.app_url = here.owner_url = database_url
        (found,) = database.roles(here)
        assert (found.level, found.code) == ("warn", "doctor.roles.one_url")
        here.owner_url = "postgresql://somebody@/else"
        (found,) = database.roles(here)
        assert (found.level, found.code) == ("warn", "doctor.roles.owns")


@pytest.mark.django_db
def test_role_that_may_change_evidence_is_named(as_app: Surroundings, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("grant update on core_history to ecobureau_app")
        try:
            (found,) = database.roles(as_app)
        finally:
            owner.execute("revoke update on core_history from ecobureau_app")
    assert (found.level, found.code, found.params["table"]) == ("bad", "doctor.roles.may_change", "core_history")


@pytest.mark.django_db
def test_clock_of_the_database_that_differs(as_app: Surroundings) -> None:
    as_app.now = datetime(2026, 1, 1, tzinfo=UTC)
    (found,) = database.clocks_agree(as_app)
    assert (found.level, found.code) == ("bad", "doctor.db.clock")


def test_superuser_and_open_migrations(here: Surroundings) -> None:
    with EmbeddedPostgres(here.data, fast_unsafe=True) as server:
        here.app_url = server.url("superuser", "ecobureau")
        with psycopg.connect(here.app_url, autocommit=True) as here.db:
            assert codes(database.roles(here)) == {"doctor.roles.superuser"}
            (found,) = database.migrations(here)
        assert (found.level, found.code) == ("bad", "doctor.migrations.open")
        assert int(str(found.params["count"])) > 10


def test_no_database_yet_is_no_fault(here: Surroundings) -> None:
    found = examine(here, database.CHECKS)
    assert [(finding.level, finding.code) for finding in found] == [("warn", "doctor.db.none_yet")]
    assert not (here.data / "pg").exists()


def test_database_that_does_not_answer(here: Surroundings) -> None:
    here.app_url = f"postgresql://nobody:x@127.0.0.1:{free_port()}/none"
    (found,) = examine(here, database.CHECKS)
    assert (found.level, found.code) == ("bad", "supervisor.db.unreachable")


def test_embedded_database_at_rest_is_started_for_the_visit_only(here: Surroundings) -> None:
    with EmbeddedPostgres(here.data, fast_unsafe=True):
        pass
    found = examine(here, (database.reachable, database.durable))
    assert codes(found) == {"doctor.db.owned", "doctor.durable.ok"}
    with EmbeddedPostgres(here.data, fast_unsafe=True) as server:
        assert server.running()


def test_embedded_database_in_use_is_visited_where_it_runs(here: Surroundings) -> None:
    with EmbeddedPostgres(here.data, fast_unsafe=True) as server:
        assert codes(examine(here, (database.reachable,))) == {"doctor.db.ok"}
        assert server.running()


# -- the visit --------------------------------------------------------------------------------------------------------


def test_check_that_breaks_does_not_hide_the_others(here: Surroundings) -> None:
    def broken(_here: Surroundings) -> list[Finding]:
        raise RuntimeError("unforeseen")

    found = examine(here, (broken, machine.python))
    assert [finding.code for finding in found] == ["doctor.check.failed", "doctor.python.ok"]
    assert found[0].params["why"] == "unforeseen"


def test_report_puts_the_worst_last_and_sets_the_exit_code(tmp_path: Path) -> None:
    found = [Finding("bad", "doctor.words.missing", {"file": "x.mo"}), Finding("ok", "doctor.private.ok", {})]
    with (tmp_path / "out").open("w") as out:
        assert report(found, out) == 1
        assert report(found[1:], out) == 0
    lines = (tmp_path / "out").read_text().splitlines()
    assert [line[0] for line in lines[:3]] == ["✓", "✗", " "]


def test_every_fault_says_how_to_mend_it() -> None:
    """Texts of one line are for what is in order (and of the command's own help)."""
    fine = (".ok", ".none_yet", ".free", ".owned", ".help", ".json", ".sum")
    without = [
        code
        for code, text in words.CODES.items()
        if "\n" not in text and not code.endswith(fine) and code != "doctor.migrations.unknown"
    ]
    assert without == []
    for text in words.CODES.values():
        assert all(name is None or name.isidentifier() for _, name, _, _ in Formatter().parse(text))


def test_command_tells_a_fault_and_gives_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("x")
    (tmp_path / "key").chmod(0o644)
    env = {**environment(), "ECOBUREAU_DATA": str(tmp_path)}
    command = [sys.executable, "-m", "ecobureau", "doctor", "--json", "--web-port", str(free_port())]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    found = {line["code"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1
    assert found["doctor.private.open"]["level"] == "bad"
    assert "chmod 600" in found["doctor.private.open"]["text"]
    assert found["doctor.db.none_yet"]["level"] == "warn"


def test_all_checks_are_on_the_list() -> None:
    rooms = (machine, program, database, feeds, messages)
    assert list(CHECKS) == [check for room in rooms for check in room.CHECKS]
