"""Forms of the outfall's verbs, beside the kernel's reason and note."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.domain import units
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.forms import PositionForm, set_choices
from ecobureau.web.outfalls import selectors
from ecobureau.web.outfalls.models import Outfall
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import CoordinateSystem
from ecobureau.words import say

FINDINGS = (("dry", _("无水")), ("usual", _("与平时一样")), ("unusual", _("异常（写明颜色、气味、水量）")))
_DAY = forms.DateInput({"type": "date"})


class RegisterForm(forms.Form):
    """A newly found outfall."""

    takes = ("viewer",)
    title = forms.CharField(label=_("名称"), max_length=200)
    code = forms.CharField(
        label=_("排污口编码"), required=False, max_length=24, help_text=_("已有编码就照填；留空则按编码规则自动编号")
    )
    kind_code = forms.ChoiceField(label=_("类型"))
    water = forms.CharField(label=_("受纳水体"), max_length=80)
    function_zone = forms.CharField(label=_("水功能区"), required=False, max_length=80)
    water_class = forms.CharField(label=_("水质目标"), required=False, max_length=4)
    protected = forms.BooleanField(label=_("在饮用水水源保护区内"), required=False)
    lon = forms.FloatField(label=_("经度"), min_value=-180, max_value=180)
    lat = forms.FloatField(label=_("纬度"), min_value=-90, max_value=90)
    system = forms.ChoiceField(label=_("坐标系"), choices=CoordinateSystem.choices, initial="wgs84")
    entry = forms.ChoiceField(label=_("入河方式"), choices=Outfall.Entry.choices, initial="pipe")
    way = forms.ChoiceField(label=_("排放方式"), choices=Outfall.Way.choices, initial="broken")
    size = forms.CharField(label=_("口门尺寸"), required=False, max_length=60)
    flow_m3d = forms.FloatField(label=_("排放量（m³/d）"), required=False, min_value=0)
    pollutants = forms.CharField(label=_("主要污染物"), required=False, max_length=200)
    limits = forms.CharField(label=_("执行标准与限值"), required=False, max_length=300)
    firm = forms.CharField(label=_("责任企业（统一社会信用代码）"), required=False, max_length=18)
    owner_name = forms.CharField(
        label=_("责任主体"), required=False, max_length=120, help_text=_("单位名称；个人请填在“责任人”")
    )
    private_owner = forms.CharField(label=_("责任人（个人）"), required=False, max_length=60)
    contact = forms.CharField(label=_("联系电话"), required=False, max_length=40)
    found_on = forms.DateField(label=_("排查日期"), required=False, widget=_DAY)
    problem = forms.CharField(label=_("存在问题"), required=False, max_length=300)
    note = forms.CharField(label=_("说明"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    client_uuid = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(code, f"{name} {code}") for code, name in selectors.kinds().items()]
        set_choices(self, "kind_code", named)


class SampleForm(forms.Form):
    """The results of a sample: one value for each usual factor, none left out means not measured."""

    sampled_at = forms.DateTimeField(label=_("采样时间"), widget=forms.DateTimeInput({"type": "datetime-local"}))
    lab = forms.CharField(label=_("监测单位"), required=False, max_length=80)
    report = forms.CharField(label=_("报告编号"), required=False, max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = selectors.usual_factors()
        known = sources.factors(codes)
        for code in (each for each in codes if each in known):
            name = f"{sources.factor_label(known[code], code)} {units.spelled(known[code].unit)}"
            self.fields[f"value_{code}"] = _number(name)
            self.fields[f"limit_{code}"] = _number(say("outfall.limit_of", None, name=name))

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        parts: dict[str, dict[str, Decimal]] = {"value": {}, "limit": {}}
        for name in [each for each in found if each.startswith(("value_", "limit_"))]:
            part, code = name.split("_", 1)
            number = found.pop(name)
            if number is not None:
                parts[part][code] = number
        return {**found, "values": parts["value"], "limits": parts["limit"]}


def _number(name: str) -> forms.DecimalField:
    return forms.DecimalField(label=name, required=False, min_value=Decimal(0), max_digits=16, decimal_places=6)


class TraceForm(forms.Form):
    """Who answers for the outfall, and how that was found."""

    firm = forms.CharField(label=_("责任企业（统一社会信用代码）"), required=False, max_length=18)
    owner_name = forms.CharField(label=_("责任主体"), required=False, max_length=120)
    private_owner = forms.CharField(label=_("责任人（个人）"), required=False, max_length=60)
    contact = forms.CharField(label=_("联系电话"), required=False, max_length=40)
    how = forms.CharField(
        label=_("溯源方法"), required=False, max_length=200, help_text=_("管网图、示踪、走访、比对等")
    )


class TreatForm(forms.Form):
    """What is wrong and how it is to be mended."""

    problem = forms.CharField(label=_("存在问题"), max_length=300)
    treatment = forms.ChoiceField(label=_("整治方式"), choices=Outfall.Treatment.choices)
    treat_by = forms.DateField(label=_("整治期限"), required=False, widget=_DAY)


class AcceptForm(forms.Form):
    """Signing the rectification off."""

    sign = forms.BooleanField(label=_("已设标志牌"), required=False)


class GrantForm(forms.Form):
    """The paper that approves or registers the outfall."""

    approval_number = forms.CharField(label=_("批准或登记文号"), max_length=60)
    approval_date = forms.DateField(label=_("批准或登记日期"), required=False, widget=_DAY)


class ChangeForm(forms.Form):
    """What the owner wants changed; empty fields stay as they are."""

    takes = ("record",)
    title = forms.CharField(label=_("名称"), required=False, max_length=200)
    entry = forms.ChoiceField(label=_("入河方式"), required=False, choices=[("", "—"), *Outfall.Entry.choices])
    way = forms.ChoiceField(label=_("排放方式"), required=False, choices=[("", "—"), *Outfall.Way.choices])
    size = forms.CharField(label=_("口门尺寸"), required=False, max_length=60)
    flow_m3d = forms.FloatField(label=_("排放量（m³/d）"), required=False, min_value=0)
    pollutants = forms.CharField(label=_("主要污染物"), required=False, max_length=200)
    limits = forms.CharField(label=_("执行标准与限值"), required=False, max_length=300)

    def __init__(self, *args: Any, record: Outfall, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields:
            self.fields[name].initial = getattr(record, name)


class PatrolForm(PositionForm):
    """What a patrol found, with the phone's position where it gives one."""

    finding = forms.ChoiceField(label=_("现场情况"), choices=FINDINGS)
