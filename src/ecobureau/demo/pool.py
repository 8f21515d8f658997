"""What the demonstration city adds to the clue pool: sources, sensitive places, complaints. All invented."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ecobureau import clock
from ecobureau.demo.people import HOME
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import Clue, ClueSource, SensitivePlace
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places import selectors as places
from ecobureau.web.sources.models import Enterprise

SOURCE = "演示数据（虚构）"
SOURCES = (
    ("demo-hotline", "演示·市民热线", "complaint", "K11"),
    ("demo-video", "演示·高空视频识别", "video", "K08"),
    ("demo-drone", "演示·无人机队", "drone", "K07"),
)
PLACES = (
    ("school", "演示·{n}小学", 600),
    ("hospital", "演示·{n}医院", 400),
    ("homes", "演示·{n}小区", 2500),
    ("care_home", "演示·{n}养老院", 90),
    ("water_intake", "演示·{n}水厂取水口", None),
)
_NAMES = ("江滩", "沿湖", "红光", "和平", "建设", "新桥", "花园", "长堤", "东湖", "青林")
_SHIFTS = ((0.0031, 0.0012), (-0.0028, 0.0019), (0.0017, -0.0033), (-0.0036, -0.0011), (0.006, 0.002), (-0.001, 0.006))
COMPLAINTS = (
    ("夜里有刺鼻气味，像烧塑料，持续到凌晨", "昨天夜里十一点到今天两点，窗户不敢开", "演示甲", "13800000001"),
    ("夜里有刺鼻的气味，像烧塑料一样，持续到凌晨", "孩子咳嗽，希望有人来看看", "演示乙", "13800000002"),
    ("工地夜间打桩，噪声很大", "连续三天了", "演示丙", "13800000003"),
)


def build_pool(now: datetime) -> None:
    """Register the sources and places, and three complaints of which two are one matter. Run twice, it adds nothing."""
    city = f"/wuhan/{HOME}/"
    for code, name, kind, scenario in SOURCES:
        if not ClueSource.objects.filter(code=code).exists():
            clues.make_source(
                SYSTEM, code=code, name=name, kind=kind, org_path="/wuhan/", scenario=scenario, contact="演示联系人"
            )
    if not SensitivePlace.objects.filter(code__startswith="DEMO-").exists():
        _build_places(now)
    if not Clue.objects.filter(source__code="demo-hotline").exists():
        _build_complaints(city, now)


def _points(now: datetime) -> Iterator[tuple[float, float]]:
    """Yield points near the enterprises of the city that lie within it."""
    day = clock.beijing(now).date()
    rows = Enterprise.objects.filter(lon__isnull=False, lat__isnull=False).order_by("code")
    for lon, lat in rows.values_list("lon", "lat"):
        for east, north in _SHIFTS:
            if lon is not None and lat is not None and places.locate(lon + east, lat + north, day).org_path:
                yield round(lon + east, 6), round(lat + north, 6)


def _build_places(now: datetime) -> None:
    points = _points(now)
    for at, (lon, lat) in zip(range(len(PLACES) * len(_NAMES)), points, strict=False):
        kind, name, people = PLACES[at % len(PLACES)]
        clues.put_place(
            SYSTEM,
            code=f"DEMO-{at + 1:03d}",
            kind=kind,
            name=name.format(n=_NAMES[at // len(PLACES)]),
            lon=lon,
            lat=lat,
            people=people,
            source=SOURCE,
            rescore=False,
        )


def _build_complaints(city: str, now: datetime) -> None:
    home = Enterprise.objects.filter(org_path__startswith=city, lon__isnull=False).order_by("code").first()
    for at, (title, words, name, phone) in enumerate(COMPLAINTS):
        shift = 0.0008 * at
        clues.register(
            SYSTEM,
            title=title,
            org_path=city,
            source="demo-hotline",
            matter="noise_building" if at == len(COMPLAINTS) - 1 else "odour",
            reporter={"name": name, "phone": phone, "words": words},
            at=now - timedelta(minutes=50 - 10 * at),
            lon=home.lon + shift if home is not None and home.lon is not None else None,
            lat=home.lat + shift if home is not None and home.lat is not None else None,
        )
