"""Forms of the clue's verbs, beside the kernel's reason and note; and those of the pool's tables."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.clock import now
from ecobureau.web.clues import pool, repeats, scenarios, selectors
from ecobureau.web.clues.intake import AHEAD
from ecobureau.web.clues.models import Clue, ClueSource, Reporter, SensitivePlace
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.forms import set_choices
from ecobureau.web.core.models.record import LEVELS
from ecobureau.web.core.refusals import sentence
from ecobureau.web.places import selectors as places
from ecobureau.words import say


class DateInput(forms.DateInput):
    """A day, as browsers pick it."""

    input_type = "date"

    def __init__(self, **more: Any) -> None:
        super().__init__(format="%Y-%m-%d", **more)


class MergeForm(forms.Form):
    """Which clue to fold this one into: the candidates that the machine proposes; a person confirms."""

    takes = ("record", "viewer")
    into = forms.ChoiceField(label=_("并入"), help_text=_("按对象、位置、时间和文字相似列出，附理由，由人决定"))

    def __init__(self, *args: Any, record: Clue, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = repeats.find(viewer, record)
        set_choices(
            self,
            "into",
            [(each.clue.number, f"{each.clue.number} {each.clue.heading}（{each.why}）") for each in found],
        )


class DismissForm(forms.Form):
    """What was looked at before the clue is proposed for dismissal."""

    takes = ("record",)
    looked = forms.TypedMultipleChoiceField(
        label=_("看过的证据"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    seen = forms.CharField(
        label=_("看了什么、看到什么"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("没有监测数据、也没有勾选证据时必须填写"),
    )

    def __init__(self, *args: Any, record: Clue, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pieces = selectors.evidence(record)[-40:]
        set_choices(
            self,
            "looked",
            [
                (each.seq, f"{each.seq} {sentence(each.code, each.params) if each.code else each.kind}"[:120])
                for each in pieces
            ],
        )
        if not pieces:
            del self.fields["looked"]


class RegisterForm(forms.Form):
    """A clue that a person registers, with who reported it where somebody did."""

    takes = ("viewer",)
    title = forms.CharField(label=_("事情"), max_length=200, help_text=_("一句话：什么、在哪里、多久了"))
    level = forms.ChoiceField(
        label=_("等级"), choices=[("", _("按情形")), *LEVELS], required=False, help_text=_("不选则按情形的默认等级")
    )
    scenario = forms.ChoiceField(label=_("情形"), required=False, help_text=_("决定派给谁、带回什么"))
    matter = forms.ChoiceField(label=_("职责事项"), required=False, help_text=_("情形按事项分派时，决定派给哪个部门"))
    org_path = forms.ChoiceField(label=_("区域"))
    lon = forms.FloatField(label=_("经度"), required=False, min_value=-180, max_value=180)
    lat = forms.FloatField(label=_("纬度"), required=False, min_value=-90, max_value=90)
    at = forms.DateTimeField(
        label=_("发生时间"), required=False, help_text=_("不填则为现在。写法：2026-11-22 14:30（北京时间）")
    )
    text = forms.CharField(
        label=_("经过"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("不写举报人的姓名电话"),
    )
    source = forms.ChoiceField(label=_("线索来源"), required=False)
    reference = forms.CharField(label=_("来源编号"), required=False, max_length=80)
    reporter_name = forms.CharField(
        label=_("举报人姓名"), required=False, max_length=40, help_text=_("加密保存，平时不显示")
    )
    reporter_phone = forms.CharField(label=_("举报人电话"), required=False, max_length=40)
    wants_answer = forms.ChoiceField(
        label=_("举报人要答复"), required=False, choices=[("1", _("要")), ("0", _("不要"))], initial="1"
    )
    note = forms.CharField(label=_("说明"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    client_uuid = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "scenario", scenarios.choices())
        set_choices(self, "matter", scenarios.matter_choices())
        set_choices(self, "source", [("", "—"), *pool.source_choices(viewer)])
        units = [
            unit for grant in viewer.grants for unit in places.tree(grant.org_path, levels=("city", "district", "grid"))
        ]
        set_choices(self, "org_path", list(dict.fromkeys((unit.path, unit.name) for unit in units)))

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if (found.get("lon") is None) != (found.get("lat") is None) and not self.errors:
            self.add_error("lat" if found.get("lat") is None else "lon", say("clues.intake.both"))
        name, phone = found.pop("reporter_name", ""), found.pop("reporter_phone", "")
        wants = found.pop("wants_answer", "") != "0"
        if name or phone:
            found["reporter"] = {"name": name, "phone": phone, "wants_answer": wants}
        if found.get("at") is not None and found["at"] > now() + AHEAD:
            self.add_error("at", say("clues.intake.future"))
        found["source"] = found.get("source") or ClueSource.Kind.MANUAL.value
        return found


class AnswerForm(forms.Form):
    """What a reporter was told, and how."""

    way = forms.ChoiceField(label=_("答复方式"), choices=Reporter.Way.choices)
    text = forms.CharField(label=_("答复内容"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class PurposeForm(forms.Form):
    """What somebody's personal data are looked at for."""

    purpose = forms.CharField(label=_("用途（会留下记录）"), min_length=2, max_length=200)


