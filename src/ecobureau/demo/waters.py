"""On which river or lake the sections of the invented city lie, and to which basin these belong."""

from __future__ import annotations

from django.db import transaction

from ecobureau.web.statistics import services
from ecobureau.web.statistics.models import Medium, Series

YANGTZE, HAN = "长江流域", "汉江流域"
RIVERS = {
    "江岸": "府河",
    "江汉": "汉江",
    "硚口": "汉江",
    "汉阳": "汉江",
    "武昌": "长江",
    "青山": "长江",
    "洪山": "巡司河",
    "东西湖": "府河",
    "汉南": "通顺河",
    "蔡甸": "通顺河",
    "江夏": "金水河",
    "黄陂": "滠水",
    "新洲": "举水",
}
LAKES = {
    "江岸": "塔子湖",
    "江汉": "后襄河",
    "硚口": "张毕湖",
    "汉阳": "墨水湖",
    "武昌": "沙湖",
    "青山": "严西湖",
    "洪山": "东湖",
    "东西湖": "杜公湖",
    "汉南": "小奓湖",
    "蔡甸": "后官湖",
    "江夏": "汤逊湖",
    "黄陂": "后湖",
    "新洲": "涨渡湖",
}


@transaction.atomic
def build_waters() -> int:
    """Follow the stations and give each section its river or lake; return how many rivers and lakes there are."""
    services.follow_stations()
    city = ""
    for section in Series.objects.filter(medium=Medium.WATER, kind=Series.Kind.POINT).select_related("parent"):
        names = LAKES if section.body == "lake" else RIVERS
        name = next((water for district, water in names.items() if district in section.name), "长江")
        city = "/".join(section.org_path.split("/")[:2]) + "/"
        river = _water(city, name, _water(city, HAN if name == "汉江" else YANGTZE))
        services.put_series(
            medium=Medium.WATER,
            kind=Series.Kind.POINT,
            code=section.code,
            name=section.name,
            org_path=section.org_path,
            parent=section.parent,
            station_id=section.station_id,
            assessed=section.assessed,
            river=river,
            body=section.body,
        )
    return Series.objects.filter(medium=Medium.WATER, kind=Series.Kind.RIVER, parent__isnull=False).count()


def _water(city: str, name: str, basin: Series | None = None) -> Series:
    return services.put_series(
        medium=Medium.WATER,
        kind=Series.Kind.RIVER,
        code=f"{city}:{name}",
        name=name,
        org_path=city,
        parent=basin,
    )
