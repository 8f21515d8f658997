"""A small demonstration city, built once, in a database of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from conftest import _point_django_at, _state_of_migrations, _with_dbname
from ecobureau.demo.setup import Built, build


@dataclass
class City:
    """What the tests look at: data folder, DSN of the application's role, and what the build said."""

    data: Path
    url: str
    built: Built

    def build(self) -> Built:
        return build(self.data, self.url, stations=5, workers=0)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as db:
            return db.execute(query, values).fetchall()  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def city(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    from django.db import connection

    name = f"test_demo_{os.getpid()}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    admin_url = _with_dbname(os.environ["EB_TEST_OWNER"], "postgres")
    before = os.environ["DATABASE_URL"]
    url = _with_dbname(os.environ["EB_TEST_APP"], name)
    data = tmp_path_factory.mktemp("demo")
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f'create database "{name}" template "tpl_{_state_of_migrations()}" strategy file_copy')
        try:
            with django_db_blocker.unblock():
                connection.close()
                _point_django_at(url)
                yield City(data, url, build(data, url, stations=5, workers=0))
                connection.close()
        finally:
            _point_django_at(before)
            admin.execute(f'drop database if exists "{name}" with (force)')
