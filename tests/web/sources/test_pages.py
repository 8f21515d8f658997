"""The registry's pages: who gets in, the two steps of an import, edits that keep secrets secret."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from ecobureau import clock
from ecobureau.clock import ManualClock, use_clock
from ecobureau.domain.credit_code import check_letter
from ecobureau.secret import unseal
from ecobureau.web.core.models import Audit
from ecobureau.web.sources.models import Enterprise, ImportDraft, Limit, Logger, Notice, Outlet, Station
from web.people import person

pytestmark = pytest.mark.django_db
OTHER_BODY = "91420100MA4KABCD2"
OTHER = OTHER_BODY + check_letter(OTHER_BODY)
TABLE = f"code,name\n{OTHER},江南纺织\n".encode()


def client(*roles):
    made = Client()
    made.force_login(person(f"p{len(roles)}{roles}"[:30], *roles))
    return made


@pytest.fixture
def admin(town):
    return client(("administrator", "/wuhan/"))


def upload(who, data=TABLE, kind="enterprises", name="a.csv"):
    return who.post(reverse("sources:import"), {"kind": kind, "file": SimpleUploadedFile(name, data)})


def addresses(enterprise, outlet, station, logger):
    return [
        reverse("sources:registry"),
        reverse("sources:import"),
        reverse("sources:sample", args=["limits"]),
        reverse("sources:enterprise_new"),
        reverse("sources:enterprise", args=[enterprise.pk]),
        reverse("sources:outlet_new", args=[enterprise.pk]),
        reverse("sources:outlet", args=[outlet.pk]),
        reverse("sources:limits", args=[outlet.pk]),
        reverse("sources:outlet_station_new", args=[outlet.pk]),
        reverse("sources:station_new"),
        reverse("sources:station", args=[station.pk]),
        reverse("sources:logger_new", args=[station.pk]),
        reverse("sources:logger", args=[logger.pk]),
        reverse("places:grids"),
        reverse("places:rosters"),
    ]


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
def test_every_page_opens_for_the_administrator_in_both_languages(admin, lang, enterprise, outlet, station, logger):
    for address in addresses(enterprise, outlet, station, logger):
        answer = admin.get(address, headers={"accept-language": lang})
        assert answer.status_code == 200, address
        text = answer.content.decode()
        assert "{%" not in text
        assert "geheim" not in text
        if "text/html" in answer["Content-Type"]:
            assert not re.search(r'\sstyle="|\son[a-z]+="', text), address


def test_others_do_not_get_in(town, enterprise, outlet, station, logger):
    officer = client(("duty_officer", "/wuhan/"))
    for address in addresses(enterprise, outlet, station, logger)[:-2]:
        assert officer.get(address).status_code == 403, address
        assert Client().get(address).status_code == 302, address
    for address in addresses(enterprise, outlet, station, logger)[-2:]:
        assert officer.get(address).status_code == 200, address
    elsewhere = client(("administrator", "/wuhan/hanyang/"))
    assert elsewhere.get(reverse("sources:station", args=[station.pk])).status_code == 404


def test_an_import_is_checked_then_applied_once(admin):
    answer = upload(admin)
    draft = ImportDraft.objects.get()
    assert answer.url == reverse("sources:draft", args=[draft.uuid])
    assert not Enterprise.objects.exists()
    assert "尚未写入" in admin.get(answer.url).content.decode()
    apply = reverse("sources:apply", args=[draft.uuid])
    assert admin.post(apply).status_code == 302
    assert Enterprise.objects.get().name == "江南纺织"
    draft.refresh_from_db()
    assert (draft.state, draft.sealed) == ("applied", None)
    assert Audit.objects.filter(what="registry.import").count() == 1
    assert admin.post(apply).status_code == 422
    assert "已导入" in admin.get(answer.url).content.decode()


def test_bad_rows_are_listed_and_there_is_nothing_to_apply(admin):
    answer = upload(admin, b"code,name\n123,x\n")
    page = admin.get(answer.url).content.decode()
    assert "统一社会信用代码“123”不对" in page
    draft = ImportDraft.objects.get()
    assert (draft.state, draft.sealed, draft.problem_count) == ("refused", None, 1)
    assert admin.post(reverse("sources:apply", args=[draft.uuid])).status_code == 422
    assert not Enterprise.objects.exists()


@pytest.mark.parametrize("data", [b"", b"rubbish", b"PK\x03\x04", bytes(range(256)), b"code,colour\n1,2\n"])
def test_rubbish_gets_an_answer_beside_the_field(admin, data):
    answer = upload(admin, data)
    assert answer.status_code == 422
    assert "eb-wrong" in answer.content.decode()
    assert not ImportDraft.objects.exists()


def test_an_upload_is_ones_own_can_be_dropped_and_grows_old(admin, town):
    upload(admin)
    draft = ImportDraft.objects.get()
    apply, drop = (reverse(f"sources:{verb}", args=[draft.uuid]) for verb in ("apply", "drop"))
    stranger = client(("administrator", "/wuhan/"), ("leader", "/wuhan/"))
    assert stranger.get(reverse("sources:draft", args=[draft.uuid])).status_code == 404
    assert stranger.post(apply).status_code == 422
    with use_clock(ManualClock(clock.now() + timedelta(days=1, seconds=1))):
        assert admin.post(apply).status_code in (302, 422)
    assert not Enterprise.objects.exists()
    admin.force_login(person("again", ("administrator", "/wuhan/")))
    upload(admin)
    mine = ImportDraft.objects.get(by_name="again")
    admin.post(reverse("sources:drop", args=[mine.uuid]))
    mine.refresh_from_db()
    assert (mine.state, mine.sealed) == ("dropped", None)
    assert drop


def test_what_became_wrong_meanwhile_is_said_at_the_import(admin, town):
    upload(admin)
    draft = ImportDraft.objects.get()
    Enterprise.objects.create(
        code=OTHER, name="x", org_path="/elsewhere/", created_at=clock.now(), updated_at=clock.now()
    )
    answer = admin.post(reverse("sources:apply", args=[draft.uuid]))
    assert answer.status_code == 422
    assert Enterprise.objects.get().name == "x"
    draft.refresh_from_db()
    assert (draft.state, draft.problem_count) == ("refused", 1)


def test_the_uploaded_file_is_sealed(admin, outlet):
    table = "code,name,st,org_path,mn,password\nG1,站,31,/wuhan/,12345678,geheim\n"
    upload(admin, table.encode(), "stations")
    draft = ImportDraft.objects.get()
    assert b"geheim" not in bytes(draft.sealed)
    assert "geheim" not in str(ImportDraft.objects.values())
    assert "geheim" not in admin.get(reverse("sources:draft", args=[draft.uuid])).content.decode()


def test_an_outlet_a_station_and_a_logger_are_made_by_hand(admin, enterprise):
    answer = admin.post(
        reverse("sources:outlet_new", args=[enterprise.pk]),
        {"code": "DW001", "name": "总排口", "medium": "water", "grade": "main", "active": "on"},
    )
    outlet = Outlet.objects.get()
    assert answer.url == reverse("sources:outlet", args=[outlet.pk])
    assert outlet.lon == enterprise.lon
    admin.post(
        reverse("sources:outlet_station_new", args=[outlet.pk]),
        {"code": "W1", "name": "总排口在线", "st": "32", "active": "on"},
    )
    station = Station.objects.get()
    assert station.outlet == outlet
    logger_form = {
        "mn": "12345678",
        "password": "geheim",
        "stamp_rule": "end",
        "rtd_interval_s": "60",
        "minute_interval": "10",
        "max_frames_per_minute": "600",
        "factor_map": "x1=w01018",
        "active": "on",
    }
    admin.post(reverse("sources:logger_new", args=[station.pk]), logger_form)
    logger = Logger.objects.get()
    assert (unseal(bytes(logger.password_sealed)), logger.factor_map, logger.stamp_rule) == (
        "geheim",
        {"x1": "w01018"},
        "end",
    )
    admin.post(reverse("sources:logger", args=[logger.pk]), {**logger_form, "password": "", "rtd_interval_s": "30"})
    logger.refresh_from_db()
    assert (unseal(bytes(logger.password_sealed)), logger.rtd_interval_s) == ("geheim", 30)


def test_what_a_service_refuses_stands_beside_its_field(admin, enterprise):
    answer = admin.post(
        reverse("sources:outlet_new", args=[enterprise.pk]),
        {"code": "DA001", "name": "x", "medium": "air", "grade": "main", "o2_ref": "25", "active": "on"},
    )
    assert answer.status_code == 422
    assert "基准氧含量 25.0 不合理" in answer.content.decode()
    assert not Outlet.objects.exists()


def test_a_change_of_name_keeps_the_place(admin, enterprise):
    before = (enterprise.lon, enterprise.lat, enterprise.org_path)
    page = reverse("sources:enterprise", args=[enterprise.pk])
    fields = {
        "name": "改了名",
        "lon": enterprise.source_lon,
        "lat": enterprise.source_lat,
        "system": "wgs84",
        "org_path": enterprise.org_path,
        "active": "on",
    }
    assert admin.post(page, fields).status_code == 302
    enterprise.refresh_from_db()
    assert (enterprise.name, enterprise.lon, enterprise.lat, enterprise.org_path) == ("改了名", *before)


def test_limits_profiles_and_declarations(admin, outlet):
    page = reverse("sources:limits", args=[outlet.pk])
    limit = {
        "act": "limit",
        "factor": "a21026",
        "kind": "max",
        "value": "35",
        "period": "hour",
        "source": "排污许可证",
        "flag": "certain",
        "valid_from": "2026-01-01",
    }
    assert admin.post(page, limit).status_code == 302
    assert Limit.objects.get().field == "zs_avg"
    assert admin.post(page, {**limit, "factor": "zz"}).status_code == 422
    assert (
        admin.post(page, {"act": "profile", "profile": "town_plant_1a", "profile_from": "2026-02-01"}).status_code
        == 422
    )
    assert Limit.objects.count() == 1
    assert (
        admin.post(page, {"act": "profile", "profile": "coal_boiler_new", "profile_from": "2026-02-01"}).status_code
        == 302
    )
    assert Limit.objects.filter(valid_to=None).count() == 3
    row = Limit.objects.get(factor="a34013")
    admin.post(reverse("sources:end_limit", args=[outlet.pk, row.pk]))
    row.refresh_from_db()
    assert row.valid_to == clock.beijing(clock.now()).date()
    admin.post(page, {"act": "notice", "notice_kind": "stop", "starts": "2026-05-01T08:00", "reason": "年检"})
    assert Notice.objects.get().reason == "年检"
