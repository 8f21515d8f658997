"""The writers of the registry: places are shifted and kept, secrets sealed, gateways told, refusals change nothing."""

from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg
import pytest
from django.db import connection

from ecobureau.domain.credit_code import check_letter
from ecobureau.domain.geo import wgs84_to_gcj02
from ecobureau.domain.workflow import Role
from ecobureau.secret import unseal
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import Audit
from ecobureau.web.core.people import Grant
from ecobureau.web.core.refusals import Refused
from ecobureau.web.places.problems import Invalid
from ecobureau.web.sources import selectors, services
from ecobureau.web.sources.models import Enterprise, Factor, Limit, Logger, Outlet, Station

BODY = "91420100MA4KABCD1"
CODE = BODY + check_letter(BODY)
OTHER_BODY = "91420100MA4KABCD2"
OTHER = OTHER_BODY + check_letter(OTHER_BODY)

pytestmark = pytest.mark.django_db


def problem(call):
    with pytest.raises(Invalid) as refusal:
        call()
    first = refusal.value.problems[0]
    assert first.text("zh")
    assert first.text("en")
    return first.field, first.code


def gateway_row(mn):
    with connection.cursor() as cursor:
        cursor.execute("select * from gateway_station where mn = %s", [mn])
        names = [column.name for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))


def test_factors_are_there_with_names_in_both_languages():
    cod = Factor.objects.get(pk="w01018")
    assert (cod.name_zh, cod.short_zh, cod.unit, cod.code_2005) == ("化学需氧量", "COD", "mg/L", "011")
    assert Factor.objects.count() == services.sync_factors(SYSTEM) >= 196
    assert not Factor.objects.filter(name_en="").exists()


def test_a_handed_in_place_is_shifted_and_kept(town):
    lon, lat = wgs84_to_gcj02(114.5, 30.5)
    row = services.make_enterprise(SYSTEM, code=CODE, name="江北热电", lon=lon, lat=lat, system="gcj02")
    assert (row.lon, row.lat) == pytest.approx((114.5, 30.5), abs=1e-6)
    assert (row.source_lon, row.source_lat, row.source_system) == (lon, lat, "gcj02")
    assert row.org_path == town.path


def test_names_are_found_by_their_initials(enterprise):
    assert enterprise.initials.startswith("jbrd")
    for words in ("jbrd", "江北", "jiang bei", CODE[:6]):
        assert list(selectors.enterprises(SYSTEM, words)) == [enterprise]
    assert not selectors.enterprises(SYSTEM, "zzz").exists()


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"code": "123"}, "code", "registry.credit_code.form"),
        ({"code": BODY + "0"}, "code", "registry.credit_code"),
        ({"name": ""}, "name", "registry.missing"),
        ({"name": "长" * 121}, "name", "registry.too_long"),
        ({"lon": 114.5}, "lat", "registry.place.pair"),
        ({"lon": 30.5, "lat": 114.5}, "lon", "registry.place"),
        ({"lon": 121.4, "lat": 31.2}, "lon", "registry.place.outside"),
        ({"lon": 114.5, "lat": 30.5, "system": "xian80"}, "system", "registry.choice"),
        ({"org_path": "/nowhere/"}, "org_path", "registry.org.unknown"),
        ({"colour": "red"}, "colour", "registry.fixed"),
    ],
)
def test_bad_enterprises_are_refused(town, changes, field, code):
    good = {"code": CODE, "name": "江北热电"}
    assert problem(lambda: services.make_enterprise(SYSTEM, **{**good, **changes})) == (field, code)
    assert not Enterprise.objects.exists()


def test_a_code_is_registered_once(enterprise):
    assert problem(lambda: services.make_enterprise(SYSTEM, code=CODE, name="又一家")) == (
        "code",
        "registry.code.taken",
    )
    assert Enterprise.objects.count() == 1


def test_outlet_and_station_take_the_place_of_their_owner(enterprise, outlet, station):
    assert (outlet.lon, outlet.org_path) == (enterprise.lon, enterprise.org_path)
    assert (station.lon, station.org_path) == (enterprise.lon, enterprise.org_path)


