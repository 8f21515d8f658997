from __future__ import annotations

import csv
from pathlib import Path

import pytest

import ecobureau.rulepacks
from ecobureau.domain.hj212 import Edition, FactorTable
from ecobureau.domain.hj212.cp import NOISE_FACTORS, read_key


@pytest.fixture(scope="module")
def table() -> FactorTable:
    path = Path(ecobureau.rulepacks.__file__).with_name("hj212_factors.csv")
    with path.open(encoding="utf-8", newline="") as rows:
        return FactorTable.from_rows(csv.DictReader(rows))


def test_the_pack_of_factors_is_whole(table: FactorTable) -> None:
    assert len(table) == 196
    assert table["w01018"].name_zh == "化学需氧量"
    assert (table["w01018"].unit, table["w01018"].unit_emission, table["w01018"].type_2017) == ("mg/L", "kg", "N5.1")
    assert table["a19001"].unit_emission is None


@pytest.mark.parametrize(
    ("sent", "code"),
    [("011", "w01018"), ("B01", "w00000"), ("S01", "a19001"), ("02", "a21026"), ("a21026", "a21026"), ("PM25", "PM25")],
)
def test_codes_of_2005_lead_to_one_table(table: FactorTable, sent: str, code: str) -> None:
    assert table.canonical(sent) == code
    assert (table.find(sent) is None) is (sent == "PM25")


def test_codes_are_unique_and_go_back(table: FactorTable) -> None:
    old = [factor.code_2005 for factor in table.values() if factor.code_2005]
    assert len(old) == len(set(old))
    for factor in table.values():
        if factor.code_2005:
            assert table.code_for(factor.code, Edition.E2005) == factor.code_2005
        assert table.code_for(factor.code, Edition.E2017) == factor.code
        assert table.canonical(factor.code_2005 or factor.code) == factor.code
    assert table.code_for("private", Edition.E2005) == "private"


def test_no_code_of_the_table_counts_as_private(table: FactorTable) -> None:
    for factor in table.values():
        for code in (factor.code, factor.code_2005):
            if code:
                assert read_key(f"{code}-Rtd").odd == ()
    assert set(table) >= NOISE_FACTORS
