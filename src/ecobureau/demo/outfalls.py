"""Outfalls of the invented city: one for each waste-water outlet, and those found along the rivers, at every step."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from ecobureau.clock import beijing
from ecobureau.domain.geo import Shape, read_shape
from ecobureau.web.accounts.models import User
from ecobureau.web.core import access, people
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer, viewer_of
from ecobureau.web.outfalls import services
from ecobureau.web.outfalls.models import Outfall
from ecobureau.web.places.models import Area, Level
from ecobureau.web.sources.models import Outlet

ALONG_RIVERS = 160
_WATERS = ("长江", "汉江", "府河", "倒水", "举水", "滠水", "金水", "东荆河", "巡司河", "青菱河", "黄孝河", "通顺河")
_FOUND: tuple[tuple[str, str, int], ...] = (
    ("CS", "生活污水散排口", 30),
    ("NS", "农村散排口", 22),
    ("NC", "农污设施排口", 14),
    ("GR", "厂区雨洪排口", 12),
)
_FOUND += (
    ("YR", "园区雨洪排口", 6),
    ("SC", "养殖塘排口", 6),
    ("GK", "码头排口", 4),
    ("GQ", "灌区退水口", 4),
    ("QT", "排口", 2),
)
_PROBLEMS = ("晴天有污水流出", "水色发黑有气味", "未设标志牌", "雨污混接", "无审批或登记手续")
_LIMITS = "演示限值：COD 50 mg/L、氨氮 5 mg/L"
_STEPS = ("surveyed", "measured", "traced", "treating", "managed")
_WEIGHTS = (8, 10, 14, 20, 48)
STANDARD = {"w01018": Decimal(50), "w21003": Decimal(5), "w21011": Decimal("0.5")}


@transaction.atomic
def build_outfalls(seed: int, now: datetime) -> int:
    """Register the outfalls and let them stand at believable steps; returns how many; none where some are.

    Everything goes through the services, by the program itself, so that histories and codes are real.
    """
    if Outfall.objects.exists():
        return 0
    rng = random.Random(seed + 7)
    outlets = list(
        Outlet.objects.filter(medium="water").select_related("enterprise").order_by("enterprise__code", "code")
    )
    drafter = services.drafter([])
    rows = [drafter.fields(_of_outlet(outlet, rng, now)) for outlet in outlets]
    rows += [drafter.fields(each) for each in _along_rivers(rng, now)]
    made = services.register_many(SYSTEM, rows)
    hands = _Hands(now)
    for number, outfall in enumerate(made):
        step = "managed" if number < len(outlets) else rng.choices(_STEPS, _WEIGHTS)[0]
        _bring_to(outfall, step, rng, now, hands)
    return len(made)


def _of_outlet(outlet: Outlet, rng: random.Random, now: datetime) -> dict[str, Any]:
    sewage = "污水处理" in outlet.enterprise.name
    return {
        "title": f"演示{outlet.enterprise.short_name or outlet.enterprise.name}{outlet.name}入河排污口",
        "kind_code": "WS" if sewage else "GY",
        "water": rng.choice(_WATERS),
        "function_zone": "演示排污控制区",
        "water_class": rng.choice(("Ⅲ", "Ⅳ")),
        "lon": outlet.lon,
        "lat": outlet.lat,
        "entry": "pipe",
        "way": "steady",
        "size": f"DN{rng.choice((400, 600, 800, 1000))}",
        "flow_m3d": float(rng.randrange(400, 60_000, 100)),
        "pollutants": "COD、氨氮、总磷",
        "limits": _LIMITS,
        "firm": outlet.enterprise,
        "outlet": outlet,
        "approval_number": f"演示排口〔{beijing(now).year - 1}〕{rng.randrange(1, 400)}号",
        "approval_date": beijing(now).date() - timedelta(days=rng.randrange(200, 700)),
        "permit_number": outlet.enterprise.permit_number,
        "sign": True,
        "found_on": beijing(now).date() - timedelta(days=rng.randrange(300, 900)),
    }


def _along_rivers(rng: random.Random, now: datetime) -> list[dict[str, Any]]:
    grids = list(Area.objects.filter(organisation__level=Level.GRID).select_related("organisation").order_by("pk"))
    if not grids:
        return []
    made = []
    for number in range(1, ALONG_RIVERS + 1):
        area = rng.choice(grids)
        kind, words, _weight = rng.choices(_FOUND, [weight for _kind, _words, weight in _FOUND])[0]
        lon, lat = _inside(read_shape(area.polygon), rng)
        water = rng.choice(_WATERS)
        made.append(
            {
                "title": f"演示{area.organisation.name}{water}{words}{number}",
                "kind_code": kind,
                "water": water,
                "lon": lon,
                "lat": lat,
                "entry": rng.choice(("pipe", "channel", "culvert")),
                "way": rng.choice(("broken", "rain", "none", "steady")),
                "size": f"DN{rng.choice((200, 300, 500))}",
                "protected": rng.random() < 0.02,
                "found_on": beijing(now).date() - timedelta(days=rng.randrange(20, 400)),
            }
        )
    return made


def _inside(shape: Shape, rng: random.Random) -> tuple[float, float]:
    box = shape.box
    for _each in range(100):
        lon = box.min_lon + (box.max_lon - box.min_lon) * rng.random()
        lat = box.min_lat + (box.max_lat - box.min_lat) * rng.random()
        if shape.holds(lon, lat):
            return round(lon, 6), round(lat, 6)
    lon, lat = shape.centre
    return round(lon, 6), round(lat, 6)


def _value(most: Decimal, rng: random.Random, *, over: bool) -> Decimal:
    share = rng.uniform(1.1, 1.9) if over else rng.uniform(0.2, 0.85)
    return (most * Decimal(str(round(share, 3)))).quantize(Decimal("0.01"))


def _bring_to(outfall: Outfall, step: str, rng: random.Random, now: datetime, hands: _Hands) -> None:
    """Let an outfall go as far as `step`, by the people of its place."""
    head = hands.head(outfall)
    field, office = hands.field(outfall) or head, hands.office(outfall)
    if field is None or step == "surveyed":
        return
    at = now - timedelta(days=rng.randrange(2, 60), hours=rng.randrange(1, 9))
    over = rng.random() < (0.35 if step in ("traced", "treating") else 0.06)
    values = {code: _value(most, rng, over=over and code == "w01018") for code, most in STANDARD.items()}
    services.sample(outfall, field, sampled_at=at, values=values, limits=STANDARD, lab="演示监测公司")
    kernel.perform(outfall, "measure", field)
    if step == "measured" or office is None:
        return
    owner = (
        {}
        if outfall.firm_id
        else {"owner_name": f"演示{rng.choice(('街道办事处', '乡政府', '物业公司', '养殖合作社'))}"}
    )
    services.trace(outfall, office, how=rng.choice(("管网图", "走访", "染色示踪")), **owner)
    if step == "treating":
        treatment = rng.choice(("regulate", "regulate", "merge", "remove"))
        until = beijing(now).date() + timedelta(days=rng.randrange(-10, 120))
        services.treat(outfall, office, treatment=treatment, problem=rng.choice(_PROBLEMS), treat_by=until)
    elif step == "managed" and head is not None and head.user_id != office.user_id:
        kernel.perform(outfall, "need_nothing", head, reason="监测未超限，标志牌齐全")


class _Hands:
    """Who does and who signs at a place; asked once a place."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._known: dict[tuple[str, str], Viewer | None] = {}

    def field(self, outfall: Outfall) -> Viewer | None:
        """Return somebody who goes out there."""
        return self._of("enforcement_officer", outfall)

    def office(self, outfall: Outfall) -> Viewer | None:
        """Return somebody who traces and plans there, and does not sign."""
        return self._of("enforcement_officer", outfall) or self._of("dispatcher", outfall)

    def head(self, outfall: Outfall) -> Viewer | None:
        """Return somebody who signs there."""
        return self._of("unit_head", outfall)

    def _of(self, role: str, outfall: Outfall) -> Viewer | None:
        key = (role, outfall.org_path)
        if key not in self._known:
            users = User.objects.filter(pk__in=people.holders(role, outfall.org_path, self._now)).order_by("pk")
            viewers = (viewer_of(user) for user in users)
            self._known[key] = next((each for each in viewers if role in access.roles_at(each, "act", outfall)), None)
        return self._known[key]
