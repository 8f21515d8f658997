"""The filters by which a list shows what stands behind a figure; they come on top of those that a kind has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.forms import HiddenInput
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from ecobureau.web.core import registry
from ecobureau.web.core.filters import RecordFilter
from ecobureau.web.figures import slices
from ecobureau.web.figures.definitions import BY_CODE, FIGURES, KINDS
from ecobureau.words import say


def _of(code: str, name: str) -> str:
    return say(code, None, name=say(name))


_say: Any = lazy(say, str)
_say_of: Any = lazy(_of, str)


def figure_choices(kind: str) -> list[tuple[str, Any]]:
    """Return what the `figure` filter of a kind takes: `<code>.of` and, of shares, `<code>.counted`."""
    made: list[tuple[str, Any]] = []
    for figure in FIGURES:
        if figure.kind == kind:
            made.append((f"{figure.code}.of", _say_of("figures.filter.of", figure.name)))
            if figure.counted is not None:
                made.append((f"{figure.code}.counted", _say_of("figures.filter.counted", figure.name)))
    return made


class FigureFilter(django_filters.FilterSet):
    """What a figure and its slices ask of a list. Hidden in the form; the chips above the list say them."""

    def by_figure(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        code, _dot, part = value.partition(".")
        figure = BY_CODE[code]
        condition = figure.counted if part == "counted" and figure.counted is not None else figure.of
        return queryset.filter(condition())

    def by_slice(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        key = slices.BY_CODE[name].keys[self.kind.code]()
        return queryset.alias(**{f"key_{name}": key}).filter(**{f"key_{name}": "" if value == slices.NONE else value})


def extended(kind: registry.Kind) -> type[RecordFilter]:
    """Return the filter class of a kind with those of the figures."""
    base = kind.filters or RecordFilter
    more: dict[str, Any] = {
        "figure": django_filters.ChoiceFilter(
            label=_("指标"), choices=lambda: figure_choices(kind.code), method="by_figure", widget=HiddenInput
        )
    }
    for each in slices.SLICES:
        if kind.code in each.keys and each.span is None and each.code != "level":
            there = base.base_filters.get(each.code)
            if there is None:
                more[each.code] = _plain(each)
            else:
                more[each.code] = _shown(each, there)
    return type(f"{kind.code.title()}FigureFilter", (FigureFilter, base), more)


def _plain(each: slices.Slice) -> django_filters.Filter:
    return django_filters.CharFilter(label=_say(each.name), method="by_slice", widget=HiddenInput)


def _shown(each: slices.Slice, there: django_filters.Filter) -> django_filters.Filter:
    """Return a filter that a kind offers in its form, which also takes 'has none'."""
    given = there.extra.get("choices", ())

    def choices() -> list[tuple[str, Any]]:
        named = list(given() if callable(given) else given)
        return [*named, (slices.NONE, each.label(None))]

    return django_filters.ChoiceFilter(
        label=there.label, choices=choices, method="by_slice", empty_label=there.extra.get("empty_label")
    )


def install() -> None:
    """Give the kinds that figures are reckoned over their filters (done once, when Django starts)."""
    for code in KINDS:
        kind = registry.get(code)
        if "figure" not in (kind.filters or RecordFilter).base_filters:
            registry.register(replace(kind, filters=extended(kind)))
