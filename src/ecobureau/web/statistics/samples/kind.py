"""Samples of surface water taken by hand as a kind of record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecobureau.domain.workflow import Paper, Role
from ecobureau.web.core.access import AccessTable, Reach, Viewer
from ecobureau.web.core.records import Column, Kind, Statistic
from ecobureau.web.statistics.models import WaterSample
from ecobureau.web.statistics.samples import services
from ecobureau.web.statistics.samples.flow import FLOW
from ecobureau.web.statistics.samples.forms import SampleForm
from ecobureau.web.statistics.samples.values import items_of
from ecobureau.words import _

_ENTER: Mapping[str, tuple[Reach, ...]] = {
    Role.ADMINISTRATOR: (Reach.ORG,),
    Role.DUTY_OFFICER: (Reach.ORG,),
    Role.DISPATCHER: (Reach.ORG,),
    Role.UNIT_HEAD: (Reach.ORG,),
}
_WORK: Mapping[str, tuple[Reach, ...]] = {**_ENTER, Role.LEADER: (Reach.ORG,)}
_SEE: Mapping[str, tuple[Reach, ...]] = {**_WORK, Role.AUDITOR: (Reach.ORG,)}
ACCESS: AccessTable = {"view": _SEE, "act": _WORK, "attach": _WORK, "export": _SEE, "create": _ENTER}


def detail(viewer: Viewer, record: WaterSample) -> Mapping[str, Any]:
    """Return the results of a sample: item, as reported, unit, the number that counts."""
    rows = [(item.name, record.values[item.code], item.unit) for item in items_of() if item.code in record.values]
    return {"results": rows, "series": record.series}


KIND = Kind(
    code="water_sample",
    plural="water-samples",
    prefix="SY",
    name=_("手工监测样品"),
    name_plural=_("手工监测样品"),
    model=WaterSample,
    flow=FLOW,
    access=ACCESS,
    papers=(Paper("report", _("监测报告")),),
    related=("series",),
    columns=(
        Column("section", _("断面"), value=lambda each: each.series.name, sort=("series__name",)),
        Column("taken_on", _("采样日期"), sort=("taken_on",)),
        Column("laboratory", _("监测单位"), sort=("laboratory",)),
        Column("count", _("项目数"), value=lambda each: len(each.values)),
    ),
    verbs={"accept": services.accept, "withdraw": services.withdraw},
    forms={"create": SampleForm},
    create=services.enter,
    imports=(
        *("section", "taken_on", "laboratory", "ph", "do", "codmn", "cod", "bod5", "nh3n", "tp", "tn", "cu", "zn", "f"),
        *("se", "as", "hg", "cd", "cr6", "pb", "cn", "phenol", "oil", "las", "sulfide", "note"),
    ),
    detail=detail,
    templates={"detail": "statistics/sample.html"},
    statistics=(Statistic("to_check", _("样品待审核"), {"state": "entered"}, _("已录入、等另一人审核的样品数")),),
)
