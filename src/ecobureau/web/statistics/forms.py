"""The forms of the data review."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.clock import BEIJING
from ecobureau.web.statistics.models import Item, Medium, WaterItem


class ProposeForm(forms.Form):
    """Which hours should not count, and why. Times are Chinese time."""

    item = forms.ChoiceField(label=_("项目"), required=False)
    starts = forms.DateTimeField(label=_("开始"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    ends = forms.DateTimeField(label=_("结束"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    reason = forms.CharField(label=_("理由"), max_length=200)

    def __init__(self, *args: Any, medium: str = Medium.AIR, **options: Any) -> None:
        super().__init__(*args, **options)
        items = Item.choices if medium == Medium.AIR else WaterItem.choices
        field = self.fields["item"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("全部项目")), *items]

    def clean_starts(self):  # type: ignore[no-untyped-def]
        return self.cleaned_data["starts"].replace(tzinfo=BEIJING)

    def clean_ends(self):  # type: ignore[no-untyped-def]
        return self.cleaned_data["ends"].replace(tzinfo=BEIJING)


class DecideForm(forms.Form):
    """What the second person says about it."""

    note = forms.CharField(label=_("意见"), max_length=200, required=False)
