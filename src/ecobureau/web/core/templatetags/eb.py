"""The components of the house: `{% load eb %}`. Their values are those of `core.parts`.

See docs/reference/frontend.md for all of them with examples.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ecobureau.clock import BEIJING
from ecobureau.web.core import charts, parts

register = template.Library()
_BOLD = re.compile(r"\*\*(.+?)\*\*")


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon of the sprite (names in tools/icons.txt); hidden from screen readers: a word stands beside it."""
    return format_html(
        '<svg class="eb-icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        static("vendor/icons.svg"),
        name.replace("filled/", "filled-"),
    )


@register.simple_tag
def sprite() -> str:
    """Return the address of the icon sprite."""
    return static("vendor/icons.svg")


@register.inclusion_tag("eb/severity.html")
def severity(level: str, size: str = "", word: bool = False) -> dict[str, Any]:
    """Draw the badge of a level. `size`: sm (20 px), '' (26), lg (32), xl (42), dot (14, without character);
    `word` adds 紧急 / 要紧 / 一般 / 较轻 beside it."""
    unknown = _("未定级")
    return {
        "level": level,
        "size": size,
        "word": parts.LEVEL_WORD.get(level, "") if word or size == "dot" else "",
        "show_word": word,
        "mark": "" if size == "dot" else parts.LEVEL_MARK.get(level, "—"),
        "name": f"{parts.LEVEL_COLOUR.get(level, unknown)} {parts.LEVEL_WORD.get(level, '')}".strip(),
    }


@register.inclusion_tag("eb/aqi.html")
def aqi(value: int | None, number: int, word: bool = False) -> dict[str, Any]:
    """Draw an air badge: a rectangle with the value. `number`: class 1–6 (0: no data) by the rule pack of the date."""
    words = parts.AQI_WORD[number]
    return {"value": "—" if value is None else value, "number": number, "words": words, "word": word}


@register.inclusion_tag("eb/water.html")
def water(number: int, word: bool = False) -> dict[str, Any]:
    """Draw a surface water badge: a pill with the class. `number`: 1–6 for Ⅰ–劣Ⅴ (0: no data)."""
    return {"mark": parts.WATER_CLASS[number], "number": number, "words": parts.WATER_WORD[number], "word": word}


@register.inclusion_tag("eb/tag.html")
def tag(text: object, tone: str = "", icon: str = "") -> dict[str, Any]:
    """Draw a tag. `tone`: '', primary, ok, red, orange, yellow, blue, outline."""
    return {"text": text, "tone": tone, "icon": icon}


@register.inclusion_tag("eb/clock.html")
def clock(badge: parts.ClockBadge) -> dict[str, Any]:
    """Draw a clock badge; the island counts on from the server's time."""
    return {"badge": badge}


@register.inclusion_tag("eb/clue_card.html")
def clue_card(card: parts.ClueCard) -> dict[str, Any]:
    """Draw one card of a queue."""
    return {"card": card}


@register.inclusion_tag("eb/value.html")
def value(item: parts.Value) -> dict[str, Any]:
    """Draw a value with its period, flag, unit and limit."""
    return {"item": item}


@register.inclusion_tag("eb/steps.html")
def stepper(steps: Sequence[parts.Step], label: str = "") -> dict[str, Any]:
    """Draw the way of a record through its states."""
    return {"steps": steps, "label": label or _("办理进度")}


@register.inclusion_tag("eb/evidence.html")
def evidence(items: Sequence[parts.Happening]) -> dict[str, Any]:
    """Draw the evidence timeline; machine and person look different."""
    return {"items": items}


@register.inclusion_tag("eb/kpi.html")
def kpi(
    name: object,
    value: object,
    unit: str = "",
    how: object = "",
    note: object = "",
    url: str = "",
    link: object = "",
    delta: object = "",
    tone: str = "",
    icon: str = "",
) -> dict[str, Any]:
    """Draw an indicator with its definition (`how`: numerator ÷ denominator and time) and the list behind it."""
    names = ("name", "value", "unit", "how", "note", "url", "link", "delta", "tone", "icon")
    return dict(zip(names, (name, value, unit, how, note, url, link, delta, tone, icon), strict=True))


