"""The embedded PostgreSQL: real server, real kills."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ecobureau.supervisor import cluster, identity, postgres
from ecobureau.supervisor.errors import PostgresBusy, PostgresError
from ecobureau.supervisor.postgres import EmbeddedPostgres, live_url
from supervisor.helpers import environment, gone, python, wait_for

OWNER = """
import sys
from pathlib import Path
from ecobureau.supervisor.postgres import EmbeddedPostgres
pg = EmbeddedPostgres(Path(sys.argv[1]), fast_unsafe=True)
pg.start()
print(pg.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def fresh() -> Iterator[Path]:
    """An empty data folder on a short path that other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="eb-pg-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def made() -> Iterator[Path]:
    """A data folder that has been started once."""
    folder = Path(tempfile.mkdtemp(prefix="eb-pg-"))
    folder.chmod(0o755)
    with EmbeddedPostgres(folder, fast_unsafe=True):
        pass
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def data(fresh: Path, made: Path) -> Path:
    """A copy of `made` for this test alone."""
    subprocess.run(["cp", "-a", f"{made}/.", str(fresh)], check=True)
    return fresh


@pytest.fixture
def server(data: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(data, fast_unsafe=True) as pg:
        yield pg


def ask(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as db:
        row = db.execute(statement).fetchone()
        assert row is not None
        return row[0]


def run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(statement)


def test_two_roles_and_a_database_stand_after_the_first_start(fresh: Path) -> None:
    with EmbeddedPostgres(fresh, fast_unsafe=True) as server:
        check_roles(server)


def check_roles(server: EmbeddedPostgres) -> None:
    assert ask(server.url("owner"), "select current_user || ' ' || current_database()") == "ecobureau_owner ecobureau"
    assert ask(server.url(), "select current_user") == "ecobureau_app"
    owner = "select pg_get_userbyid(datdba) from pg_database where datname = 'ecobureau'"
    assert ask(server.url(), owner) == "ecobureau_owner"
    assert ask(server.url("superuser", "postgres"), "select count(*) from pg_roles where rolsuper") == 1
    run(server.url("owner"), "create table proof (n int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(server.url(), "create table mine (n int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(server.url(), "select * from proof")


def test_settings_of_the_house_and_of_the_caller(data: Path) -> None:
    with EmbeddedPostgres(data, fast_unsafe=True, settings={"work_mem": "9MB"}) as pg:
        assert ask(pg.url(), "select current_setting('max_connections')") == "80"
        assert ask(pg.url(), "select current_setting('TimeZone')") == "Asia/Shanghai"
        assert ask(pg.url(), "select current_setting('work_mem')") == "9MB"
        assert ask(pg.url(), "select current_setting('fsync')") == "off"
        assert ask(pg.url(), "select current_setting('listen_addresses')") == ""
        assert ask(pg.url(), "select lower('ÉA中')") == "éa中"
    with EmbeddedPostgres(data) as pg:
        assert ask(pg.url(), "select current_setting('work_mem')") == "16MB"
        assert ask(pg.url(), "select current_setting('fsync')") == "on"


def test_passwords_are_asked_for_and_kept_private(server: EmbeddedPostgres, data: Path) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url().replace(":", ":x", 2).replace("postgresql:x", "postgresql:"))
    assert stat.S_IMODE((data / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "pg").stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "run").stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "postgres.log").stat().st_mode) == 0o600
    assert not (data / "initdb.pw").exists()
    password = cluster.read_secret(data)["owner"]
    assert password not in (data / "postgres.log").read_text()


def test_rows_stay_over_stop_and_start(data: Path) -> None:
    with EmbeddedPostgres(data, fast_unsafe=True) as pg:
        run(pg.url("owner"), "create table proof as select 7 as n")
        first = pg.pid
    assert first is not None and gone(first)
    with EmbeddedPostgres(data, fast_unsafe=True) as pg:
        assert ask(pg.url("owner"), "select n from proof") == 7


def test_killed_postmaster_comes_back_with_every_committed_row(data: Path) -> None:
    with EmbeddedPostgres(data) as pg:
        run(pg.url("owner"), "create table proof as select 7 as n")
        assert pg.pid is not None
        os.kill(pg.pid, signal.SIGKILL)
        wait_for(lambda: not pg.running(), "the killed server to be noticed")
        pg.start()
        assert ask(pg.url("owner"), "select n from proof") == 7


def test_server_ends_with_its_killed_owner(data: Path) -> None:
    with python(OWNER, str(data)) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert live_url(data) is not None
        owner.send_signal(signal.SIGKILL)
        wait_for(lambda: gone(pid), "the server to end after its owner")
    assert live_url(data) is None
    with EmbeddedPostgres(data, fast_unsafe=True) as pg:
        assert ask(pg.url(), "select 1") == 1


def test_new_owner_starts_while_the_old_server_is_still_going(data: Path) -> None:
    with python(OWNER, str(data)) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        with EmbeddedPostgres(data, fast_unsafe=True) as pg:
            assert ask(pg.url(), "select 1") == 1


def test_second_owner_is_refused_and_the_first_goes_on(server: EmbeddedPostgres, data: Path) -> None:
    second = EmbeddedPostgres(data, fast_unsafe=True)
    with pytest.raises(PostgresBusy) as caught:
        second.start()
    assert caught.value.params["pid"] == str(os.getpid())
    assert str(data) in caught.value.say("zh")
    assert not second.running()
    second.stop()
    assert ask(server.url(), "select 1") == 1


def test_server_of_a_stranger_is_refused_and_left_alone(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "GOING_PATIENCE", 0.1)
    with EmbeddedPostgres(data, fast_unsafe=True) as pg:
        assert pg._lock is not None
        pg._lock.close()
        second = EmbeddedPostgres(data, fast_unsafe=True)
        with pytest.raises(PostgresBusy) as caught:
            second.start()
        assert caught.value.code == "supervisor.pg.stranger"
        assert caught.value.params["pid"] == pg.pid
        assert ask(pg.url(), "select 1") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="needs a Linux subreaper")
def test_zombie_that_nobody_reaps_does_not_block_the_next_start(data: Path) -> None:
    keeper = """
import ctypes, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
owner = subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[1]], stdin=subprocess.PIPE)
print(owner.pid, flush=True)
sys.stdin.read()
"""
    with python(keeper, str(data), OWNER) as process:
        assert process.stdout is not None
        owner, postmaster = sorted(int(process.stdout.readline()) for _ in range(2))
        os.kill(postmaster, signal.SIGKILL)
        os.kill(owner, signal.SIGKILL)
        wait_for(lambda: cluster.PidFile(data / "pg").process() == "Z", "the postmaster to be a zombie")
        with EmbeddedPostgres(data, fast_unsafe=True) as pg:
            assert ask(pg.url(), "select 1") == 1


def test_deep_folder_puts_the_socket_into_the_temp_folder(data: Path) -> None:
    deep = data / ("d" * 60) / ("e" * 60)
    with EmbeddedPostgres(deep, fast_unsafe=True) as pg:
        assert pg.sockets.parent == Path(tempfile.gettempdir())
        assert stat.S_IMODE(pg.sockets.stat().st_mode) == 0o700
        assert ask(pg.url(), "select 1") == 1
        assert live_url(deep) == pg.url()
    shutil.rmtree(pg.sockets)


@pytest.mark.parametrize("name", ["环保 数据", "a,b", 'a"b', "50% 'x' & y"])
def test_odd_folder_names(fresh: Path, made: Path, name: str) -> None:
    odd = fresh / name
    subprocess.run(["cp", "-a", str(made), str(odd)], check=True)
    with EmbeddedPostgres(odd, fast_unsafe=True) as pg:
        assert ask(pg.url(), "select 1") == 1
        assert live_url(odd) == pg.url()
        near = pg.sockets.parent == odd
    if not near:
        shutil.rmtree(pg.sockets)


def test_port_is_opened_on_loopback_only_when_asked_for(data: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with EmbeddedPostgres(data, fast_unsafe=True, port=port) as pg:
        assert ask(pg.url(), "select current_setting('listen_addresses')") == "127.0.0.1"
        assert ask(pg.url().split("?")[0].replace("@/", f"@127.0.0.1:{port}/"), "select 1") == 1
        assert live_url(data) == pg.url()


def test_lost_passwords_are_told_and_nothing_is_overwritten(data: Path) -> None:
    with EmbeddedPostgres(data, fast_unsafe=True):
        pass
    (data / "secret").unlink()
    with pytest.raises(PostgresError) as caught:
        EmbeddedPostgres(data, fast_unsafe=True).start()
    assert caught.value.code == "supervisor.pg.secret_lost"
    assert not (data / "secret").exists()
    assert (data / "pg" / "PG_VERSION").exists()


def test_new_passwords_can_be_made_as_the_manual_says(data: Path) -> None:
    """docs/reference/operations.md, "When something is wrong"."""
    (data / "secret").write_text(json.dumps({role: f"new-{role}" for role in ("owner", "app", "superuser")}))
    hba = data / "pg" / "pg_hba.conf"
    before = hba.read_text()
    hba.write_text("local all all trust\n")
    with EmbeddedPostgres(data, fast_unsafe=True):
        pass
    hba.write_text(before)
    with EmbeddedPostgres(data, fast_unsafe=True) as pg:
        for role in ("owner", "app", "superuser"):
            assert f"new-{role}" in pg.url(role)  # type: ignore[arg-type]
            assert ask(pg.url(role), "select 1") == 1  # type: ignore[arg-type]


def test_damaged_password_file_is_told(fresh: Path) -> None:
    (fresh / "secret").write_text("{not json")
    with pytest.raises(PostgresError) as caught:
        EmbeddedPostgres(fresh, fast_unsafe=True).start()
    assert caught.value.code == "supervisor.pg.secret"
    assert not (fresh / "pg").exists()


def test_interrupted_first_start_is_taken_up_again(fresh: Path) -> None:
    (fresh / "pg.new").mkdir()
    (fresh / "pg.new" / "half").write_text("of an initdb")
    with EmbeddedPostgres(fresh, fast_unsafe=True) as pg:
        run(pg.url("superuser", "postgres"), "drop database ecobureau")
    secret = (fresh / "secret").read_text()
    cluster.write_private(fresh / "secret", secret.replace('"prepared": "yes"', '"prepared": "no"'))
    with EmbeddedPostgres(fresh, fast_unsafe=True) as pg:
        assert ask(pg.url(), "select 1") == 1


def test_passwords_from_a_backup_serve_a_new_cluster(data: Path) -> None:
    before = cluster.read_secret(data)
    shutil.rmtree(data / "pg")
    with EmbeddedPostgres(data, fast_unsafe=True) as pg:
        assert ask(pg.url(), "select 1") == 1
    assert cluster.read_secret(data) == before


def test_cluster_of_another_version_is_told(data: Path) -> None:
    with EmbeddedPostgres(data, fast_unsafe=True):
        pass
    (data / "pg" / "PG_VERSION").write_text("12\n")
    with pytest.raises(PostgresError) as caught:
        EmbeddedPostgres(data, fast_unsafe=True).start()
    assert caught.value.code == "supervisor.pg.version"
    assert caught.value.params["have"] == "12"


def test_failing_start_shows_the_servers_own_words(data: Path) -> None:
    pg = EmbeddedPostgres(data, fast_unsafe=True, settings={"shared_buffers": "a lot"})
    with pytest.raises(PostgresError) as caught:
        pg.start()
    assert caught.value.code == "supervisor.pg.start"
    assert "shared_buffers" in str(caught.value.params["why"])
    assert not pg.running()
    with EmbeddedPostgres(data, fast_unsafe=True) as mended:
        assert ask(mended.url(), "select 1") == 1


def test_start_can_be_broken_off(data: Path) -> None:
    class Enough(Exception):
        pass

    def enough() -> None:
        raise Enough

    pg = EmbeddedPostgres(data, fast_unsafe=True)
    pg.while_waiting = enough
    with pytest.raises(Enough):
        pg.start()
    assert not pg.running()
    assert live_url(data) is None


def test_start_outside_the_main_thread_is_refused(fresh: Path) -> None:
    caught: list[PostgresError] = []

    def attempt() -> None:
        try:
            EmbeddedPostgres(fresh, fast_unsafe=True).start()
        except PostgresError as error:
            caught.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert [error.code for error in caught] == ["supervisor.pg.thread"]


def test_missing_programs_are_told(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOBUREAU_PG_BIN", str(fresh / "nowhere"))
    with pytest.raises(PostgresError) as caught:
        EmbeddedPostgres(fresh).start()
    assert caught.value.code == "supervisor.pg.no_binaries"
    assert list(fresh.iterdir()) == []


def test_file_in_place_of_the_folder_is_told(fresh: Path) -> None:
    (fresh / "file").write_text("")
    with pytest.raises(PostgresError) as caught:
        EmbeddedPostgres(fresh / "file" / "data").start()
    assert caught.value.code == "supervisor.data.unwritable"


def test_address_before_any_start_is_refused(fresh: Path) -> None:
    assert live_url(fresh) is None
    with pytest.raises(PostgresError) as caught:
        EmbeddedPostgres(fresh).url()
    assert caught.value.code == "supervisor.pg.not_started"


def test_import_needs_no_django() -> None:
    code = "import sys, ecobureau.supervisor.postgres, ecobureau.supervisor.run; print('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout.strip() == "False"


root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@root_only
@pytest.mark.parametrize("way", ["unshare", "nobody", "setpriv"])
def test_each_way_round_roots_refusal(fresh: Path, way: str) -> None:
    try:
        identity.choose(cluster.find_binaries(), fresh, only=way)
    except PostgresError:
        pytest.skip(f"this machine does not allow '{way}'")
    for _ in range(2):
        with EmbeddedPostgres(fresh, fast_unsafe=True, run_as=way) as pg:
            assert ask(pg.url(), "select 1") == 1
    with python(OWNER, str(fresh)) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.send_signal(signal.SIGKILL)
        wait_for(lambda: gone(pid), "the server to end after its owner")


@root_only
def test_capability_passes_a_closed_home_folder(fresh: Path) -> None:
    fresh.chmod(0o700)
    inner = fresh / "inner"
    inner.mkdir()
    with pytest.raises(PostgresError) as caught:
        EmbeddedPostgres(inner, fast_unsafe=True, run_as="nobody").start()
    assert caught.value.code == "supervisor.pg.root"
    assert not (inner / "pg").exists()
    with EmbeddedPostgres(inner, fast_unsafe=True, run_as="setpriv") as pg:
        assert ask(pg.url(), "select 1") == 1


@root_only
def test_capability_reaches_binaries_in_a_closed_folder(fresh: Path) -> None:
    # initdb asks access(2) about its own binaries, which is answered without capabilities unless told otherwise.
    fresh.chmod(0o700)
    program = fresh / "initdb"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    with_capability = identity._with_capability()
    if with_capability is None or not identity._works(with_capability, [sys.executable, "-c", "pass"]):
        pytest.skip("this machine has no setpriv, or may not use it")
    ask_access = "import os, sys; sys.exit(0 if os.access(sys.argv[1], os.X_OK) else 1)"
    assert identity._works(with_capability, [sys.executable, "-c", ask_access, str(program)])
    as_nobody = identity.Identity("nobody", uid=identity.NOBODY, gid=identity.NOBODY, owner=identity.NOBODY)
    assert not identity._works(as_nobody, [sys.executable, "-c", ask_access, str(program)])


@root_only
def test_ordinary_user_owns_his_server(fresh: Path) -> None:
    os.chown(fresh, identity.NOBODY, identity.NOBODY)
    # With the capability to pass closed folders: the interpreter may lie in root's home.
    as_nobody = identity._with_capability()
    if as_nobody is None or not identity._works(as_nobody, [sys.executable, "-c", "pass"]):
        pytest.skip("this machine has no setpriv, or may not use it")
    with python(OWNER, str(fresh), prefix=as_nobody.prefix) as owner:
        assert owner.stdout is not None
        assert int(owner.stdout.readline())
        assert (fresh / "pg").stat().st_uid == identity.NOBODY
        url = live_url(fresh)
        assert url is not None
        assert ask(url, "select 1") == 1
