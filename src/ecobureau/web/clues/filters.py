"""The filters of the clue list beyond the common ones."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ecobureau.web.clues import scenarios
from ecobureau.web.clues.models import ClueSource
from ecobureau.web.core.filters import RecordFilter


def source_names() -> list[tuple[str, str]]:
    """Return the sources of clues for a filter."""
    return [(row.code, row.label) for row in ClueSource.objects.order_by("kind", "name")]


class ClueFilter(RecordFilter):
    """Scene kind, source, and whether a machine found it."""

    scenario = django_filters.ChoiceFilter(
        label=_("情形"), choices=lambda: scenarios.choices(empty=False), empty_label=_("全部")
    )
    source = django_filters.ChoiceFilter(
        label=_("线索来源"), field_name="source__code", choices=source_names, empty_label=_("全部")
    )
    machine = django_filters.ChoiceFilter(
        label=_("谁发现的"), choices=[("1", _("机器")), ("0", _("人"))], method="by_machine", empty_label=_("全部")
    )

    def by_machine(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(source__machine=value == "1")
