"""Golden cases transcribed from HJ 633-2012 table 1 and HJ 633-2026 table 3, at and around each breakpoint."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from air_rules import index_rules
from ecobureau.domain.air import (
    COLUMNS,
    ITEMS,
    Kind,
    Note,
    air_report,
    air_report_derivation,
    air_reports,
    category_of,
    iaqi,
    iaqi_array,
    iaqi_derivation,
)
from ecobureau.domain.air.bulk import NA, NO_DATA, NO_PM, OK

LEVELS = (0, 50, 100, 150, 200, 300, 400, 500)
TABLE_2012 = {
    "so2_24h": (0, 50, 150, 475, 800, 1600, 2100, 2620),
    "so2_1h": (0, 150, 500, 650, 800),
    "no2_24h": (0, 40, 80, 180, 280, 565, 750, 940),
    "no2_1h": (0, 100, 200, 700, 1200, 2340, 3090, 3840),
    "pm10_24h": (0, 50, 150, 250, 350, 420, 500, 600),
    "co_24h": (0, 2, 4, 14, 24, 36, 48, 60),
    "co_1h": (0, 5, 10, 35, 60, 90, 120, 150),
    "o3_1h": (0, 160, 200, 300, 400, 800, 1000, 1200),
    "o3_8h": (0, 100, 160, 215, 265, 800),
    "pm2_5_24h": (0, 35, 75, 115, 150, 250, 350, 500),
}
TABLE_2026 = TABLE_2012 | {
    "pm10_24h": (0, 50, 120, 250, 350, 420, 500, 600),
    "pm2_5_24h": (0, 35, 60, 115, 150, 250, 350, 500),
}
TABLES = {"2012": TABLE_2012, "2026": TABLE_2026}
CASES = [(edition, column) for edition in TABLES for column in COLUMNS]


def by_hand(points: tuple[int, ...], tenths: int) -> int:
    """The sub-index of a concentration in tenths, by whole numbers alone."""
    at = next(at for at in range(1, len(points)) if tenths <= 10 * points[at])
    rise = (LEVELS[at] - LEVELS[at - 1]) * (tenths - 10 * points[at - 1])
    run = 10 * (points[at] - points[at - 1])
    return LEVELS[at - 1] + -(-rise // run)


@pytest.mark.parametrize(("edition", "column"), CASES)
def test_at_each_breakpoint_stands_its_index(edition: str, column: str) -> None:
    rules = index_rules(edition)
    points = TABLES[edition][column]
    assert [iaqi(column, point, rules) for point in points] == list(LEVELS[: len(points)])
    assert iaqi_array(column, points, rules).tolist() == list(LEVELS[: len(points)])


@pytest.mark.parametrize(("edition", "column"), CASES)
def test_around_each_breakpoint(edition: str, column: str) -> None:
    rules = index_rules(edition)
    points = TABLES[edition][column]
    step = 1 if column.startswith("co_") else 10
    around = [10 * point + side for point in points for side in (-step, step)]
    inside = [tenths for tenths in around if 0 <= tenths <= 10 * points[-1]]
    wanted = [by_hand(points, tenths) for tenths in inside]
    assert [iaqi(column, Decimal(tenths) / 10, rules) for tenths in inside] == wanted
    assert iaqi_array(column, np.array(inside) / 10, rules).tolist() == wanted


@pytest.mark.parametrize(("edition", "column"), CASES)
def test_every_whole_concentration(edition: str, column: str) -> None:
    rules = index_rules(edition)
    points = TABLES[edition][column]
    step = 1 if column.startswith("co_") else 10
    tenths = list(range(0, 10 * points[-1] + 1, step))
    found = iaqi_array(column, np.array(tenths) / 10, rules).tolist()
    assert found == [by_hand(points, one) for one in tenths]


@pytest.mark.parametrize(
    ("column", "value", "in_2012", "in_2026"),
    [
        ("so2_1h", 801, None, 200),
        ("o3_8h", 801, None, 300),
        ("pm2_5_24h", 501, 500, 500),
        ("pm10_24h", 1985, 500, 500),
        ("so2_24h", 2621, 500, 500),
        ("no2_24h", 941, 500, 500),
        ("no2_1h", 3841, 500, 500),
        ("co_24h", "60.1", 500, 500),
        ("co_1h", "150.1", 500, 500),
        ("o3_1h", 1201, 500, 500),
    ],
)
def test_above_the_last_breakpoint(column: str, value: str, in_2012: int | None, in_2026: int) -> None:
    for edition, wanted in (("2012", in_2012), ("2026", in_2026)):
        assert iaqi(column, value, index_rules(edition)) == wanted
        assert iaqi_array(column, [float(value)], index_rules(edition)).tolist() == [-1 if wanted is None else wanted]


def test_exact_fractions_where_a_float_is_off_by_one() -> None:
    # (500-400)/(150-120)*(148.8-120)+400 is 496 exactly; in floats it comes out above and is carried to 497.
    assert iaqi("co_1h", "148.8", index_rules("2012")) == 496
    assert iaqi("pm2_5_24h", 38, index_rules("2012")) == 54
    assert iaqi("pm2_5_24h", 134, index_rules("2012")) == 178
    assert iaqi("pm2_5_24h", 61, index_rules("2026")) == 101


def test_the_editions_differ_in_two_cells() -> None:
    old, new = index_rules("2012"), index_rules("2026")
    changed = {name for name in COLUMNS if old.breakpoints[name] != new.breakpoints[name]}
    assert changed == {"pm10_24h", "pm2_5_24h"}


def test_2026_rounds_the_concentration_first() -> None:
    assert iaqi("pm2_5_24h", "60.5", index_rules("2026")) == 100
    assert iaqi("pm2_5_24h", "61.5", index_rules("2026")) == 102
    assert iaqi("co_24h", "4.05", index_rules("2026")) == 100
    assert iaqi("so2_1h", "800.5", index_rules("2026")) == 200
    # The 2012 edition takes it as it is.
    assert iaqi("pm2_5_24h", "75.1", index_rules("2012")) == 101


@pytest.mark.parametrize("bad", [-1, "-0.1", "x", "nan", float("inf")])
def test_what_is_no_concentration_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="n"):
        iaqi("co_24h", bad, index_rules("2012"))  # type: ignore[arg-type]


def test_an_array_with_a_negative_or_infinite_value_is_refused() -> None:
    for bad in (-0.1, float("inf")):
        with pytest.raises(ValueError, match="concentration"):
            iaqi_array("co_24h", [1.0, bad], index_rules("2012"))
    with pytest.raises(KeyError):
        iaqi_array("co_8h", [1.0], index_rules("2012"))
    with pytest.raises(ValueError, match="length"):
        air_reports(Kind.DAILY, {"co": [1.0], "o3": [1.0, 2.0]}, index_rules("2012"))


columns = st.sampled_from(COLUMNS)
editions = st.sampled_from(["2012", "2026"])
concentrations = st.one_of(
    st.integers(0, 4000).map(float),
    st.integers(0, 40_000).map(lambda tenths: tenths / 10),
    st.integers(0, 4_000_000).map(lambda thousandths: thousandths / 1000),
    st.floats(0, 5000, allow_nan=False),
)


@given(editions, columns, concentrations)
def test_many_are_as_one(edition: str, column: str, value: float) -> None:
    one = iaqi(column, value, index_rules(edition))
    assert iaqi_array(column, [value], index_rules(edition)).tolist() == [-1 if one is None else one]


@given(editions, columns, concentrations, concentrations)
def test_more_is_never_better(edition: str, column: str, one: float, other: float) -> None:
    rules = index_rules(edition)
    low, high = sorted((one, other))
    worse, better = iaqi(column, high, rules), iaqi(column, low, rules)
    if worse is not None and better is not None:
        assert worse >= better


@given(editions, columns, concentrations)
def test_the_derivation_ends_in_the_figure(edition: str, column: str, value: float) -> None:
    rules = index_rules(edition)
    derivation = iaqi_derivation(column, value, rules)
    assert derivation.result == iaqi(column, value, rules)
    assert all(step.rule == rules.source and step.clause for step in derivation.steps)


readings = st.fixed_dictionaries({item: st.one_of(st.none(), concentrations) for item in ITEMS})
extras = st.fixed_dictionaries(
    {"so2_24h": st.one_of(st.none(), concentrations), "o3_1h": st.one_of(st.none(), concentrations)}
)


@given(editions, st.sampled_from(list(Kind)), st.lists(st.tuples(readings, extras), min_size=1, max_size=8))
def test_many_reports_are_as_one(edition: str, kind: Kind, rows: list[tuple[dict, dict]]) -> None:
    rules = index_rules(edition)
    extra = "so2_24h" if kind is Kind.HOURLY else "o3_1h"
    values = {item: np.array([np.nan if row[item] is None else row[item] for row, _ in rows]) for item in ITEMS}
    values[extra] = np.array([np.nan if more[extra] is None else more[extra] for _, more in rows])
    found = air_reports(kind, values, rules)
    for at, (row, more) in enumerate(rows):
        one = air_report(kind, {**row, extra: more[extra]}, rules)
        assert found.aqi[at] == (-1 if one.aqi is None else one.aqi)
        assert found.level[at] == (0 if one.category is None else one.category.level)
        assert tuple(item for bit, item in enumerate(ITEMS) if found.primary[at] >> bit & 1) == one.primary
        assert tuple(item for bit, item in enumerate(ITEMS) if found.missing[at] >> bit & 1) == one.missing
        assert tuple(item for bit, item in enumerate(ITEMS) if found.beyond[at] >> bit & 1) == one.beyond
        for item in ITEMS:
            assert found.iaqi[item][at] == (-1 if one.iaqi[item] is None else one.iaqi[item])
        wanted = {Note.NO_DATA: NO_DATA, Note.NO_PM: NO_PM, Note.NA: NA}
        assert found.reason[at] == next((wanted[note] for note in one.notes if note in wanted), OK)


FULL = {"so2": 10, "no2": 40, "pm10": 70, "pm2_5": 35, "co": "0.8", "o3": 100}


def test_an_index_of_fifty_has_no_primary_pollutant() -> None:
    report = air_report(Kind.DAILY, {**FULL, "pm10": 50}, index_rules("2012"))
    assert (report.aqi, report.primary, report.exceeding) == (50, (), ())
    assert report.category is not None
    assert (report.category.level, report.category.rgb, report.category.word) == (1, (0, 228, 0), "air.category.1")


def test_ties_of_rounded_sub_indices_are_listed_together() -> None:
    report = air_report(Kind.DAILY, {**FULL, "pm10": 70, "pm2_5": 43}, index_rules("2012"))
    assert report.iaqi["pm10"] == report.iaqi["pm2_5"] == 60
    assert report.primary == ("pm10", "pm2_5")


def test_exceeding_items_are_of_the_2012_edition_only() -> None:
    values = {**FULL, "pm2_5": 76, "o3": 161}
    assert air_report(Kind.DAILY, values, index_rules("2012")).exceeding == ("pm2_5", "o3")
    assert air_report(Kind.DAILY, values, index_rules("2026")).exceeding == ()


def test_practice_before_2026_needs_one_of_the_particles() -> None:
    rules = index_rules("2012")
    without = air_report(Kind.HOURLY, {**FULL, "pm10": None, "pm2_5": None, "o3": 500}, rules)
    assert (without.aqi, without.category, without.primary, without.notes) == (None, None, (), (Note.NO_PM,))
    assert without.iaqi["o3"] == 225
    one = air_report(Kind.HOURLY, {**FULL, "pm2_5": None}, rules)
    assert (one.aqi, one.notes, one.missing) == (60, (Note.PARTIAL,), ("pm2_5",))


def test_2026_withholds_an_index_up_to_100_when_an_item_is_missing() -> None:
    rules = index_rules("2026")
    hundred = air_report(Kind.DAILY, {**FULL, "pm2_5": 60, "co": None}, rules)
    assert (hundred.aqi, hundred.category, hundred.notes) == (None, None, (Note.NA,))
    assert hundred.iaqi["pm2_5"] == 100
    above = air_report(Kind.DAILY, {**FULL, "pm2_5": 61, "co": None}, rules)
    assert (above.aqi, above.primary, above.notes) == (101, ("pm2_5",), (Note.PARTIAL,))
    ozone = air_report(Kind.DAILY, {"o3": 170}, rules)
    assert ozone.aqi == 110


def test_2026_begins_at_one() -> None:
    nothing = dict.fromkeys(ITEMS, 0)
    assert air_report(Kind.DAILY, nothing, index_rules("2026")).aqi == 1
    assert air_report(Kind.DAILY, nothing, index_rules("2012")).aqi == 0


def test_nothing_at_all() -> None:
    for edition in ("2012", "2026"):
        report = air_report(Kind.DAILY, {}, index_rules(edition))
        assert (report.aqi, report.notes, report.missing) == (None, (Note.NO_DATA,), ITEMS)


def test_2012_turns_to_another_average_above_800() -> None:
    rules = index_rules("2012")
    hour = air_report(Kind.HOURLY, {**FULL, "so2": 900, "so2_24h": 1600}, rules)
    assert (hour.iaqi["so2"], hour.aqi, hour.beyond) == (300, 300, ("so2",))
    day = air_report(Kind.DAILY, {**FULL, "o3": 900, "o3_1h": 1000}, rules)
    assert (day.iaqi["o3"], day.aqi) == (400, 400)
    alone = air_report(Kind.DAILY, {**FULL, "o3": 900}, rules)
    assert (alone.iaqi["o3"], alone.aqi) == (None, 60)
    assert Note.BEYOND in alone.notes
    new = air_report(Kind.DAILY, {**FULL, "o3": 900, "o3_1h": 1000}, index_rules("2026"))
    assert new.iaqi["o3"] == 300


@pytest.mark.parametrize(
    ("aqi", "level"),
    [
        (0, 1),
        (50, 1),
        (51, 2),
        (100, 2),
        (101, 3),
        (150, 3),
        (151, 4),
        (200, 4),
        (201, 5),
        (300, 5),
        (301, 6),
        (500, 6),
    ],
)
def test_classes(aqi: int, level: int) -> None:
    for edition in ("2012", "2026"):
        assert category_of(aqi, index_rules(edition)).level == level
    with pytest.raises(ValueError, match="negative"):
        category_of(-1, index_rules("2012"))


def test_the_derivation_of_a_report_shows_inputs_and_rules() -> None:
    derivation = air_report_derivation(Kind.DAILY, {**FULL, "pm2_5": "76.5", "co": None}, index_rules("2026"))
    codes = [step.text_code for step in derivation.steps]
    assert codes[:3] == ["air.step.rounded", "air.step.segment", "air.step.carried"]
    assert codes[-4:] == ["air.step.highest", "air.step.partial", "air.step.primary", "air.step.category"]
    segment = next(
        step for step in derivation.steps if step.params.get("item") == "air.item.pm2_5" and "low" in step.params
    )
    assert segment.result == Fraction(100) + Fraction(50, 55) * 16
    given_in = {one.name: (one.value, one.valid) for one in derivation.inputs}
    assert given_in["air.item.co"] == ("", False)
    assert given_in["air.item.pm2_5"] == ("76.5", True)
    said = derivation.to_json()
    assert said["steps"][-1]["result"] == {"code": "air.category.3"}
