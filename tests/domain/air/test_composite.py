from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from air_rules import composite_rule
from ecobureau.domain.air import (
    ITEMS,
    change,
    change_ranks,
    composite,
    composite_derivation,
    composites,
    ranks,
    ranks_array,
    year_on_year,
)

OLD, NEW, APPENDIX_B = composite_rule("ranking2018"), composite_rule("ranking2026"), composite_rule("hj663")
AT_LIMIT = {"so2": 60, "no2": 40, "pm10": 70, "pm2_5": 35, "co": 4, "o3": 160}
CITY = {"so2": 9, "no2": 31, "pm10": 63, "pm2_5": 38, "co": "1.2", "o3": 171}


def test_at_the_limits_the_index_is_the_count_of_items() -> None:
    assert composite(AT_LIMIT, OLD).total == Decimal("6.00")
    # 2026: PM10 70/60, PM2.5 3 × 35/30, NO2 and O3 twice.
    assert composite(AT_LIMIT, NEW).exact == 1 + 2 + Fraction(70, 60) + 3 * Fraction(35, 30) + 1 + 2


def test_a_city_by_both_rules() -> None:
    old = composite(CITY, OLD)
    assert old.singles["pm2_5"] == Fraction(38, 35)
    # 0.15 + 0.775 + 0.9 + 1.085714… + 0.3 + 1.06875 = 4.279464…
    assert old.total == Decimal("4.28")
    assert old.largest == ("pm2_5",)
    # 0.15 + 1.55 + 1.05 + 3.8 + 0.3 + 2.1375 = 8.9875
    new = composite(CITY, NEW)
    assert (new.exact, new.total, new.rule) == (Fraction("8.9875"), Decimal("8.99"), "ranking2026")


def test_the_sum_is_rounded_once() -> None:
    # Each single index is 0.x5 on its own: rounding before adding would give another sum.
    values = {"so2": "0.3", "no2": "0.2", "pm10": "0.35", "pm2_5": "0.175", "co": "0.02", "o3": "0.8"}
    assert composite(values, OLD).exact == Fraction("0.03")
    assert composite(values, OLD).total == Decimal("0.03")


def test_a_missing_item_leaves_no_index() -> None:
    found = composite({**CITY, "o3": None}, OLD)
    assert (found.total, found.exact, found.singles["o3"]) == (None, None, None)
    assert composite_derivation({**CITY, "o3": None}, OLD).steps[-1].text_code == "air.step.composite_missing"


def test_appendix_b_takes_the_worse_of_mean_and_percentile() -> None:
    found = composite(CITY, APPENDIX_B, percentiles={"so2": 30, "no2": 64, "pm10": 180, "pm2_5": 75})
    assert found.singles == {
        "so2": Fraction(1, 5),
        "no2": Fraction(4, 5),
        "pm10": Fraction(6, 5),
        "pm2_5": Fraction(38, 35),
        "co": Fraction(3, 10),
        "o3": Fraction(171, 160),
    }
    with pytest.raises(ValueError, match="percentiles"):
        composite(CITY, APPENDIX_B)
    assert composite(CITY, APPENDIX_B, percentiles={"so2": 30}).total is None


def test_the_derivation_names_source_and_ends_in_the_index() -> None:
    derivation = composite_derivation(CITY, NEW)
    assert derivation.result == Decimal("8.99")
    assert len(derivation.steps) == 7
    assert all(step.rule and step.clause for step in derivation.steps)


figures = st.fixed_dictionaries({item: st.integers(0, 3000).map(lambda tenths: tenths / 10) for item in ITEMS})


@given(st.lists(figures, min_size=1, max_size=6), st.sampled_from(["ranking2018", "ranking2026"]))
def test_many_are_as_one(cities: list[dict[str, float]], name: str) -> None:
    rule = composite_rule(name)
    found = composites({item: [city[item] for city in cities] for item in ITEMS}, rule)
    assert found.tolist() == [float(composite(city, rule).total) for city in cities]  # type: ignore[arg-type]


def test_the_bulk_form_leaves_out_and_refuses() -> None:
    arrays = {item: np.array([1.0, np.nan if item == "co" else 1.0]) for item in ITEMS}
    assert np.isnan(composites(arrays, OLD)).tolist() == [False, True]
    with pytest.raises(ValueError, match="single"):
        composites(arrays, APPENDIX_B)
    with pytest.raises(ValueError, match="decimals"):
        composites({**arrays, "so2": np.array([1.00001, 1.0])}, OLD)


def test_ties_share_a_rank_and_the_next_skips() -> None:
    assert ranks([Decimal("3.1"), Decimal("2.9"), None, Decimal("3.10"), Decimal("4")]) == [2, 1, None, 2, 4]
    assert ranks([]) == []


@given(st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=20))
def test_many_ranks_are_as_one(some: list[int | None]) -> None:
    array = np.array([np.nan if one is None else one for one in some], float)
    assert ranks_array(array).tolist() == [0 if rank is None else rank for rank in ranks(some)]  # type: ignore[arg-type]


def test_change() -> None:
    found = change("ranking2018", Decimal("3.80"), Decimal("4.00"))
    assert (found.difference, found.rate) == (Decimal("-0.20"), Decimal("-5.0"))
    assert change("ranking2018", None, Decimal(4)).rate is None
    assert change("ranking2018", Decimal(1), Decimal(0)).rate is None


def test_places_that_meet_all_limits_leave_the_ranking_of_deterioration() -> None:
    rates = [Decimal("-5.0"), Decimal("2.0"), None, Decimal("-5.0"), Decimal("3.1")]
    assert change_ranks(rates) == [1, 3, None, 1, 4]
    assert change_ranks(rates, attained=[True, False, False, False, True], improving=False) == [None, 1, None, 2, None]


def test_year_on_year_says_which_rule_was_used() -> None:
    same = year_on_year(CITY, AT_LIMIT, OLD, OLD)
    assert same.same_rule
    assert same.as_published.rule == "ranking2018"
    assert same.as_published.rate == Decimal("-28.7")
    parted = year_on_year(CITY, AT_LIMIT, NEW, OLD)
    assert not parted.same_rule
    assert parted.as_published.rule == "ranking2018 > ranking2026"
    assert (parted.as_published.now, parted.as_published.base) == (Decimal("8.99"), Decimal("6.00"))
    assert parted.as_published.rate is None
    assert parted.new_rule.rate is not None
    assert parted.old_rule.now == Decimal("4.28")
    assert parted.new_rule.base == Decimal("10.67")
