"""Invented data of the gallery: a believable day of a waste-water outlet, and a small map."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from ecobureau.clock import BEIJING
from ecobureau.web.core.charts import Band, Chart, FlagRun, LimitLine, Plot, Point

HOUR = timedelta(hours=1)


def _wave(hour: int, base: float, swing: float) -> float:
    return base + swing * math.sin(hour / 3.1) + swing / 3 * math.sin(hour * 1.7)


def chart_sample(now: datetime) -> Chart:
    """Return 48 hours of COD, ammonia and power up to the full hour before `now` (aware)."""
    end = now.astimezone(BEIJING).replace(minute=0, second=0, microsecond=0)
    start = end - 48 * HOUR
    gap = range(19, 22)
    cod, nitrogen, power, blower = [], [], [], []
    for hour in range(48):
        span = (start + hour * HOUR, start + (hour + 1) * HOUR)
        flag = "B" if hour in gap else "M" if hour in (11, 12) else "N"
        high = {44: 74.0, 45: 78.0, 46: 96.0, 47: 108.0}.get(hour, _wave(hour, 60, 8))
        cod.append(Point(*span, None if hour in gap else round(high, 1), flag))
        nitrogen.append(Point(*span, None if hour in gap else round(_wave(hour, 5.2, 0.7), 2), flag))
        power.append(Point(*span, round(_wave(hour, 330, 40), 0)))
        blower.append(Point(*span, 12.0 if hour >= 43 else round(_wave(hour, 100, 8), 0)))

    def runs(*marks: tuple[int, int, str, str]) -> list[FlagRun]:
        return [FlagRun(start + first * HOUR, start + last * HOUR, code, words) for first, last, code, words in marks]

    normal = _("正常")
    return Chart(
        name=_("近 48 小时 · 小时均值"),
        subtitle=_("时间为小时起点：21时 = 21:00–22:00"),
        start=start,
        end=end,
        source=_("演示数据"),
        bands=[
            Band(start + 19 * HOUR, start + 22 * HOUR, "gap", _("断线 3 小时，已请求补传")),
            Band(start + 46 * HOUR, end, "suspect", _("超许可 2 小时")),
        ],
        plots=[
            Plot(
                "COD",
                "mg/L",
                cod,
                limits=[LimitLine(80, _("许可 80"), _("排污许可证第 12 页"))],
                flags=runs(
                    (0, 11, "N", normal),
                    (11, 13, "M", _("维护")),
                    (13, 19, "N", normal),
                    (19, 22, "B", _("断线")),
                    (22, 48, "N", normal),
                ),
                main=True,
            ),
            Plot(_("氨氮"), "mg/L", nitrogen, decimals=2, limits=[LimitLine(10, _("许可 10"))], series=2),
            Plot(_("生产用电"), "kW", power, decimals=0, series=4),
            Plot(
                _("曝气风机"),
                "kW",
                blower,
                decimals=0,
                series=3,
                area=True,
                note=_("曝气约 12 kW，生产用电未降"),
                note_tone="orange",
            ),
        ],
    )


def map_sample() -> dict[str, Any]:
    """Return a small map: a river, a lake, three districts and one mark of every kind."""

    def mark(kind: str, lon: float, lat: float, **facts: Any) -> dict[str, Any]:
        return {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
            "properties": {"kind": kind, **facts},
        }

    def area(kind: str, ring: list[list[float]], name: str = "") -> dict[str, Any]:
        shape = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        return {"type": "Feature", "geometry": shape, "properties": {"kind": kind, "name": name}}

    base = [
        area("district", [[114.1, 30.4], [114.3, 30.42], [114.33, 30.62], [114.12, 30.65]], _("汉阳区")),
        area("district", [[114.3, 30.42], [114.55, 30.4], [114.52, 30.58], [114.33, 30.62]], _("洪山区")),
        area(
            "district",
            [[114.12, 30.65], [114.33, 30.62], [114.52, 30.58], [114.5, 30.75], [114.15, 30.78]],
            _("江岸区"),
        ),
        area(
            "water", [[114.28, 30.4], [114.31, 30.4], [114.36, 30.6], [114.52, 30.66], [114.52, 30.68], [114.34, 30.63]]
        ),
        area("water", [[114.38, 30.5], [114.43, 30.49], [114.44, 30.54], [114.39, 30.55]], _("东湖")),
    ]
    outlets = [
        mark(
            "outlet",
            114.15 + 0.012 * (place % 20),
            30.44 + 0.016 * (place // 20),
            id=f"o{place}",
            name=f"Y-{place:03d}",
        )
        for place in range(120)
    ]
    return {
        "base": {"type": "FeatureCollection", "features": base},
        "marks": {
            "type": "FeatureCollection",
            "features": [
                mark("clue", 114.44, 30.64, id="c1", level="red", name=_("NOx 疑似恒值"), url="#c1"),
                mark("clue", 114.36, 30.47, id="c2", level="orange", name=_("雨水口晴天出流"), url="#c2"),
                mark("air", 114.2, 30.6, id="a1", value="74", number=2, name=_("汉阳站")),
                mark("air", 114.46, 30.46, id="a2", value="112", number=3, name=_("洪山站")),
                mark("air", 114.24, 30.72, id="a3", value="—", number=0, stale=True, name=_("江岸站")),
                mark("water", 114.41, 30.52, id="w1", value="Ⅲ", number=3, name=_("东湖断面")),
                mark("water", 114.3, 30.43, id="w2", value="Ⅱ", number=2, name=_("长江断面")),
                *outlets,
            ],
        },
        "home": [114.1, 30.4, 114.55, 30.78],
    }
