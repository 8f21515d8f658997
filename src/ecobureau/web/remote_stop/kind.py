"""Remote stops (远程喊停) and permits of night work (夜间施工证明) as kinds of record."""

from __future__ import annotations

from collections.abc import Mapping

from ecobureau.domain.workflow import Paper, Role
from ecobureau.web.core.access import AccessTable, Reach
from ecobureau.web.core.records import Column, Kind, Statistic
from ecobureau.web.remote_stop import forms, selectors, services
from ecobureau.web.remote_stop.flow import CAMERA, PERMIT, STOP
from ecobureau.web.remote_stop.models import Camera, NightPermit, RemoteStop
from ecobureau.words import _

_DESK: Mapping[str, tuple[Reach, ...]] = {Role.DUTY_OFFICER: (Reach.ORG,), Role.DISPATCHER: (Reach.ORG,)}
_ACTING: Mapping[str, tuple[Reach, ...]] = {**_DESK, Role.UNIT_HEAD: (Reach.ORG, Reach.UNIT)}
_ABOVE: Mapping[str, tuple[Reach, ...]] = {Role.LEADER: (Reach.ORG,), Role.AUDITOR: (Reach.ORG,)}
_SEEING = {**_ACTING, **_ABOVE, Role.ENFORCEMENT_OFFICER: (Reach.AREA, Reach.UNIT)}
ACCESS: AccessTable = {
    "view": _SEEING,
    "act": _ACTING,
    "attach": _ACTING,
    "export": {**_ACTING, **_ABOVE},
    "create": _DESK,
}
PERMIT_ACCESS: AccessTable = {**ACCESS, "create": {Role.DISPATCHER: (Reach.ORG,), Role.UNIT_HEAD: (Reach.ORG,)}}

PERMIT_KIND = Kind(
    code="night_permit",
    plural="nightpermits",
    prefix="YS",
    name=_("夜间施工证明"),
    name_plural=_("夜间施工证明"),
    model=NightPermit,
    flow=PERMIT,
    access=PERMIT_ACCESS,
    papers=(Paper("proof", _("证明文件")), Paper("notice", _("公告"))),
    related=("station", "enterprise"),
    columns=(
        Column("reference", _("证明文号"), sort=("reference",)),
        Column("issuer", _("出具单位")),
        Column("station", _("站点"), value=lambda each: each.station.name if each.station else ""),
        Column("enterprise", _("企业"), value=lambda each: each.enterprise.name if each.enterprise else ""),
        Column("begins", _("起"), sort=("begins",)),
        Column("ends", _("止"), sort=("ends",)),
        Column("noticed_on", _("公告日期"), sort=("noticed_on",)),
    ),
    forms={"create": forms.PermitForm},
    create=services.grant,
    imports=(
        *("title", "org_path", "station_code", "enterprise_code", "reference", "issuer", "basis"),
        *("begins", "ends", "noticed_on", "notice"),
    ),
    templates={"detail": "remote_stop/permit.html"},
)

STOP_KIND = Kind(
    code="remote_stop",
    plural="remotestops",
    prefix="HT",
    name=_("远程喊停"),
    name_plural=_("远程喊停"),
    model=RemoteStop,
    flow=STOP,
    access=ACCESS,
    papers=(Paper("snapshot", _("视频截图")), Paper("proof", _("佐证材料"))),
    related=("clue", "station", "permit"),
    columns=(
        Column("station", _("站点"), value=lambda each: each.station.name if each.station else ""),
        Column("ordered_at", _("停工令时间"), sort=("ordered_at",)),
        Column("level_before", _("停工令前 dB(A)"), sort=("level_before",)),
        Column("level_after", _("停工令后 dB(A)"), sort=("level_after",)),
        Column("peak_after", _("停工令后最大声级 dB(A)"), sort=("peak_after",), shown=False),
        Column("task_number", _("执法任务")),
    ),
    verbs={
        "check_permit": services.check_permit,
        "call_machine": services.call_machine,
        "call_human": services.call_human,
        "order": services.order,
        "unreached": services.unreached,
        "verify_data": services.verify_data,
        "to_enforcement": services.to_enforcement,
    },
    forms={
        "call_machine": forms.PhoneForm,
        "call_human": forms.CallForm,
        "order": forms.OrderForm,
        "to_enforcement": forms.HandForm,
    },
    detail=selectors.context,
    tell=selectors.tell,
    templates={"detail": "remote_stop/detail.html"},
    statistics=(
        Statistic("ordered", _("待核实"), {"state": "ordered"}, _("已下停工令、等核实的喊停数")),
        Statistic("not_stopped", _("未停工待转"), {"state": "not_stopped"}, _("没有停工、等转执法的喊停数")),
    ),
)

CAMERA_KIND = Kind(
    code="site_camera",
    plural="sitecameras",
    prefix="SX",
    name=_("工地摄像头"),
    name_plural=_("工地摄像头"),
    model=Camera,
    flow=CAMERA,
    access=PERMIT_ACCESS,
    papers=(Paper("proof", _("安装照片")),),
    related=("station", "enterprise"),
    columns=(
        Column("station", _("站点"), value=lambda each: each.station.name if each.station else ""),
        Column("enterprise", _("企业"), value=lambda each: each.enterprise.name if each.enterprise else ""),
        Column("looks_at", _("朝向、位置")),
        Column("address", _("视频地址"), shown=False),
    ),
    forms={"create": forms.CameraForm, "readdress": forms.AddressForm},
    verbs={"readdress": services.readdress},
    create=services.put_camera,
    imports=("title", "org_path", "station_code", "enterprise_code", "address", "looks_at"),
    templates={"detail": "remote_stop/camera.html"},
)
