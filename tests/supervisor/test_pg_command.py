"""`ecobureau pg`: backup and restore with the programs that come along."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ecobureau.commands.pg import surroundings
from ecobureau.supervisor.postgres import EmbeddedPostgres
from supervisor.helpers import environment


@pytest.fixture
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="eb-pg-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def ecobureau(data: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {**environment(), "ECOBUREAU_DATA": str(data), **more}
    command = [sys.executable, "-m", "ecobureau", *words]
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False)


def test_dump_of_one_installation_restores_into_another(data: Path) -> None:
    old, new, dump = data / "old", data / "new", data / "backup.dump"
    with EmbeddedPostgres(old, fast_unsafe=True) as server, psycopg.connect(server.url("owner")) as db:
        db.execute("create table proof as select 7 as n")
        db.execute("grant select on proof to ecobureau_app")
        db.commit()
        done = ecobureau(old, "pg", "pg_dump", "-Fc", "-f", str(dump))
        assert done.returncode == 0, done.stderr
    with EmbeddedPostgres(new, fast_unsafe=True):
        pass
    done = ecobureau(new, "pg", "pg_restore", "--no-owner", "-d", "ecobureau", str(dump))
    assert done.returncode == 0, done.stderr
    done = ecobureau(new, "pg", "--role", "app", "psql", "-Atc", "select n from proof")
    assert done.stdout == "7\n"


def test_exit_code_of_the_program_is_ours(data: Path) -> None:
    with EmbeddedPostgres(data, fast_unsafe=True):
        done = ecobureau(data, "pg", "psql", "-c", "select nothing")
        assert done.returncode == 1
        assert "nothing" in done.stderr


def test_what_cannot_work_is_told(data: Path) -> None:
    done = ecobureau(data, "pg", "psql")
    assert done.returncode == 1
    assert str(data) in done.stderr
    assert not (data / "pg").exists()
    with EmbeddedPostgres(data, fast_unsafe=True):
        done = ecobureau(data, "pg", "no_such_program")
    assert done.returncode == 1
    assert "no_such_program" in done.stderr
    done = ecobureau(data, "pg", "--role", "superuser", "psql", DATABASE_URL="postgresql://u@h/d")
    assert done.returncode == 1


def test_address_becomes_variables_without_a_password_on_the_command_line() -> None:
    assert surroundings("postgresql://u:p%40ss@/d?host=%2Fsome%2Fwhere&port=5433") == {
        "PGHOST": "/some/where",
        "PGPORT": "5433",
        "PGUSER": "u",
        "PGPASSWORD": "p@ss",
        "PGDATABASE": "d",
    }
    assert surroundings("postgresql://u@db.example:5432/d?sslmode=require") == {
        "PGHOST": "db.example",
        "PGPORT": "5432",
        "PGUSER": "u",
        "PGDATABASE": "d",
        "PGSSLMODE": "require",
    }