@pytest.mark.parametrize("value", [0.0, 21.0, -3.0])
def test_a_reference_oxygen_that_cannot_be_is_refused(enterprise, value):
    call = lambda: services.make_outlet(  # noqa: E731
        SYSTEM, enterprise, code="DA002", name="x", medium="air", o2_ref=value
    )
    assert problem(call) == ("o2_ref", "registry.o2_ref")
    assert not Outlet.objects.exists()


def test_a_moved_enterprise_moves_alone(enterprise, outlet):
    services.change_enterprise(SYSTEM, enterprise, lon=114.6, lat=30.6)
    outlet.refresh_from_db()
    assert outlet.lon == 114.5


def test_secrets_are_sealed_and_never_audited(logger):
    row = gateway_row(logger.mn)
    assert unseal(row["password_sealed"]) == "123456"
    assert row["sm4_key_sealed"] is None
    services.change_logger(SYSTEM, logger, password="geheim", sm4_key="30" * 16)
    row = gateway_row(logger.mn)
    assert (unseal(row["password_sealed"]), unseal(row["sm4_key_sealed"])) == ("geheim", "30" * 16)
    line = Audit.objects.latest("pk")
    assert set(line.detail["changed"]) == {"password", "sm4_key"}
    assert "geheim" not in str(list(Audit.objects.values()))
    services.change_logger(SYSTEM, logger, sm4_key="")
    assert gateway_row(logger.mn)["sm4_key_sealed"] is None


@pytest.mark.parametrize("mn", ["18AAH", "000101", "A110000_0001", "RXGD-RXGD1313", "010000A8900016F000169DC0"])
def test_the_mn_of_the_field_are_taken_as_they_are_sent(station, mn):
    services.make_logger(SYSTEM, station, mn=mn, password="123456")
    assert gateway_row(mn)["mn"] == mn


def test_every_change_raises_the_revision(logger, station):
    first = gateway_row(logger.mn)["revision"]
    services.change_logger(SYSTEM, logger, rtd_interval_s=30)
    second = gateway_row(logger.mn)["revision"]
    services.change_station(SYSTEM, station, active=False)
    third = gateway_row(logger.mn)
    assert first < second < third["revision"]
    assert third["active"] is False
    services.change_logger(SYSTEM, logger, rtd_interval_s=30)
    assert gateway_row(logger.mn)["revision"] == third["revision"]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"mn": "18A"}, "mn", "registry.mn"),
        ({"mn": "A" * 41}, "mn", "registry.mn"),
        ({"mn": "12345678;&&"}, "mn", "registry.mn"),
        ({"st": "3"}, "st", "registry.st"),
        ({"sm4_key": "xyz"}, "sm4_key", "registry.sm4"),
        ({"stamp_rule": "middle"}, "stamp_rule", "registry.choice"),
        ({"edition": 7}, "edition", "registry.choice"),
        ({"rtd_interval_s": 0}, "rtd_interval_s", "registry.range"),
        ({"unit_overrides": ["x"]}, "unit_overrides", "registry.json"),
        ({"revision": 5}, "revision", "registry.fixed"),
    ],
)
def test_bad_loggers_are_refused(station, changes, field, code):
    good = {"mn": "010000A8900016F000169DC0", "password": "123456"}
    assert problem(lambda: services.make_logger(SYSTEM, station, **{**good, **changes})) == (field, code)
    assert not Logger.objects.exists()


def test_an_mn_is_registered_once_and_its_stamp_rule_stays(logger, station):
    call = lambda: services.make_logger(SYSTEM, station, mn=logger.mn, password="x")  # noqa: E731
    assert problem(call) == ("mn", "registry.mn.taken")
    assert problem(lambda: services.change_logger(SYSTEM, logger, stamp_rule="end")) == (
        "stamp_rule",
        "registry.fixed",
    )
    logger.refresh_from_db()
    assert logger.stamp_rule == "start"


