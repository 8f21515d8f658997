"""What higher bodies have found in the demonstration city: matters of rectification and hanging accounts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from ecobureau.demo.people import HOME
from ecobureau.web.core.access import SYSTEM
from ecobureau.web.places.models import Level, Organisation
from ecobureau.web.rectification import services
from ecobureau.web.rectification.models import Rectification

_MATTERS: tuple[dict[str, Any], ...] = (
    {
        "title": "雨污管网错接混接，初期雨水直排港渠",
        "source": "central",
        "batch": "第三轮督察",
        "item": "12",
        "level": "orange",
        "demand": "完成错接混接点改造，雨天溢流次数减半",
        "key_steps": "1. 管网排查并建立台账；2. 逐点改造；3. 建调蓄池；4. 半年水质监测对比",
        "ago": 60,
        "ahead": 120,
    },
    {
        "title": "港口码头散货堆场扬尘污染",
        "source": "province",
        "batch": "2026 年例行督察",
        "item": "7-2",
        "level": "yellow",
        "demand": "堆场全部封闭或覆盖，场界颗粒物达标",
        "key_steps": "1. 封闭改造；2. 装卸作业喷淋；3. 场界安装在线监测并联网",
        "ago": 90,
        "ahead": 20,
    },
    {
        "title": "黑臭水体返黑返臭",
        "source": "central",
        "batch": "第三轮督察",
        "item": "15",
        "level": "red",
        "demand": "消除黑臭，连续六个月达标",
        "key_steps": "1. 溯源排查；2. 截污；3. 清淤；4. 生态补水",
        "ago": 200,
        "ahead": -5,
    },
)
_ACCOUNTS: tuple[dict[str, Any], ...] = (
    {
        "title": "园区污水管网渗漏，雨水口旱天出水",
        "level": "orange",
        "demand": "修复渗漏点，旱天无水流，提交检测报告",
        "leader": "分管副区长",
        "ago": 30,
        "ahead": 25,
    },
    {
        "title": "夜间施工噪声反复投诉",
        "level": "yellow",
        "demand": "落实夜间施工许可和公示，连续一个月无有效投诉",
        "leader": "街道主任",
        "ago": 45,
        "ahead": -3,
    },
)


def build_duties(today: date) -> int:
    """Enter them in the home district, dated around `today` (Beijing), unless some are there; returns how many."""
    if Rectification.objects.exists():
        return 0
    home = Organisation.objects.get(level=Level.DISTRICT, path__endswith=f"/{HOME}/")
    owner = Organisation.objects.filter(level=Level.DEPARTMENT, path__startswith=home.path).order_by("path").first()
    city = home.path.removesuffix(f"{HOME}/")
    accepting = Organisation.objects.filter(level=Level.DEPARTMENT, parent__path=city).order_by("path").first()
    if owner is None or accepting is None:
        return 0
    for one in _MATTERS:
        services.enter(SYSTEM, **_placed(one, today, "feedback_on", home, owner), accepting_unit=accepting.path)
    for one in _ACCOUNTS:
        services.hang(SYSTEM, **_placed(one, today, "hung_on", home, owner))
    return len(_MATTERS) + len(_ACCOUNTS)


def _placed(one: dict[str, Any], today: date, since: str, home: Organisation, owner: Organisation) -> dict[str, Any]:
    fields = {name: value for name, value in one.items() if name not in ("ago", "ahead")}
    return {
        **fields,
        since: today - timedelta(days=one["ago"]),
        "due_on": today + timedelta(days=one["ahead"]),
        "org_path": home.path,
        "owner_unit": owner.path,
    }
