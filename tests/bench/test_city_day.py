"""The simulated city day in small: by the API, in compressed time, with books that are reckoned a second time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ecobureau.web.clues import scenarios
from ecobureau.web.core import calendars, placenames

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(BENCH))
    import city_day

    for module in (scenarios, placenames, calendars):
        module.forget()
    yield city_day
    for module in (scenarios, placenames, calendars):
        module.forget()


def at(bench: Any, month: int, day: int, hour: int = 0) -> float:
    return float(datetime(2026, month, day, hour, tzinfo=bench.books.HERE).timestamp())


def test_the_second_books_know_the_holiday_week_and_pauses(bench: Any) -> None:
    books = bench.books
    # Two working days after Wednesday the 30th: the 8th and the 9th; 15 of them end on the 26th (the 10th is worked).
    assert books.end_of(at(bench, 9, 30, 9), -2) == at(bench, 10, 10)
    assert books.end_of(at(bench, 9, 30, 9), -3) == at(bench, 10, 11)
    run = books.Run(0.0, 100.0, stood=[[50.0, 80.0]])
    assert [run.moment(percent) for percent in books.POINTS] == [110.0, 130.0, 180.0, 230.0]
    assert books.Run(0.0, 100.0, stood=[[50.0, None]]).moment(80) is None
    run.stop = 180.0
    assert run.points([0.0, 115.0, 130.0, 179.0, 181.0, 500.0]) == {80: 115.0, 100: 130.0, 150: 181.0}


def test_the_second_books_find_what_is_wrong(bench: Any) -> None:
    books = bench.books
    records = {("clue", "XS-1"): "red"}
    acts = [books.Act(0.0, "clue", "XS-1", "create", 1, None), books.Act(270.0, "clue", "XS-1", "triage", 2, 7)]
    good = books.Kept(0.0, 300.0, 270.0, {80: [240.0]})
    steps = [0.0, 240.0, 270.0]
    assert books.differences(records, acts, {("clue", "XS-1", "triage", 1): good}, steps)[0] == []
    for bad in (
        books.Kept(0.0, 301.0, 270.0, {80: [240.0]}),
        books.Kept(0.0, 300.0, None, {80: [240.0]}),
        books.Kept(0.0, 300.0, 270.0, {}),
        books.Kept(0.0, 300.0, 270.0, {80: [240.0, 270.0]}),
        books.Kept(0.0, 300.0, 270.0, {80: [240.0], 100: [270.0]}),
    ):
        assert books.differences(records, acts, {("clue", "XS-1", "triage", 1): bad}, steps)[0], bad
    assert books.differences(records, acts, {}, steps)[0]


@pytest.mark.django_db(transaction=True)
def test_a_small_day_loses_nothing_and_every_clock_is_right(bench: Any, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    _day, wrong, figures = bench.simulate(bench.Size(clues=14, districts=2, grids=4, people=30), seed=5, threads=3)
    assert wrong == []
    assert figures["clues"] == 14 and sum(figures["states"].values()) == 14
    assert figures["clocks compared"] > 50 and figures["warn points fired"][100] > 0
    assert figures["reporters"]["answers"] >= figures["reporters"]["owed"] > 0
    assert figures["reporters"]["of merged clues"] > 0
