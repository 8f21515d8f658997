"""The only readers of outfalls and their results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ecobureau.clock import beijing, now
from ecobureau.domain.outfalls import CodeRule
from ecobureau.domain.rules import NoRule
from ecobureau.rulepacks import load
from ecobureau.web.core import access, registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.charts import Chart, LimitLine, Plot, Point
from ecobureau.web.outfalls.models import Outfall, Result
from ecobureau.web.sources import selectors as sources
from ecobureau.words import say

_PREFIX = "outfall.kind."


def today() -> date:
    """Return the day in Asia/Shanghai."""
    return beijing(now()).date()


def kinds(on: date | None = None) -> dict[str, str]:
    """Return the kinds in force on a day: letters → name in the language in force."""
    return dict(_kinds(on or today(), "en" if (get_language() or "").startswith("en") else "zh"))


@lru_cache(maxsize=8)
def _kinds(day: date, lang: str) -> Mapping[str, str]:
    """Tables of thousands ask for every row."""
    pack, made = load("outfalls"), {}
    for key in pack.keys(_PREFIX):
        with suppress(NoRule):
            pack.at(key, day)
            made[key.removeprefix(_PREFIX)] = say(key, lang)
    return made


def rule_of(letters: str, on: date | None = None) -> dict[str, str]:
    """Return what the pack says of a kind: `group` and `approval` (approve | register).

    Raises:
        NoRule: there is no such kind on that day.
    """
    value = load("outfalls").at(_PREFIX + letters, on or today()).value
    assert isinstance(value, dict)
    return {str(name): str(word) for name, word in value.items()}


def approval_of(letters: str) -> str:
    """Return whether a kind is to be approved (`approve`) or registered (`register`)."""
    return rule_of(letters)["approval"]


def code_rule() -> CodeRule:
    """Return how codes are written today."""
    value = load("outfalls").at("outfall.code", today()).value
    assert isinstance(value, dict)
    return CodeRule.of(value)


def usual_factors() -> list[str]:
    """Return the codes of the factors that a sample is usually asked for."""
    value = load("outfalls").at("outfall.factors", today()).value
    assert isinstance(value, list)
    return [str(each) for each in value]


def outfalls(viewer: Viewer) -> QuerySet[Outfall]:
    """Return the outfalls the viewer may see."""
    return access.scope(viewer, "view", Outfall.objects.select_related("firm", "outlet", "owner_person"))


def of_firm(viewer: Viewer, firm_id: int, most: int = 200) -> list[Outfall]:
    """Return the outfalls of an enterprise that the viewer may see, by code."""
    return list(outfalls(viewer).filter(firm_id=firm_id).order_by("code")[:most])


def of_outlet(viewer: Viewer, outlet_id: int) -> list[Outfall]:
    """Return the outfalls through which an outlet's water reaches the river, as far as the viewer may see them."""
    return list(outfalls(viewer).filter(outlet_id=outlet_id).order_by("code")[:20])


def results(outfall: Outfall, most: int = 120) -> list[Result]:
    """Return the newest results of an outfall."""
    return list(outfall.results.select_related("factor").order_by("-sampled_at", "factor_id")[:most])


def results_chart(rows: Sequence[Result]) -> Chart | None:
    """Return the results over time, one plot a factor with its last limit; None while no factor has two samples.

    Args:
        rows: the newest first, as `results` gives them.
    """
    by_factor: dict[str, list[Result]] = {}
    for row in reversed(rows):
        by_factor.setdefault(row.factor_id, []).append(row)
    several = {code: mine for code, mine in by_factor.items() if len(mine) > 1}
    if not several:
        return None
    shown = [row for mine in several.values() for row in mine]
    first, last = min(row.sampled_at for row in shown), max(row.sampled_at for row in shown)
    lang = "en" if (get_language() or "").startswith("en") else "zh"
    plots = [
        Plot(
            name=sources.factor_label(mine[-1].factor, code, lang),
            unit=mine[-1].unit,
            points=[Point(row.sampled_at, row.sampled_at, float(row.value)) for row in mine],
            kind="line",
            zero=mine[-1].least is None,
            decimals=max(0, *(-int(row.value.normalize().as_tuple().exponent) for row in mine)),
            limits=[LimitLine(float(mine[-1].most), _("上限"))] if mine[-1].most is not None else [],
            main=len(several) == 1,
        )
        for code, mine in several.items()
    ]
    return Chart(name=_("历次监测结果"), start=first, end=max(last, first + timedelta(days=1)), plots=plots)


def taken(codes: Iterable[str]) -> dict[str, str]:
    """Return which of `codes` are registered already: code → name."""
    return dict(Outfall.objects.filter(code__in=list(codes)).values_list("code", "title"))


def last_serials(divisions: Iterable[str]) -> dict[str, int]:
    """Return the largest serial number given in each division."""
    rule = code_rule()
    found: dict[str, int] = {}
    for code in Outfall.objects.filter(division__in=list(divisions)).values_list("code", flat=True):
        parts = rule.read(code)
        if parts is not None:
            found[parts.division] = max(found.get(parts.division, 0), parts.serial)
    return found


def may_report(viewer: Viewer, place: str) -> bool:
    """Say whether the viewer may register a clue at a place (path)."""
    clue = registry.get("clue").model(org_path=place, grid=place)
    return bool(access.roles_at(viewer, "create", clue, shared=False))


def page_context(viewer: Viewer, record: Any) -> dict[str, Any]:
    """Return what the page of an outfall shows beyond the kernel's parts."""
    rule, found = rule_of(record.kind_code), results(record)
    return {
        "may_report": may_report(viewer, record.grid or record.org_path),
        "results": found,
        "results_chart": results_chart(found),
        "group_name": say(f"outfall.group.{rule['group']}"),
        "needs_approval": rule["approval"] == "approve",
        "pending": [
            {
                "name": getattr(Outfall._meta.get_field(name), "verbose_name", name),
                "before": getattr(record, name),
                "after": value,
            }
            for name, value in record.pending.items()
        ],
    }
