"""News for open pages: sent with the commit, heard by those who may see the record."""

import json

import psycopg
import pytest
from django.core import signing
from django.db import transaction

from ecobureau.web.core import live, services
from ecobureau.web.core.access import NOBODY, viewer_of
from web.people import person, viewer

GRID = "/wuhan/jiangan/g1/"


@pytest.mark.django_db(transaction=True)
def test_news_come_with_the_commit_once_and_not_after_a_rollback(toy_committed, clock, database_url):
    actor = viewer(person("zhang"), "duty_officer", "/wuhan/")
    with psycopg.connect(database_url, autocommit=True) as ear:
        ear.execute("listen live")
        with pytest.raises(RuntimeError), transaction.atomic():
            services.create("notebook", actor, title="nie", org_path="/wuhan/")
            raise RuntimeError
        record = services.create("notebook", actor, title="手记", org_path="/wuhan/jiangan/", grid=GRID)
        heard = [json.loads(news.payload) for news in ear.notifies(timeout=10, stop_after=2)]
    assert heard == [
        {"t": "list:notebook", "k": "notebook", "id": record.pk, "org": GRID},
        {"t": f"record:notebook:{record.pk}", "k": "notebook", "id": record.pk, "org": ""},
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "place", "grids", "hears"),
    [
        ("duty_officer", "/wuhan/", [], True),
        ("duty_officer", "/wuhan/jiangan/", [], True),
        ("duty_officer", "/wuhan/qingshan/", [], False),
        ("grid_worker", "/wuhan/jiangan/", [GRID], True),
        ("grid_worker", "/wuhan/jiangan/", ["/wuhan/jiangan/g2/"], False),
        ("administrator", "/wuhan/", [], False),
    ],
)
def test_a_list_is_heard_by_place(toy, clock, role, place, grids, hears):
    ticket = live.read_token(live.token(viewer_of(person("zhang", (role, place, grids)))))
    assert ticket.hears("list:notebook", GRID) is hears


@pytest.mark.django_db
def test_nobody_hears_for_others(toy, clock):
    one, other = person("one", ("duty_officer", "/wuhan/")), person("other", ("duty_officer", "/wuhan/"))
    ticket = live.read_token(live.token(viewer_of(one), more=[f"user:{other.pk}", "record:notebook:99"]))
    assert ticket.hears(f"user:{one.pk}", "") and not ticket.hears(f"user:{other.pk}", "")
    assert not ticket.hears("record:notebook:99", "")
    assert live.read_token(live.token(NOBODY)).topics == {}


def test_a_forged_token_is_no_token():
    text = signing.dumps({"u": 1, "t": {"list:notebook": ["/"]}}, salt="other")
    with pytest.raises(signing.BadSignature):
        live.read_token(text)
