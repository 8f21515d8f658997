"""Forms of the registry's administration. They check shapes alone; the services judge the rest."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.clock import BEIJING
from ecobureau.web.core.forms import set_choices
from ecobureau.web.places.problems import Invalid
from ecobureau.web.sources.importing import KINDS
from ecobureau.web.sources.importing.cells import Bad, pairs
from ecobureau.web.sources.models import CoordinateSystem, Flag, Limit, Logger, Notice, Outlet, Station
from ecobureau.words import say


def add_problems(form: forms.Form, error: Invalid) -> None:
    """Put what a service refused beside the fields it is about."""
    for problem in error.problems:
        form.add_error(problem.field if problem.field in form.fields else None, problem.text())


class DateInput(forms.DateInput):
    """The browser's own field of a day."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class InstantInput(forms.DateTimeInput):
    """The browser's own field of a minute, in Beijing time."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class UploadForm(forms.Form):
    """A table to be checked."""

    kind = forms.ChoiceField(label=_("登记表种类"))
    file = forms.FileField(label=_("文件（CSV 或 XLSX）"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "kind", [(kind.name, say(kind.title)) for kind in KINDS])


class PlaceFields(forms.Form):
    """Where something lies."""

    address = forms.CharField(label=_("地址"), max_length=200, required=False)
    lon = forms.FloatField(label=_("经度"), required=False)
    lat = forms.FloatField(label=_("纬度"), required=False)
    system = forms.ChoiceField(label=_("坐标系"), choices=CoordinateSystem.choices, required=False)
    org_path = forms.CharField(label=_("所属机构路径（没有经纬度时填写）"), max_length=200, required=False)
    active = forms.BooleanField(label=_("启用"), required=False, initial=True)


class EnterpriseForm(PlaceFields):
    """An enterprise."""

    code = forms.CharField(label=_("统一社会信用代码"), max_length=18)
    name = forms.CharField(label=_("企业名称"), max_length=120)
    short_name = forms.CharField(label=_("简称"), max_length=60, required=False)
    industry_code = forms.CharField(label=_("行业代码"), max_length=8, required=False)
    industry = forms.CharField(label=_("行业"), max_length=80, required=False)
    key_unit = forms.BooleanField(label=_("重点排污单位"), required=False)
    permit_number = forms.CharField(label=_("排污许可证编号"), max_length=40, required=False)
    contact = forms.CharField(label=_("环保联系人"), max_length=40, required=False)
    phone = forms.CharField(label=_("联系电话"), max_length=40, required=False)
    field_order = ("code", "name", "short_name", "industry_code", "industry", "key_unit", "permit_number", "contact")


class OutletForm(PlaceFields):
    """An outlet of an enterprise."""

    code = forms.CharField(label=_("排放口编号"), max_length=40)
    name = forms.CharField(label=_("排放口名称"), max_length=120)
    medium = forms.ChoiceField(label=_("类别"), choices=Outlet.Medium.choices)
    grade = forms.ChoiceField(label=_("等级"), choices=Outlet.Grade.choices)
    o2_ref = forms.FloatField(label=_("基准氧含量（%）"), required=False)
    height_m = forms.FloatField(label=_("排气筒高度（m）"), required=False)
    destination = forms.CharField(label=_("排放去向"), max_length=120, required=False)
    field_order = ("code", "name", "medium", "grade", "o2_ref", "height_m", "destination")


class StationForm(PlaceFields):
    """A station."""

    code = forms.CharField(label=_("站点编号"), max_length=40)
    name = forms.CharField(label=_("站点名称"), max_length=120)
    st = forms.CharField(label=_("系统编码 ST"), max_length=3)
    water_body = forms.ChoiceField(
        label=_("水体类型"), choices=[("", "—"), ("river", _("河流")), ("lake", _("湖库"))], required=False
    )
    noise_zone = forms.ChoiceField(
        label=_("声环境功能区"), choices=[("", "—"), *Station.NoiseZone.choices], required=False
    )
    operator = forms.CharField(label=_("运维单位"), max_length=80, required=False)
    field_order = ("code", "name", "st", "water_body", "noise_zone", "operator")


class PairsField(forms.Field):
    """A small table written as `a=b;c=d`."""

    def to_python(self, value: Any) -> dict[str, str]:
        try:
            return pairs(value or "")
        except Bad as bad:
            raise forms.ValidationError(bad.problem("").text()) from bad

    def prepare_value(self, value: Any) -> Any:
        return ";".join(f"{key}={part}" for key, part in value.items()) if isinstance(value, dict) else value


class LoggerForm(forms.Form):
    """How to speak with a data logger. Secrets are written, never shown."""

    mn = forms.CharField(label=_("设备唯一标识 MN"), max_length=40)
    password = forms.CharField(
        label=_("访问密码"), required=False, strip=False, widget=forms.PasswordInput, help_text=_("留空表示不更改")
    )
    sm4_key = forms.CharField(
        label=_("SM4 密钥（32 位十六进制）"),
        required=False,
        widget=forms.PasswordInput,
        help_text=_("留空表示不更改"),
    )
    edition = forms.TypedChoiceField(
        label=_("协议版本"),
        choices=[("", _("按报文识别")), *Logger.Edition.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    dialect = forms.CharField(label=_("方言"), max_length=40, required=False)
    stamp_rule = forms.ChoiceField(label=_("时标规则（登记后不能修改）"), choices=Logger.Stamp.choices)
    rtd_interval_s = forms.IntegerField(label=_("实时间隔（秒）"), initial=60)
    minute_interval = forms.IntegerField(label=_("分钟间隔（分）"), initial=10)
    accept_from = forms.DateTimeField(label=_("接收起点"), widget=InstantInput, required=False)
    unit_overrides = PairsField(label=_("单位改写（因子=单位;…）"), required=False)
    factor_map = PairsField(label=_("因子映射（上报编码=因子;…）"), required=False)
    max_frames_per_minute = forms.IntegerField(label=_("每分钟最多帧数"), initial=600)
    relay = forms.BooleanField(label=_("转发设备"), required=False)
    active = forms.BooleanField(label=_("启用"), required=False, initial=True)


class LimitForm(forms.Form):
    """A limit of an outlet."""

    factor = forms.CharField(label=_("因子编码"), max_length=20)
    kind = forms.ChoiceField(label=_("界限"), choices=Limit.Kind.choices)
    value = forms.DecimalField(label=_("限值"))
    unit = forms.CharField(label=_("单位（留空用因子的单位）"), max_length=20, required=False)
    field = forms.ChoiceField(
        label=_("统计量"), choices=[("", _("按排放口")), *Limit.Statistic.choices], required=False
    )
    period = forms.ChoiceField(label=_("时段"), choices=Limit.Period.choices)
    hours = forms.ChoiceField(label=_("昼夜（噪声）"), choices=Limit.Hours.choices, required=False)
    source = forms.CharField(label=_("依据"), max_length=120)
    clause = forms.CharField(label=_("条款"), max_length=120, required=False)
    flag = forms.ChoiceField(label=_("可信度"), choices=Flag.choices)
    valid_from = forms.DateField(label=_("生效日"), widget=DateInput)
    valid_to = forms.DateField(label=_("失效日"), widget=DateInput, required=False)


class ProfileForm(forms.Form):
    """Limits of an industry as a start."""

    profile = forms.ChoiceField(label=_("限值方案"), widget=forms.Select(attrs={"class": "form-select"}))
    profile_from = forms.DateField(label=_("生效日"), widget=DateInput)

    def __init__(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "profile", [(name, say(f"profile.{name}")) for name in names])


class NoticeForm(forms.Form):
    """What was declared about an outlet."""

    notice_kind = forms.ChoiceField(label=_("种类"), choices=Notice.Kind.choices)
    starts = forms.DateTimeField(label=_("开始"), widget=InstantInput)
    ends = forms.DateTimeField(label=_("结束"), widget=InstantInput, required=False)
    reason = forms.CharField(label=_("说明"), max_length=200, required=False)


def beijing_text(instant: Any) -> str:
    """Return an instant as `InstantInput` takes it."""
    return instant.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M") if instant else ""
