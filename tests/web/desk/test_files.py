"""Files of an enterprise, an outlet and a station: what stands on each tab, for whom, with how many questions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pypdfium2
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ecobureau.domain.credit_code import check_letter
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.models import Audit
from ecobureau.web.desk import file_paper
from ecobureau.web.outfalls import services as outfalls
from ecobureau.web.outfalls.models import Outfall
from ecobureau.web.places import services as places
from ecobureau.web.places.models import Organisation
from ecobureau.web.sources import codes
from ecobureau.web.sources import services as sources
from ecobureau.web.sources.models import Outlet, Station
from web.people import person

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 4, tzinfo=UTC)
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}
FAR = {"type": "Polygon", "coordinates": [[[115, 30], [116, 30], [116, 31], [115, 31], [115, 30]]]}
CODE = "91420100MA4KABCD17"


@pytest.fixture
def plant(settings: Any, tmp_path: Any) -> Outlet:
    settings.MEDIA_ROOT = tmp_path
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市")
    for code, name, square in (("jiangan", "江岸区", SQUARE), ("qingshan", "青山区", FAR)):
        unit = places.make_organisation(
            SYSTEM, parent=top, code=code, level="district", name=name, division_code="420102"
        )
        places.set_area(SYSTEM, unit, square, valid_from=AT.date().replace(year=2020))
    grid = places.make_organisation(
        SYSTEM, parent=Organisation.objects.get(path="/wuhan/jiangan/"), code="g1", level="grid", name="一网格"
    )
    places.set_area(SYSTEM, grid, SQUARE, valid_from=AT.date().replace(year=2020))
    sources.sync_factors(SYSTEM)
    firm = sources.make_enterprise(
        SYSTEM, code=CODE[:17] + check_letter(CODE[:17]), name="江北印染有限公司", lon=114.4, lat=30.5, contact="周某"
    )
    outlet = sources.make_outlet(SYSTEM, firm, code="DW001", name="废水总排口", medium="water")
    sources.set_limit(
        SYSTEM, outlet, "w01018", value="80", source="排污许可证", clause="第 12 页", valid_from=AT.date(), unit="mg/L"
    )
    station = sources.make_station(SYSTEM, code="W1", name="废水站", st="32", outlet=outlet, operator="某运维公司")
    sources.make_instrument(SYSTEM, station, "w01018", valid_from=AT.date(), maker="某厂", model="COD-1")
    outfalls.register(
        SYSTEM, title="印染厂入河口", kind_code="GY", water="府河", lon=114.4, lat=30.5, firm=firm.code, outlet=outlet
    )
    return outlet


def a_clue(number: int, outlet: Outlet) -> Clue:
    clue, _new = clues.open_or_extend(
        clues.Report(
            subject=f"outlet:{outlet.pk}", factor=f"w{number}", rule="R", title=f"线索{number}号", title_code="",
            reason_code="", params={}, level="orange", first_at=AT, last_at=AT, outlet_id=outlet.pk,
            org_path=outlet.org_path, grid=outlet.org_path, lon=114.4, lat=30.5, pieces=[clues.Piece("number", AT)],
        )
    )  # fmt: skip
    return clue


def paths(outlet: Outlet) -> dict[str, str]:
    return {
        "outlet": f"/outlets/{outlet.pk}/",
        "enterprise": f"/firms/{outlet.enterprise_id}/",
        "station": f"/stations/{Station.objects.get().pk}/",
    }


SHOWN = [
    ("outlet", "", ("废水总排口", "印染厂入河口")),
    ("outlet", "limits", ("80 mg/L", "第 12 页", "待核对", "近 90 天日均值")),
    ("outlet", "upkeep", ("COD-1", "没有查到申报")),
    ("outlet", "matters", ("线索0号",)),
    ("outlet", "media", ("没有照片和文件",)),
    ("outlet", "people", ("周某", "网格员", "grid", "沿革")),
    ("outlet", "all", ("第 12 页", "COD-1", "线索0号", "周某")),
    ("enterprise", "", ("DW001", "废水站", "印染厂入河口")),
    ("enterprise", "limits", ("80 mg/L", "第 12 页")),
    ("enterprise", "matters", ("线索0号",)),
    ("enterprise", "people", ("周某",)),
    ("station", "", ("废水站",)),
    ("station", "upkeep", ("COD-1",)),
]


def test_each_tab_shows_its_part(client: Any, plant: Outlet) -> None:
    person("grid", ("grid_worker", "/wuhan/jiangan/", ["/wuhan/jiangan/g1/"]))
    a_clue(0, plant)
    client.force_login(person("duty", ("duty_officer", "/wuhan/jiangan/")))
    for what, tab, words in SHOWN:
        answer = client.get(paths(plant)[what], {"tab": tab})
        page = answer.content.decode()
        assert answer.status_code == 200, (what, tab)
        assert [word for word in words if word not in page] == [], (what, tab)
        assert "?tab=people" in page and "全部（打印）" in page, (what, tab)
    assert "线索0号" not in client.get(paths(plant)["outlet"]).content.decode()


BASELINE = {"": 22, "limits": 22, "upkeep": 22, "matters": 28, "media": 28, "people": 30, "all": 48}


def asked(client: Any, path: str, tab: str) -> int:
    """Count the questions of a page. The frame remembers some answers for seconds: ask thrice, the least counts."""
    with CaptureQueriesContext(connection) as found:
        assert client.get(path, {"tab": tab}).status_code == 200
    return len(found)


@pytest.mark.parametrize("what", ["outlet", "enterprise"])
def test_tabs_ask_as_often_for_many_as_for_few(client: Any, plant: Outlet, what: str) -> None:
    client.force_login(person("duty", ("duty_officer", "/wuhan/jiangan/")))
    counted: dict[str, list[int]] = {}
    for batch in range(2):
        for number in range(3 + 17 * batch):
            a_clue(100 * batch + number, plant)
            outfalls.register(
                SYSTEM, title=f"口{batch}-{number}", kind_code="GY", water="府河", lon=114.4, lat=30.5,
                firm=plant.enterprise.code, outlet=plant,
            )  # fmt: skip
        for tab in BASELINE:
            counted.setdefault(tab, []).append(min(asked(client, paths(plant)[what], tab) for _each in range(3)))
    assert {tab: few for tab, (few, many) in counted.items() if few != many} == {}, counted
    assert {tab: few for tab, (few, _many) in counted.items() if few > BASELINE[tab]} == {}, counted


# who, where -> file, report a clue and start a check here, paper
TABLE = [
    ("duty_officer", "/wuhan/jiangan/", True, True, True),
    ("dispatcher", "/wuhan/jiangan/", True, True, True),
    ("unit_head", "/wuhan/jiangan/", True, True, True),
    ("enforcement_officer", "/wuhan/jiangan/", True, False, True),
    ("leader", "/wuhan/", True, False, True),
    ("auditor", "/wuhan/", True, False, True),
    ("administrator", "/wuhan/", True, False, True),
    ("grid_worker", "/wuhan/jiangan/", True, False, False),
    ("duty_officer", "/wuhan/qingshan/", False, False, False),
    ("unit_head", "/wuhan/qingshan/", False, False, False),
]


def test_who_may_do_what_with_a_file(client: Any, plant: Outlet, monkeypatch: Any) -> None:
    """A refusal changes nothing; the outfall's own actions are its access contract's."""
    # Drawing takes half a second of a processor each time; another test reads what is drawn.
    monkeypatch.setattr(file_paper, "as_pdf", lambda document: document.title.encode())
    things = {"outlet": plant.pk, "enterprise": plant.enterprise_id, "station": Station.objects.get().pk}
    for number, (role, place, sees, reports, prints) in enumerate(TABLE):
        grids = [["/wuhan/jiangan/g1/"]] if role == "grid_worker" else []
        client.force_login(person(f"p{number}", (role, place, *grids)))  # type: ignore[arg-type]
        for what, pk in things.items():
            who = (role, place, what)
            assert client.get(paths(plant)[what]).status_code == (200 if sees else 404), who
            before = (Clue.objects.count(), Audit.objects.filter(what="file.paper").count())
            for act in ("clue", "check"):
                answer = client.post(f"/here/{what}/{pk}/{act}/", {"title": "有异味", "level": "yellow"})
                assert answer.status_code == (302 if reports else 403 if sees else 404), (*who, act)
            answer = client.post(f"/files-of/{what}/{pk}/paper/", {"purpose": "现场检查"})
            got = answer.headers.get("Content-Type") == "application/pdf"
            assert got == prints and answer.status_code == (200 if prints else 403 if sees else 404), who
            after = (Clue.objects.count(), Audit.objects.filter(what="file.paper").count())
            assert after == (before[0] + 2 * reports, before[1] + prints), who


def test_a_clue_reported_here_knows_what_it_is_about(client: Any, plant: Outlet) -> None:
    client.force_login(person("duty", ("duty_officer", "/wuhan/")))
    client.post(f"/here/outlet/{plant.pk}/clue/", {"title": "水色发黑", "level": "orange", "note": "看见的"})
    clue = Clue.objects.get()
    assert (clue.outlet_id, clue.org_path, clue.level) == (plant.pk, "/wuhan/jiangan/g1/", "orange")
    fall = Outfall.objects.get()
    answer = client.post(f"/here/outfall/{fall.pk}/check/", {"title": "现场检查", "level": "blue"})
    assert answer["Location"].endswith("/send/")
    page = client.get(f"/outfalls/{fall.number}/").content.decode()
    assert "现场检查" in page
    wrong = client.post(f"/here/outlet/{plant.pk}/clue/", {"title": "", "level": "orange"})
    assert wrong.status_code == 422 and Clue.objects.count() == 2


def test_the_paper_says_what_the_pages_say_and_for_what(client: Any, plant: Outlet) -> None:
    a_clue(1, plant)
    client.force_login(person("duty", ("duty_officer", "/wuhan/")))
    lacking = client.post(f"/files-of/enterprise/{plant.enterprise_id}/paper/", {"purpose": " "})
    assert lacking.status_code == 422 and not Audit.objects.filter(what="file.paper").exists()
    answer = client.post(f"/files-of/enterprise/{plant.enterprise_id}/paper/", {"purpose": "年度核查"})
    pdf = pypdfium2.PdfDocument(answer.content)
    text = "".join("".join(page.get_textpage().get_text_range() for page in pdf).split())
    pdf.close()
    for word in ("江北印染有限公司", "废水总排口", "80mg/L", "线索1号", "印染厂入河口", "年度核查", "duty"):
        assert word in text, word
    assert Audit.objects.get(what="file.paper").purpose == "年度核查"


def test_a_scan_leads_staff_to_the_file_with_its_buttons(client: Any, plant: Outlet) -> None:
    client.force_login(person("duty", ("duty_officer", "/wuhan/jiangan/")))
    for what, pk in (("outlet", plant.pk), ("outfall", Outfall.objects.get().pk)):
        code = codes.of(what, pk)
        assert code is not None
        page = client.get(f"/c/{codes.spaced(code.code)}/", follow=True).content.decode()
        assert f"/here/{what}/{pk}/clue/" in page and f"/here/{what}/{pk}/check/" in page, what
