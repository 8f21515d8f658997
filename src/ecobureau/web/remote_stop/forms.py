"""Forms of remote stops and permits, beside the kernel's reason and note."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.web.core.access import Viewer
from ecobureau.web.core.forms import set_choices
from ecobureau.web.places import selectors as places
from ecobureau.web.remote_stop.models import BASES


def _moment(label: Any) -> forms.DateTimeField:
    return forms.DateTimeField(label=label, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))


class PermitForm(forms.Form):
    """A permit of night work."""

    takes = ("viewer",)
    title = forms.CharField(label=_("工程、作业内容"), max_length=200)
    org_path = forms.ChoiceField(label=_("区域"))
    station_code = forms.CharField(label=_("站点编号"), max_length=40, required=False)
    enterprise_code = forms.CharField(
        label=_("统一社会信用代码"), max_length=18, required=False, help_text=_("不填站点时，对该企业的所有站点有效")
    )
    reference = forms.CharField(label=_("证明文号"), max_length=80)
    issuer = forms.CharField(label=_("出具单位"), max_length=80)
    basis = forms.ChoiceField(label=_("事由"), choices=BASES, initial="need")
    begins = _moment(_("起"))
    ends = _moment(_("止"))
    noticed_on = forms.DateField(
        label=_("公告日期"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("除抢修、抢险外，没有公告的证明不作数"),
    )  # fmt: skip
    notice = forms.CharField(label=_("公告地点或网址"), max_length=300, required=False)
    client_uuid = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "org_path", _areas(viewer))


class AddressForm(forms.Form):
    """Where the video of a camera is shown."""

    address = forms.URLField(
        label=_("视频地址"),
        max_length=500,
        assume_scheme="https",
        help_text=_("视频平台上这个摄像头的网页地址，以 https:// 或 http:// 开头"),
    )


class CameraForm(AddressForm):
    """A camera at a building site."""

    takes = ("viewer",)
    title = forms.CharField(label=_("名称"), max_length=200)
    org_path = forms.ChoiceField(label=_("区域"))
    station_code = forms.CharField(label=_("站点编号"), max_length=40, required=False)
    enterprise_code = forms.CharField(label=_("统一社会信用代码"), max_length=18, required=False)
    looks_at = forms.CharField(label=_("朝向、位置"), max_length=120, required=False)
    client_uuid = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "org_path", _areas(viewer))
        self.order_fields(["title", "org_path", "station_code", "enterprise_code", "address", "looks_at"])


def _areas(viewer: Viewer) -> list[tuple[str, str]]:
    found = [u for grant in viewer.grants for u in places.tree(grant.org_path, levels=("city", "district"))]
    return list(dict.fromkeys((unit.path, unit.name) for unit in found))


class PhoneForm(forms.Form):
    """Whom a machine calls."""

    phone = forms.CharField(label=_("联系电话"), max_length=40, required=False, help_text=_("不填则用登记的电话"))


class CallForm(PhoneForm):
    """How a call by a person ended."""

    outcome = forms.ChoiceField(
        label=_("呼叫结果"),
        choices=(("answered", _("接通")), ("not_answered", _("未接")), ("failed", _("呼叫失败"))),
    )


class OrderForm(forms.Form):
    """Who was told to stop, and what."""

    told = forms.CharField(label=_("告知何人、何事"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class HandForm(forms.Form):
    """The unit that goes."""

    takes = ("viewer",)
    unit = forms.ChoiceField(label=_("承办单位"), required=False)

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = [u for g in viewer.grants for u in places.tree(g.org_path, levels=("city", "district", "department"))]
        found = dict.fromkeys((unit.path, unit.name) for unit in units)
        set_choices(self, "unit", [("", _("按职责自动选择")), *found])
