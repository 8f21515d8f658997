"""The rail of each role, and what 更多 holds beside it. An item shows only if its page exists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Item:
    """A place of the navigation: its word, icon and the names of its page (the first that exists counts).

    A name may carry arguments: "core:list plural=clues".
    """

    word: Promise
    icon: str
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as drawn on one page."""

    key: str
    word: str
    icon: str
    url: str
    current: bool
    count: int


@dataclass(frozen=True, slots=True)
class Places:
    """The navigation of a role, as keys of `ITEMS`: on the rail from the top and from the foot, and under 更多."""

    above: tuple[str, ...]
    below: tuple[str, ...] = ("help",)
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rail:
    """The same as drawn on one page."""

    above: list[Entry] = field(default_factory=list)
    below: list[Entry] = field(default_factory=list)
    more: list[Entry] = field(default_factory=list)

    @property
    def more_current(self) -> bool:
        """Whether the page is one of those under 更多."""
        return any(entry.current for entry in self.more)

    @property
    def more_count(self) -> int:
        """How much waits for this person under 更多."""
        return sum(entry.count for entry in self.more)


ITEMS: dict[str, Item] = {
    "desk": Item(_("值班台"), "layout-dashboard", ("desk:duty",)),
    "board": Item(_("看板"), "layout-kanban", ("desk:board", "core:board plural=tasks")),
    "today": Item(_("今日"), "home", ("desk:today", "desk:home")),
    "map": Item(_("一张图"), "map-2", ("desk:map",)),
    "clues": Item(_("线索"), "bell-ringing", ("clues:list", "core:list plural=clues")),
    "tasks": Item(_("任务"), "clipboard-text", ("dispatch:list", "core:list plural=tasks")),
    "soon": Item(_("快超时"), "alarm", ("dispatch:soon",)),
    "supervisions": Item(_("督办"), "flag", ("core:list plural=supervisions",)),
    "complaints": Item(_("信访"), "message-report", ("complaints:list",)),
    "grids": Item(_("网格"), "sitemap", ("places:grids", "places:list")),
    "outlets": Item(_("排口"), "droplet", ("desk:outlets", "sources:outlets")),
    "firms": Item(_("企业"), "building-factory-2", ("desk:firms", "sources:enterprises")),
    "stations": Item(_("站点"), "device-desktop-analytics", ("desk:stations",)),
    "video": Item(_("视频"), "video", ("video:list",)),
    "handover": Item(_("交接班"), "clipboard-list", ("handover:shift", "desk:handover")),
    "cases": Item(_("案件"), "gavel", ("enforcement:list",)),
    "review": Item(_("待审"), "checklist", ("desk:review",)),
    "rules": Item(_("规则包"), "book", ("desk:rules",)),
    "rectification": Item(_("督办整改"), "checklist", ("rectification:list",)),
    "remote_stop": Item(_("远程喊停"), "bell-ringing", ("core:list plural=remotestops",)),
    "outfalls": Item(_("入河排污口"), "droplet", ("core:list plural=outfalls",)),
    "statistics": Item(_("统计"), "chart-bar", ("statistics:home",)),
    "totals": Item(_("总量"), "report-analytics", ("detection:totals",)),
    "patterns": Item(_("检测模式"), "adjustments", ("detection:patterns",)),
    "feeds": Item(_("数据源"), "plug-connected", ("desk:feeds",)),
    "books": Item(_("账目"), "calculator", ("desk:books",)),
    "quarantine": Item(_("隔离"), "shield-lock", ("desk:quarantine",)),
    "audit": Item(_("审计"), "list-search", ("core:audit",)),
    "users": Item(_("人员"), "users", ("accounts:users", "desk:users")),
    "registry": Item(_("登记"), "database", ("sources:registry",)),
    "rosters": Item(_("排班"), "calendar", ("places:rosters", "desk:rosters")),
    "phone_tasks": Item(_("任务"), "clipboard-text", ("dispatch:phone",)),
    "phone_scan": Item(_("扫码"), "qrcode", ("dispatch:phone_scan",)),
    "phone_me": Item(_("我的"), "user", ("desk:phone_me",)),
    "clue_sources": Item(_("来源"), "bell-ringing", ("clues:sources",)),
    "scene_kinds": Item(_("情形"), "list-details", ("clues:kinds",)),
    "sensitive": Item(_("敏感点"), "map-pin", ("clues:sensitive",)),
    "figures": Item(_("指标"), "report-analytics", ("figures:home",)),
    "inbox": Item(_("提醒"), "bell", ("core:inbox",)),
    "targets": Item(_("目标"), "target", ("statistics:targets",)),
    "ranking": Item(_("区域排名"), "sort-descending", ("figures:ranking",)),
    "daily": Item(_("超时日报"), "alarm", ("dispatch:daily",)),
    "wall": Item(_("大屏"), "layout-dashboard", ("desk:wall",)),
    "channels": Item(_("消息渠道"), "send", ("messages:channels",)),
    "keys": Item(_("接口密钥"), "key", ("accounts:all_keys",)),
    "help": Item(_("帮助"), "help-circle", ("shell:help",)),
}

