"""The filters every list has. A kind may add its own by a subclass of `RecordFilter`."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from ecobureau.clock import now
from ecobureau.web.core import search
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import Clock
from ecobureau.web.core.models.record import LEVELS
from ecobureau.web.core.registry import Kind
from ecobureau.words import say

_OWNERS = (("me", _("我的")), ("unit", _("本单位")), ("none", _("无人承办")))
_OPEN = (("1", _("未办结")), ("0", _("已办结")))


class RecordFilter(django_filters.FilterSet):
    """Search, state, level, place, owner, lateness and time of a record."""

    q = django_filters.CharFilter(label=_("搜索"), method="by_text")
    state = django_filters.MultipleChoiceFilter(label=_("状态"), widget=forms.CheckboxSelectMultiple)
    level = django_filters.MultipleChoiceFilter(label=_("等级"), choices=LEVELS, widget=forms.CheckboxSelectMultiple)
    open = django_filters.ChoiceFilter(label=_("办结"), choices=_OPEN, method="by_open", empty_label=_("全部"))
    owner = django_filters.ChoiceFilter(label=_("承办"), choices=_OWNERS, method="by_owner", empty_label=_("全部"))
    org = django_filters.CharFilter(label=_("区域"), field_name="org_path", lookup_expr="startswith")
    late = django_filters.BooleanFilter(label=_("已超时"), method="by_late", widget=forms.CheckboxInput)
    since = django_filters.DateFilter(
        label=_("登记自"), field_name="created_at", lookup_expr="date__gte", widget=forms.DateInput({"type": "date"})
    )
    until = django_filters.DateFilter(
        label=_("登记至"), field_name="created_at", lookup_expr="date__lte", widget=forms.DateInput({"type": "date"})
    )

    def __init__(self, data: Any = None, *, kind: Kind, viewer: Viewer, **more: Any) -> None:
        super().__init__(data, **more)
        self.kind, self.viewer = kind, viewer
        self.filters["state"].extra["choices"] = [(state.code, say(state.name)) for state in kind.flow.states]

    def by_text(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return search.matching(queryset, value)

    def by_open(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        final = [state.code for state in self.kind.flow.states if state.final]
        return queryset.exclude(state__in=final) if value == "1" else queryset.filter(state__in=final)

    def by_owner(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "me":
            return queryset.filter(owner_person_id=self.viewer.user_id)
        if value == "none":
            return queryset.filter(owner_person__isnull=True)
        mine = Q(pk__in=())
        for grant in self.viewer.grants:
            mine |= Q(owner_unit__startswith=grant.org_path)
        return queryset.filter(mine)

    def by_late(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        if not value:
            return queryset
        late = Clock.objects.filter(
            kind=self.kind.code,
            object_id=OuterRef("pk"),
            stopped_at__isnull=True,
            paused_at__isnull=True,
            due_at__lt=now(),
        )
        return queryset.filter(Exists(late))


def filterset(kind: Kind, viewer: Viewer, data: Any, queryset: QuerySet[Any]) -> RecordFilter:
    """Return the bound filters of a kind over a queryset (already within the viewer's scope)."""
    made: RecordFilter = (kind.filters or RecordFilter)(data, queryset=queryset, kind=kind, viewer=viewer)
    return made
