"""The columns every kind has, in lists, exports and the API."""

from __future__ import annotations

from typing import Any

from ecobureau.web.core import placenames
from ecobureau.web.core.registry import Column, Kind
from ecobureau.words import _, say


def _state(record: Any) -> str:
    from ecobureau.web.core.registry import kind_of

    return say(kind_of(type(record)).flow.state(record.state).name)


def _place(record: Any) -> str:
    return placenames.name_of(record.grid or record.org_path)


def _unit(record: Any) -> str | None:
    return placenames.name_of(record.owner_unit) if record.owner_unit else None


def _owner(record: Any) -> str | None:
    return str(record.owner_person) if record.owner_person_id else None


_LEVEL_ORDER = ("level_rank",)
COMMON = (
    Column("number", _("编号"), sort=("created_at", "id")),
    Column("level", _("等级"), sort=_LEVEL_ORDER),
    Column("title", _("标题"), lambda record: record.heading),
    Column("state", _("状态"), _state, sort=("state",)),
    Column("org_path", _("区域"), _place, sort=("org_path",), shown=False),
    Column("owner_unit", _("承办单位"), _unit, sort=("owner_unit",), shown=False),
    Column("owner_person", _("承办人"), _owner),
    Column("created_at", _("登记时间"), sort=("created_at",)),
    Column("updated_at", _("更新时间"), sort=("updated_at",), shown=False),
    Column("closed_at", _("办结时间"), sort=("closed_at",), shown=False),
)


def columns(kind: Kind) -> tuple[Column, ...]:
    """Return the columns of a kind: its own behind the common ones, or in their place."""
    return kind.columns_only or (*COMMON, *kind.columns)
