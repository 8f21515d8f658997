"""The chain: it shows every tampering, and the database refuses to help with it."""

import json

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from ecobureau.web.core import services
from ecobureau.web.core.history import verify_chain
from ecobureau.web.core.models import Audit, History, HistoryPersonal
from ecobureau.web.core.refusals import Refused
from web.people import person, viewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def record(toy, clock):
    actor = viewer(person("zhang"), "duty_officer", "/wuhan/")
    made = services.create("notebook", actor, title="手记", org_path="/wuhan/", pages=1, borrower="王某", note="甲")
    services.perform(made, "lend", actor, note="乙", data={"shelf": 7})
    services.perform(made, "pause", actor, reason="wet", note="丙")
    return made


def tamper(sql, *values):
    """Change the history as somebody could who owns the database and switches the trigger off."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table core_history disable trigger core_history_append_only")
        cursor.execute(sql, values)
        cursor.execute("alter table core_history enable trigger core_history_append_only")


def codes(record):
    return {fault.code for fault in verify_chain("notebook", record.pk, record.version).faults}


def test_an_honest_chain_verifies(record):
    report = verify_chain("notebook", record.pk, record.version)
    assert report.ok and report.entries == 3 and report.head == History.objects.get(seq=3).hash


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("update core_history set body = replace(body, '\"shelf\":7', '\"shelf\":8')", "core.chain.hash"),
        ("update core_history set at = at - interval '1 hour' where seq = 2", "core.chain.columns"),
        ("update core_history set actor_id = 0 where seq = 2", "core.chain.columns"),
        ("update core_history set prev_hash = repeat('0', 64) where seq = 3", "core.chain.link"),
        ("delete from core_history where seq = 2", "core.chain.gap"),
        ("delete from core_history where seq = 3", "core.chain.short"),
    ],
)
def test_every_tampering_shows(record, sql, fault):
    HistoryPersonal.objects.all().delete()
    tamper(sql)
    assert fault in codes(record)


def test_a_forged_personal_word_shows_and_an_erased_one_is_no_fault(record):
    HistoryPersonal.objects.filter(value="乙").update(value="丁")
    assert codes(record) == {"core.chain.personal"}
    HistoryPersonal.objects.all().delete()
    assert codes(record) == set()


def test_personal_words_are_not_in_the_hashed_text(record):
    bodies = "".join(History.objects.values_list("body", flat=True))
    assert not any(word in bodies for word in ("王某", "甲", "乙", "丙"))
    assert set(json.loads(History.objects.get(seq=1).body)["digests"]) == {"borrower", "note"}


def test_erasing_is_for_administrators_and_audited(record):
    entry = History.objects.get(seq=1)
    with pytest.raises(Refused, match=r"core\.no_access"):
        services.erase_personal(entry, viewer(person("li"), "duty_officer", "/wuhan/"))
    assert entry.personal.count() == 2
    assert services.erase_personal(entry, viewer(person("admin"), "administrator", "/wuhan/")) == 2
    assert codes(record) == set() and Audit.objects.filter(what="erase_personal").count() == 1


@pytest.mark.parametrize("table", ["core_history", "core_audit"])
@pytest.mark.parametrize("verb", ["update {} set id = id", "delete from {}"])
def test_the_owner_is_refused_by_the_trigger(record, table, verb):
    Audit.objects.create(at=History.objects.first().at, what="test")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb.format(table))
    assert History.objects.count() == 3 and Audit.objects.count() == 1


def test_the_application_has_no_right_to_change_evidence(app_database_url):
    with psycopg.connect(app_database_url, autocommit=True) as app:
        assert app.execute("select current_user").fetchone() == ("ecobureau_app",)
        assert app.execute("select count(*) from core_history").fetchone() is not None
        for statement in (
            "update core_history set verb = 'x'",
            "delete from core_history",
            "truncate core_history",
            "update core_audit set what = 'x'",
            "delete from core_audit",
            "truncate core_audit",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)
        app.execute("update core_notice set read_at = null where false")
