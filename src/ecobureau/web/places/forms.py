"""Forms of rosters. They check shapes alone; the services judge the rest."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.domain.geo import System
from ecobureau.web.accounts.models import User
from ecobureau.web.core.forms import set_choices
from ecobureau.web.places.models import Level
from ecobureau.words import say, templates


class _Minute(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


def _people(name: Any, *, required: bool = True) -> forms.ModelChoiceField[Any]:
    people = User.objects.filter(is_active=True).order_by("name_sort", "username")
    return forms.ModelChoiceField(people, label=name, required=required)


class _Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def _duties() -> list[tuple[str, str]]:
    codes = sorted(code for code in templates() if code.startswith("duty."))
    return [(code.removeprefix("duty."), say(code)) for code in codes]


class UnitForm(forms.Form):
    """What can change of a unit."""

    name = forms.CharField(label=_("名称"), max_length=80)
    duties = forms.MultipleChoiceField(label=_("职责"), required=False, widget=forms.CheckboxSelectMultiple)
    phone = forms.CharField(label=_("值班电话"), max_length=40, required=False)
    division_code = forms.CharField(label=_("行政区划代码"), max_length=12, required=False)
    lon = forms.FloatField(label=_("经度"), required=False, min_value=-180, max_value=180)
    lat = forms.FloatField(label=_("纬度"), required=False, min_value=-90, max_value=90)
    valid_from = forms.DateField(label=_("设立日"), required=False, widget=_Day)
    valid_to = forms.DateField(label=_("撤销日（当天仍在）"), required=False, widget=_Day)
    active = forms.BooleanField(label=_("启用"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "duties", _duties())


class NewUnitForm(forms.Form):
    """A new unit below another; the rest is filled in on its own page."""

    code = forms.CharField(label=_("代码（小写字母、数字，登记后不能改）"), max_length=40)
    level = forms.ChoiceField(label=_("层级"), choices=Level.choices)
    name = forms.CharField(label=_("名称"), max_length=80)


class AreaForm(forms.Form):
    """A unit's area, as a file or as text."""

    valid_from = forms.DateField(label=_("生效日"), widget=_Day)
    valid_to = forms.DateField(label=_("失效日（不填为长期）"), required=False, widget=_Day)
    system = forms.ChoiceField(label=_("坐标系"), choices=[(each.value, each.value.upper()) for each in System])
    source = forms.CharField(label=_("来源（文号、图件）"), max_length=200, required=False)
    file = forms.FileField(label=_("GeoJSON 文件"), required=False)
    text = forms.CharField(label=_("或直接写 GeoJSON"), required=False, widget=forms.Textarea(attrs={"rows": 8}))

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not found.get("file") and not found.get("text"):
            self.add_error("file", _("请选文件，或在下面写 GeoJSON"))
        return found

    def content(self) -> bytes | str:
        """Return the file's bytes, else the text."""
        file = self.cleaned_data["file"]
        return bytes(file.read()) if file else str(self.cleaned_data["text"])


class CollectionForm(forms.Form):
    """Areas of many units in one file."""

    valid_from = forms.DateField(label=_("生效日"), widget=_Day)
    system = forms.ChoiceField(label=_("坐标系"), choices=[(each.value, each.value.upper()) for each in System])
    source = forms.CharField(label=_("来源（文号、图件）"), max_length=200, required=False)
    file = forms.FileField(label=_("GeoJSON 文件（FeatureCollection）"))


class CopyForm(forms.Form):
    """A week to copy."""

    source = forms.DateField(label=_("复制哪一周（周一）"), widget=_Day)
    target = forms.DateField(label=_("到哪一周（周一）"), widget=_Day)


class HoursForm(forms.Form):
    """When a roster needs somebody."""

    needs_from = forms.TimeField(
        label=_("须有人值班：起"), required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    needs_to = forms.TimeField(
        label=_("须有人值班：止"), required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    needs_rest_days = forms.BooleanField(label=_("节假日也须有人值班"), required=False)


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
