"""Daily totals follow the store: late, rewritten and invalid hours, with the reason; months are sums of days."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.models import Audit
from ecobureau.web.core.refusals import Refused
from ecobureau.web.detection import accounting, chain, pack, passes, services, totals
from ecobureau.web.detection.models import DailyTotal, Pass, PermittedAmount, TotalChange
from ecobureau.web.places.problems import Invalid
from ecobureau.web.sources import services as sources
from ecobureau.web.sources.models import Factor
from web.detection.plants import Plant, make_plant, write
from web.people import person, viewer

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 22, 12, tzinfo=BEIJING)
KG = 6.48
"""50 mg/m3 · 36 m3/s · 3600 s."""


@pytest.fixture(autouse=True)
def clock() -> Iterator[ManualClock]:
    with use_clock(ManualClock(NOON)) as installed:
        assert isinstance(installed, ManualClock)
        yield installed


@pytest.fixture
def plant(clock: ManualClock) -> Plant:
    return make_plant(NOON.date())


def hours(url: str, plant: Plant, start: datetime, count: int, value: float = 50.0, flag: str = "N") -> None:
    write(url, plant.stack, start, {"a21002": [value] * count, "a00000": [36.0] * count}, flag)


def day_kg(plant: Plant, day: date) -> float:
    [one] = totals.days(plant.outlet.pk, "a21002", day, day + timedelta(days=1))
    return one.kg


def test_a_day_is_summed_once_and_again_only_when_it_changed(plant: Plant, database_url: str) -> None:
    start = NOON - timedelta(hours=60)
    hours(database_url, plant, start, 60)
    assert totals.refresh([plant.outlet.pk], NOON) == 3
    assert totals.refresh([plant.outlet.pk], NOON) == 0
    assert day_kg(plant, date(2026, 11, 21)) == pytest.approx(24 * KG)
    hours(database_url, plant, NOON, 1)
    assert totals.refresh([plant.outlet.pk], NOON + timedelta(hours=1)) == 1
    assert day_kg(plant, date(2026, 11, 22)) == pytest.approx(13 * KG)
    # A day that is not over is no news when it grows.
    assert not TotalChange.objects.exists()


def test_late_hours_change_a_closed_day_and_leave_the_reason(plant: Plant, database_url: str) -> None:
    first, day = NOON - timedelta(hours=36), date(2026, 11, 21)
    hours(database_url, plant, first, 10)
    hours(database_url, plant, first + timedelta(hours=14), 22)
    totals.refresh([plant.outlet.pk], NOON)
    [before] = totals.days(plant.outlet.pk, "a21002", day, day + timedelta(days=1))
    assert (before.measured, before.substituted, before.lost) == (20, 4, 0)
    hours(database_url, plant, first + timedelta(hours=10), 4, value=80.0)
    assert totals.refresh([plant.outlet.pk], NOON) >= 1
    [after] = totals.days(plant.outlet.pk, "a21002", day, day + timedelta(days=1))
    assert (after.measured, after.substituted) == (24, 0)
    assert after.kg == pytest.approx(20 * KG + 4 * KG * 1.6)
    [change] = TotalChange.objects.all()
    assert (change.day, change.cause) == (day, "late") and change.after_kg > change.before_kg


def test_rewritten_and_invalidated_hours(plant: Plant, database_url: str) -> None:
    start, day = NOON - timedelta(hours=36), date(2026, 11, 21)
    hours(database_url, plant, start, 36)
    totals.refresh([plant.outlet.pk], NOON)
    hours(database_url, plant, start + timedelta(hours=5), 2, value=25.0)
    totals.refresh([plant.outlet.pk], NOON)
    assert day_kg(plant, day) == pytest.approx(23 * KG)
    hours(database_url, plant, start + timedelta(hours=5), 2, value=25.0, flag="D")
    totals.refresh([plant.outlet.pk], NOON)
    [one] = totals.days(plant.outlet.pk, "a21002", day, day + timedelta(days=1))
    assert (one.measured, one.substituted) == (22, 2)
    assert [change.cause for change in TotalChange.objects.order_by("pk")] == ["revised", "revised"]


def test_a_declared_stop_is_a_reason_of_its_own(plant: Plant, database_url: str) -> None:
    start, day = NOON - timedelta(hours=36), date(2026, 11, 21)
    hours(database_url, plant, start, 10)
    hours(database_url, plant, start + timedelta(hours=16), 20)
    totals.refresh([plant.outlet.pk], NOON)
    sources.declare(
        SYSTEM, plant.outlet, kind="stop", starts=start + timedelta(hours=10), ends=start + timedelta(hours=16),
        reason="检修",
    )  # fmt: skip
    totals.refresh([plant.outlet.pk], NOON)
    [one] = totals.days(plant.outlet.pk, "a21002", day, day + timedelta(days=1))
    assert (one.measured, one.stopped, one.substituted) == (18, 6, 0)
    assert TotalChange.objects.get().cause == "rules"


def test_the_rollup_is_what_the_hours_give_also_over_quarters(plant: Plant, database_url: str) -> None:
    begin = datetime(2026, 9, 20, tzinfo=BEIJING)
    count = int((NOON - begin).total_seconds() // 3600)
    hours(database_url, plant, begin, 24 * 8)
    hours(database_url, plant, begin + timedelta(days=8, hours=5), count - 24 * 8 - 5)
    totals.refresh([plant.outlet.pk], NOON, since=totals.whole_year(NOON))
    found = accounting.account(plant.outlet, "a21002", date(2026, 7, 1), NOON)
    assert found is not None
    both = [
        sum(one.kg if one.kg is not None else one.substitute or 0.0 for one in found.listed(first, NOON))
        for first in (begin, datetime(2026, 10, 1, tzinfo=BEIJING))
    ]
    for first, whole in zip((date(2026, 9, 20), date(2026, 10, 1)), both, strict=True):
        days = totals.days(plant.outlet.pk, "a21002", first, date(2026, 11, 23))
        assert sum(one.kg for one in days) == pytest.approx(whole)
    quarter = accounting.sum_of(
        totals.days(plant.outlet.pk, "a21002", *accounting.span_of("quarter", NOON.date())), "quarter"
    )
    assert quarter.name == "2026-Q4" and quarter.substituted == 0 and quarter.lost == 0


def test_the_worker_sums_once_an_hour(plant: Plant, database_url: str, clock: ManualClock) -> None:
    passes._summed.clear()
    hours(database_url, plant, NOON - timedelta(hours=5), 5)
    assert passes.sums() is False
    made = DailyTotal.objects.get(factor="a21002").made_at
    hours(database_url, plant, NOON, 1)
    passes.sums()
    assert DailyTotal.objects.get(factor="a21002").made_at == made
    clock.advance(3600)
    passes.sums()
    assert DailyTotal.objects.get(factor="a21002").measured == 6


def test_a_permit_is_changed_and_ended_from_a_day_on_and_the_past_stays(plant: Plant, database_url: str) -> None:
    admin = viewer(person("admin", ("administrator", "/wuhan/")))
    month = PermittedAmount.objects.get(period="month")
    for last, reason in ((date(2019, 12, 30), "x"), (date(2026, 11, 1), " ")):
        with pytest.raises(Invalid):
            chain.end_amount(admin, month, last=last, reason=reason)
    with pytest.raises(Refused):
        chain.end_amount(viewer(person("duty", ("duty_officer", "/wuhan/"))), month, last=NOON.date(), reason="x")
    month.refresh_from_db()
    assert month.valid_to is None
    fresh = chain.change_amount(
        admin, month, since=date(2026, 12, 1), kg=Decimal(3500), source="变更", reason="许可证变更"
    )
    month.refresh_from_db()
    assert (month.valid_to, fresh.valid_from, fresh.valid_to) == (date(2026, 11, 30), date(2026, 12, 1), None)
    # Entered by mistake: it never held, and the same day may be entered again.
    chain.end_amount(admin, fresh, last=date(2026, 11, 30), reason="登记有误")
    chain.set_amount(
        admin, plant.outlet, "a21002", period="month", kg=Decimal(3500), source="变更", valid_from=date(2026, 12, 1)
    )
    assert PermittedAmount.objects.filter(period="month").count() == 3
    assert Audit.objects.filter(what="registry.permitted_end").count() == 2
    client = Client()
    client.force_login(
        person("second", ("administrator", "/wuhan/")), backend="django.contrib.auth.backends.ModelBackend"
    )
    page = client.get(f"/totals/{plant.outlet.pk}/a21002/").content.decode()
    assert "从未生效" in page and f"/permitted/{month.pk}/change/" in page
    year = PermittedAmount.objects.get(period="year")
    form = {"since": "2026-11-22", "kg": "70000", "source": "许可证第13页", "reason": "扩建"}
    assert client.post(f"/outlets/{plant.outlet.pk}/permitted/{year.pk}/change/", form).status_code == 302
    year.refresh_from_db()
    assert year.valid_to == date(2026, 11, 21)
    assert client.get(f"/outlets/{plant.outlet.pk}/permitted/99999/end/").status_code == 404


def test_a_clue_of_over_total_carries_the_chain_to_the_frames(plant: Plant, database_url: str) -> None:
    count = 21 * 24 + 12
    hours(database_url, plant, NOON - timedelta(hours=count), count, value=80.0)
    services.run_pass(Pass.Kind.NIGHTLY, [plant.outlet.pk], NOON, days=60, only=["P29"])
    clue = Clue.objects.get()
    assert (clue.rule, clue.factor) == ("P29", "a21002")
    said = clue.evidence.get(code="detection.evidence.permit").params
    assert said["kg"] == "4000" and float(said["used"]) == pytest.approx(count * KG * 1.6, abs=0.1)
    with zipfile.ZipFile(io.BytesIO(pack.build(clue))) as archive:
        days = list(csv.DictReader(io.StringIO(archive.read("days.csv").decode())))
        rows = list(csv.DictReader(io.StringIO(archive.read("hours.csv").decode())))
    assert len(rows) == count and all(len(row["sha256"]) == 64 and row["raw_frame"] for row in rows)
    assert float(days[-2]["sum_kg"]) == pytest.approx(sum(float(row["kg"]) for row in rows))
    assert days[-1]["day"] == "permitted"
    client = Client()
    client.force_login(person("boss", ("leader", "/wuhan/")), backend="django.contrib.auth.backends.ModelBackend")
    assert f"/totals/{plant.outlet.pk}/a21002/?period=month" in client.get(f"/clues/{clue.number}/").content.decode()


def test_the_table_for_a_spreadsheet_holds_every_line(plant: Plant, database_url: str) -> None:
    codes = sorted(Factor.objects.filter(code__startswith="a").values_list("code", flat=True))[:130]
    PermittedAmount.objects.bulk_create(
        PermittedAmount(
            outlet=plant.outlet, factor_id=code, period=period, kg=10, source="许可证", valid_from=date(2026, 1, 1)
        )
        for code in codes
        if code != "a21002"
        for period in ("month", "year")
    )
    client = Client()
    client.force_login(person("boss", ("leader", "/wuhan/")), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/totals.csv")
    assert answer.streaming
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    expected = PermittedAmount.objects.filter(valid_to=None).count()
    assert len(rows) == expected + 1 > 201