def test_a_new_limit_ends_the_one_before(outlet):
    old = services.set_limit(SYSTEM, outlet, "a21026", value="50", source="排污许可证", valid_from=date(2024, 1, 1))
    new = services.set_limit(SYSTEM, outlet, "a21026", value="35", source="排污许可证", valid_from=date(2026, 7, 1))
    old.refresh_from_db()
    assert (old.valid_to, new.valid_to) == (date(2026, 6, 30), None)
    assert (old.field, old.unit) == ("zs_avg", "mg/m3")
    found = selectors.limits_of([outlet.pk], date(2026, 6, 30), date(2026, 7, 1))[outlet.pk]
    assert [row.value for row in found] == [Decimal(50), Decimal(35)]
    assert [row.value for row in selectors.limits_of([outlet.pk], date(2026, 7, 1), date(2026, 7, 1))[outlet.pk]] == [
        Decimal(35)
    ]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"factor": "zzz"}, "factor", "registry.factor.unknown"),
        ({"value": "viel"}, "value", "registry.number"),
        ({"value": "nan"}, "value", "registry.number"),
        ({"unit": "m3/s"}, "unit", "registry.unit.other"),
        ({"source": " "}, "source", "registry.missing"),
        ({"kind": "middle"}, "kind", "registry.choice"),
        ({"valid_to": date(2023, 1, 1)}, "valid_to", "registry.dates"),
        ({"valid_from": date(2023, 6, 1)}, "valid_from", "registry.overlap"),
        ({"kind": "min", "value": "50"}, "value", "registry.limit.bounds"),
        ({"kind": "min", "value": "60000", "unit": "ug/m3"}, "value", "registry.limit.bounds"),
    ],
)
def test_bad_limits_are_refused(outlet, changes, field, code):
    services.set_limit(SYSTEM, outlet, "a21026", value="50", source="许可证", valid_from=date(2024, 1, 1))
    before = list(Limit.objects.values())
    good = {"factor": "a21026", "value": "40", "source": "许可证", "valid_from": date(2026, 1, 1)}
    wanted = {**good, **changes}
    call = lambda: services.set_limit(SYSTEM, outlet, wanted.pop("factor"), **wanted)  # noqa: E731
    assert problem(call) == (field, code)
    assert list(Limit.objects.values()) == before


def test_the_outlet_file_as_of_a_day(outlet, station, logger):
    services.set_limit(SYSTEM, outlet, "a21026", value="50", source="许可证", valid_from=date(2024, 1, 1))
    services.set_limit(SYSTEM, outlet, "a21026", value="35", source="许可证", valid_from=date(2026, 7, 1))
    services.make_instrument(SYSTEM, station, "a21026", valid_from=date(2024, 1, 1), range_low=0, range_high=300)
    services.declare(SYSTEM, outlet, "stop", starts=datetime(2026, 5, 1, tzinfo=UTC), reason="年检")
    now = selectors.outlet_file(SYSTEM, outlet.pk, date(2026, 11, 22))
    then = selectors.outlet_file(SYSTEM, outlet.pk, date(2025, 1, 1))
    assert [row.value for row in now.limits] == [Decimal(35)]
    assert [row.value for row in now.earlier_limits] == [Decimal(50)]
    assert [row.value for row in then.limits] == [Decimal(50)]
    assert now.stations == (station,)
    assert now.instruments[0].range_high == 300
    assert now.place == "江岸区分中心"
    assert selectors.outlet_file(SYSTEM, 0) is None


def test_lists_and_files_keep_to_the_viewers_place(enterprise, outlet, station):
    mine = Viewer(1, "甲", (Grant(Role.DUTY_OFFICER, "/wuhan/jiangan/"),))
    other = Viewer(2, "乙", (Grant(Role.DUTY_OFFICER, "/wuhan/hanyang/"),))
    assert list(selectors.stations(mine)) == [station]
    assert not selectors.stations(other).exists()
    assert not selectors.enterprises(other).exists()
    assert not selectors.outlets(other).exists()
    assert selectors.outlet_file(other, outlet.pk) is None
    assert selectors.station(other, station.pk) is None


