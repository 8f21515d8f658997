"""Cover of a permit at its edges, and the verdict of the levels after an order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from ecobureau.domain.remote_stop import Cover, Level, Permit, Verdict, cover, verify

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)
DAY = date(2026, 11, 23)
PERMIT = Permit(AT - timedelta(hours=1), AT + timedelta(hours=1), noticed_on=DAY)


def _minutes(*levels: float) -> list[Level]:
    step = timedelta(minutes=1)
    return [Level(AT + at * step, AT + (at + 1) * step, level) for at, level in enumerate(levels)]


@pytest.mark.parametrize(
    ("changed", "at", "found"),
    [
        ({}, AT, Cover.COVERS),
        ({}, PERMIT.begins, Cover.COVERS),
        ({}, PERMIT.begins - timedelta(seconds=1), Cover.NOT_YET),
        ({}, PERMIT.ends, Cover.OVER),
        ({"noticed_on": None}, AT, Cover.NO_NOTICE),
        ({"noticed_on": date(2026, 11, 24)}, AT, Cover.NO_NOTICE),
        ({"noticed_on": None, "repair": True}, AT, Cover.COVERS),
        ({"revoked": True}, AT, Cover.REVOKED),
    ],
)
def test_a_permit_covers_within_its_time_and_with_its_notice(changed: dict, at: datetime, found: Cover) -> None:
    assert cover(replace(PERMIT, **changed), at, DAY) is found


@pytest.mark.parametrize(
    ("levels", "verdict"),
    [
        ([80.0, 80.0, *[55.0] * 8], Verdict.STOPPED),  # equal to the limit is within it, the first two do not count
        ([50.0, 50.0, *[55.1] * 8], Verdict.RUNNING),
        ([50.0, 50.0, *[50.0] * 7, 70.0], Verdict.RUNNING),  # energy, not the plain mean
        ([50.0] * 8, Verdict.STOPPED),  # six of eight minutes
        ([50.0] * 7, Verdict.TOO_FEW),
        ([], Verdict.TOO_FEW),
    ],
)
def test_the_levels_after_the_order_decide(levels: list[float], verdict: Verdict) -> None:
    found = verify(_minutes(*levels), AT, limit=55.0, settle_min=2, verify_min=10, share=0.75)
    assert found.verdict is verdict


def test_a_period_that_begins_before_the_window_does_not_count() -> None:
    ten = [Level(AT - timedelta(minutes=5), AT + timedelta(minutes=5), 40.0)]
    assert verify(ten, AT, limit=55.0, settle_min=2, verify_min=10, share=0.1).leq is None
