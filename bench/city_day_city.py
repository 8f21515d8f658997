"""The city of the simulated day: units, people on shift with their keys, sources, and what will happen."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

CITY = "/wuhan/"
WEST, SOUTH, WIDE, TALL = 113.9, 30.3, 0.1, 0.35
"""Western and southern edge of the first district, width of each, height; degrees."""
START = datetime(2026, 9, 28, 16, 0, tzinfo=UTC)
"""Tuesday 2026-09-29 00:00 in Asia/Shanghai: two days before the National Day week; a worked Saturday follows it."""
SHARES = {
    "K01": 9,
    "K02": 5,
    "K03": 3,
    "K04": 6,
    "K05": 9,
    "K06": 12,
    "K07": 14,
    "K08": 7,
    "K09": 9,
    "K10": 5,
    "K11": 21,
}
"""How often each kind of scene comes, in percent."""
LEVELS = {"red": 3, "orange": 22, "yellow": 55, "blue": 20}
SPOKEN = ("K05", "K07", "K08", "K10", "K11")
"""Kinds that people report."""
DEPARTMENTS = (
    ("enforcement", "执法大队", ["enforcement", "monitoring", "solid_waste"]),
    ("water", "水务局", ["water", "town"]),
    ("urban", "城管局", ["city_management", "housing"]),
)
WHAT = {
    "K01": "废气在线数据超许可限值", "K02": "治污设施停运而生产用电仍在", "K03": "监测数据长时间不变",
    "K04": "断面溶解氧突然下降", "K05": "雨水口晴天排水发黑发臭", "K06": "微站颗粒物明显高于周边",
    "K07": "工地土方作业扬尘没有覆盖", "K08": "有人露天焚烧秸秆浓烟很大", "K09": "柴油货车冒黑烟",
    "K10": "夜里有车倾倒不明废渣", "K11": "夜间施工噪声吵得睡不着",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Size:
    """How large the day is."""

    clues: int = 3000
    districts: int = 7
    grids: int = 200
    people: int = 600


@dataclass(slots=True)
class Plan:
    """What a report is in truth, and what will become of it.

    `root`: number of the plan it repeats. `fate`: `task`, `dismiss`, `watch`, `merge`.
    """

    number: int
    at: float
    kind: str
    level: str
    district: int
    grid: str
    lon: float
    lat: float
    title: str
    source: str
    fate: str
    root: int | None = None
    reporter: dict[str, Any] | None = None
    twice: bool = False

    def body(self) -> dict[str, Any]:
        """Return what the source sends."""
        made: dict[str, Any] = {
            "title": self.title,
            "scenario": self.kind,
            "level": self.level,
            "lon": self.lon,
            "lat": self.lat,
            "reference": f"R{self.number:05d}",
            "text": f"{self.title}，已持续一段时间",
        }
        return made | ({"reporter": self.reporter} if self.reporter else {})


@dataclass(slots=True)
class Town:
    """Who is where: lists of user ids by district (0 …), by grid path, by department path."""

    officers: list[list[int]] = field(default_factory=list)
    dispatchers: list[list[int]] = field(default_factory=list)
    heads: list[list[int]] = field(default_factory=list)
    leaders: list[list[int]] = field(default_factory=list)
    grids: list[list[str]] = field(default_factory=list)
    centres: dict[str, tuple[float, float]] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    people: int = 0

    def place(self, district: int) -> str:
        return f"{CITY}d{district}/"


def _square(west: float, south: float, wide: float, tall: float) -> dict[str, Any]:
    east, north = west + wide, south + tall
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def build(size: Size, days: int = 45) -> Town:
    """Make the city in the database: tree, areas, people, rosters for some days, keys, sources."""
    from ecobureau.domain.geo import read_shape
    from ecobureau.web.core.access import SYSTEM
    from ecobureau.web.places import services as places
    from ecobureau.web.places.models import Organisation

    town = Town()
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市级中心")
    areas = [(top, read_shape(_square(WEST, SOUTH, WIDE * size.districts, TALL)))]
    units: dict[str, list[dict[str, Any]]] = {}
    for district in range(size.districts):
        place, west = town.place(district), WEST + WIDE * district
        unit = places.make_organisation(
            SYSTEM, parent=top, code=f"d{district}", level="district", name=f"第{district + 1}分中心"
        )
        areas.append((unit, read_shape(_square(west, SOUTH, WIDE, TALL))))
        count = size.grids // size.districts + (district < size.grids % size.districts)
        high = TALL / count
        specs = [
            {"code": f"g{n:02d}", "level": "grid", "name": f"{district + 1}区第{n + 1}网格",
             "lon": west + WIDE / 2, "lat": SOUTH + high * (n + 0.5)}
            for n in range(count)
        ]  # fmt: skip
        for code, name, duties in DEPARTMENTS:
            specs.append({"code": code, "level": "department", "name": f"{district + 1}区{name}", "duties": duties})
        places.make_organisations(SYSTEM, unit, specs)
        rows = {each.path: each for each in Organisation.objects.filter(path__startswith=place)}
        town.grids.append([f"{place}g{n:02d}/" for n in range(count)])
        for n, path in enumerate(town.grids[-1]):
            town.centres[path] = (west + WIDE / 2, SOUTH + high * (n + 0.5))
            areas.append((rows[path], read_shape(_square(west, SOUTH + high * n, WIDE, high))))
        units[place] = specs
    places.set_first_areas(SYSTEM, areas, valid_from=date(2020, 1, 1), source="bench", system="wgs84")
    _people(town, size, days)
    _sources(town)
    return town


def _people(town: Town, size: Size, days: int) -> None:
    """Hire everybody: offices of the districts, three departments each, and the rest to the grids."""
    from ecobureau.clock import now
    from ecobureau.web.accounts.keys import services as keys
    from ecobureau.web.accounts.models import Assignment, User
    from ecobureau.web.core.access import viewer_of
    from ecobureau.web.places.models import Membership, Organisation, Roster, Shift

    wanted: list[tuple[str, str, str, int]] = []  # role, place, unit of membership, half of the day
    crew = max(2, size.people // 60)
    for district in range(size.districts):
        place = town.place(district)
        for role, count in (("duty_officer", 2), ("dispatcher", 2), ("unit_head", 2), ("leader", 1)):
            wanted += [(role, place, place, n % 2) for n in range(count)]
        for code in ("enforcement", "water", "urban"):
            unit = f"{place}{code}/"
            wanted += [("unit_head", unit, unit, 0)]
            several = crew if code == "enforcement" else 2
            wanted += [("enforcement_officer", unit, unit, n % 2) for n in range(several)]
    wanted += [("duty_officer", CITY, CITY, n) for n in range(2)] + [("leader", CITY, CITY, 0)]
    grids = [path for several in town.grids for path in several]
    each = 0
    while len(wanted) < size.people or each < 2 * len(grids):
        wanted.append(("grid_worker", grids[each % len(grids)], grids[each % len(grids)], each // len(grids) % 2))
        each += 1
    at, today = now(), START.date()
    users = User.objects.bulk_create(
        User(username=f"p{n:04d}", name=f"{role[:2]}{n}", name_sort=f"p{n:04d}", password="!", date_joined=at)
        for n, (role, _place, _unit, _half) in enumerate(wanted)
    )
    orgs = {unit.path: unit for unit in Organisation.objects.all()}
    rosters: dict[str, Roster] = {}
    shifts: list[Shift] = []
    grants, members = [], []
    for user, (role, place, unit, half) in zip(users, wanted, strict=True):
        grid = [place] if role == "grid_worker" else []
        grants.append(Assignment(user=user, role=role, org_path=place, grid_ids=grid, valid_from=at, given_at=at))
        members.append(Membership(organisation=orgs[unit], person=user, post="member", valid_from=today))
        if role != "leader":
            if unit not in rosters:
                rosters[unit] = Roster.objects.create(organisation=orgs[unit], name="值班")
            begin = START + timedelta(hours=8 if half == 0 else 20)
            for day in range(-1, days):
                starts = begin + timedelta(days=day)
                shifts.append(
                    Shift(roster=rosters[unit], person=user, starts=starts, ends=starts + timedelta(hours=12))
                )
        book = {
            "duty_officer": town.officers,
            "dispatcher": town.dispatchers,
            "unit_head": town.heads,
            "leader": town.leaders,
        }
        if role in book and place.count("/") == 3:
            rows = book[role]
            district = int(place.strip("/").split("/")[1][1:])
            while len(rows) <= district:
                rows.append([])
            rows[district].append(user.pk)
    Assignment.objects.bulk_create(grants)
    Membership.objects.bulk_create(members)
    Shift.objects.bulk_create(shifts, batch_size=4000)
    for user in users:
        _key, text = keys.make(viewer_of(user), user, name="手机", days=120, may_write=True, per_minute=6000)
        town.keys[user.pk] = text
    town.people = len(users)


def _sources(town: Town) -> None:
    from ecobureau.web.accounts.keys import services as keys
    from ecobureau.web.clues import services as clues
    from ecobureau.web.core.access import SYSTEM

    for code, name, kind in (
        ("hotline", "12345 热线", "complaint"),
        ("video", "视频识别", "video"),
        ("drone", "无人机队", "drone"),
    ):
        source = clues.make_source(SYSTEM, code=code, name=name, kind=kind, org_path=CITY, account=f"{code}.city")
        assert source.account is not None
        _key, text = keys.make(SYSTEM, source.account, name="上报", days=120, may_write=True, per_minute=6000)
        town.sources[code] = text


def plans(size: Size, town: Town, seed: int) -> list[Plan]:
    """Return the reports of the day in order of time, of a busy day with two peaks; a third of them repeats."""
    dice = random.Random(seed)
    made: list[Plan] = []
    hours = [0.4] * 6 + [1.0] * 2 + [2.2] * 4 + [1.3] * 2 + [1.8] * 5 + [2.4] * 3 + [1.0] * 2
    while len(made) < size.clues:
        hour = dice.choices(range(24), hours)[0]
        at = START.timestamp() + hour * 3600 + dice.randrange(240) * 15
        district = dice.randrange(size.districts)
        grid = dice.choice(town.grids[district])
        kind = dice.choices(list(SHARES), list(SHARES.values()))[0]
        lon, lat = town.centres[grid]
        lon, lat = lon + dice.uniform(-0.04, 0.04), lat + dice.uniform(-0.003, 0.003)
        first = _plan(dice, len(made), at, kind, district, grid, lon, lat)
        made.append(first)
        many = dice.choices((0, 1, 2, 5), (66, 20, 9, 5))[0] if kind in SPOKEN else dice.choices((0, 1), (85, 15))[0]
        for _repeat in range(many):
            if len(made) >= size.clues:
                break
            later = min(at + dice.randrange(4, 960) * 15, START.timestamp() + 86400 - 15)
            near = (lon + dice.uniform(-3e-4, 3e-4), lat + dice.uniform(-3e-4, 3e-4))
            again = _plan(dice, len(made), later, kind, district, grid, *near)
            again.fate, again.root, again.level = "merge", first.number, first.level
            made.append(again)
    return sorted(made, key=lambda plan: (plan.at, plan.number))


def _plan(
    dice: random.Random, number: int, at: float, kind: str, district: int, grid: str, lon: float, lat: float
) -> Plan:
    spoken = kind in SPOKEN and dice.random() < 0.85
    reporter = None
    if spoken and dice.random() < 0.9:
        reporter = {
            "name": f"市民{number}",
            "phone": f"139{number:08d}",
            "words": "请尽快处理",
            "wants_answer": dice.random() < 0.92,
        }
    return Plan(
        number=number,
        at=at,
        kind=kind,
        level=dice.choices(list(LEVELS), list(LEVELS.values()))[0],
        district=district,
        grid=grid,
        lon=round(lon, 6),
        lat=round(lat, 6),
        title=f"{WHAT[kind]}（{grid.strip('/').split('/')[-1]}）",
        source="hotline" if spoken else dice.choice(("video", "drone")),
        fate=dice.choices(("task", "dismiss", "watch"), (86, 9, 5))[0],
        reporter=reporter,
        twice=dice.random() < 0.04,
    )