RAIL: dict[str, Places] = {
    "duty_officer": Places(
        ("desk", "map", "clues", "tasks", "soon", "complaints", "outlets", "remote_stop", "video", "handover"),
        ("feeds", "help"),
        (
            "supervisions",
            "board",
            "daily",
            "rectification",
            "outfalls",
            "firms",
            "stations",
            "totals",
            "grids",
            "rosters",
            "statistics",
            "figures",
            "patterns",
            "books",
            "quarantine",
        ),
    ),
    "dispatcher": Places(
        (
            "board",
            "tasks",
            "soon",
            "clues",
            "complaints",
            "remote_stop",
            "grids",
            "outlets",
            "map",
            "handover",
            "statistics",
        ),
        more=(
            "desk",
            "supervisions",
            "rectification",
            "outfalls",
            "daily",
            "figures",
            "firms",
            "stations",
            "totals",
            "rosters",
            "ranking",
            "wall",
            "feeds",
        ),
    ),
    "enforcement_officer": Places(
        ("today", "tasks", "cases", "firms", "outlets", "totals", "map"),
        more=(
            "clues",
            "soon",
            "supervisions",
            "rectification",
            "remote_stop",
            "outfalls",
            "stations",
            "statistics",
            "phone_tasks",
            "phone_scan",
        ),
    ),
    "grid_worker": Places(("phone_tasks", "phone_scan", "map", "phone_me")),
    "unit_head": Places(
        (
            "today",
            "review",
            "tasks",
            "soon",
            "supervisions",
            "clues",
            "cases",
            "rectification",
            "outlets",
            "map",
            "statistics",
        ),
        more=(
            "board",
            "daily",
            "handover",
            "remote_stop",
            "outfalls",
            "firms",
            "stations",
            "patterns",
            "grids",
            "rosters",
            "totals",
            "figures",
            "ranking",
            "targets",
            "clue_sources",
            "scene_kinds",
            "feeds",
        ),
    ),
    "leader": Places(
        ("today", "targets", "supervisions", "map"),
        more=(
            "clues",
            "tasks",
            "review",
            "soon",
            "daily",
            "rectification",
            "remote_stop",
            "outfalls",
            "outlets",
            "firms",
            "stations",
            "totals",
            "statistics",
            "figures",
            "ranking",
            "wall",
            "handover",
            "grids",
            "feeds",
        ),
    ),
    "auditor": Places(
        ("audit", "clues", "tasks", "books"),
        more=(
            "supervisions",
            "rectification",
            "remote_stop",
            "outfalls",
            "outlets",
            "firms",
            "stations",
            "totals",
            "map",
            "statistics",
            "figures",
            "patterns",
            "quarantine",
            "feeds",
            "users",
            "keys",
            "channels",
        ),
    ),
    "administrator": Places(
        (
            "feeds",
            "registry",
            "stations",
            "firms",
            "outlets",
            "patterns",
            "books",
            "quarantine",
            "users",
            "rosters",
            "map",
        ),
        ("audit", "help"),
        (
            "grids",
            "clue_sources",
            "scene_kinds",
            "sensitive",
            "outfalls",
            "totals",
            "statistics",
            "targets",
            "keys",
            "channels",
        ),
    ),
}
ORDER = (
    "duty_officer",
    "dispatcher",
    "unit_head",
    "enforcement_officer",
    "leader",
    "administrator",
    "auditor",
    "grid_worker",
)
PLAIN = Places(("today", "map"))


def _address(item: Item) -> str | None:
    for page in item.pages:
        name, *given = page.split()
        try:
            return reverse(name, kwargs=dict(part.split("=", 1) for part in given))
        except NoReverseMatch:
            continue
    return None


def leading_role(roles: Iterable[str]) -> str | None:
    """Return the role whose rail and home a person with several roles gets."""
    held = set(roles)
    return next((role for role in ORDER if role in held), None)


def rail(roles: Iterable[str], path: str, counts: Mapping[str, int] | None = None) -> Rail:
    """Return the navigation of a person on a page.

    Args:
        roles: codes of the roles held.
        path: path of the page, to mark the current item (the longest address that begins it).
        counts: waiting for this person, by item key.
    """
    role = leading_role(roles)
    places = RAIL[role] if role else PLAIN
    keys = (*places.above, *places.below, *places.more)
    addresses = {key: url for key in keys if (url := _address(ITEMS[key])) is not None}
    fitting = [key for key, url in addresses.items() if (path == url if url == "/" else path.startswith(url))]
    current = max(fitting, key=lambda key: len(addresses[key]), default=None)

    def entries(keys: tuple[str, ...]) -> list[Entry]:
        return [
            Entry(
                key, str(ITEMS[key].word), ITEMS[key].icon, addresses[key], key == current, (counts or {}).get(key, 0)
            )
            for key in keys
            if key in addresses
        ]

    return Rail(entries(places.above), entries(places.below), entries(places.more))
