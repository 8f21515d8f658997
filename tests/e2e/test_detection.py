"""The pages of detection in the real browser: office and phone width, both themes and languages, axe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page

from e2e.helpers import assert_accessible_in_turn, no_sideways, ready, shot
from ecobureau.clock import now
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.detection import chain, replay, services, settings, totals, verdicts
from ecobureau.web.detection.models import ChainLink, Pass, PermittedAmount, TotalChange
from web.detection.plants import fill, make_plant
from web.people import person


@pytest.fixture
def addresses(transactional_db: None, database_url: str) -> dict[str, str]:
    """Make a plant whose NOx stood still for 30 hours, and the clue of it."""
    at = now().replace(minute=0, second=0, microsecond=0)
    plant = make_plant(at.date())
    fill(database_url, plant, at, 14 * 24, frozen=30)
    one = services.run_pass(Pass.Kind.NIGHTLY, [plant.outlet.pk], at, days=60)
    clue = Clue.objects.get()
    totals.refresh([plant.outlet.pk], at)
    year = PermittedAmount.objects.get(period="year")
    TotalChange.objects.create(
        outlet=plant.outlet, factor="a21002", day=at.date() - timedelta(days=3), before_ug=10**11, after_ug=12 * 10**10,
        cause="late", at=at,
    )  # fmt: skip
    link = ChainLink.objects.get()
    chain.add_link(SYSTEM, plant.outlet, role="treat", station="E0002", factor="kw2", rated_kw=30)
    chain.end_link(SYSTEM, ChainLink.objects.get(role="treat"), last=at.date() - timedelta(days=2), reason="拆除")
    verdicts.give(SYSTEM, clue, "verified", "")
    proposal = settings.propose(SYSTEM, "P02", enabled=False, params={"P02.hours": 30}, note="试行一个月")
    assert proposal.replay is not None
    replay.run(proposal.replay.pk, 10)
    return {
        "models": f"/outlets/{plant.outlet.pk}/models/",
        "link_change": f"/outlets/{plant.outlet.pk}/chain/{link.pk}/change/",
        "link_end": f"/outlets/{plant.outlet.pk}/chain/{link.pk}/end/",
        "amount_change": f"/outlets/{plant.outlet.pk}/permitted/{year.pk}/change/",
        "proposal": "/patterns/P02/",
        "chain": f"/outlets/{plant.outlet.pk}/chain/",
        "link": f"/outlets/{plant.outlet.pk}/chain/new/",
        "outlet": f"/outlets/{plant.outlet.pk}/",
        "totals": "/totals/",
        "total": f"/totals/{plant.outlet.pk}/a21002/",
        "patterns": "/patterns/",
        "pattern": "/patterns/P01/",
        "passes": "/passes/",
        "pass": f"/passes/{one.pk}/",
        "clue": f"/clues/{clue.number}/",
    }


def test_the_pages_are_accessible_at_both_widths(
    addresses: dict[str, str], new_page: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    problems: list[str] = []
    user: Any = person("chief", ("unit_head", "/wuhan/"), ("administrator", "/wuhan/"))
    for width, size, language in (("desk", (1440, 900), "zh-CN"), ("phone", (390, 844), "en-GB")):
        page = new_page({"width": size[0], "height": size[1]}, language)
        user.language = language[:2]
        user.theme = "light" if width == "desk" else "dark"
        user.save()
        sign_in(page, user)
        for name, address in addresses.items():
            answer = page.goto(address, wait_until="load")
            assert answer is not None and answer.status == 200, address
            ready(page, "eb-chart")
            shot(page, f"detection-{name}-{width}", full=True)
            assert page.locator("h1").count() == 1
            try:
                assert_accessible_in_turn(page, name)
                no_sideways(page)
            except AssertionError as problem:
                problems.append(f"{name} {width}: {problem}")
    assert not problems, "\n".join(problems)


def test_a_verdict_is_given_on_the_clues_page(
    addresses: dict[str, str], new_page: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    page = new_page()
    sign_in(page, person("head", ("unit_head", "/wuhan/")))
    page.goto(addresses["clue"])
    page.locator("#verdict-outcome").select_option("benign")
    page.locator("#verdict-reason").fill("仪表检修")
    page.get_by_role("button", name="记录结论").click()
    page.get_by_text("已记录核实结论").wait_for()
    assert page.get_by_text("仪表检修").count() >= 1
