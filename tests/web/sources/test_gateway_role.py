"""The application's own role reads the view, hands out revisions and writes the registry."""

import psycopg
import pytest


@pytest.mark.django_db
def test_the_application_role_reads_stations_and_raises_revisions(app_database_url):
    with psycopg.connect(app_database_url) as db:
        assert db.execute("select current_user").fetchone() == ("ecobureau_app",)
        db.execute("select * from gateway_station").fetchall()
        first, second = (db.execute("select nextval('sources_revision')").fetchone()[0] for _ in range(2))
        assert first < second
        db.rollback()
