"""Clocks through weekends, make-up days, the Spring Festival, a leap day, restarts and jumps of the wall clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.domain.workflow import Length, Unit, due, resumed
from ecobureau.rulepacks import load
from ecobureau.web.core import calendars, clocks, services
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.core.models import Clock, ClockFired
from ecobureau.web.dispatch.models import Supervision, Task

DAYS = {
    date(2026, 2, 13): "work",
    date(2026, 2, 14): "make_up",
    date(2026, 2, 15): "holiday",
    date(2026, 2, 17): "holiday",
    date(2026, 2, 23): "holiday",
    date(2026, 2, 24): "work",
    date(2026, 2, 28): "make_up",
    date(2026, 3, 1): "weekend",
    date(2026, 10, 10): "make_up",
    date(2026, 11, 21): "weekend",
    date(2027, 2, 6): "holiday",
    date(2027, 2, 10): "holiday",
    date(2027, 2, 13): "weekend",
}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    load.cache_clear()
    calendars.forget()


@pytest.mark.parametrize(("day", "kind"), DAYS.items())
def test_days_are_what_the_state_council_says(day: date, kind: str) -> None:
    assert calendars.kind_of_day(day) == kind


def test_a_year_without_an_arrangement_is_not_official_and_has_the_laws_days() -> None:
    assert calendars.is_official(2026) and not calendars.is_official(2027)
    spring = [date(2027, 2, 5) + timedelta(days=n) for n in range(6)]
    assert not any(calendars.calendar().is_workday(day) for day in spring)
    assert calendars.calendar().is_workday(date(2027, 2, 4)) and calendars.calendar().is_workday(date(2027, 2, 11))


def test_a_city_adds_the_official_year_and_its_own_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "rulepacks"
    folder.mkdir()
    rest = "[2027-02-05, 2027-02-06, 2027-02-07, 2027-02-08, 2027-02-09, 2027-02-10, 2027-02-11]"
    entry = '[[entry]]\nkey = "{}"\nvalue = {}\nsource = "国办"\nflag = "certain"\nvalid_from = 2027-01-01\n'
    official = entry.format("calendar.official.2027", f"{{ rest = {rest}, work = [2027-02-14] }}")
    (folder / "calendar.toml").write_text(f'[pack]\nname = "calendar"\nversion = "city"\n{official}', encoding="utf-8")
    own = entry.format("calendar.city_rest", "[2027-02-12]")
    (folder / "sla.toml").write_text(f'[pack]\nname = "sla"\nversion = "city"\n{own}', encoding="utf-8")
    monkeypatch.setenv("ECOBUREAU_DATA", str(tmp_path))
    load.cache_clear()
    calendars.forget()
    assert calendars.is_official(2027)
    kinds = [calendars.kind_of_day(date(2027, 2, day)) for day in (4, 11, 12, 13, 14, 15)]
    assert kinds == ["work", "holiday", "holiday", "weekend", "make_up", "work"]
    assert calendars.kind_of_day(date(2027, 6, 9)) == "work", "the city's table speaks for the whole year"


def at(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BEIJING).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        # Friday 13 Feb 2026: Saturday the 14th is worked, then free until the 23rd; the 24th is the second day.
        (at(2026, 2, 13), Length(1, Unit.WORKDAY), at(2026, 2, 15, 0)),
        (at(2026, 2, 13), Length(2, Unit.WORKDAY), at(2026, 2, 25, 0)),
        (at(2026, 2, 27), Length(1, Unit.WORKDAY), at(2026, 3, 1, 0)),
        # Friday to Monday over a plain weekend.
        (at(2026, 11, 20, 18), Length(1, Unit.WORKDAY), at(2026, 11, 24, 0)),
        # A limit in days of the law that ends in the festival ends with the next working day.
        (at(2026, 2, 10), Length(7, Unit.LEGAL_DAY), at(2026, 2, 25, 0)),
        # A span takes no heed of calendars, a leap day is a day like others.
        (at(2028, 2, 28, 23, 30), Length(1, Unit.DAY), at(2028, 2, 29, 23, 30)),
        (at(2028, 2, 28), Length(1, Unit.WORKDAY), at(2028, 3, 1, 0)),
        (at(2028, 2, 29), Length(1, Unit.LEGAL_DAY), at(2028, 3, 2, 0)),
        (at(2026, 12, 31, 23, 59), Length(2, Unit.MINUTE), at(2027, 1, 1, 0, 1)),
    ],
)
def test_due_times_over_festivals_and_leap_days(start: datetime, length: Length, end: datetime) -> None:
    assert due(start, length, calendars.calendar()) == end


def test_a_pause_over_the_spring_festival_gives_back_working_days_alone() -> None:
    cal = calendars.calendar()
    limit = due(at(2026, 2, 12), Length(5, Unit.WORKDAY), cal)
    assert limit == at(2026, 2, 27, 0)
    moved = resumed(limit, at(2026, 2, 13), at(2026, 2, 24), Unit.WORKDAY, cal)
    assert moved == at(2026, 3, 1, 0), "the 14th and the 24th were lost: Friday the 27th, and Saturday the 28th, worked"


def a_task(level: str = "red") -> Task:
    made: Task = services.create("task", SYSTEM, title="任务", level=level, org_path="/wuhan/", owner_unit="/wuhan/")
    return made


def fired(clock: Clock) -> list[int]:
    return sorted(ClockFired.objects.filter(clock=clock).values_list("percent", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize("level", ["red", "orange", "yellow", "blue"])
def test_every_limit_of_the_table_runs_from_the_instant_of_dispatch(level: str) -> None:
    start = at(2026, 2, 13, 17)
    with use_clock(ManualClock(start)):
        task = a_task(level)
    pack = load("sla")
    units = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
    for clock in Clock.objects.filter(kind="task", object_id=task.pk):
        key = {"first_result": "result"}.get(clock.code, clock.code)
        entry = pack.at(f"task.sla.{level}.{key}", date(2026, 2, 13))
        assert clock.due_at - start == int(str(entry.value)) * units[entry.unit], clock.code


@pytest.mark.django_db
def test_escalation_fires_once_each_through_jumps_back_and_forth_and_restarts() -> None:
    """The tick keeps nothing in memory: each call stands for a worker that was just started."""
    manual = ManualClock(at(2026, 2, 13, 17))
    with use_clock(manual):
        task = a_task("red")
        clock = Clock.objects.get(kind="task", object_id=task.pk, code="arrive")
        start, span = clock.started_at, clock.due_at - clock.started_at
        road = [
            (0.5, []),
            (0.8, [80]),
            (0.1, [80]),
            (0.9, [80]),
            (1.0, [80, 100]),
            (0.0, [80, 100]),
            (1.49, [80, 100]),
            (400.0, [80, 100, 150, 200]),
            (-3.0, [80, 100, 150, 200]),
            (1.5, [80, 100, 150, 200]),
        ]
        for part, expected in road:
            manual.set(start + span * part)
            clocks.tick(manual.now())
            clocks.tick(manual.now())
            assert fired(clock) == expected, part
        counts = ClockFired.objects.filter(clock=clock).values_list("percent", flat=True)
        assert len(counts) == len(set(counts)) == 4


@pytest.mark.django_db
def test_warn_points_of_a_limit_in_working_days_lie_between_its_start_and_end() -> None:
    """An order given on the eve of the festival: 100 % is the end of the last working day, not three days later."""
    manual = ManualClock(at(2026, 2, 13, 17))
    with use_clock(manual):
        task = a_task()
        order: Supervision = services.create(
            "supervision", SYSTEM, title="督办", level="yellow", org_path="/wuhan/", task_id=task.pk, demand="办"
        )
        clock = Clock.objects.get(kind="supervision", object_id=order.pk, code="answer")
        days = load("sla").at("task.supervise.yellow.answer", date(2026, 2, 13))
        assert (clock.unit, clock.amount) == ("workday", days.value)
        last = calendars.calendar().after(date(2026, 2, 13), int(str(days.value)))
        assert clock.due_at == at(last.year, last.month, last.day, 0) + timedelta(days=1)
        manual.set(at(2026, 2, 18))
        clocks.tick(manual.now())
        assert fired(clock) == []
        manual.set(clock.due_at - timedelta(seconds=1))
        clocks.tick(manual.now())
        assert fired(clock) == [80]
        manual.set(clock.due_at)
        clocks.tick(manual.now())
        assert fired(clock) == [80, 100]
