"""Who may do what with the pool: a table by hand, held against every page, act, export and address of the interface.

A row: what · roles at the places where they may. `city`, `district` (jiangan), `other` (qingshan). What is not named is
refused, and a refusal changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ecobureau.web.accounts.models import User
from ecobureau.web.clues import scenarios
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import Clue, ClueSource, Reporter, RuleChange, SensitivePlace
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import Audit, History
from web.clues.pool_scene import CITY, DISTRICT, OTHER, a_clue, closed, who

pytestmark = pytest.mark.django_db
ROLES = (
    "duty_officer",
    "dispatcher",
    "grid_worker",
    "enforcement_officer",
    "unit_head",
    "leader",
    "auditor",
    "administrator",
)
PLACES = {"city": CITY, "district": DISTRICT, "other": OTHER}
ANYWHERE = "city district other"
TABLE = """
see sources          duty_officer dispatcher unit_head leader auditor administrator   city district other
see kinds            duty_officer dispatcher unit_head leader auditor administrator   city district other
see answers          duty_officer dispatcher unit_head                                city district other
see sensitive        duty_officer dispatcher enforcement_officer unit_head leader auditor   city district other
see sensitive        administrator grid_worker                                        city district other
see reporter         duty_officer dispatcher unit_head                                city district
unmask               duty_officer dispatcher unit_head                                city district
answer               duty_officer dispatcher unit_head                                city district
new source           administrator                                                    city district
change source        administrator                                                    city district
new sensitive        administrator                                                    city district
import sensitive     administrator                                                    city district
propose kind         administrator unit_head leader                                   city
decide kind          administrator unit_head leader                                   city
"""


def read_table() -> dict[tuple[str, str, str], bool]:
    """Return (what, role, where) that is allowed."""
    found = {}
    for line in TABLE.strip().splitlines():
        words = line.split()
        roles = [word for word in words if word in ROLES]
        what = " ".join(words[: words.index(roles[0])])
        for role in roles:
            for where in PLACES:
                if where in words:
                    found[what, role, where] = True
    return found


ALLOWED = read_table()


@pytest.fixture
def scene(city: None) -> dict[str, Any]:
    clue = a_clue("夜间施工")
    reporter = clues.add_reporter(clue, name="欧阳小明", phone="13812345678", words="太吵")
    closed(clue)
    source = clues.make_source(SYSTEM, code="line", name="热线", kind="complaint", org_path=DISTRICT)
    place, _how = clues.put_place(SYSTEM, code="S1", kind="school", name="育才小学", lon=114.3, lat=30.6)
    proposer = who("unit_head", CITY, "提出人")
    change = clues.propose_change(
        proposer,
        "scenario_kinds",
        "K08",
        value={**scenarios.value("K08"), "level": "red"},
        valid_from=scenarios.today(),
        why="试",
    )
    return {"clue": clue, "reporter": reporter, "source": source, "place": place, "change": change}


def acts(scene: dict[str, Any]) -> dict[str, Callable[[Any], Any]]:
    """Return what → the request that does it, given a client."""
    reporter, change = scene["reporter"], scene["change"]
    kind = {"name": "扬尘", "name_en": "Dust", "level": "red", "medium": "air", "task": "grid_check", "why": "因为"}
    kind |= {"valid_from": scenarios.today().isoformat()}
    source = {"name": "热线二", "kind": "complaint", "org_path": DISTRICT, "active": "on"}
    place = {"code": "S2", "kind": "school", "name": "二小", "lon": "114.31", "lat": "30.6"}
    file = "编号,类别,名称,经度,纬度\nS3,学校,三小,114.3,30.6\n"

    def sensitive_file(client: Any) -> Any:
        page = client.post("/sensitive-places/import/", {"file": SimpleUploadedFile("a.csv", file.encode())})
        if page.status_code != 200:
            return page
        return client.post("/sensitive-places/import/", {"sealed": page.context["sealed"]})

    return {
        "see sources": lambda client: client.get("/clue-sources/"),
        "see kinds": lambda client: client.get("/scene-kinds/"),
        "see answers": lambda client: client.get("/clues/answers/"),
        "see sensitive": lambda client: client.get("/sensitive-places/"),
        "see reporter": lambda client: client.get(f"/clues/reporters/{reporter.pk}/"),
        "unmask": lambda client: client.post(f"/clues/reporters/{reporter.pk}/unmask/", {"purpose": "回访"}),
        "answer": lambda client: client.post(f"/clues/reporters/{reporter.pk}/", {"way": "phone", "text": "已处理"}),
        "new source": lambda client: client.post("/clue-sources/new/", source | {"code": "line2"}),
        "change source": lambda client: client.post("/clue-sources/line/", source),
        "new sensitive": lambda client: client.post("/sensitive-places/new/", place),
        "import sensitive": sensitive_file,
        "propose kind": lambda client: client.post("/scene-kinds/scenario_kinds/K07/", kind),
        "decide kind": lambda client: client.post(f"/scene-kinds/changes/{change.pk}/", {"decision": "approve"}),
    }


def state() -> tuple[Any, ...]:
    """Return everything that a refusal must leave as it was."""
    return (
        list(ClueSource.objects.order_by("pk").values_list("code", "name")),
        list(SensitivePlace.objects.order_by("pk").values_list("code", "name")),
        list(RuleChange.objects.order_by("pk").values_list("key", "state")),
        list(Reporter.objects.order_by("pk").values_list("pk", "answered_at")),
        list(Clue.objects.order_by("pk").values_list("pk", "version")),
        History.objects.count(),
        Audit.objects.filter(what="unmask").count(),
    )


@pytest.mark.parametrize("role", ROLES)
def test_the_table(scene: dict[str, Any], client: Any, role: str) -> None:
    from django.db import transaction

    wrong = []
    for where, place in PLACES.items():
        viewer: Viewer = who(role, place)
        client.force_login(User.objects.get(pk=viewer.user_id))
        for what, do in acts(scene).items():
            before = state()
            with transaction.atomic():
                answer = do(client)
                after = state()
                transaction.set_rollback(True)
            scenarios.forget()
            may = ALLOWED.get((what, role, where), False)
            done = answer.status_code in (200, 302)
            if done != may:
                wrong.append(f"{role} at {where}: {what} gave {answer.status_code}")
            if not done and before != after:
                wrong.append(f"{role} at {where}: {what} was refused and changed something")
            if may and not what.startswith("see") and before == after:
                wrong.append(f"{role} at {where}: {what} did nothing")
            if b"13812345678" in answer.content and not (what == "unmask" and may):
                wrong.append(f"{role} at {where}: {what} shows a phone")
    assert not wrong, "\n".join(wrong)


def test_nobody_gets_in(scene: dict[str, Any], client: Any) -> None:
    before = state()
    for what, do in acts(scene).items():
        answer = do(client)
        assert answer.status_code == 302 and "/accounts/login/" in answer.headers["Location"], what
    assert state() == before


def test_reporters_leave_in_no_export_list_api_or_search(scene: dict[str, Any], client: Any) -> None:
    clue = scene["clue"]
    client.force_login(User.objects.get(pk=who("duty_officer", DISTRICT).user_id))
    seen = [client.get(f"/api/clues/{clue.number}/").content, client.get("/api/clues/").content]
    exported = client.post("/clues/export.csv", {"purpose": "核对"})
    seen += [b"".join(exported.streaming_content), client.get("/clues/").content, client.get("/search/?q=欧阳").content]
    seen.append(client.get(f"/clues/{clue.number}/").content)
    for body in seen:
        assert b"13812345678" not in body and "欧阳小明".encode() not in body
    client.force_login(User.objects.get(pk=who("leader", DISTRICT).user_id))
    assert "138****5678" not in client.get(f"/clues/{clue.number}/").content.decode()


def test_answers_of_another_district_are_not_listed(scene: dict[str, Any], client: Any) -> None:
    for place, count in ((DISTRICT, 1), (OTHER, 0), (CITY, 1)):
        client.force_login(User.objects.get(pk=who("dispatcher", place).user_id))
        assert client.get("/clues/answers/").context["total"] == count
