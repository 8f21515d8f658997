"""The API: list, filters, one, verbs, files, schema; refused like the pages."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ecobureau.web.core import services
from ecobureau.web.core.models import History
from web.files import jpeg
from web.people import person, viewer

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def officer(db, clock):
    return person("zhang", ("duty_officer", "/wuhan/"))


@pytest.fixture
def record(toy, officer):
    return services.create("notebook", viewer(officer), title="手记", org_path="/wuhan/", pages=1)


def test_list_is_filtered_and_paged(client, officer, record):
    client.force_login(officer)
    body = client.get("/api/notebooks/?state=shelf&limit=1").json()
    assert body["count"] == 1 and body["results"][0]["number"] == record.number and body["results"][0]["pages"] == 1
    assert client.get("/api/notebooks/?state=lent").json()["results"] == []
    assert client.get("/api/notebooks/?state=nonsense").status_code == 400
    assert client.get("/api/notebooks/?limit=100000").status_code == 400


def test_making_and_moving(client, officer, record):
    client.force_login(officer)
    made = client.post("/api/notebooks/", {"title": "第二本", "level": "red", "org_path": "/wuhan/"}, JSON)
    assert made.status_code == 201 and made.json()["state"] == "shelf"
    address = f"/api/notebooks/{made.json()['number']}/"
    act = {"note": "借", "version": 1, "client_uuid": str(uuid4())}
    for _ in range(2):
        assert client.post(f"{address}do/lend/", act, JSON).json()["state"] == "lent"
    one = client.get(address).json()
    assert [entry["verb"] for entry in one["history"]] == ["create", "lend"]
    assert one["clocks"][0]["state"] == "normal" and {verb["verb"] for verb in one["verbs"]} == {"pause"}


def test_a_refusal_has_code_sentence_and_status(client, officer, record):
    client.force_login(officer)
    answer = client.post(f"/api/notebooks/{record.number}/do/bring/", {}, JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "core.not_from_here")
    stale = client.post(f"/api/notebooks/{record.number}/do/lend/", {"version": 7}, JSON)
    assert (stale.status_code, stale.json()["code"]) == (409, "core.changed_meanwhile")
    english = client.post(
        f"/api/notebooks/{record.number}/do/lend/", {"version": 7}, JSON, headers={"Accept-Language": "en"}
    )
    assert english.status_code == 409
    assert History.objects.filter(object_id=record.pk).count() == 1


def test_without_a_session_or_token_nothing_goes(officer, record):
    strict = Client(enforce_csrf_checks=True)
    assert strict.get("/api/notebooks/").status_code in (401, 403)
    strict.force_login(officer)
    assert strict.post(f"/api/notebooks/{record.number}/do/lend/", {}, JSON).status_code == 403
    record.refresh_from_db()
    assert record.state == "shelf"


def test_files_and_schema(client, officer, record, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(officer)
    sent = {"file": SimpleUploadedFile("a.jpg", jpeg()), "paper": "photo"}
    assert client.post(f"/api/notebooks/{record.number}/files/", sent).status_code == 201
    schema = client.get("/api/schema?format=json").json()
    assert "/api/notebooks/{number}/do/{verb}/" in schema["paths"]
    assert schema["components"]["schemas"]["NotebookRecord"]["properties"]["number"]["type"] == "string"
