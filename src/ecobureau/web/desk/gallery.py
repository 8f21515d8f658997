"""The gallery of components: every part of the house in every state, for those who build and judge pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecobureau import clock
from ecobureau.domain.workflow import Role
from ecobureau.web.core.parts import (
    Chip,
    ClockBadge,
    ClueCard,
    DispatchSheet,
    FilterChip,
    Happening,
    Step,
    Tab,
    Value,
    clock_badge,
)
from ecobureau.web.core.refusals import Refused
from ecobureau.web.desk.gallery_data import chart_sample, map_sample

LEVELS = ("red", "orange", "yellow", "blue")


def _clocks() -> dict[str, ClockBadge]:
    now = clock.now()

    def badge(label: str, left: timedelta, span: timedelta, **more: Any) -> ClockBadge:
        return clock_badge(label, now + left, now, started=now + left - span, **more)

    minute, hour, day = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
    return {
        "triage": badge(_("研判"), 3.2 * minute, 15 * minute),
        "accept": badge(_("签收"), 41 * minute, hour),
        "accept_warn": badge(_("签收"), 11 * minute, hour),
        "late": badge(_("签收"), -6 * minute, 15 * minute),
        "paused": badge(_("办理"), 2 * day, 5 * day, paused=_("监测")),
        "done": badge(_("签收"), minute, hour, done=_("按时签收")),
        "legal": badge(_("法定 办案"), 53 * day, 90 * day, legal=True, source=_("生态环境行政处罚办法")),
        "legal_warn": badge(_("法定 复查"), 3 * day - minute, 30 * day, legal=True),
    }


def _cards(clocks: dict[str, ClockBadge]) -> list[ClueCard]:
    return [
        ClueCard(
            "1",
            "red",
            _("NOx 疑似恒值 6 小时 40 分"),
            _("江北热电（演示）DA003 · 青山区"),
            "#card-1",
            clocks["triage"],
            _("5 条并入"),
            92,
            selected=True,
            folded=((_("NOx 疑似恒值 2 小时"), "#folded"),),
        ),
        ClueCard(
            "2",
            "orange",
            _("疑似秸秆焚烧，火点+摄像头"),
            _("李集街西 1.2 km · 黄陂区"),
            "#card-2",
            None,
            _("卫星 22:20"),
            68,
            reading=_("李某"),
        ),
        ClueCard(
            "3",
            "yellow",
            _("工地 PM10 峰值 412 µg/m³"),
            _("二环改造 3 标段 · 硚口区"),
            "#card-3",
            clocks["late"],
            _("已告分中心"),
            52,
        ),
        ClueCard(
            "4", "blue", _("标牌缺失"), _("栗庙路 Y-190 · 江夏区"), "#card-4", clocks["accept"], "", 12, snoozed=True
        ),
    ]


def _values() -> list[Value]:
    return [
        Value(_("COD · 21时"), "46.2", "mg/L", "valid", "", 0.46, 0.8),
        Value(_("COD · 21时"), "108", "mg/L", "over", _("许可 80，1.35 倍，连续 2 小时"), 0.9, 0.67),
        Value(_("pH · 21时"), "7.4", "", "C", _("校准时段不参与判定"), 0.55),
        Value(_("氨氮 · 19:05"), "5.9", "mg/L", "stale", _("3 小时 40 分前")),
        Value(_("COD · 17时"), None, "", "B"),
        Value(_("COD · 17时"), "52.8", "mg/L", "backfilled", _("21:12 补到")),
        Value(_("流量 · 20时"), "64.8", "m³", "corrected", _("原 648，查看原因"), url="#why"),
        Value(_("总磷 · 20时"), "<0.01", "mg/L", "below"),
    ]


def _steps() -> list[Step]:
    return [
        Step(_("新线索"), "done", "22:38"),
        Step(_("研判"), "done", "22:40"),
        Step(_("派发"), "done", "22:41"),
        Step(_("退回：不属职责"), "side", "22:52"),
        Step(_("再派发"), "current"),
        Step(_("现场处置")),
        Step(_("销号")),
    ]


def _happenings() -> list[Happening]:
    now = clock.now()
    return [
        Happening(
            now - timedelta(minutes=9),
            _("规则 **恒值** 与 **数据模型** 同时命中，建线索；固定原始数据 288 行"),
            "",
            "8f2c…e91a",
        ),
        Happening(now - timedelta(minutes=8), _("站房视频截图 3 张（16:02 门开）"), "", "51d0…ab37", "camera"),
        Happening(now - timedelta(minutes=5), _("派发执法一组"), _("林某"), detail=_("用电与数据不一致")),
        Happening(now - timedelta(minutes=4), _("签收"), _("周某")),
    ]


@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """Show all components in all states; for staff and administrators alone.

    Raises:
        Refused: somebody else.
    """
    viewer = request.viewer  # type: ignore[attr-defined]
    if not (request.user.is_staff or viewer.has(Role.ADMINISTRATOR)):
        raise Refused("core.no_access")
    clocks = _clocks()
    context = {
        "levels": LEVELS,
        "clocks": clocks,
        "cards": _cards(clocks),
        "values": _values(),
        "steps": _steps(),
        "happenings": _happenings(),
        "chips": [
            Chip(_("数值形态 恒值"), "red", "activity"),
            Chip(_("用电工况 不一致"), "orange", "bolt"),
            Chip(_("下风向微站 NO₂ +31%"), "orange", "wind"),
            Chip(_("反证已查：未见校准、维护、停产申报"), "ok", "shield-check"),
        ],
        "sentence": _(
            "NOx 连续 **6 小时 40 分**停在 **47.6 mg/m³**（许可限值 50），"
            "同期锅炉用电变化 **±38%**，氨水泵 **16:10 起疑似停用**。"
        ),
        "filters": [FilterChip(_("类型：雨水口"), "?"), FilterChip(_("区：洪山、江夏"), "?")],
        "tabs": [
            Tab(_("在线监测"), "?", True),
            Tab(_("排污许可"), "?tab=permit"),
            Tab(_("线索与案件"), "?tab=clues", count=4),
        ],
        "crumbs": [Tab(_("排口"), "#outlets"), Tab(_("青桥印染（演示企业）"), "#firm"), Tab("DW001")],
        "sheet": DispatchSheet(
            action="",
            unit=_("青山分中心 执法一组"),
            persons=_("周某、刘某在班"),
            why=_("距现场 3.2 km，手上 1 件"),
            limits=(_("15 分钟内签收"), _("60 分钟内到场")),
            secure_ticked=True,
        ),
        "aqi_scale": [(1, "0–50"), (2, "51–100"), (3, "101–150"), (4, "151–200"), (5, "201–300"), (6, ">300")],
        "series": [0.3, 0.32, 0.31, 0.3, 0.28, 0.29, 0.3, 0.33, None, None, 0.34, 0.36, 0.38, 0.42, 0.47],
        "chart": chart_sample(clock.now()),
        "map": map_sample(),
    }
    return render(request, "desk/gallery.html", context)
