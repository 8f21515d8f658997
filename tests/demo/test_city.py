"""The demonstration city: built through the services, filled with frames that went the gateway's way."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import translation

from demo.conftest import City
from ecobureau import clock
from ecobureau.demo.people import PASSWORDS, PEOPLE, login_choices
from ecobureau.demo.plans import plan_city
from ecobureau.demo.setup import FEW, MARKER, STATE, STATIONS, NotADemo, incidents_of, marker, reset, scripts
from ecobureau.domain.hj212 import FrameReader
from ecobureau.simulator import content
from ecobureau.simulator.plan import load_fleet
from ecobureau.simulator.plant import Plant
from ecobureau.simulator.state import State
from ecobureau.simulator.times import from_digits
from ecobureau.storage.rawcodec import decode
from ecobureau.storage.types import Outcome
from ecobureau.web.accounts.models import Assignment, User
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.outfalls.models import Outfall, Result
from ecobureau.web.places import selectors as places
from ecobureau.web.places.models import Level, Organisation
from ecobureau.web.sources import services as sources
from ecobureau.web.sources.models import Enterprise, Limit, Logger, PublicCode, Station


def test_it_has_what_the_plan_says(city: City) -> None:
    assert city.built.fresh
    assert Logger.objects.count() == Station.objects.count() == city.built.stations >= 5
    assert Enterprise.objects.exclude(outlets__medium="noise").count() == city.built.enterprises
    assert all(row.name.startswith("演示") for row in (*Enterprise.objects.all(), *Station.objects.all()))
    assert Organisation.objects.filter(level=Level.DISTRICT).count() == 13


def test_outfalls_stand_at_every_step_with_codes_and_results(city: City) -> None:
    rows = list(Outfall.objects.all())
    assert len(rows) >= 160 and all("演示" in row.title for row in rows)
    assert {row.state for row in rows} >= {"surveyed", "measured", "traced", "treating", "managed"}
    assert Result.objects.filter(over=True).exists() and Result.objects.filter(over=False).exists()
    assert PublicCode.objects.filter(what="outfall", ended_at=None).count() == len(rows)


def test_the_centres_keep_watch_by_day_and_by_night(city: City) -> None:
    now = clock.now()
    for unit in Organisation.objects.filter(active=True, level__in=("city", "district")):
        (duty,) = places.on_duty(unit, now)
        assert duty.ends - duty.starts == timedelta(hours=12)
        (after,) = places.on_duty(unit, duty.ends)
        assert after.person_id != duty.person_id, "somebody else takes over"


def test_last_night_was_called_and_some_matters_are_handled(city: City) -> None:
    found = city.rows("select state, count(*) from remote_stop_remotestop group by 1")
    assert dict(found).keys() <= {"stopped", "handed", "permitted"} and dict(found)["stopped"] == 1
    assert city.rows("select count(*) from dispatch_task where submitted_at is not null")[0][0] == FEW


def test_sections_lie_on_rivers_and_lakes_of_a_basin(city: City) -> None:
    points = city.rows("select count(*) from statistics_series where medium = 'water' and kind = 'point'")[0][0]
    rows = city.rows(
        "select s.body, r.name, b.name from statistics_series s join statistics_series r on r.id = s.river_id"
        " join statistics_series b on b.id = r.parent_id where s.medium = 'water' and s.kind = 'point'"
    )
    assert points and len(rows) == points
    assert {basin for _body, _river, basin in rows} <= {"长江流域", "汉江流域"}


def test_every_limit_names_its_source_and_how_sure_we_are(city: City) -> None:
    limits = list(Limit.objects.select_related("outlet"))
    assert limits
    sites = [limit for limit in limits if limit.outlet.medium == "noise"]
    assert sites and all(limit.source.startswith("GB 12523") and limit.clause and limit.flag for limit in sites)
    plants = [limit for limit in limits if limit.outlet.medium != "noise"]
    assert all("演示" in limit.source and limit.clause and limit.flag == "proposal" for limit in plants)


def test_every_role_can_sign_in_with_the_password_of_this_data_folder(city: City) -> None:
    choices = login_choices(city.data)
    assert {person.role for person in PEOPLE} == {
        "duty_officer", "dispatcher", "grid_worker", "enforcement_officer", "unit_head", "leader", "auditor",
        "administrator",
    }  # fmt: skip
    assert [one["username"] for one in choices] == [person.username for person in PEOPLE]
    assert all(User.objects.get(username=one["username"]).check_password(one["password"]) for one in choices)
    assert len(choices[0]["password"]) >= 16
    assert (city.data / PASSWORDS).stat().st_mode & 0o077 == 0
    assert login_choices(city.data, "en")[0]["title"] == "Duty officer"


def test_nobody_else_can_sign_in(city: City) -> None:
    offered = {person.username for person in PEOPLE}
    others = User.objects.exclude(username__in=offered)
    assert others.count() > 50
    assert not any(user.has_usable_password() for user in others)


def test_somebody_is_on_duty_everywhere_now(city: City) -> None:
    now = clock.now()
    for unit in Organisation.objects.filter(active=True):
        assert places.on_duty(unit, now), unit.path
    assert {row.role for row in Assignment.objects.all()} == {person.role for person in PEOPLE}


def test_the_past_is_stored_whole_and_nothing_was_refused(city: City) -> None:
    frames = city.built.frames
    assert set(frames) <= {Outcome.STORED, Outcome.REVISED, Outcome.CONTROL}
    assert frames[Outcome.STORED] > 200 * city.built.stations
    hours = city.rows(
        "select station_id, count(*) from frame_period p join stream s on s.id = p.stream_id"
        " where s.kind = 'hour' group by 1"
    )
    assert len(hours) == city.built.stations
    assert all(165 <= count <= 169 for _station, count in hours)


def test_the_evidence_is_real_frames(city: City) -> None:
    plans = {plan.mn: plan for plan in load_fleet(city.data / STATIONS)}
    state = State.load(city.data / STATE)
    seen = set()
    for codec, raw, cn in city.rows("select codec, raw, cn from raw_frame where cn = '2061' order by id limit 400"):
        frame = FrameReader().feed(decode(codec, bytes(raw)))[0]
        plan = plans[frame.mn or ""]
        if plan.key is not None:
            continue
        assert frame.ok and not frame.deviations and cn == "2061"
        stamp = from_digits(frame.text("DataTime") or "") or 0
        start = stamp - (3600 if plan.stamp == "end" else 0)
        said = content.period(Plant(plan, state.seed, state.incidents), "2061", start).packets
        assert any(f"&&{packet}&&".encode() in frame.raw for packet in said)
        seen.add(plan.mn)
    assert seen


def test_the_books_of_the_load_balance(city: City) -> None:
    received = city.rows("select sum(frames) from gateway_received")[0][0]
    settled = city.rows("select sum(frames) from frame_counter")[0][0]
    assert received == settled == sum(city.built.frames.values())


def test_a_second_start_adds_nothing(city: City) -> None:
    before = city.rows("select (select count(*) from raw_frame), (select count(*) from places_shift)")
    built = city.build()
    assert not built.fresh and not built.frames
    assert city.rows("select (select count(*) from raw_frame), (select count(*) from places_shift)") == before


def test_a_build_that_was_broken_off_is_taken_up_without_doubles(city: City) -> None:
    before = city.rows("select count(*) from frame_period")
    latest = city.rows("select * from latest order by 1, 2, 3")
    (city.data / MARKER).unlink()
    built = city.build()
    assert built.fresh and built.frames[Outcome.STORED] == 0
    assert built.frames[Outcome.DUPLICATE] > 0
    assert city.rows("select count(*) from frame_period") == before
    assert len(city.rows("select * from latest order by 1, 2, 3")) == len(latest)
    assert marker(city.data)


def test_another_bureau_s_database_is_not_touched(city: City) -> None:
    with transaction.atomic():
        station = Station.objects.first()
        assert station is not None
        sources.make_logger(SYSTEM, station, mn="REAL0000000001", password="123456")
        (city.data / MARKER).rename(city.data / "aside")
        before = Station.objects.count(), User.objects.count()
        with pytest.raises(NotADemo, match="database"):
            city.build()
        assert (Station.objects.count(), User.objects.count()) == before
        (city.data / "aside").rename(city.data / MARKER)
        transaction.set_rollback(True)


def test_a_folder_with_something_else_is_never_reset(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("keep")
    with pytest.raises(NotADemo):
        reset(tmp_path)
    assert (tmp_path / "letters.txt").read_text() == "keep"
    (tmp_path / MARKER).write_text(json.dumps({"built_at": "x"}))
    reset(tmp_path)
    assert not tmp_path.exists()


def test_the_whole_plan_has_the_promised_size_and_every_script_fits_it() -> None:
    districts = {name: f"4201{number:02d}" for number, name in enumerate(
        ["江岸", "江汉", "硚口", "汉阳", "武昌", "青山", "洪山", "东西湖", "汉南", "蔡甸", "江夏", "黄陂", "新洲"], 2
    )}  # fmt: skip
    city = plan_city(districts)
    assert len(city.enterprises) == 60
    assert len(city.stations) == len({plan.mn for plan in city.stations}) == 200
    assert len({plan.name for plan in city.stations}) == 200
    assert {plan.edition for plan in city.stations} == {0, 1, 2}
    assert {one.district for one in city.enterprises} == set(districts)
    now = int(clock.now().timestamp())
    wanted = sum(len(entries) for entries in scripts().values())
    assert len(incidents_of(("past", "live"), city.stations, now)) == wanted


def test_the_login_page_offers_them_in_the_demo_alone(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    from ecobureau.demo.accounts import ICONS, for_login_page

    monkeypatch.setenv("ECOBUREAU_DATA", str(city.data))
    with translation.override("zh-hans"):
        offered = for_login_page()
    assert [one.username for one in offered] == [person.username for person in PEOPLE]
    assert offered[0].role == "值班员"
    assert {person.role for person in PEOPLE} == ICONS.keys()
    monkeypatch.setenv("ECOBUREAU_DATA", str(city.data / "elsewhere"))
    assert for_login_page() == []
