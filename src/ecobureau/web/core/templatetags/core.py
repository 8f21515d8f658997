"""Filters of the kernel's templates: `{% load core %}`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ecobureau.clock import beijing
from ecobureau.rulepacks import citations
from ecobureau.web.core import columns, placenames
from ecobureau.words import say, templates

register = template.Library()
_ROOMS = ("core", "accounts", "places", "sources", "telemetry", "clues", "dispatch", "desk", "statistics")


@register.filter
def cell(value: Any) -> str:
    """Return a column's value as shown: instants in Beijing's time, yes and no, a dash for nothing."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, datetime):
        return beijing(value).strftime("%Y-%m-%d %H:%M")
    return value.isoformat() if isinstance(value, date) else str(value)


@register.filter
def facts(kind: Any, record: Any) -> list[dict[str, Any]]:
    """Return name and value of every column of a record that has a value; what two columns say alike, once."""
    shown = [
        {"name": say(each.name), "value": record.get_level_display() if each.key == "level" else each.of(record)}
        for each in columns.columns(kind)
        if each.key != "title"
    ]
    told = {(each["name"], str(each["value"])): each for each in shown if each["value"] not in (None, "")}
    return list(told.values())


@register.filter
def audit_word(what: str) -> str:
    """Return the word of an audited act: message code `<room>.audit.<what>`, the bare word where a room has none."""
    known = templates()
    return next((say(code) for room in _ROOMS if (code := f"{room}.audit.{what}") in known), what)


@register.filter
def detail(values: dict[str, Any]) -> str:
    """Return the detail of an audit line as `key: value` pairs."""
    return "; ".join(f"{key}: {value}" for key, value in values.items() if value not in ("", None, {}, []))


@register.filter
def cited(text: str) -> str:
    """Return a rule's source or clause in the language of the page; the Chinese text is the one that counts."""
    return citations.cited(text, get_language() or "zh")


@register.filter
def place(path: str) -> str:
    """Return the name of the place of a path; what reaches everywhere has no place."""
    return _("不限区域") if path == "/" else placenames.name_of(path)
