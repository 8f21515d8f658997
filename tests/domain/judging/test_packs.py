"""The packs: every entry has source and flag, every kind and rule has words, levels fall with risk."""

from datetime import date

import pytest

from ecobureau.domain.judging import RULES, rate, read_params, scenario_of
from ecobureau.domain.rules import NoRule
from ecobureau.rulepacks import load
from ecobureau.words import say, templates

DAY = date(2026, 11, 22)


@pytest.mark.parametrize("name", ["judging", "scenario_kinds", "matter", "risk", "limits", "units"])
def test_every_entry_says_where_it_comes_from(name):
    pack = load(name)
    keys = list(pack.keys())
    assert keys
    for key in keys:
        entry = pack.at(key, DAY)
        assert entry.source
        assert entry.flag


def test_every_kind_and_rule_has_a_name_in_both_languages():
    kinds = [key.removeprefix("scenario.") for key in load("scenario_kinds").keys("scenario.")]
    assert kinds == [f"K{number:02d}" for number in range(1, 12)]
    profiles = [key.removeprefix("limits.") for key in load("limits").keys("limits.")]
    named = [f"profile.{name}" for name in profiles] + [f"judging.rule.{rule}" for rule in RULES]
    for code in named:
        assert code in templates()
        assert say(code, "en") != say(code, "zh")
    for pack, prefix in (("scenario_kinds", "scenario."), ("matter", "matter.")):
        for key in load(pack).keys(prefix):
            value = load(pack).at(key, date(2027, 1, 1)).value
            assert value["name"] and value["name_en"].isascii() and value["name"] != value["name_en"]


def test_no_words_of_the_judge_name_an_act():
    texts = [text for code, text in templates().items() if code.startswith("judging.")]
    texts += [load("scenario_kinds").at(key, DAY).value["name"] for key in load("scenario_kinds").keys("scenario.")]
    assert not [text for text in texts if any(word in text for word in ("造假", "违法", "偷排", "超标排放"))]


@pytest.mark.parametrize(
    ("severity", "confidence", "level"),
    [(5, 0.95, "red"), (5, 0.8, "red"), (4, 0.95, "orange"), (3, 1.0, "orange"), (2, 0.9, "yellow"), (1, 0.9, "blue")],
)
def test_levels_of_the_one_table(params, severity, confidence, level):
    assert rate(severity, confidence, params)[1] == level


def test_duties_of_kinds_are_units_of_the_city():
    pack = load("matter")
    units = [
        *pack.at("organisation.city_departments", DAY).value,
        *pack.at("organisation.district_departments", DAY).value,
    ]
    duties = {duty for unit in units for duty in unit["duties"]}
    wanted = {duty for key in load("scenario_kinds").keys("scenario.") for duty in _duties("scenario_kinds", key)}
    wanted |= {duty for key in pack.keys("matter.") for duty in _duties("matter", key)}
    assert wanted <= duties


def _duties(name, key):
    value = load(name).at(key, DAY).value
    return [*value["duties"], *value.get("help", [])]


def test_scenes_follow_the_system_code(params):
    assert scenario_of("R-OVER", "31", params) == "K01"
    assert scenario_of("R-OVER", "21", params) == "K04"
    assert scenario_of("R-REVISED", "31", params) == "K03"
    assert scenario_of("R-OVER", "77", params) == "K01"


def test_a_day_before_all_rules_says_so():
    with pytest.raises(NoRule):
        read_params(load("judging"), load("scenario_kinds"), date(1999, 1, 1))
