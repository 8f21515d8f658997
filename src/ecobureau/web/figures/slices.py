"""By what the figures are cut: source, scene kind, unit, district, level, and time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import CharField, Expression, F, Func, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Concat, TruncDay, TruncMonth, TruncWeek

from ecobureau.clock import BEIJING
from ecobureau.web.clues import scenarios
from ecobureau.web.clues.models import ClueSource
from ecobureau.web.core import parts, placenames
from ecobureau.web.dispatch.models import Task
from ecobureau.words import _, say

NONE = "-"
"""Stands in addresses for 'has none'."""


def _district() -> Expression:
    """Return the district of a record's place as its path; the city's where it lies in none."""

    def part(at: int) -> Func:
        return Func(F("org_path"), Value("/"), Value(at), function="split_part", output_field=CharField())

    return Concat(Value("/"), part(2), Value("/"), part(3), output_field=CharField())


@dataclass(frozen=True, slots=True)
class Slice:
    """A way to cut.

    Attributes:
        code: stable name; name: Chinese source text. keys: kind → expression of the record's key; a missing kind has no
        such key. label: key → name. span: for time, key → (first day, last day). order: of the keys.
        names: reads the names of all keys at once; `label` is asked for what it does not hold.
    """

    code: str
    name: str
    keys: Mapping[str, Callable[[], Any]]
    label: Callable[[Any], str]
    span: Callable[[Any], tuple[date, date]] | None = None
    order: tuple[str, ...] = field(default_factory=tuple)
    names: Callable[[], Mapping[Any, str]] = dict

    def query(self, key: Any) -> dict[str, str]:
        """Return the list's filters that leave the records of a key."""
        if self.span is not None:
            first, last = self.span(key)
            return {"since": first.isoformat(), "until": last.isoformat()}
        return {self.code: str(key) if key not in (None, "") else NONE}


def _source_name(code: Any) -> str:
    return str(code) if code else say(_("没有来源"))


def _source_names() -> dict[Any, str]:
    return {source.code: source.label for source in ClueSource.objects.only("code", "kind", "name")}


def _scenario_name(code: Any) -> str:
    return scenarios.name(str(code)) if code else say(_("没有情形"))


def _unit_name(path: Any) -> str:
    return placenames.name_of(str(path)) if path else say(_("没有承办单位"))


def _district_name(path: Any) -> str:
    plain = f"/{str(path).strip('/')}/"
    return placenames.name_of(plain) if plain != "//" else say(_("没有区域"))


def _level_name(code: Any) -> str:
    return str(parts.LEVEL_COLOUR.get(str(code), code))


def _month_of(first: date) -> tuple[date, date]:
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first, after - timedelta(days=1)


def _trunc(how: Any) -> Callable[[], Any]:
    return lambda: how("created_at", tzinfo=BEIJING)


def _both(expression: Callable[[], Any]) -> dict[str, Callable[[], Any]]:
    return {"clue": expression, "task": expression}


def _text(column: str) -> Callable[[], Any]:
    return lambda: Coalesce(F(column), Value(""), output_field=CharField())


def _unit_of_clue() -> Expression:
    """Return the unit that a clue's newest task was given to; '' where it was given to none."""
    newest = Task.objects.filter(clue_id=OuterRef("pk")).order_by("-created_at", "-pk").values("owner_unit")[:1]
    return Coalesce(Subquery(newest), Value(""), output_field=CharField())


SLICES: tuple[Slice, ...] = (
    Slice(
        "source",
        _("线索来源"),
        {"clue": _text("source__code"), "task": _text("clue__source__code")},
        _source_name,
        names=_source_names,
    ),
    Slice("scenario", _("情形"), {"clue": _text("scenario"), "task": _text("clue__scenario")}, _scenario_name),
    Slice("unit", _("承办单位"), {"clue": _unit_of_clue, "task": _text("owner_unit")}, _unit_name),
    Slice("district", _("区域"), _both(_district), _district_name),
    Slice("level", _("等级"), _both(lambda: F("level")), _level_name, order=("red", "orange", "yellow", "blue")),
    Slice("month", _("月"), _both(_trunc(TruncMonth)), lambda key: f"{key:%Y-%m}", _month_of),
    Slice(
        "week",
        _("周"),
        _both(_trunc(TruncWeek)),
        lambda key: f"{key:%Y-%m-%d}",
        lambda key: (key, key + timedelta(days=6)),
    ),
    Slice("day", _("日"), _both(_trunc(TruncDay)), lambda key: f"{key:%Y-%m-%d}", lambda key: (key, key)),
)
BY_CODE = {each.code: each for each in SLICES}
