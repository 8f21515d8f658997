"""One verb on several records: shown first, each done by itself, refusals told, sent twice done once."""

from uuid import uuid4

import pytest

from ecobureau.clock import now
from ecobureau.web.core import services
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.models import History
from web.people import person, viewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(toy, clock):
    return person("zhang", ("duty_officer", "/wuhan/"))


@pytest.fixture
def records(officer):
    return [
        services.create("notebook", viewer(officer), title=f"手记{n}", org_path="/wuhan/", pages=1) for n in range(3)
    ]


def test_it_is_shown_before_anything_happens(client, officer, records):
    client.force_login(officer)
    services.perform(records[2], "lend", viewer(officer))
    page = client.post("/notebooks/bulk/lend/", {"number": [each.number for each in records]})
    text = page.content.decode()
    assert page.status_code == 200 and "将办 2 件" in text and "不能办 1 件" in text
    assert History.objects.filter(verb="lend").count() == 1


def test_confirmed_it_is_done_once_and_a_changed_one_is_told(client, officer, records):
    client.force_login(officer)
    sent = {"number": [each.number for each in records], "confirm": "1", "client_uuid": str(uuid4())}
    sent |= {f"version-{each.number}": str(each.version) for each in records}
    services.amend(records[1], viewer(officer), {"title": "改过"})
    page = client.post("/notebooks/bulk/lend/", sent).content.decode()
    assert "已办 2 件" in page and "刚刚被别人办理过" in page
    client.post("/notebooks/bulk/lend/", sent)
    assert sorted(type(each).objects.get(pk=each.pk).state for each in records) == ["lent", "lent", "shelf"]
    assert History.objects.filter(verb="lend").count() == 2


def test_others_records_other_verbs_and_nothing_are_refused(client, officer, records):
    client.force_login(officer)
    assert client.post("/notebooks/bulk/bring/", {"number": records[0].number}).status_code == 422
    assert client.post("/notebooks/bulk/lend/", {}).status_code == 422
    client.force_login(person("fremd", ("duty_officer", "/changsha/")))
    page = client.post("/notebooks/bulk/lend/", {"number": records[0].number, "confirm": "1"})
    assert records[0].number not in page.content.decode()
    assert not History.objects.filter(verb="lend").exists()


# --- taking it back ---------------------------------------------------------------------------------------------------


@pytest.fixture
def watched(client, clock):
    """Two clues that were put under watch at once, and the page that offers to take it back."""
    who = person("zhang", ("duty_officer", "/wuhan/"))
    made = [
        services.create("clue", SYSTEM, title=f"线索{n}", org_path="/wuhan/", first_at=now(), last_at=now())
        for n in range(2)
    ]
    client.force_login(who)
    sent = {"number": [each.number for each in made], "confirm": "1", "reason": "等下一小时"}
    page = client.post("/clues/bulk/watch/", sent).content.decode()
    assert "已办 2 件" in page
    return who, made, page.split('name="undo" value="')[1].split('"')[0]


def states(records):
    return [type(each).objects.get(pk=each.pk).state for each in records]


def test_a_bulk_verb_with_an_inverse_is_taken_back(client, watched):
    _who, made, token = watched
    page = client.post("/clues/bulk/undo/", {"undo": token})
    assert page.status_code == 200 and states(made) == ["triaged", "triaged"]
    client.post("/clues/bulk/undo/", {"undo": token})
    assert History.objects.filter(verb="triage").count() == 2


def test_what_somebody_has_touched_since_stays(client, watched):
    _who, made, token = watched
    other = viewer(person("li", ("duty_officer", "/wuhan/")))
    services.perform(type(made[0]).objects.get(pk=made[0].pk), "triage", other)
    page = client.post("/clues/bulk/undo/", {"undo": token}).content.decode()
    assert "不能办 1 件" in page and states(made) == ["triaged", "triaged"]
    assert History.objects.filter(verb="triage", object_id=made[0].pk).count() == 1


def test_a_strange_or_forged_token_takes_nothing_back(client, watched):
    _who, made, token = watched
    client.force_login(person("li", ("duty_officer", "/wuhan/")))
    for sent in (token, token[:-3] + "abc", ""):
        assert client.post("/clues/bulk/undo/", {"undo": sent}).status_code == 422
    assert client.post("/notebooks/bulk/undo/", {"undo": token}).status_code == 404
    assert states(made) == ["watching", "watching"]


def test_a_bulk_verb_without_an_inverse_offers_none(client, watched):
    _who, made, _token = watched
    page = client.post("/clues/bulk/triage/", {"number": [each.number for each in made], "confirm": "1"})
    assert "已办 2 件" in page.content.decode() and 'name="undo"' not in page.content.decode()
