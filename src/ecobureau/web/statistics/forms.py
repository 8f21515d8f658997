"""The forms of the statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.clock import BEIJING
from ecobureau.web.statistics.models import DayMark, Item, Medium, NoiseItem, Target, WaterItem

_ITEMS = {Medium.AIR: Item.choices, Medium.WATER: WaterItem.choices, Medium.NOISE: NoiseItem.choices}


class ProposeForm(forms.Form):
    """Which hours should not count, and why. Times are Chinese time."""

    item = forms.ChoiceField(label=_("项目"), required=False)
    starts = forms.DateTimeField(label=_("开始"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    ends = forms.DateTimeField(label=_("结束"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    reason = forms.CharField(label=_("理由"), max_length=200)

    def __init__(
        self, *args: Any, medium: str = Medium.AIR, items: Sequence[tuple[str, Any]] | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        items = _ITEMS[Medium(medium)] if items is None else items
        field = self.fields["item"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("全部项目")), *items]

    def clean_starts(self):  # type: ignore[no-untyped-def]
        return self.cleaned_data["starts"].replace(tzinfo=BEIJING)

    def clean_ends(self):  # type: ignore[no-untyped-def]
        return self.cleaned_data["ends"].replace(tzinfo=BEIJING)


class TargetForm(forms.Form):
    """A target of a year, with where it is written."""

    series = forms.TypedChoiceField(label=_("对象"), coerce=int)
    year = forms.IntegerField(label=_("年度"), min_value=2000, max_value=2100)
    kind = forms.ChoiceField(label=_("指标"), choices=Target.Kind.choices)
    value = forms.CharField(label=_("目标值（类别写 I～V）"), max_length=20)
    source = forms.CharField(label=_("目标出处（文件名、文号）"), max_length=200)

    def __init__(self, *args: Any, series: list[tuple[int, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["series"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = series

    def clean_value(self) -> float:
        """Read a number, or a class in Roman or Arabic numerals."""
        text = self.cleaned_data["value"].strip().removesuffix("类").removesuffix("%").strip()
        roman = {"Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "Ⅴ": 5, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5}
        if text.upper() in roman:
            return float(roman[text.upper()])
        try:
            return float(text)
        except ValueError as error:
            raise forms.ValidationError(_("应为数字，或类别 I～V")) from error


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(label=_("理由"), max_length=200)


class PointForm(forms.Form):
    """Whether a point counts, since when, and why."""

    assessed = forms.TypedChoiceField(
        label=_("是否评价点"), choices=[("yes", _("是")), ("no", _("否"))], coerce=lambda text: text == "yes"
    )
    since = forms.DateField(
        label=_("起始日（空＝自始）"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.CharField(label=_("理由"), max_length=200)


class SectionForm(forms.Form):
    """On which water a section lies and by which limits it is judged."""

    river = forms.CharField(label=_("所在河流湖库"), max_length=50, required=False)
    basin = forms.CharField(label=_("河流所属流域"), max_length=50, required=False)
    body = forms.ChoiceField(label=_("水体类型"), choices=[("river", _("河流")), ("lake", _("湖库"))])


class MarkForm(forms.Form):
    """Days that statistics should leave out, why, and by which paper."""

    place = forms.ChoiceField(label=_("地区"))
    kind = forms.ChoiceField(label=_("类别"), choices=DayMark.Kind.choices)
    first = forms.DateField(label=_("第一天"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label=_("最后一天"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    reason = forms.CharField(label=_("理由"), max_length=200)
    source = forms.CharField(label=_("依据文件"), max_length=200)

    def __init__(self, *args: Any, places: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["place"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = places
