"""From stored hours to a clue of a pattern: the detectors read the store, findings are kept, people are told once."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from ecobureau import cli
from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.domain.credit_code import check_letter
from ecobureau.storage import books
from ecobureau.storage.types import Arrival, Kind, Period, Reading
from ecobureau.storage.writer import Writer
from ecobureau.web.clues import judge
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.models import Audit
from ecobureau.web.core.refusals import Refused
from ecobureau.web.detection import pack, passes, reading, replay, rules, services, settings, verdicts
from ecobureau.web.detection.models import (
    ChainLink,
    CurbOrder,
    FindingRow,
    Pass,
    PatternSetting,
    PermittedAmount,
    SettingProposal,
    Verdict,
)
from ecobureau.web.places import services as places
from ecobureau.web.sources import services as sources
from ecobureau.web.sources.models import Outlet
from web.detection.plants import ordinary
from web.people import person, viewer

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 22, 12, tzinfo=BEIJING)
BODY = "91420100MA4KABCD1"
SQUARE = {"type": "Polygon", "coordinates": [[[114, 30], [115, 30], [115, 31], [114, 31], [114, 30]]]}
DAYS = 14
UNITS = {"a21002": "mg/m3", "a21026": "mg/m3", "a19001": "%", "a00000": "m3/s", "kw1": "kW"}


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    with use_clock(ManualClock(NOON)) as installed:
        assert isinstance(installed, ManualClock)
        yield installed


@pytest.fixture
def plant(clock: ManualClock) -> Any:
    """A boiler with one station on its stack and a power meter, both in one square district."""
    sources.sync_factors(SYSTEM)
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    unit = places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区分中心")
    places.set_area(SYSTEM, unit, SQUARE, valid_from=date(2020, 1, 1))
    firm = sources.make_enterprise(SYSTEM, code=BODY + check_letter(BODY), name="江北热电有限公司", lon=114.5, lat=30.5)
    outlet = sources.make_outlet(SYSTEM, firm, code="DA001", name="1号锅炉排气筒", medium="air", o2_ref=6.0)
    stack = sources.make_station(SYSTEM, code="G0001", name="江北热电1号烟气", st="31", outlet=outlet)
    meter = sources.make_station(SYSTEM, code="E0001", name="江北热电用电", st="31")
    sources.set_limit(
        SYSTEM, outlet, "a21002", value="100", source="排污许可证（测试）", valid_from=date(2026, 1, 1), field="avg"
    )
    ChainLink.objects.create(outlet=outlet, role="prod", station=meter, factor="kw1", rated_kw=2000)
    return outlet, stack, meter


@pytest.fixture
def store(database_url: str) -> Iterator[Any]:
    with psycopg.connect(database_url, autocommit=True) as conn:
        run = books.start_run(conn, "test", "here", 1, NOON)
        writer = Writer(conn)

        def write(station: Any, start: datetime, values: Mapping[str, Sequence[float]]) -> None:
            batch = []
            for step in range(len(next(iter(values.values())))):
                begin = start + timedelta(hours=step)
                readings = [
                    Reading.of(code, UNITS[code], {"avg": f"{row[step]:.2f}"}, "N") for code, row in values.items()
                ]
                raw = f"{station.pk} {begin.isoformat()} { {code: row[step] for code, row in values.items()} }".encode()
                end = begin + timedelta(hours=1)
                period = Period(station.pk, "31", Kind.HOUR, 3600, begin, end, readings)
                batch.append(
                    Arrival(end, raw, sha256(raw).digest(), run, station.pk, "MN", "2061", "data", period=period)
                )
            writer.write(batch)

        yield write


def begin() -> datetime:
    return NOON - timedelta(days=DAYS)


def nightly(outlet: Outlet) -> Pass:
    return services.run_pass(Pass.Kind.NIGHTLY, [outlet.pk], NOON, days=60)


def fill(plant: Any, store: Any, values: dict[str, list[float]]) -> None:
    _outlet, stack, meter = plant
    store(stack, begin(), values)
    store(meter, begin(), {"kw1": [1500.0 * one / 30 for one in values["a00000"]]})


def test_the_store_becomes_an_aligned_series_with_the_plants_power(plant: Any, store: Any) -> None:
    outlet, *_rest = plant
    fill(plant, store, ordinary(48))
    PermittedAmount.objects.create(
        outlet=outlet, factor_id="a21002", period="year", kg=12000, source="许可证", valid_from=date(2026, 1, 1)
    )
    CurbOrder.objects.create(
        outlet=outlet, starts=begin(), ends=begin() + timedelta(days=1), share=0.3, source="橙色预警（测试）"
    )
    [(series, facts, declared)] = reading.inputs([outlet.pk], begin(), begin() + timedelta(hours=50))
    assert len(series) == 50 and series.step_s == 3600
    assert set(series.avg) == {"a21002", "a21026", "a19001", "a00000", "pw_prod"}
    assert np.isfinite(series.avg["pw_prod"][:48]).all() and np.isnan(series.avg["pw_prod"][48:]).all()
    assert series.flag["a21002"][0] == "N" and series.flag["a21002"][49] == ""
    assert facts.has_power and facts.rated_prod_kw == 2000 and facts.factors["a21002"].limit == 100
    assert facts.factors["a21002"].permit_kg_month == 1000
    assert [(one.type, one.value) for one in declared] == [("order_cut", 0.3)]


def test_an_honest_plant_raises_no_clue(plant: Any, store: Any) -> None:
    fill(plant, store, ordinary(DAYS * 24))
    done = nightly(plant[0])
    assert (done.outlets, done.clues, done.failed) == (1, 0, {})
    assert not Clue.objects.exists()


def test_a_frozen_value_becomes_one_clue_that_is_told_once(plant: Any, store: Any) -> None:
    values = ordinary(DAYS * 24)
    values["a21002"][-30:] = [41.37] * 30
    fill(plant, store, values)
    first = nightly(plant[0])
    clue = Clue.objects.get()
    assert (clue.rule, clue.factor, clue.outlet_id, clue.origin) == ("P01", "a21002", plant[0].pk, "rule")
    assert "41.37" in clue.reason_params["value"].__str__() and clue.org_path == "/wuhan/jiangan/"
    assert "疑似恒值" in clue.title and "造假" not in clue.title
    assert first.clues == 1 and FindingRow.objects.filter(pattern="P01", clue=clue).exists()
    kinds = [piece.kind for piece in clue.evidence.order_by("seq")]
    assert kinds[0] == "rule" and "series" in kinds
    count = clue.findings
    again = nightly(plant[0])
    clue.refresh_from_db()
    assert again.clues == 0 and again.findings == 0 and clue.findings == count


def test_a_finding_that_reaches_over_its_window_extends_the_same_clue(plant: Any, store: Any) -> None:
    values = ordinary(DAYS * 24)
    values["a21002"][-60:-20] = [41.37] * 40
    fill(plant, store, values)
    outlet = plant[0]
    early = NOON - timedelta(hours=40)
    services.run_pass(Pass.Kind.HOURLY, [outlet.pk], early, days=10, only=["P01"])
    clue = Clue.objects.get()
    first, last = clue.first_at, clue.last_at
    # Begun an hour before the clue, it reaches beyond its end: the same matter, and its rows belong to it.
    FindingRow.objects.create(
        outlet=outlet, pattern="P01", factors=["a21002"], start_at=first - timedelta(hours=1),
        end_at=last - timedelta(hours=1), raised_at=last, statistic=1, threshold=1, score=0.5, severity=3,
        group="shape", rules="x", seen_at=NOON,
    )  # fmt: skip
    nightly(outlet)
    clue.refresh_from_db()
    assert Clue.objects.filter(rule="P01").count() == 1
    assert clue.first_at == first and clue.last_at > last
    assert set(FindingRow.objects.filter(pattern="P01").values_list("clue", flat=True)) == {clue.pk}


def test_what_the_judge_has_told_already_is_no_second_clue(plant: Any, store: Any) -> None:
    values = ordinary(DAYS * 24)
    values["a21002"][-30:-20] = [140.0 + step for step in range(10)]
    fill(plant, store, values)
    while judge.drain(200):
        pass
    over = Clue.objects.get(rule="R-OVER")
    nightly(plant[0])
    assert not Clue.objects.filter(rule="P28").exists()
    assert FindingRow.objects.get(pattern="P28").clue == over


def test_a_pattern_that_the_city_switched_off_is_silent(plant: Any, store: Any, clock: ManualClock) -> None:
    values = ordinary(DAYS * 24)
    values["a21002"][-30:] = [41.37] * 30
    fill(plant, store, values)
    PatternSetting.objects.create(pattern="P01", enabled=False, updated_at=NOON)
    done = nightly(plant[0])
    assert "P01" not in done.patterns
    assert not Clue.objects.filter(rule="P01").exists()


def test_arrival_looks_once_at_each_new_hour(plant: Any, store: Any) -> None:
    passes._seen.clear()
    fill(plant, store, ordinary(72))
    assert passes.arrival() is False
    assert Pass.objects.filter(kind="arrival").count() == 1
    passes.arrival()
    assert Pass.objects.filter(kind="arrival").count() == 1


def test_arrival_comes_back_to_what_came_while_another_pass_had_the_turn(
    plant: Any, store: Any, database_url: str
) -> None:
    passes._seen.clear()
    fill(plant, store, ordinary(72))
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("select pg_advisory_lock(%s)", [passes._LOCK])
        assert passes.arrival() is False
        assert not Pass.objects.exists()
    passes.arrival()
    assert Pass.objects.filter(kind="arrival").count() == 1


def test_slow_passes_run_once_when_they_are_due(plant: Any, store: Any) -> None:
    fill(plant, store, ordinary(72))
    for _turn in range(4):
        passes.slow()
    assert sorted(Pass.objects.values_list("kind", flat=True)) == ["hourly", "nightly"]


def test_feedback_draws_confidence_towards_what_proved_true(plant: Any, store: Any) -> None:
    today = NOON.date()
    assert rules.calibrated("P01", 0.8, today) == 0.8
    clue = frozen(plant, store)
    head = viewer(person("head", ("unit_head", "/wuhan/")))
    verdicts.give(head, clue, "false", "仪表检修")
    fused = clue.evidence.get(code="detection.evidence.window").params["fused"]
    assert Verdict.objects.get().fused == fused == pytest.approx(clue.confidence, abs=1e-3)
    assert rules.calibrated("P01", 0.8, today) < 0.8 and rules.calibrated("P02", 0.8, today) == 0.8


def frozen(plant: Any, store: Any) -> Clue:
    values = ordinary(DAYS * 24)
    values["a21002"][-30:] = [41.37] * 30
    fill(plant, store, values)
    nightly(plant[0])
    return Clue.objects.get()


def test_the_evidence_pack_reproduces_the_finding_without_the_system(plant: Any, store: Any, tmp_path: Path) -> None:
    clue = frozen(plant, store)
    content = pack.build(clue)
    assert content == pack.build(clue)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
    names = {each.name for each in tmp_path.iterdir()}
    assert names == {
        "values.csv", "outlets.csv", "declarations.csv", "frames.csv", "findings.json", "parameters.json", "law.csv",
        "plot.png", "README.txt",
    }  # fmt: skip
    arguments = ["detect"]
    for name in ("values", "outlets", "declarations"):
        arguments += [f"--{name}", str(tmp_path / f"{name}.csv")]
    assert cli.main([*arguments, "--out", str(tmp_path / "clues.csv")]) == 0
    [row] = list(csv.DictReader((tmp_path / "clues.csv").open(encoding="utf-8")))
    assert (row["pattern"], row["factors"]) == ("P01", "a21002")
    assert datetime.fromisoformat(row["start"]) == clue.first_at
    frames = list(csv.DictReader((tmp_path / "frames.csv").open(encoding="utf-8")))
    assert frames and all(len(each["sha256"]) == 64 for each in frames)
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    law = list(csv.DictReader((tmp_path / "law.csv").open(encoding="utf-8")))
    assert {each["certainty"] for each in law} <= {"certain", "likely", "to be checked"}


def test_feedback_is_given_by_those_who_judge_and_stands_in_the_audit(plant: Any, store: Any) -> None:
    clue = frozen(plant, store)
    head, leader = viewer(person("head", ("unit_head", "/wuhan/"))), viewer(person("boss", ("leader", "/wuhan/")))
    for actor, outcome, reason, code in (
        (leader, "false", "检修", "detection.not_judge"),
        (head, "false", " ", "detection.needs_reason"),
        (head, "guilty", "x", "detection.no_outcome"),
    ):
        with pytest.raises(Refused) as refused:
            verdicts.give(actor, clue, outcome, reason)
        assert refused.value.code == code and not Verdict.objects.exists()
    verdicts.give(head, clue, "benign", "炉子停着，仪表保持")
    verdicts.give(head, clue, "verified", "")
    assert verdicts.precision()["P01"] == verdicts.Precision(verified=1)
    assert Audit.objects.filter(what="detection.verdict").count() == 2


def test_a_pattern_is_set_by_the_administrator_only_and_within_the_packs_keys(plant: Any, store: Any) -> None:
    admin, officer = viewer(person("admin", ("administrator", "/"))), viewer(person("duty", ("duty_officer", "/")))
    key = next(one for one in rules.national(NOON.date()) if one.startswith("P01."))
    for actor, pattern, params, code in (
        (officer, "P01", {}, "detection.not_administrator"),
        (admin, "P99", {}, "detection.no_pattern"),
        (admin, "P01", {"P02.x": 1}, "detection.no_parameter"),
        (admin, "P01", {key: "viel"}, "detection.no_number"),
    ):
        with pytest.raises(Refused) as refused:
            settings.propose(actor, pattern, enabled=False, params=params, note="试行")
        assert refused.value.code == code and not SettingProposal.objects.exists()
    wish = settings.propose(admin, "P01", enabled=True, params={key: "999"}, note="试行")
    with pytest.raises(Refused) as refused:
        settings.propose(admin, "P01", enabled=False, params={}, note="再试")
    assert refused.value.code == "detection.proposal_waits"
    second = viewer(person("second", ("administrator", "/")))
    with pytest.raises(Refused) as refused:
        settings.decide(second, wish, approve=True)
    assert refused.value.code == "detection.replay_first" and not PatternSetting.objects.exists()
    replay.run(Pass.objects.get().pk, 30)
    with pytest.raises(Refused) as refused:
        settings.decide(admin, wish, approve=True)
    assert refused.value.code == "detection.own_proposal"
    settings.decide(second, wish, approve=True)
    assert rules.params(NOON.date()).raw(key) == 999.0
    with pytest.raises(Refused) as refused:
        settings.withdraw(admin, wish)
    assert refused.value.code == "detection.proposal_decided"


def test_a_replay_tells_what_a_pattern_would_have_opened_and_opens_nothing(plant: Any, store: Any) -> None:
    values = ordinary(DAYS * 24)
    values["a21002"][-30:] = [41.37] * 30
    fill(plant, store, values)
    admin = viewer(person("admin", ("administrator", "/")))
    with pytest.raises(Refused):
        replay.ask(admin, "P01", 0)
    asked = replay.ask(admin, "P01", 7)
    assert asked.ended_at is None
    done = replay.run(asked.pk, 7)
    assert (done.clues, done.outlets) == (1, 1) and done.result[0]["code"].startswith("detection.P01.reason")
    assert replay.run(asked.pk, 7).ended_at == done.ended_at
    assert not Clue.objects.exists()
