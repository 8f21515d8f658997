"""The generic pages: list, board, statistics, detail, verbs, export, search, and who may open them."""

import csv
import io
from uuid import uuid4

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook
from prometheus_client import REGISTRY

from ecobureau.web.core import registry, search, selectors, services
from ecobureau.web.core.access import viewer_of
from ecobureau.web.core.models import Audit, History
from web.core.toy import Notebook
from web.people import person, viewer

LEVELS = ("red", "orange", "yellow", "blue")
pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(db, clock):
    return person("zhang", ("duty_officer", "/wuhan/"))


@pytest.fixture
def notebook(toy, officer):
    fields = {"title": "=长江断面水质手记", "org_path": "/wuhan/jiangan/", "level": "orange", "pages": 3}
    return services.create("notebook", viewer(officer), **fields)


def test_a_stranger_is_sent_to_sign_in(toy, client, notebook):
    answer = client.get("/notebooks/")
    assert answer.status_code == 302 and answer.url.startswith("/accounts/login/")


def test_list_shows_finds_and_filters(client, officer, notebook):
    client.force_login(officer)
    page = client.get("/notebooks/")
    assert page.status_code == 200 and notebook.number in page.content.decode()
    assert notebook.number in client.get("/notebooks/", {"q": "断面"}).content.decode()
    assert notebook.number not in client.get("/notebooks/", {"q": "噪声"}).content.decode()
    assert notebook.number not in client.get("/notebooks/", {"level": "red"}).content.decode()
    assert notebook.number in client.get("/notebooks/", {"level": "orange", "open": "1"}).content.decode()


def test_a_foolish_filter_leaves_nothing_and_says_so(client, officer, notebook):
    client.force_login(officer)
    page = client.get("/notebooks/", {"since": "gestern"})
    assert page.status_code == 200 and notebook.number not in page.content.decode()
    assert "eb-wrong" in page.content.decode()


@pytest.mark.parametrize("address", ["board/", "statistics/", "new/"])
def test_the_other_pages_of_a_kind_open(client, officer, notebook, address):
    client.force_login(officer)
    assert client.get(f"/notebooks/{address}").status_code == 200


def test_detail_and_its_verb(client, officer, notebook):
    client.force_login(officer)
    page = client.get(f"/notebooks/{notebook.number}/")
    assert page.status_code == 200 and f"/notebooks/{notebook.number}/do/lend/" in page.content.decode()
    form = client.get(f"/notebooks/{notebook.number}/do/lend/")
    assert form.status_code == 200
    once = {"version": 1, "client_uuid": str(uuid4()), "note": "借给王某"}
    for _ in range(2):
        done = client.post(f"/notebooks/{notebook.number}/do/lend/", once)
        assert done.status_code == 302
    notebook.refresh_from_db()
    assert (notebook.state, notebook.version) == ("lent", 2)
    assert "借给王某" in client.get(f"/notebooks/{notebook.number}/").content.decode()


def test_a_verb_on_an_old_version_is_told_and_changes_nothing(client, officer, notebook):
    client.force_login(officer)
    services.amend(notebook, viewer(officer), {"title": "新标题"})
    answer = client.post(f"/notebooks/{notebook.number}/do/lend/", {"version": 1, "client_uuid": str(uuid4())})
    assert answer.status_code == 422 and "刚刚被别人办理过" in answer.content.decode()
    notebook.refresh_from_db()
    assert (notebook.state, notebook.version) == ("shelf", 2)


def test_no_right_is_a_page_of_its_own_and_changes_nothing(client, notebook):
    client.force_login(person("li", ("duty_officer", "/changsha/")))
    before = History.objects.count()
    for answer in (
        client.get(f"/notebooks/{notebook.number}/"),
        client.post(f"/notebooks/{notebook.number}/do/lend/", {"version": 1}),
        client.get(f"/notebooks/{notebook.number}/chain/"),
    ):
        assert answer.status_code == 403 and "权限" in answer.content.decode()
    notebook.refresh_from_db()
    assert (notebook.state, History.objects.count()) == ("shelf", before)


def test_an_unknown_number_is_not_found(client, officer, toy):
    client.force_login(officer)
    assert client.get("/notebooks/BJ-20990101-0001/").status_code == 404


