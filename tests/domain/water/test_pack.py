"""Every number of the water and noise packs says where it stands and how sure we are; every item has its words."""

from datetime import date

import pytest

from ecobureau.domain.water import ALIASES, code_of
from ecobureau.rulepacks import load
from ecobureau.words import say, templates


@pytest.mark.parametrize("name", ["water", "noise"])
def test_every_entry_says_where_it_comes_from(name):
    pack = load(name)
    keys = list(pack.keys())
    assert len(keys) > 40
    for key in keys:
        entry = pack.at(key, date(2026, 6, 1))
        assert entry.source and entry.clause and entry.flag, key
        assert entry.valid_from >= date(1990, 1, 1)


@pytest.mark.parametrize(
    ("name", "key", "flag"),
    [
        ("water", "gb3838.table1.cod", "certain"),
        ("water", "assess.exceed_class", "to be checked"),
        ("water", "basin.good_fine", "likely"),
        ("water", "gb3097.inorganic_nitrogen", "to be checked"),
        ("water", "creek.items", "proposal"),
        ("noise", "gb3096.2", "likely"),
        ("noise", "gb12348.2", "certain"),
        ("noise", "auto.hour_minutes", "to be checked"),
        ("noise", "gb12523.night_lmax", "to be checked"),
    ],
)
def test_nothing_uncertain_is_shown_as_certain(name, key, flag):
    assert load(name).at(key, date(2026, 6, 1)).flag == flag


def test_every_item_has_words_in_both_languages():
    for item in ALIASES:
        assert f"water.item.{item}" in templates()
        assert say(f"water.item.{item}", "en") != ""


@pytest.mark.parametrize("text", ["NH3-N", "nh3_n", " 氨氮 ", "w21003", "NH3N"])
def test_names_of_a_column(text):
    assert code_of(text) == "nh3n"


def test_no_name_stands_for_two_items():
    names = [name for item, others in ALIASES.items() for name in (item, *others)]
    assert len(names) == len(set(names))
