"""Every number of the pack says where it comes from, how sure it is, and when it holds."""

import itertools
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest

from air_rules import index_rules, statistics_on
from ecobureau.domain.air import AirRules, AirStatistics, CompositeRule, editions
from ecobureau.domain.rules import Certainty, NoRule
from ecobureau.rulepacks import HERE, load
from ecobureau.words import templates

ENTRIES = tomllib.loads((Path(HERE) / "air.toml").read_text(encoding="utf-8"))["entry"]
FLAGS = {flag.value for flag in Certainty}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry['key']} {entry['valid_from']}")
def test_every_entry_has_source_clause_flag_and_dates(entry: dict) -> None:
    assert entry["source"].strip()
    assert entry["clause"].strip()
    assert entry["flag"] in FLAGS
    assert isinstance(entry["valid_from"], date)
    assert "valid_to" not in entry or entry["valid_to"] > entry["valid_from"]


def test_no_two_entries_of_a_key_hold_on_one_day() -> None:
    by_key: dict[str, list[dict]] = {}
    for entry in ENTRIES:
        by_key.setdefault(entry["key"], []).append(entry)
    for key, entries in by_key.items():
        entries.sort(key=lambda entry: entry["valid_from"])
        for before, after in itertools.pairwise(entries):
            assert before["valid_to"] + timedelta(days=1) == after["valid_from"], key


def test_what_was_not_read_in_the_standard_itself_is_not_called_certain() -> None:
    flags = {(entry["key"], str(entry["valid_from"])): entry["flag"] for entry in ENTRIES}
    assert flags["composite.ranking2026", "2026-03-01"] == "likely"
    assert flags["limit.pm2_5.annual", "2012-02-29"] == "to be checked"
    assert flags["limit.pm2_5.annual", "2026-03-01"] == "certain"
    assert flags["aqi.beyond.other", "2026-03-01"] == "proposal"
    assert flags["statistic.percentile", "2026-03-01"] == "likely"
    assert not any(
        flag == "certain" for (key, _), flag in flags.items() if key.startswith(("statistic.", "composite."))
    )


def test_the_edition_goes_by_the_day() -> None:
    pack = load("air")
    assert AirRules.from_pack(pack, date(2026, 2, 28)).source == "HJ 633-2012"
    assert AirRules.from_pack(pack, date(2026, 3, 1)).source == "HJ 633-2026"
    assert list(editions(pack)) == ["2012", "2026"]
    with pytest.raises(NoRule):
        AirRules.from_pack(pack, date(2012, 2, 28))
    with pytest.raises(KeyError):
        AirRules.of_edition(pack, "1996")


@pytest.mark.parametrize(
    ("day", "stage", "pm2_5", "pm10", "so2"),
    [
        (date(2026, 2, 28), "2012", (35, 75), (70, 150), (60, 150)),
        (date(2026, 3, 1), "2026 transition", (30, 60), (60, 120), (60, 150)),
        (date(2030, 12, 31), "2026 transition", (30, 60), (60, 120), (60, 150)),
        (date(2031, 1, 1), "2026 final", (25, 50), (50, 100), (20, 50)),
    ],
)
def test_the_limits_go_by_the_day(day: date, stage: str, pm2_5: tuple, pm10: tuple, so2: tuple) -> None:
    rules = AirStatistics.from_pack(load("air"), day)
    assert rules.stage == stage
    for item, (annual, daily) in (("pm2_5", pm2_5), ("pm10", pm10), ("so2", so2)):
        assert (rules.limit(item, "annual"), rules.limit(item, "day")) == (annual, daily)


def test_first_grade_is_never_laxer_than_second() -> None:
    for year in (2025, 2028, 2033):
        assert all(first <= second for first, second in statistics_on(year).limits.values())


def test_the_index_of_100_is_the_day_limit_of_the_transition() -> None:
    rules, statistics = index_rules("2026"), statistics_on(2027)
    for item, column in rules.columns["daily"].items():  # type: ignore[index]
        assert rules.breakpoints[column][2] == statistics.limit(item, "mda8" if item == "o3" else "day")


def test_a_city_may_set_its_own_value_in_front(tmp_path: Path) -> None:
    (tmp_path / "air.toml").write_text(
        '[pack]\nname = "air"\nversion = "c1"\n\n[[entry]]\nkey = "valid.day_hours"\nvalue = 22\nsource = "市级"\n'
        'clause = "1"\nflag = "proposal"\nvalid_from = 2020-01-01\n',
        encoding="utf-8",
    )
    assert AirStatistics.from_pack(load("air", tmp_path), date(2025, 1, 1)).day_hours == 22
    assert statistics_on(2025).day_hours == 20


def test_every_word_of_the_rules_is_known() -> None:
    known = templates()
    for edition in ("2012", "2026"):
        for one in index_rules(edition).categories:
            assert {one.word, one.effect, one.advice} <= known.keys()


def test_the_composite_rule_goes_by_the_day_and_can_be_asked_for() -> None:
    pack = load("air")
    assert CompositeRule.from_pack(pack, date(2026, 2, 28)).name == "ranking2018"
    assert CompositeRule.from_pack(pack, date(2026, 3, 31)).name == "ranking2026"
    assert CompositeRule.from_pack(pack, date(2020, 1, 1), "ranking2026").weights["pm2_5"] == 3
    assert CompositeRule.from_pack(pack, date(2026, 3, 31), "hj663").form == "worst"