def test_export_is_safe_marked_and_audited(client, officer, notebook):
    client.force_login(officer)
    answer = client.post("/notebooks/export.csv?q=断面", {"purpose": "月报"})
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert rows[1][0] == notebook.number and rows[1][2] == "'=长江断面水质手记"
    assert "zhang" in rows[-1][0] and "月报" in rows[-1][0]
    line = Audit.objects.get(what="export")
    assert (line.purpose, line.detail["rows"], line.actor_id) == ("月报", 1, officer.pk)
    book = load_workbook(
        io.BytesIO(b"".join(client.post("/notebooks/export.xlsx", {"purpose": "月报"}).streaming_content))
    )
    assert book.worksheets[0]["A2"].value == notebook.number


def test_export_without_purpose_or_right_is_refused(client, officer, notebook):
    client.force_login(officer)
    assert client.post("/notebooks/export.csv", {"purpose": " "}).status_code == 422
    client.force_login(person("wang", ("enforcement_officer", "/wuhan/")))
    assert client.post("/notebooks/export.csv", {"purpose": "看看"}).status_code == 403
    assert not Audit.objects.filter(what="export").exists()


def test_search_finds_by_words_and_goes_to_a_number(client, officer, notebook):
    client.force_login(officer)
    assert notebook.number in client.get("/search/", {"q": "水质"}).content.decode()
    assert client.get("/search/", {"q": notebook.number}).url == f"/notebooks/{notebook.number}/"


def test_views_are_saved_and_dropped(client, officer, notebook):
    client.force_login(officer)
    client.post("/notebooks/views/", {"name": "橙色", "query": "level=orange"})
    page = client.get("/notebooks/").content.decode()
    assert "橙色" in page and "?level=orange" in page


def test_the_security_policy_has_no_holes(client, officer, toy):
    client.force_login(officer)
    first, second = client.get("/notebooks/"), client.get("/notebooks/")
    policy = first.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert policy != second.headers["Content-Security-Policy"]
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    assert " style=" not in first.content.decode()


def test_chain_page_checks_now(client, officer, notebook):
    client.force_login(officer)
    assert "全部相符" in client.get(f"/notebooks/{notebook.number}/chain/").content.decode()


def test_health_and_metrics(client, db):
    assert client.get("/healthz").json() == {"ok": True, "database": "ok"}
    assert b"ecobureau_refusals_total" in client.get("/metrics").content
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.9").status_code == 403


@pytest.mark.parametrize("address", ["/notebooks/", "/notebooks/board/", "/api/notebooks/", "/search/?q=手记"])
def test_more_records_cost_no_more_queries(client, officer, toy, address):
    """No query a row: the page of twenty costs what the page of two costs."""
    actor = viewer(officer)
    client.force_login(officer)

    def grow(count):
        for number in range(count):
            made = services.create("notebook", actor, title=f"手记{number}", org_path="/wuhan/", pages=1)
            services.perform(made, "lend", actor, changes={"owner_person": officer})

    grow(2)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    grow(18)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) <= len(few)


def test_the_search_uses_the_index(officer, toy):
    queryset = search.matching(Notebook.objects.all(), "断面水质")
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
    assert "notebook_bigrams" in queryset.explain()


def test_every_number_is_the_count_of_the_list_it_opens(client, officer, toy):
    actor = viewer(officer)
    for number in range(5):
        made = services.create("notebook", actor, title="手记", org_path="/wuhan/", level=LEVELS[number % 4], pages=1)
        if number % 2:
            services.perform(made, "lend", actor)
    numbers = selectors.statistics(viewer_of(officer), registry.get("notebook"))
    for number in (each for group in numbers.values() for each in group):
        page = selectors.list_page(
            viewer_of(officer), registry.get("notebook"), QueryDict(number.url.partition("?")[2])
        )
        assert page.total == number.value, number.url
    assert sum(number.value for number in numbers["state"]) == 5


def test_refusals_are_counted(client, officer, notebook):
    def counted():
        return REGISTRY.get_sample_value("ecobureau_refusals_total", {"code": "core.not_from_here"}) or 0

    before = counted()
    client.force_login(officer)
    client.post(f"/notebooks/{notebook.number}/do/bring/", {"version": 1})
    assert counted() == before + 1


def test_english_pages_speak_english(client, officer, notebook):
    officer.language = "en"
    officer.save()
    client.force_login(officer)
    page = client.get(f"/notebooks/{notebook.number}/").content.decode()
    assert "What has happened" in page and "办理经过" not in page
    refused = client.post(f"/notebooks/{notebook.number}/do/bring/", {"version": 1}).content.decode()
    assert "cannot be done in the state" in refused
