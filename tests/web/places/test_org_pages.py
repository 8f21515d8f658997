"""Units and their areas on pages: made, changed, drawn, imported. Refusals change nothing."""

import json
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ecobureau.clock import beijing, now
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.models import Audit
from ecobureau.web.places import drawing, selectors, services
from ecobureau.web.places.models import Area, Organisation
from web.people import person

pytestmark = pytest.mark.django_db
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}
SMALL = {"type": "Polygon", "coordinates": [[[114, 30], [114.5, 30], [114.5, 30.5], [114, 30.5], [114, 30]]]}
QUICK = {"headers": {"Accept": "application/json"}}


@pytest.fixture
def top():
    made = services.make_organisation(SYSTEM, parent=None, code="town", level="city", name="测试市")
    services.make_organisation(SYSTEM, parent=made, code="a", level="district", name="甲区", duties=["dispatch"])
    return made


@pytest.fixture
def admin(client, top):
    client.force_login(person("admin", ("administrator", "/town/")))
    return client


def feature(path, shape=SQUARE, **more):
    return {"type": "Feature", "properties": {"path": path, **more}, "geometry": shape}


def collection(*features):
    text = json.dumps({"type": "FeatureCollection", "features": list(features)})
    return SimpleUploadedFile("areas.geojson", text.encode())


def test_a_unit_is_made_changed_and_put_out_of_use(admin):
    form = {"code": "g1", "level": "grid", "name": "一网格"}
    assert admin.post("/grids/unit/new/?path=/town/a/", form).status_code == 302
    assert admin.post("/grids/unit/new/?path=/town/a/", form).status_code == 422
    changed = {
        "name": "壹网格",
        "duties": ["water"],
        "valid_from": "2026-01-01",
        "valid_to": "2026-06-30",
        "active": "on",
    }
    assert admin.post("/grids/unit/edit/?path=/town/a/g1/", changed).status_code == 302
    unit = Organisation.objects.get(path="/town/a/g1/")
    assert (unit.name, unit.duties, unit.valid_to) == ("壹网格", ["water"], date(2026, 6, 30))
    assert selectors.in_use(unit, date(2026, 6, 30)) and not selectors.in_use(unit, date(2026, 7, 1))
    assert unit.path not in {each.path for each in selectors.tree()}
    page = admin.get("/grids/unit/?path=/town/a/g1/").content.decode()
    assert "不在用" in page and "2026-06-30" in page and "甲区" in page
    wrong = {**changed, "valid_to": "2025-01-01"}
    assert "早于开始" in admin.post("/grids/unit/edit/?path=/town/a/g1/", wrong).content.decode()
    assert "还在启用" in admin.post("/grids/unit/edit/?path=/town/a/", {"name": "甲区"}).content.decode()
    assert Organisation.objects.get(path="/town/a/").active


def test_an_area_is_drawn_from_text_or_file_and_ends_the_one_before(admin):
    text = {"valid_from": "2026-01-01", "system": "wgs84", "text": json.dumps(SQUARE)}
    assert admin.post("/grids/unit/area/?path=/town/a/", text).status_code == 302
    file = {"valid_from": "2026-07-01", "system": "wgs84", "file": collection(feature("/town/a/", SMALL))}
    assert admin.post("/grids/unit/area/?path=/town/a/", file).status_code == 302
    assert list(Area.objects.order_by("valid_from").values_list("valid_from", "valid_to")) == [
        (date(2026, 1, 1), date(2026, 6, 30)),
        (date(2026, 7, 1), None),
    ]
    page = admin.get("/grids/unit/?path=/town/a/").content.decode()
    assert "<path d=" in page and "2026-01-01 – 2026-06-30" in page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "请选文件"),
        ("{", "不是可用的 GeoJSON"),
        ("[1]", "不是可用的 GeoJSON"),
        ('{"type": "Point", "coordinates": [1, 2]}', "多边形无法使用"),
        ('{"type": "FeatureCollection", "features": []}', "只收一个要素"),
        ('{"type": "Polygon", "coordinates": [[[1, 2], ["x", 4]]]}', "多边形无法使用"),
        ("[" * 100_000, "不是可用的 GeoJSON"),
    ],
)
def test_a_broken_area_is_refused_in_words(admin, text, words):
    answer = admin.post(
        "/grids/unit/area/?path=/town/a/", {"valid_from": "2026-01-01", "system": "wgs84", "text": text}
    )
    assert answer.status_code == 422 and words in answer.content.decode() and not Area.objects.exists()


def test_many_areas_come_in_one_file_all_or_none(admin):
    good = (feature("/town/a/"), feature("/town/a/g1/", SMALL, level="grid", name="一网格"))
    form = {"valid_from": "2026-01-01", "system": "wgs84"}
    answer = admin.post("/grids/areas/", {**form, "file": collection(*good), "do": "check"})
    assert answer.status_code == 200 and "将设 2 个范围，新建 1 个机构" in answer.content.decode()
    assert not Area.objects.exists()
    bad = collection(*good, feature("/town/b/"), feature("/town/a/", {"type": "Point", "coordinates": [1, 2]}))
    answer = admin.post("/grids/areas/", {**form, "file": bad, "do": "import"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "第 3 个要素" in page and "第 4 个要素" in page
    assert not Area.objects.exists() and not Organisation.objects.filter(path="/town/a/g1/").exists()
    assert admin.post("/grids/areas/", {**form, "file": collection(*good), "do": "import"}).status_code == 302
    found = selectors.locate(114.2, 30.2, beijing(now()).date())
    assert (found.district, found.grid) == ("/town/a/", "/town/a/g1/")


def test_others_look_and_change_nothing(client, top):
    before = Organisation.objects.count(), Audit.objects.count()
    table = {
        ("dispatcher", "/town/"): (200, 403, 403),
        ("administrator", "/town/b/"): (404, 404, 403),
        ("grid_worker", "/town/a/"): (404, 404, 403),
    }
    for n, ((role, place), expected) in enumerate(table.items()):
        client.force_login(person(f"p{n}", (role, place)))
        form = {"name": "改", "valid_from": "2026-01-01", "system": "wgs84", "file": collection(feature("/town/a/"))}
        got = (
            client.get("/grids/unit/?path=/town/a/", **QUICK).status_code,
            client.post("/grids/unit/edit/?path=/town/a/", {"name": "改"}, **QUICK).status_code,
            client.post("/grids/areas/", {**form, "do": "import"}, **QUICK).status_code,
        )
        told = tuple(404 if code == 422 and want == 404 else code for code, want in zip(got, expected, strict=True))
        assert told == expected, (role, place, got)
    assert (Organisation.objects.count(), Audit.objects.count()) == before and not Area.objects.exists()


def test_a_drawing_keeps_its_shape_north_up():
    made = drawing.of(SQUARE)
    assert made.path.startswith("M0.0,480.0 L") and made.height == 480 and 400 < made.width < 480
