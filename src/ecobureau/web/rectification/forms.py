"""Forms of rectification and hanging accounts, beside the kernel's reason and note."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.web.core.access import Viewer
from ecobureau.web.core.forms import set_choices
from ecobureau.web.core.models.record import LEVELS
from ecobureau.web.places import selectors as places
from ecobureau.web.rectification.models import SOURCES

_LINES = forms.Textarea(attrs={"rows": 3})


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}))


class _Units(forms.Form):
    """Fields whose choices are places and units of the city."""

    takes = ("viewer",)
    title = forms.CharField(label=_("事项"), max_length=200)
    level = forms.ChoiceField(label=_("等级"), choices=LEVELS, initial="orange")
    org_path = forms.ChoiceField(label=_("区域"))
    owner_unit = forms.ChoiceField(label=_("责任单位"))
    demand = forms.CharField(label=_("整改目标"), max_length=2000, widget=_LINES)
    due_on = _day(_("完成时限"))
    note = forms.CharField(label=_("说明"), required=False, max_length=2000, widget=_LINES)
    client_uuid = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = [u for grant in viewer.grants for u in places.tree(grant.org_path, levels=("city", "district"))]
        units = [(u.path, u.name) for u in places.tree(levels=("city", "district", "department"))]
        set_choices(self, "org_path", list(dict.fromkeys((u.path, u.name) for u in areas)))
        for name in ("owner_unit", "accepting_unit"):
            if name in self.fields:
                set_choices(self, name, [("", "—"), *units])


class EnterForm(_Units):
    """An item of an inspection's feedback."""

    source = forms.ChoiceField(label=_("来源"), choices=SOURCES)
    batch = forms.CharField(label=_("督察批次"), max_length=80, required=False)
    item = forms.CharField(label=_("反馈条目号"), max_length=40, required=False)
    feedback_on = _day(_("反馈日期"))
    key_steps = forms.CharField(label=_("主要措施"), max_length=4000, widget=_LINES)
    accepting_unit = forms.ChoiceField(label=_("验收单位"))
    field_order = (
        *("title", "source", "batch", "item", "feedback_on", "level", "org_path", "owner_unit", "demand"),
        *("key_steps", "due_on", "accepting_unit", "note"),
    )


class HangForm(_Units):
    """An account to hang."""

    hung_on = _day(_("挂账日期"))
    leader = forms.CharField(label=_("包保领导"), max_length=40, required=False)
    subject = forms.CharField(
        label=_("关联编号"), max_length=32, required=False, help_text=_("线索、任务或整改事项的编号，没有可不填")
    )
    field_order = (
        "title",
        "subject",
        "level",
        "org_path",
        "owner_unit",
        "leader",
        "demand",
        "hung_on",
        "due_on",
        "note",
    )


class ReportForm(forms.Form):
    """How far the work is."""

    progress = forms.IntegerField(label=_("进度 %"), min_value=0, max_value=100)


class DueForm(forms.Form):
    """Another limit."""

    due_on = _day(_("新的完成时限"))


class ProveForm(forms.Form):
    """What was done, in words; the proof itself lies with the record as papers."""

    answer = forms.CharField(label=_("举证说明"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
