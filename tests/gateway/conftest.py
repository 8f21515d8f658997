"""A database of its own for the tests of the gateway, whose rows are committed and stay until the end of the run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest

from conftest import _state_of_migrations, _with_dbname
from gateway.field import Database


@pytest.fixture(scope="session")
def gateway_database(django_db_setup: None) -> Iterator[Database]:
    """A clone of the migrated template, its registry filled by the tests themselves."""
    owner, app = os.environ["EB_TEST_OWNER"], os.environ["EB_TEST_APP"]
    template = f"tpl_{_state_of_migrations()}"
    name = f"test_gateway_{os.getpid()}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with psycopg.connect(_with_dbname(owner, "postgres"), autocommit=True) as admin:
        admin.execute(f'create database "{name}" template "{template}" strategy file_copy')
        database = Database(_with_dbname(owner, name), _with_dbname(app, name), _with_dbname(owner, "postgres"), name)
        yield database
        database.close()
        admin.execute(f'drop database if exists "{name}" with (force)')


@pytest.fixture
def field(gateway_database: Database) -> Database:
    """The database, letting everybody in, without what earlier tests put into quarantine."""
    gateway_database.let_in(True)
    gateway_database.run("delete from quarantine")  # new contents of one address are kept in bounds, minute by minute
    return gateway_database
