"""Bulk means, multiples and shares are those of the scalar forms, number by number."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.domain.water import class_shares, group_means, mean, multiple, multiple_array, shares_array
from ecobureau.domain.water.rules import WaterClass

DECIMALS = st.decimals("0", "500", places=4).map(float)
ANY = st.one_of(DECIMALS, st.floats(0, 1e6), st.just(math.nan), st.just(-1.0))
LIMITS = st.sampled_from([0.00005, 0.0001, 0.05, 0.2, 1.0, 6.0, 20.0, 10000.0])


def _same(one, other):
    return (one is None and math.isnan(other)) or one == other


@given(st.lists(st.tuples(st.integers(0, 3), DECIMALS), min_size=1, max_size=40))
def test_means_of_decimals(pairs):
    _check(pairs)


@given(st.lists(st.tuples(st.integers(0, 3), ANY), min_size=1, max_size=20))
def test_means_of_anything(pairs):
    _check(pairs)


def _check(pairs):
    groups, values = np.array([one for one, _ in pairs]), np.array([value for _, value in pairs])
    keys, means, counts = group_means(values, groups)
    assert keys.tolist() == sorted(set(groups.tolist()))
    for at, key in enumerate(keys.tolist()):
        assert _same(mean(values[groups == key].tolist()), means[at])
        assert counts[at] == sum(math.isfinite(one) and one >= 0 for one in values[groups == key])


def test_a_mean_that_equals_a_limit():
    assert group_means(np.array([0.1, 0.2, 0.3]), np.zeros(3, dtype=int))[1].tolist() == [0.2]


@given(st.lists(DECIMALS, min_size=1, max_size=30), LIMITS)
def test_multiples(values, limit):
    assert multiple_array(np.array(values), limit).tolist() == [float(multiple(value, limit)) for value in values]


def test_multiples_at_ties_and_gaps():
    found = multiple_array(np.array([0.21, 0.23, 0.25, math.nan]), 0.2)
    assert found[:3].tolist() == [0.0, 0.2, 0.2]
    assert math.isnan(found[3])


@given(st.lists(st.integers(0, 6), max_size=50))
def test_shares(classes):
    scalar = class_shares([WaterClass(one) if one else None for one in classes])
    assert shares_array(np.array(classes, dtype=np.int8)) == scalar