class SourceForm(forms.Form):
    """A source of clues."""

    name = forms.CharField(label=_("名称"), max_length=80)
    kind = forms.ChoiceField(label=_("类别"))
    org_path = forms.ChoiceField(label=_("区域"), help_text=_("它报来的线索须在这个区域之内"))
    scenario = forms.ChoiceField(label=_("默认情形"), required=False)
    machine = forms.BooleanField(label=_("机器发现（没有人参与发现）"), required=False)
    contact = forms.CharField(label=_("联系人"), required=False, max_length=40)
    phone = forms.CharField(label=_("联系电话"), required=False, max_length=40)
    account = forms.RegexField(
        r"^[a-z][a-z0-9._-]{2,39}$",
        label=_("新建服务账号"),
        required=False,
        help_text=_("登录名，小写字母开头；用它的接口密钥上报线索。不填则不能用接口上报。"),
    )
    active = forms.BooleanField(label=_("启用"), required=False, initial=True)
    note = forms.CharField(label=_("备注"), required=False, max_length=200)

    def __init__(self, *args: Any, source: ClueSource | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = source is not None and source.own
        kinds = [(code, label) for code, label in ClueSource.Kind.choices if own or code not in _PROGRAM]
        set_choices(self, "kind", kinds)
        set_choices(self, "scenario", scenarios.choices())
        units = [(unit.path, unit.name) for unit in places.tree(levels=("city", "district"))]
        set_choices(self, "org_path", units)
        if own:
            for name in ("name", "kind", "org_path", "machine", "account", "active"):
                del self.fields[name]
        elif source is not None and source.account_id is not None:
            del self.fields["account"]


_PROGRAM = frozenset({ClueSource.Kind.JUDGING.value, ClueSource.Kind.DETECTION.value, ClueSource.Kind.IMPORT.value})


class NewSourceForm(SourceForm):
    """A new source, with the code it keeps."""

    code = forms.SlugField(label=_("代码"), max_length=40, help_text=_("小写字母、数字和连字符，登记后不变"))
    field_order = ["code", "name"]

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"]).lower()
        if code in ClueSource.Kind.values:
            raise forms.ValidationError(say("clues.source.taken", None, code=code))
        return code


class PlaceForm(forms.Form):
    """A sensitive place."""

    code = forms.CharField(label=_("编号"), max_length=40)
    kind = forms.ChoiceField(label=_("类别"), choices=SensitivePlace.Kind.choices)
    name = forms.CharField(label=_("名称"), max_length=120)
    lon = forms.FloatField(label=_("经度"), min_value=-180, max_value=180)
    lat = forms.FloatField(label=_("纬度"), min_value=-90, max_value=90)
    system = forms.ChoiceField(
        label=_("坐标系"),
        required=False,
        choices=[("wgs84", "WGS 84 / CGCS2000"), ("gcj02", "GCJ-02"), ("bd09", "BD-09")],
        help_text=_("存入时一律换成 WGS 84"),
    )
    people = forms.IntegerField(label=_("人数"), required=False, min_value=0, max_value=10_000_000)
    source = forms.CharField(label=_("数据来源"), required=False, max_length=120)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        found["system"] = found.get("system") or "wgs84"
        return found


class FileForm(forms.Form):
    """A table."""

    file = forms.FileField(label=_("文件（CSV 或 XLSX）"))


def _own_limit(label: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=1, max_value=366 * 24 * 60,
        help_text=_("不填就按等级；红色线索取两者中短的"),
    )  # fmt: skip


class KindForm(forms.Form):
    """A new value of a scene kind, from a day on."""

    name = forms.CharField(label=_("名称"), max_length=40)
    name_en = forms.CharField(label=_("英文名称"), max_length=80)
    duties = forms.MultipleChoiceField(label=_("默认派给（职责）"), required=False, widget=forms.CheckboxSelectMultiple)
    level = forms.ChoiceField(label=_("默认等级（决定办理时限）"), choices=LEVELS)
    medium = forms.ChoiceField(
        label=_("影响途径"), choices=[("air", _("空气、噪声")), ("water", _("水")), ("any", _("都有可能"))]
    )
    task = forms.ChoiceField(
        label=_("任务类型"), choices=[("grid_check", _("网格巡查")), ("enforcement_visit", _("执法检查"))]
    )
    matters = forms.MultipleChoiceField(label=_("职责事项"), required=False, widget=forms.CheckboxSelectMultiple)
    by_matter = forms.BooleanField(label=_("按事项分派"), required=False)
    freeze_data_first = forms.BooleanField(label=_("先固定数据副本，暂不通知企业"), required=False)
    notify_upstream = forms.BooleanField(label=_("同时告知上游单位"), required=False)
    sla_triage = _own_limit(_("研判时限（分钟）"))
    sla_accept = _own_limit(_("签收时限（分钟）"))
    sla_arrive = _own_limit(_("到场时限（分钟）"))
    sla_result = _own_limit(_("初步结果时限（分钟）"))
    sla_close = _own_limit(_("办结时限（分钟）"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "duties", duty_choices())
        set_choices(self, "matters", [(code, each.name) for code, each in scenarios.matters().items()])
        _dated(self)


class MatterForm(forms.Form):
    """A new value of a matter, from a day on."""

    name = forms.CharField(label=_("名称"), max_length=40)
    name_en = forms.CharField(label=_("英文名称"), max_length=80)
    duties = forms.MultipleChoiceField(label=_("牵头（职责）"), widget=forms.CheckboxSelectMultiple)
    help = forms.MultipleChoiceField(label=_("配合（职责）"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("duties", "help"):
            set_choices(self, name, duty_choices())
        _dated(self)


def _dated(form: forms.Form) -> None:
    form.fields["valid_from"] = forms.DateField(label=_("生效日"), initial=scenarios.today, widget=DateInput())
    form.fields["why"] = forms.CharField(label=_("理由"), max_length=200)


def duty_choices() -> list[tuple[str, str]]:
    """Return the duties that units of the city have, with their names."""
    held = {str(duty) for unit in places.tree() for duty in unit.duties}
    named = {
        code
        for each in (scenarios.kinds(), scenarios.matters())
        for row in each.values()
        for code in row.texts("duties")
    }
    return [(code, say(f"duty.{code}")) for code in sorted(held | named)]


class DecideForm(forms.Form):
    """Yes or no to a proposed change."""

    why = forms.CharField(label=_("意见"), required=False, max_length=200)
