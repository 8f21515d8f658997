"""Filters of the kernel's templates: `{% load core %}`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.utils.translation import gettext as _

from ecobureau.clock import beijing
from ecobureau.web.core import columns
from ecobureau.words import say

register = template.Library()

AUDIT_WORDS = {
    "login": "core.audit.login",
    "logout": "core.audit.logout",
    "login_failed": "core.audit.login_failed",
    "lock_out": "core.audit.lock_out",
    "export": "core.audit.export",
    "open_original": "core.audit.open_original",
    "read_audit": "core.audit.read_audit",
    "erase_personal": "core.audit.erase_personal",
}


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
    """Return name and value of every column of a record that has a value."""
    shown = [
        {"name": say(each.name), "value": each.of(record)} for each in columns.columns(kind) if each.key != "title"
    ]
    return [each for each in shown if each["value"] not in (None, "")]


@register.filter
def audit_word(what: str) -> str:
    """Return the word of an audited act."""
    return say(AUDIT_WORDS.get(what, what))


@register.filter
def detail(values: dict[str, Any]) -> str:
    """Return the detail of an audit line as `key: value` pairs."""
    return "; ".join(f"{key}: {value}" for key, value in values.items() if value not in ("", None, {}, []))
