"""What commands that need Django share: the environment, and a database that is there."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from ecobureau.config import data_dir, database_url
from ecobureau.words import say

SETTINGS = "ecobureau.web.settings"


def find_database() -> bool:
    """Point the environment at the live database; says on stderr what is missing.

    Uses `DATABASE_URL` where it is set, else the embedded server that `up` runs on this data folder.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    if database_url() is not None:
        return True
    from ecobureau.supervisor.postgres import live_url

    app, owner = live_url(data_dir(), "app"), live_url(data_dir(), "owner")
    if app is None or owner is None:
        print(say("commands.no_database", folder=str(data_dir())), file=sys.stderr)
        return False
    os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = app, owner
    return True


@contextlib.contextmanager
def own_database() -> Iterator[None]:
    """Hold a database for the length of a short command: the live one, else the embedded server, started for it."""
    from ecobureau.supervisor.postgres import EmbeddedPostgres, live_url

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    if database_url() is not None or live_url(data_dir()) is not None:
        find_database()
        yield
        return
    with EmbeddedPostgres(data_dir()) as server:
        os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = server.url("app"), server.url("owner")
        yield