_STATE_ICONS = {"empty": "circle-check", "none": "filter-off", "error": "alert-triangle"}
_STATE_ICONS |= {"stale": "clock-exclamation", "offline": "cloud-off", "noright": "lock"}


@register.inclusion_tag("eb/state.html")
def state(
    kind: str, what: object, why: object = "", url: str = "", action: object = "", code: str = "", level: int = 0
) -> dict[str, Any]:
    """Draw one of the states that are not data: empty, none (filters match nothing), error, stale, offline, noright.

    Args:
        what, why: title and reason. url, action: what next. code: short code of an error.
        level: level of the heading (2, 3), or 0 for none.
    """
    names = ("kind", "what", "why", "url", "action", "code", "level")
    return dict(zip(names, (kind, what, why, url, action, code, level), strict=True)) | {"icon": _STATE_ICONS[kind]}


@register.inclusion_tag("eb/tabs.html")
def tabs(items: Sequence[parts.Tab], label: str = "") -> dict[str, Any]:
    """Draw tabs; each is a link with its own address."""
    return {"items": items, "label": label or _("本页分栏")}


@register.inclusion_tag("eb/crumbs.html")
def crumbs(items: Sequence[parts.Tab]) -> dict[str, Any]:
    """Draw the breadcrumb; the last item without an address is this page."""
    return {"items": items}


@register.inclusion_tag("eb/filter_chips.html")
def filter_chips(items: Sequence[parts.FilterChip], clear_url: str = "") -> dict[str, Any]:
    """Draw the filters in force, each a link that takes it away."""
    return {"items": items, "clear_url": clear_url}


@register.inclusion_tag("eb/dispatch_sheet.html", takes_context=True)
def dispatch_sheet(context: template.Context, sheet: parts.DispatchSheet, id: str = "dispatch-sheet") -> dict[str, Any]:
    """Put the dispatch dialog on the page; a button with `data-eb-open="ID"` and the key D open it."""
    return {"sheet": sheet, "id": id, "csrf_token": context.get("csrf_token", "")}


@register.filter
def strong(text: object) -> SafeString:
    """Escape a sentence and turn `**…**` into bold."""
    return mark_safe(_BOLD.sub(r'<b class="eb-nowrap">\1</b>', str(escape(str(text)))))


@register.filter
def sparkline(values: Sequence[float | None], size: str = "82x20") -> SafeString:
    """Return the points of a small line as SVG path data; gaps are gaps. `size` is WIDTHxHEIGHT in units."""
    width, height = (float(part) for part in size.split("x"))
    known = [number for number in values if number is not None]
    if not known:
        return mark_safe("")
    low, high = min(known), max(known)
    step = width / max(len(values) - 1, 1)
    path, pen = [], "M"
    for place, number in enumerate(values):
        if number is None:
            pen = "M"
            continue
        level = 0.5 if high == low else (number - low) / (high - low)
        path.append(f"{pen}{place * step:.1f} {height - 1 - level * (height - 2):.1f}")
        pen = "L"
    return mark_safe("".join(path))


@register.filter
def unit(text: str) -> str:
    """Return a unit as it is printed (mg/m³)."""
    return parts.unit_words(text)


@register.filter
def beijing(moment: datetime, form: str = "%Y-%m-%d %H:%M") -> str:
    """Return an aware time on the clock of Beijing."""
    return moment.astimezone(BEIJING).strftime(form) if moment else "—"


@register.filter
def iso(moment: datetime | None) -> str:
    """Return an aware time for a `datetime` attribute."""
    return moment.isoformat() if moment else ""


@register.inclusion_tag("eb/chart.html")
def chart(chart: charts.Chart, id: str, level: int = 2) -> dict[str, Any]:
    """Put a chart on the page: heading, island and the same numbers as a table inside it.

    Args:
        chart: what is shown. id: id of the element, unique on the page. level: level of the heading, 2 or 3.
    """
    return {"chart": chart, "id": id, "data": chart.data(), "data_id": f"{id}-data", "level": level}
