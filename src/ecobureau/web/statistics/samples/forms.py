"""The form of a sample: section, day, laboratory, and the items as the laboratory reported them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.web.core.access import Viewer
from ecobureau.web.statistics import selectors_water
from ecobureau.web.statistics.samples.values import BadValue, items_of, read_value


class SampleForm(forms.Form):
    """A sample of one section on one day."""

    takes = ("viewer",)
    section = forms.ChoiceField(label=_("断面"))
    taken_on = forms.DateField(label=_("采样日期"), widget=forms.DateInput(attrs={"type": "date"}))
    laboratory = forms.CharField(label=_("监测单位"), max_length=80)
    note = forms.CharField(label=_("说明"), required=False, max_length=500)
    client_uuid = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        points = selectors_water.series(viewer, selectors_water.SECTION).order_by("name")
        field = self.fields["section"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(points.values_list("code", "name"))
        for item in items_of():
            unit = f" {item.unit}" if item.unit else ""
            self.fields[item.code] = forms.CharField(label=f"{item.name}{unit}", required=False, max_length=20)
        self.order_fields(["section", "taken_on", "laboratory", *(item.code for item in items_of()), "note"])

    def clean(self) -> dict[str, Any]:
        """Read every item; a sample with none is none."""
        given = super().clean() or {}
        values = {}
        for item in items_of():
            text = given.pop(item.code, "") or ""
            try:
                found = read_value(text, item.code)
            except BadValue as problem:
                self.add_error(item.code, problem.text())
                continue
            if found is not None:
                values[item.code] = found
        if not values and not self.errors:
            raise forms.ValidationError(_("至少填写一项监测结果"))
        given["values"] = values
        return given
