"""The filters by which lists of clues and tasks show what stands behind a number of a shift."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from ecobureau.web.core import access, registry
from ecobureau.web.core.filters import RecordFilter
from ecobureau.web.handover.measures import BY_CODE, KINDS
from ecobureau.web.handover.models import Handover


def value_of(code: str, since: datetime, until: datetime) -> str:
    """Return the value of the `shift` filter: a measure and its span in whole seconds."""
    return f"{code}.{int(since.timestamp())}.{int(until.timestamp())}"


def _span(text: str) -> tuple[str, datetime, datetime] | None:
    code, _dot, rest = text.partition(".")
    first, _dot, last = rest.partition(".")
    try:
        return code, datetime.fromtimestamp(int(first), UTC), datetime.fromtimestamp(int(last), UTC)
    except (ValueError, OverflowError, OSError):
        return None


class ShiftFilter(django_filters.FilterSet):
    """A number of a shift, as it is (`shift`) or as it was when the shift was handed over (`handed`)."""

    def by_shift(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        asked = _span(value)
        measure = BY_CODE.get(asked[0]) if asked else None
        if asked is None or measure is None or measure.kind != self.kind.code:
            return queryset.none()
        return queryset.filter(measure.condition(asked[1], asked[2]))

    def by_handed(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        number, _dot, code = value.partition(".")
        found = access.scope(self.viewer, "view", Handover.objects.filter(number=number)).first()
        for line in found.report.get("lines", ()) if found is not None else ():
            if line["code"] == code and line["kind"] == self.kind.code:
                return queryset.filter(pk__in=line["keys"])
        return queryset.none()


def _extended(kind: registry.Kind) -> type[RecordFilter]:
    more = {
        name: django_filters.CharFilter(label=label, method=f"by_{name}", widget=HiddenInput)
        for name, label in (("shift", _("班次数字")), ("handed", _("交班数字")))
    }
    return type(f"{kind.code.title()}ShiftFilter", (ShiftFilter, kind.filters or RecordFilter), more)


def install() -> None:
    """Give the kinds that shifts count their filters (done once, when Django starts)."""
    for code in KINDS:
        kind = registry.get(code)
        if "shift" not in (kind.filters or RecordFilter).base_filters:
            registry.register(replace(kind, filters=_extended(kind)))