def test_refused_changes_change_nothing(enterprise, outlet, station, logger):
    viewer = Viewer(1, "甲", (Grant(Role.UNIT_HEAD, "/wuhan/"), Grant(Role.ADMINISTRATOR, "/wuhan/hanyang/")))
    site = services.make_site(SYSTEM, enterprise, code="S1", name="本部")
    before = Audit.objects.count(), gateway_row(logger.mn)
    for act in (
        lambda: services.make_enterprise(viewer, code=OTHER, name="x"),
        lambda: services.change_enterprise(viewer, enterprise, name="x"),
        lambda: services.make_outlet(viewer, enterprise, code="DA009", name="x", medium="air"),
        lambda: services.change_outlet(viewer, outlet, name="x"),
        lambda: services.change_station(viewer, station, active=False),
        lambda: services.make_station(viewer, code="X1", name="x", st="31", outlet=outlet),
        lambda: services.make_logger(viewer, station, mn="01234567", password="x"),
        lambda: services.change_logger(viewer, logger, password="x"),
        lambda: services.set_limit(viewer, outlet, "a21026", value=1, source="x", valid_from=date(2026, 1, 1)),
        lambda: services.declare(viewer, outlet, "stop", starts=datetime(2026, 5, 1, tzinfo=UTC)),
        lambda: services.change_site(viewer, site, name="x"),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "core.no_access"
    assert (Audit.objects.count(), gateway_row(logger.mn)) == before
    assert Station.objects.count() == Outlet.objects.count() == Enterprise.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_gateways_are_told_when_the_registry_changes(database_url, town):
    services.sync_factors(SYSTEM)
    row = services.make_station(SYSTEM, code="G0001", name="烟气", st="31", org_path=town.path)
    with psycopg.connect(database_url, autocommit=True) as listener:
        listener.execute("listen eb_stations")
        services.make_logger(SYSTEM, row, mn="010000A8900016F000169DC0", password="123456")
        heard = next(listener.notifies(timeout=10))
        assert heard.channel == "eb_stations"


def test_a_profile_becomes_limits_with_their_source(outlet):
    made = services.apply_profile(SYSTEM, outlet, "gas_boiler_new", valid_from=date(2026, 1, 1))
    outlet.refresh_from_db()
    assert outlet.o2_ref == 3.5
    assert {(row.factor_id, row.value, row.field) for row in made} == {
        ("a34013", Decimal(20), "zs_avg"),
        ("a21026", Decimal(50), "zs_avg"),
        ("a21002", Decimal(200), "zs_avg"),
    }
    assert {row.source for row in made} == {"GB 13271-2014"}


@pytest.mark.parametrize(
    ("profile", "day", "code"),
    [
        ("no_such", date(2026, 1, 1), "registry.profile.unknown"),
        ("gas_boiler_new", date(2000, 1, 1), "registry.profile.unknown"),
        ("town_plant_1a", date(2026, 1, 1), "registry.profile.medium"),
    ],
)
def test_a_profile_that_does_not_fit_is_refused(outlet, profile, day, code):
    call = lambda: services.apply_profile(SYSTEM, outlet, profile, valid_from=day)  # noqa: E731
    assert problem(call) == ("profile", code)
    assert not Limit.objects.exists()


@pytest.mark.parametrize("profile", services.profile_names())
def test_every_profile_can_be_applied(enterprise, profile):
    kinds = {"town": "water", "integrated": "water", "noise": "noise"}
    medium = kinds.get(profile.split("_")[0], "air")
    outlet = services.make_outlet(SYSTEM, enterprise, code="X1", name="x", medium=medium)
    assert services.apply_profile(SYSTEM, outlet, profile, valid_from=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("value", "unit", "amount"),
    [("100", "mg/m3", "100 mg/m³"), ("0.50", "mg/L", "0.5 mg/L"), ("9", "1", "9"), ("0.001", "ug/L", "0.001 µg/L")],
)
def test_an_amount_is_written_as_people_read_it(value, unit, amount):
    assert Limit(value=Decimal(value), unit=unit).amount == amount


def test_a_logger_begins_with_the_units_usual_for_its_kind(station):
    """The standard prints ng/m3 for ammonia; stacks send mg/m3. A person's own setting goes first."""
    row = services.make_logger(SYSTEM, station, mn="12345678", password="", unit_overrides={"a20007": "ug/m3"})
    assert (row.unit_overrides["a21001"], row.unit_overrides["a20007"]) == ("mg/m3", "ug/m3")
    services.change_logger(SYSTEM, row, unit_overrides={})
    row.refresh_from_db()
    assert row.unit_overrides == {}
