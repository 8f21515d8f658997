"""Patterns whose input plain files cannot carry, or that need the other outlets, fire through the running system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import numpy as np
import psycopg
import pytest

from ecobureau.clock import BEIJING, ManualClock, use_clock
from ecobureau.domain.detection.fleet.network import silent_shares
from ecobureau.domain.detection.types import OutletSeries
from ecobureau.storage import books
from ecobureau.storage.types import Arrival, Kind, Parameter, Period, Reading
from ecobureau.storage.writer import Writer
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.detection import cards, looking, reading, services
from ecobureau.web.detection.filings import filings_of
from ecobureau.web.detection.models import FindingRow, ModelCard, Pass, WeekFeatures
from ecobureau.web.sources import services as sources
from ecobureau.web.sources.models import Station
from web.detection.plants import UNITS, Plant, fill, make_plant, ordinary, write

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 22, 12, tzinfo=BEIJING)


@pytest.fixture(autouse=True)
def clock() -> Iterator[ManualClock]:
    with use_clock(ManualClock(NOON)) as installed:
        assert isinstance(installed, ManualClock)
        yield installed


@pytest.fixture
def plant(clock: ManualClock) -> Plant:
    return make_plant(NOON.date())


def neighbours(plant: Plant, count: int) -> list[Station]:
    """Make more boilers of the same industry, each with its station and limits."""
    found = []
    for number in range(2, count + 2):
        outlet = sources.make_outlet(
            SYSTEM, plant.outlet.enterprise, code=f"DA{number:03d}", name=f"{number}号锅炉", medium="air"
        )
        for factor in ("a21002", "a21026"):
            sources.set_limit(
                SYSTEM,
                outlet,
                factor,
                value="100",
                source="许可证",
                valid_from=NOON.date().replace(month=1),
                field="avg",
            )
        found.append(sources.make_station(SYSTEM, code=f"G{number:04d}", name=f"{number}号", st="31", outlet=outlet))
    return found


def looked(kind: str, stations: Sequence[Station], *only: str, days: float = 60) -> Pass:
    done = services.run_pass(kind, [one.outlet_id for one in stations], NOON, days=days, only=only)
    assert done.failed == {}
    return done


def findings(station: Station, pattern: str) -> list[FindingRow]:
    return list(FindingRow.objects.filter(outlet_id=station.outlet_id, pattern=pattern).order_by("start_at"))


def test_one_logger_that_falls_silent_alone_is_told_and_a_fault_of_the_net_is_not(
    plant: Plant, database_url: str
) -> None:
    stations = [plant.stack, *neighbours(plant, 5)]
    hours = 5 * 24
    for number, station in enumerate(stations):
        values = {code: np.array(row) for code, row in ordinary(hours, seed=number).items()}
        # All are silent for 30 h; later the first alone.
        gaps = [(20, 50)] + ([(80, 115)] if number == 0 else [])
        begun = 0
        for first, last in [*gaps, (hours, hours)]:
            part = {code: list(row[begun:first]) for code, row in values.items()}
            write(database_url, station, NOON - timedelta(hours=hours - begun), part)
            begun = last
    write(database_url, plant.meter, NOON - timedelta(hours=hours), {"kw1": [1500.0] * hours})
    looked(Pass.Kind.HOURLY, stations, "P15", "P16", days=10)
    shared, alone = findings(plant.stack, "P16")
    assert "detection.counter.many_silent" in shared.counter and "detection.counter.not_shared" in alone.counter
    assert alone.score > shared.score
    assert list(Clue.objects.values_list("outlet_id", "rule")) == [(plant.outlet.pk, "P16")]


def test_the_share_of_silent_outlets_is_that_of_the_domain() -> None:
    rng = np.random.default_rng(4)
    present = rng.random((5, 60)) < 0.8
    present[2, :20] = False
    t = np.arange(60, dtype=np.int64) * 3600
    every = [
        OutletSeries(str(k), "gas", 3600, t, {"a21002": np.where(row, 1.0, np.nan)}, {}, {})
        for k, row in enumerate(present)
    ]
    ours = looking.silent_shares(present)
    for mine, theirs in zip(ours, silent_shares(every), strict=True):
        assert np.allclose(mine, theirs)


def test_night_gaps_of_one_plant(plant: Plant, database_url: str) -> None:
    stations = [plant.stack, *neighbours(plant, 2)]
    hours = 12 * 24
    start = NOON - timedelta(hours=hours)
    for number, station in enumerate(stations):
        values = ordinary(hours, seed=number)
        keep = [(start + timedelta(hours=at)).astimezone(BEIJING) for at in range(hours)]
        # Four nights at the end without rows from 1 to 6 o'clock.
        gone = {at for at, when in enumerate(keep) if number == 0 and when.hour in (1, 2, 3, 4, 5) and at > hours - 110}
        begun = 0
        for at in [*sorted(gone), hours]:
            if at > begun:
                part = {code: row[begun:at] for code, row in values.items()}
                write(database_url, station, start + timedelta(hours=begun), part)
            begun = at + 1
    write(database_url, plant.meter, start, {"kw1": [1500.0] * hours})
    looked(Pass.Kind.NIGHTLY, stations, "P15")
    [found] = findings(plant.stack, "P15")
    assert found.numbers["nights"] >= 2 and "detection.counter.not_shared" in found.counter
    assert [clue.rule for clue in Clue.objects.all()] == ["P15"]


def test_an_outlet_far_from_its_industry_is_told_on_the_second_night(
    plant: Plant, database_url: str, clock: ManualClock
) -> None:
    firm = plant.outlet.enterprise
    sources.change_enterprise(SYSTEM, firm, industry="火力发电")
    stations = neighbours(plant, 8)
    hours = 29 * 24
    for number, station in enumerate(stations):
        values = {code: np.array(row) for code, row in ordinary(hours, seed=number).items()}
        if number == 0:
            # Far below, hardly moving, with O2 of a plant of another kind.
            values["a21002"] = 2 + 0.002 * values["a21002"]
            values["a21026"] = 1 + 0.002 * values["a21026"]
            values["a19001"] = values["a19001"] + 9
        write(database_url, station, NOON - timedelta(hours=hours), {code: list(row) for code, row in values.items()})
    first = looked(Pass.Kind.NIGHTLY, stations, "P33", days=28)
    assert first.silent == {"P33": 8} and WeekFeatures.objects.count() == 8
    assert not FindingRow.objects.exists()
    second = looked(Pass.Kind.NIGHTLY, stations, "P33", days=28)
    assert second.silent == {}
    assert {row.outlet_id for row in FindingRow.objects.filter(pattern="P33")} == {stations[0].outlet_id}
    # Ranking only: no clue of its own.
    assert not Clue.objects.exists()


def test_a_nights_refit_leaves_a_card_a_pollutant_and_comes_back_on_its_weekday(
    plant: Plant, database_url: str, clock: ManualClock
) -> None:
    fill(database_url, plant, NOON, 20 * 24)
    done = looked(Pass.Kind.NIGHTLY, [plant.stack], "P01")
    found = list(ModelCard.objects.order_by("factor"))
    assert [card.factor for card in found] == ["a21002", "a21026"] and done.refits == 2 and done.refit_s > 0
    card = found[0]
    assert "pw_prod" in card.inputs and card.family == "robust" and card.samples > 200
    assert card.explained > 0.2 and card.holdout_robust and card.holdout_boosted
    assert timedelta(days=3) <= card.fitted_at - card.end_at < timedelta(days=4)
    assert looked(Pass.Kind.NIGHTLY, [plant.stack], "P01").refits == 0
    again = {
        day: services.run_pass(
            Pass.Kind.NIGHTLY, [plant.outlet.pk], NOON + timedelta(days=day), days=60, only=["P01"]
        ).refits
        for day in range(1, 8)
    }
    assert [day for day, count in again.items() if count] == [(plant.outlet.pk - NOON.weekday() - 1) % 7 + 1]


def test_digits_that_a_logger_would_not_make(plant: Plant, database_url: str) -> None:
    hours = 40 * 24
    values = {code: np.array(row) for code, row in ordinary(hours).items()}
    tail = values["a21002"][-360:]
    # Somebody fills in values that end on 0 or 5.
    values["a21002"][-360:] = np.round(tail * 20) / 20
    write(database_url, plant.stack, NOON - timedelta(hours=hours), {code: list(row) for code, row in values.items()})
    looked(Pass.Kind.NIGHTLY, [plant.stack], "P27")
    assert [row.factors for row in findings(plant.stack, "P27")] == [["a21002"]]
    assert not Clue.objects.exists()


def test_a_week_that_is_not_the_outlets_own(plant: Plant, database_url: str) -> None:
    hours = 42 * 24
    values = {code: np.array(row) for code, row in ordinary(hours).items()}
    week = slice(hours - 7 * 24, hours)
    values["a19001"][week] += 4
    values["a00000"][week] *= 0.6
    values["a21026"][week] *= 2.5
    write(database_url, plant.stack, NOON - timedelta(hours=hours), {code: list(row) for code, row in values.items()})
    power = [1500.0 * one / 30 for one in ordinary(hours)["a00000"]]
    write(database_url, plant.meter, NOON - timedelta(hours=hours), {"kw1": power})
    looked(Pass.Kind.NIGHTLY, [plant.stack], "P34", days=42)
    assert findings(plant.stack, "P34")


def send(
    url: str, station: Station, start: datetime, values: Mapping[str, Sequence[float]], arrived: Any, extra: Any = ()
) -> None:
    """Write hours that arrive when `arrived(step)` says, each with the parameters `extra` of its hour."""
    with psycopg.connect(url, autocommit=True) as conn:
        run = books.start_run(conn, "test", "here", 1, start)
        batch = []
        for step in range(len(next(iter(values.values())))):
            begin = start + timedelta(hours=step)
            readings = [Reading.of(code, UNITS[code], {"avg": f"{row[step]:.2f}"}, "N") for code, row in values.items()]
            raw = f"{station.pk} {begin.isoformat()} {readings} {arrived(step)}".encode()
            period = Period(station.pk, "31", Kind.HOUR, 3600, begin, begin + timedelta(hours=1), readings)
            found = tuple(one for at, one in extra if at == step)
            batch.append(
                Arrival(
                    arrived(step),
                    raw,
                    sha256(raw).digest(),
                    run,
                    station.pk,
                    "MN",
                    "2061",
                    "data",
                    period=period,
                    parameters=found,
                )
            )
        Writer(conn).write(batch)


def test_rewritten_values_and_a_clock_ahead(plant: Plant, database_url: str) -> None:
    hours = 5 * 24
    start = NOON - timedelta(hours=hours)
    values = ordinary(hours)

    def usual(step: int) -> datetime:
        ahead = timedelta(minutes=20) if 30 <= step < 40 else timedelta(seconds=-5)
        return start + timedelta(hours=step + 1) - ahead

    send(database_url, plant.stack, start, values, usual)
    lower = {code: [0.5 * one for one in row[90:92]] for code, row in values.items() if code == "a21002"}
    send(database_url, plant.stack, start + timedelta(hours=90), lower, lambda step: NOON - timedelta(minutes=step))
    looked(Pass.Kind.HOURLY, [plant.stack], "P35", days=10)
    kinds = {row.numbers["kind"]: row for row in findings(plant.stack, "P35")}
    assert set(kinds) == {"rewritten", "future"}
    assert "a21002" in kinds["rewritten"].factors and kinds["rewritten"].severity == 5


def changed_slope(plant: Plant, url: str) -> datetime:
    """Send two days in which the slope of the SO2 analyser becomes another; returns when."""
    hours = 48
    start = NOON - timedelta(hours=hours)
    slope = [
        (2, Parameter(plant.stack.pk, "a21002", "i13007", "1.00", start + timedelta(hours=2))),
        (30, Parameter(plant.stack.pk, "a21002", "i13007", "0.62", start + timedelta(hours=30))),
    ]
    send(url, plant.stack, start, ordinary(hours), lambda step: start + timedelta(hours=step + 1), slope)
    return start + timedelta(hours=30)


def registered(plant: Plant, since: date) -> None:
    sources.make_instrument(SYSTEM, plant.stack, "a21002", valid_from=since, range_low=0, range_high=500)


def test_a_changed_parameter_opens_a_clue(plant: Plant, database_url: str) -> None:
    at = changed_slope(plant, database_url)
    registered(plant, date(2024, 1, 1))
    looked(Pass.Kind.HOURLY, [plant.stack], "P36", days=10)
    [row] = findings(plant.stack, "P36")
    assert (row.numbers["old"], row.numbers["new"], row.severity >= 4) == ("1.00", "0.62", True)
    assert row.start_at == at
    clue = Clue.objects.get()
    assert (clue.rule, clue.factor) == ("P36", "a21002")


def test_a_change_that_is_filed_opens_none_and_without_filings_there_is_no_opinion(
    plant: Plant, database_url: str
) -> None:
    at = changed_slope(plant, database_url)
    outlet = plant.stack.outlet
    assert outlet is not None

    def told() -> tuple[bool | None, ...]:
        [(series, _facts, _declared)] = reading.inputs([outlet.pk], NOON - timedelta(days=10), NOON)
        return tuple(one.filed for one in series.parameters)

    assert told() == (None,)
    looked(Pass.Kind.HOURLY, [plant.stack], "P36", days=10)
    assert not findings(plant.stack, "P36") and Pass.objects.latest("pk").silent == {"P36": 1}
    registered(plant, date(2024, 1, 1))
    assert told() == (False,)
    sources.declare(SYSTEM, outlet, kind="calibration", starts=at - timedelta(hours=1), ends=at + timedelta(hours=1))
    assert told() == (True,)
    looked(Pass.Kind.HOURLY, [plant.stack], "P36", days=10)
    assert not findings(plant.stack, "P36") and not Clue.objects.exists()


def test_a_device_registered_that_day_or_its_range_counts_as_filed(plant: Plant) -> None:
    at = NOON - timedelta(hours=5)
    registered(plant, date(2024, 1, 1))
    outlet = plant.stack.outlet
    assert outlet is not None

    def holds(device: str, value: str, station: int = plant.stack.pk) -> bool:
        return filings_of({outlet.pk: [plant.stack.pk]}, at, NOON)[outlet.pk].hold(station, device, value, at)

    assert holds("a21002", "500.0") and holds("", "500")
    assert not holds("a21002", "300") and not holds("a21002", "高") and not holds("a21026", "500")
    assert not holds("a21002", "500", station=plant.stack.pk + 1)
    registered(plant, (at + timedelta(hours=8)).date())
    assert holds("a21002", "300")


def test_the_first_night_of_a_city_fits_no_more_than_a_night_can_bear(plant: Plant) -> None:
    ids = range(1, 701)
    tonight = cards.due(ids, NOON)
    own_day = {pk for pk in ids if pk % 7 == NOON.weekday()}
    assert set(tonight) == own_day | set(range(1, cards.MOST_NEW + 1))
    # Each week a quarter of those whose weekday it is are tried with boosted quantiles, and those few.
    assert 0.2 < sum(tonight[pk] for pk in own_day) / len(own_day) < 0.35
