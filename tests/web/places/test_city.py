"""The loaded city: 13 districts, grids that hold every place, departments that have duties; loading twice adds none."""

from datetime import date

import pytest

from ecobureau.domain.geo import read_shape
from ecobureau.rulepacks import load
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import selectors, services
from ecobureau.web.places.city import load_city
from ecobureau.web.places.models import Area, Level, Organisation
from ecobureau.web.places.problems import Invalid

DAY = date(2026, 11, 22)

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    return load_city(on=DAY)


def test_loading_twice_adds_nothing(city):
    before = Organisation.objects.count(), Area.objects.count()
    again = load_city(on=DAY)
    assert (again.units, again.areas) == (0, 0)
    assert (Organisation.objects.count(), Area.objects.count()) == before


def test_thirteen_districts_with_grids(city):
    districts = Organisation.objects.filter(level=Level.DISTRICT)
    assert {unit.code for unit in districts} == {
        "jiangan", "jianghan", "qiaokou", "hanyang", "wuchang", "qingshan", "hongshan",
        "dongxihu", "hannan", "caidian", "jiangxia", "huangpi", "xinzhou",
    }  # fmt: skip
    rule = load("matter").at("organisation.grids.count", DAY).value
    for district in districts:
        count = district.children.filter(level=Level.GRID).count()
        assert rule["least"] <= count <= rule["most"]
    assert city.units == Organisation.objects.count()


def test_every_grid_holds_its_own_centre(city):
    for grid in Organisation.objects.filter(level=Level.GRID).select_related("parent"):
        found = selectors.locate(grid.lon, grid.lat, DAY)
        assert (found.grid, found.district) == (grid.path, grid.parent.path)
        assert found.org_path == grid.path


def test_a_known_place_is_found_after_the_shift(city):
    """The Yellow Crane Tower stands in Wuchang (WGS 84)."""
    found = selectors.locate(114.2966, 30.5466, DAY)
    assert found.district == "/wuhan/wuchang/"
    assert found.district_name == "武昌区分中心"
    assert found.grid.startswith("/wuhan/wuchang/g")


def test_far_away_is_nowhere(city):
    assert selectors.locate(121.47, 31.23, DAY) == selectors.Located("")


def test_before_the_first_day_is_nowhere(city):
    assert selectors.locate(114.2966, 30.5466, date(2019, 12, 31)).org_path == ""


def test_the_locate_query_count_is_one(city, django_assert_num_queries):
    selectors.locate(114.2966, 30.5466, DAY)
    with django_assert_num_queries(1):
        selectors.locate(114.2966, 30.5466, DAY)


def test_departments_by_duty_nearest_first(city):
    near = selectors.department_for("enforcement", "/wuhan/jiangan/g03/")
    assert near.path == "/wuhan/jiangan/enforcement/"
    assert selectors.department_for("enforcement", "/wuhan/").path == "/wuhan/enforcement/"
    assert selectors.department_for("radiation", "/wuhan/jiangan/g03/").path == "/wuhan/radiation/"
    assert selectors.department_for("no such duty", "/wuhan/jiangan/") is None


def test_the_map_gets_outlines_in_wgs84(city):
    outlines = selectors.outlines(DAY)
    assert len(outlines["features"]) == 13
    jiangan = next(part for part in outlines["features"] if part["id"] == "420102")
    assert read_shape(jiangan["geometry"]).holds(*jiangan["properties"]["centre"])


def test_a_moved_border_counts_from_its_day_on():
    unit = services.make_organisation(SYSTEM, parent=None, code="town", level="city", name="测试市")
    west = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}
    east = {"type": "Polygon", "coordinates": [[[116, 30], [117, 30], [117, 31], [116, 31], [116, 30]]]}
    services.set_area(SYSTEM, unit, west, valid_from=date(2024, 1, 1))
    services.set_area(SYSTEM, unit, east, valid_from=date(2026, 1, 1))
    assert selectors.locate(114.5, 30.5, date(2025, 12, 31)).org_path == "/town/"
    assert selectors.locate(114.5, 30.5, date(2026, 1, 1)).org_path == ""
    assert selectors.locate(116.5, 30.5, date(2026, 1, 1)).org_path == "/town/"


def test_an_overlapping_area_is_refused_and_changes_nothing():
    unit = services.make_organisation(SYSTEM, parent=None, code="town", level="city", name="测试市")
    square = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}
    services.set_area(SYSTEM, unit, square, valid_from=date(2024, 1, 1))
    before = list(Area.objects.values())
    with pytest.raises(Invalid) as refusal:
        services.set_area(SYSTEM, unit, square, valid_from=date(2023, 1, 1))
    assert refusal.value.problems[0].code == "registry.overlap"
    assert list(Area.objects.values()) == before


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"code": "Ä b"}, "code", "registry.org.code"),
        ({"level": "town"}, "level", "registry.choice"),
        ({"level": "grid"}, "level", "registry.org.level"),
        ({"name": "  "}, "name", "registry.missing"),
    ],
)
def test_bad_units_are_refused(changes, field, code):
    good = {"parent": None, "code": "town", "level": "city", "name": "测试市"}
    with pytest.raises(Invalid) as refusal:
        services.make_organisation(SYSTEM, **{**good, **changes})
    assert (refusal.value.problems[0].field, refusal.value.problems[0].code) == (field, code)
    assert not Organisation.objects.exists()


def test_a_taken_path_is_refused():
    services.make_organisation(SYSTEM, parent=None, code="town", level="city", name="测试市")
    with pytest.raises(Invalid, match=r"registry\.org\.taken"):
        services.make_organisation(SYSTEM, parent=None, code="town", level="city", name="别的市")
    assert Organisation.objects.count() == 1
