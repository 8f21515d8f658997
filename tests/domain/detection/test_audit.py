"""No pattern without its proofs: the registry against the tables that the tests run over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.detection import test_links, test_running, test_shape
from ecobureau.domain.detection.registry import Detector, detector, load_all

PROOFS: dict[str, tuple[Callable[..., None], ...]] = {
    "golden case": (
        test_shape.test_the_golden_case_is_told,
        test_links.test_golden_case_is_found,
        test_running.test_the_golden_case_is_told,
    ),
    "harmless twin": (
        test_shape.test_the_harmless_twin_stays_silent,
        test_links.test_harmless_twin_stays_silent,
        test_running.test_the_harmless_twin_stays_silent,
    ),
    "only the past": (
        test_shape.test_only_the_past_counts,
        test_links.test_raised_with_what_was_known_then,
        test_running.test_only_the_past_counts,
    ),
    "shift in time": (
        test_shape.test_a_shift_in_time_changes_nothing,
        test_links.test_later_by_weeks_it_is_the_same,
        test_running.test_later_by_weeks_it_is_the_same,
    ),
    "other units": (
        test_shape.test_in_other_units_it_is_the_same,
        test_links.test_in_other_units_it_is_the_same,
        test_running.test_in_other_units_it_is_the_same,
    ),
    "gaps": (
        test_shape.test_gaps_do_no_harm,
        test_links.test_gaps_do_not_hide_it,
        test_running.test_gaps_do_not_hide_it,
    ),
    "steps of ten minutes": (
        test_shape.test_steps_of_ten_minutes,
        test_links.test_every_ten_minutes_it_is_found_too,
        test_running.test_every_ten_minutes_it_is_found_too,
    ),
}


def patterns_of(test: Callable[..., None]) -> set[str]:
    """Return the pattern ids that a test is run over."""
    out: set[str] = set()
    for mark in test.pytestmark:  # type: ignore[attr-defined]
        if mark.name == "parametrize" and mark.args[0] in ("pattern", "tale", "scene"):
            out |= {one if isinstance(one, str) else one.pattern for one in mark.args[1]}
    return out


@pytest.mark.parametrize("proof", PROOFS)
def test_every_pattern_has_its_proof(proof: str) -> None:
    proven = set().union(*(patterns_of(test) for test in PROOFS[proof]))
    assert sorted(set(load_all()) - proven) == []


def test_every_pattern_says_what_it_costs_and_reads() -> None:
    for one in load_all().values():
        assert isinstance(one, Detector)
        assert one.cost.startswith("O("), one.id
        assert one.inputs and all(one.inputs), one.id
        assert (one.function.__doc__ or "").strip(), one.id
    with pytest.raises(TypeError, match="cost"):
        detector(id="P99", title="x", inputs=("x",), group="shape")  # type: ignore[call-arg]
