"""Forms of rosters. They check shapes alone; the services judge the rest."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.web.accounts.models import User


class _Minute(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


def _people(name: Any, *, required: bool = True) -> forms.ModelChoiceField[Any]:
    people = User.objects.filter(is_active=True).order_by("name_sort", "username")
    return forms.ModelChoiceField(people, label=name, required=required)


class ShiftForm(forms.Form):
    """A new shift."""

    roster = forms.CharField(label=_("值班表"), max_length=80)
    person = _people(_("值班人"))
    starts = forms.DateTimeField(label=_("开始"), widget=_Minute)
    ends = forms.DateTimeField(label=_("结束"), widget=_Minute)


class StandInForm(forms.Form):
    """Who takes a shift over, and why; nobody gives it back."""

    stand_in = _people(_("替班人"), required=False)
    reason = forms.CharField(label=_("替班原因"), max_length=200, required=False)
