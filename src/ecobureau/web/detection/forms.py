"""Forms of detection. They check shapes alone; the services judge the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.web.detection.models import ChainLink, PermittedAmount, Verdict
from ecobureau.web.detection.pattern_selectors import Parameter
from ecobureau.web.detection.replay import LONGEST_DAYS
from ecobureau.web.sources.forms import DateInput
from ecobureau.words import say


class LinkForm(forms.Form):
    """A station that tells of one link of the chain."""

    role = forms.ChoiceField(label=_("环节"), choices=ChainLink.Role.choices)
    station = forms.CharField(label=_("站点编号"), max_length=40, widget=forms.TextInput(attrs={"list": "stations"}))
    factor = forms.CharField(
        label=_("因子编码"),
        max_length=20,
        required=False,
        help_text=_("用电：电表上报时用的编码，如 kw1。进口：留空表示该站点的全部因子。"),
    )
    rated_kw = forms.FloatField(label=_("额定功率（kW，可不填）"), required=False)
    valid_from = forms.DateField(
        label=_("从哪天起（可不填）"), required=False, widget=DateInput(), help_text=_("不填：一直如此。")
    )


class LinkChangeForm(forms.Form):
    """Another factor code or rated power of a link from a day on."""

    since = forms.DateField(
        label=_("从哪天起"), widget=DateInput(), help_text=_("这一天之前的数据仍按原来的登记计算。")
    )
    factor = forms.CharField(label=_("因子编码"), max_length=20, required=False)
    rated_kw = forms.FloatField(label=_("额定功率（kW，可不填）"), required=False)
    reason = forms.CharField(label=_("原因"), max_length=200)


class EndForm(forms.Form):
    """The last day on which a link or an amount holds."""

    last = forms.DateField(
        label=_("最后一天"), widget=DateInput(), help_text=_("填生效日的前一天，表示登记有误、从未生效。记录仍保留。")
    )
    reason = forms.CharField(label=_("原因"), max_length=200)


class AmountChangeForm(forms.Form):
    """Another permitted amount from a day on."""

    since = forms.DateField(label=_("从哪天起"), widget=DateInput(), help_text=_("这一天之前仍按原来的许可量计算。"))
    kg = forms.DecimalField(label=_("许可排放量（kg）"), max_digits=16, decimal_places=3)
    source = forms.CharField(label=_("依据"), max_length=120, help_text=_("许可证编号和页码。"))
    reason = forms.CharField(label=_("原因"), max_length=200)


class AmountForm(forms.Form):
    """What a permit allows in a month or a year."""

    factor = forms.CharField(label=_("因子编码"), max_length=12, help_text=_("HJ 212 的因子编码，如 w01018、a21002。"))
    period = forms.ChoiceField(label=_("周期"), choices=PermittedAmount.Period.choices)
    kg = forms.DecimalField(label=_("许可排放量（kg）"), max_digits=16, decimal_places=3)
    source = forms.CharField(label=_("依据"), max_length=120, help_text=_("许可证编号和页码。"))
    valid_from = forms.DateField(label=_("生效日"), widget=DateInput())
    valid_to = forms.DateField(label=_("失效日（可不填）"), required=False, widget=DateInput())


class PatternForm(forms.Form):
    """A pattern on or off, and the city's own values; an empty field takes the pack's value."""

    enabled = forms.BooleanField(label=_("启用"), required=False)

    def __init__(self, parameters: Sequence[Parameter], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = [one.key for one in parameters if one.number]
        for one in parameters:
            if one.number:
                self.fields[one.key] = forms.FloatField(
                    label=one.key,
                    required=False,
                    initial=one.own,
                    widget=forms.NumberInput(attrs={"step": "any"}),
                    help_text=say("detection.of_pack", value=one.entry.value, unit=one.entry.unit).strip(),
                )
        self.fields["note"] = forms.CharField(label=_("为什么改"), max_length=200, required=False)

    @property
    def params(self) -> dict[str, object]:
        """The values that were filled in."""
        return {key: self.cleaned_data[key] for key in self.keys if self.cleaned_data.get(key) is not None}


class DecisionForm(forms.Form):
    """What the second person says of a proposal."""

    words = forms.CharField(label=_("意见"), max_length=200, required=False, help_text=_("退回时必须写明。"))


class ReplayForm(forms.Form):
    """How far back a replay looks."""

    days = forms.IntegerField(label=_("回放最近几天"), min_value=1, max_value=LONGEST_DAYS, initial=30)


class VerdictForm(forms.Form):
    """What people found out on the spot."""

    outcome = forms.ChoiceField(label=_("结论"), choices=Verdict.Outcome.choices)
    reason = forms.CharField(
        label=_("原因"), max_length=200, required=False, help_text=_("误报或有正当原因时必须写明。")
    )
