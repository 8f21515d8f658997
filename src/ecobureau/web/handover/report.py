"""The report of a shift: lines that each open their list, live or frozen, for the page and for the paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from ecobureau.clock import beijing
from ecobureau.web.core import addresses, parts, registry
from ecobureau.web.core.paper import Column, Document, Facts, Heading, Table, Text
from ecobureau.web.figures.slices import BY_CODE as SLICES
from ecobureau.web.handover.measures import BY_CODE
from ecobureau.web.handover.things import THINGS
from ecobureau.words import say


@dataclass(frozen=True, slots=True)
class Line:
    """One number.

    Attributes:
        code: `came`, or `came:level:red` of a cut. name, how: in the reader's language; how is '' in a cut.
        kind: of record, or 'thing'. n: the number. url: its list ('' if the reader may not open it).
        keys: the records behind it (things: their rows as text). cut: it is a part of the line above.
    """

    code: str
    name: str
    how: str
    kind: str
    n: int
    url: str
    keys: tuple[Any, ...]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A shift of a centre [since, until) as it stood at `at`; `number` names the record it is frozen in ('' = live)."""

    unit: str
    unit_name: str
    since: datetime
    until: datetime
    at: datetime
    lines: tuple[Line, ...]
    duty: tuple[str, ...] = ()
    number: str = ""

    def frozen(self) -> dict[str, Any]:
        """Return it as JSON for the record."""
        lines = [{"code": each.code, "kind": each.kind, "n": each.n, "keys": list(each.keys)} for each in self.lines]
        return {"at": self.at.isoformat(), "duty": list(self.duty), "lines": lines}

    def span(self) -> str:
        """Return the hours of the shift as people read them."""
        since, until = beijing(self.since), beijing(self.until)
        last = f"{until:%H:%M}" if until.date() == since.date() else f"{until:%Y-%m-%d %H:%M}"
        return f"{since:%Y-%m-%d %H:%M} – {last}"


def words_of(code: str) -> tuple[str, str]:
    """Return name and definition of a line."""
    base, _colon, cut = code.partition(":")
    if cut:
        by, _colon, key = cut.partition(":")
        slice_ = SLICES[by]
        return slice_.names().get(key) or slice_.label(key), ""
    found: Any = BY_CODE.get(base) or THINGS[base]
    return say(found.name), say(found.how)


def thawed(record: Any, unit_name: str, *, office: bool) -> Report:
    """Return the frozen report of a hand-over.

    Args:
        office: the reader may open what belongs to no station (quarantine, gateway).
    """
    lines = []
    for each in record.report.get("lines", ()):
        name, how = words_of(each["code"])
        if each["kind"] == "thing":
            may = office or not THINGS[each["code"]].office
            url = reverse("handover:frozen_things", args=[record.number, each["code"]]) if may else ""
        else:
            url = addresses.of_list(registry.get(each["kind"]), {"handed": f"{record.number}.{each['code']}"})
        lines.append(
            Line(each["code"], name, how, each["kind"], each["n"], url, tuple(each["keys"]), ":" in each["code"])
        )
    at = record.report.get("at")
    return Report(
        record.org_path,
        unit_name,
        record.starts,
        record.ends,
        datetime.fromisoformat(at) if at else record.created_at,
        tuple(lines),
        tuple(record.report.get("duty", ())),
        record.number,
    )


def document(report: Report, author: str, at: datetime, *, mark: str, more: Mapping[str, str], host: str) -> Document:
    """Return the report as a paper with the numbers of the page.

    Args:
        author: who takes it. at: when. mark: what is printed on each page. more: further facts (who signed, notes).
        host: put before the addresses of the lists.
    """
    facts = [
        (_("中心"), report.unit_name),
        (_("班次"), report.span()),
        (_("统计时刻"), f"{beijing(report.at):%Y-%m-%d %H:%M:%S}"),
        (_("值班人员"), parts.listed(report.duty) or "—"),
    ]
    numbers = [[f"　{each.name}" if each.cut else each.name, each.n, each.how] for each in report.lines]
    columns = [Column(_("指标"), weight=2), Column(_("数值"), kind="number"), Column(_("定义"), weight=4)]
    lists = [[each.name, f"{host}{each.url}"] for each in report.lines if each.url]
    blocks: list[Any] = [Facts(facts), Heading(_("本班数字")), Table(columns, numbers, sheet=_("本班数字"))]
    for name, text in more.items():
        blocks += [Heading(name), Text(text)]
    blocks += [
        Heading(_("每个数字的清单")),
        Table([Column(_("指标"), weight=1), Column(_("清单"), weight=5)], lists, sheet=_("每个数字的清单")),
    ]
    return Document(_("值班报告"), author, at, blocks=blocks, subtitle=report.number, mark=mark)
