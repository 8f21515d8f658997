"""The only readers of rectification and hanging accounts: how they stand, and the month's sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.urls import reverse

from ecobureau.clock import beijing, now
from ecobureau.domain import rectification as rules
from ecobureau.domain.rectification import Colour, Margins, Standing
from ecobureau.rulepacks import load
from ecobureau.web.core import placenames, registry, selectors
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.paper import Cell, Column, Document, Facts, Heading, Table, Text
from ecobureau.web.rectification.models import Hanging, Rectification
from ecobureau.words import _, say

COLOURS = {Colour.GREEN: _("按时"), Colour.YELLOW: _("滞后"), Colour.RED: _("严重滞后或逾期")}
_FILLS = {Colour.GREEN: "#E6F4EA", Colour.YELLOW: "#FFF4CC", Colour.RED: "#FBE3E3"}
_TAGS = {Colour.GREEN: "ok", Colour.YELLOW: "warning", Colour.RED: "danger"}
_DONE = ("accepted", "verified", "publicised", "applied", "closed", "looking_back", "consolidated")


def margins(on: date) -> Margins:
    """Return the margins in force on a day."""
    pack = load("rectification")
    yellow, red = (pack.at(f"rect.lag.{name}", on).value for name in ("yellow", "red"))
    return Margins(float(str(yellow)), float(str(red)))


def standing(record: Rectification, today: date | None = None) -> Standing:
    """Return how a matter stands; one whose work is accepted is done, whatever was reported last."""
    day = today or beijing(now()).date()
    progress = 100 if record.state in _DONE else record.progress
    return rules.standing(record.feedback_on, record.due_on, day, progress, margins(day))


def colour_name(record: Rectification) -> str:
    """Return the word for how a matter stands, in the language in force."""
    return say(COLOURS[standing(record).colour])


def tell(data: Mapping[str, Any]) -> str:
    """Put what an act brought along into words for the timeline."""
    if "progress" in data:
        return say(_("进度 {progress}%"), progress=data["progress"])
    if "due_on" in data:
        return say(_("新的完成时限 {day}"), day=data["due_on"])
    return str(data.get("answer") or "")


def rectification_context(viewer: Viewer, record: Rectification) -> dict[str, Any]:
    """Return what the detail page shows beside the kernel's: how it stands, in words and as a bar."""
    found = standing(record)
    return {
        **hanging_context(viewer, record),
        "standing": found,
        "used": round(found.used),
        "colour_name": say(COLOURS[found.colour]),
        "colour_tag": _TAGS[found.colour],
        "accepting": placenames.name_of(record.accepting_unit),
    }


def hanging_context(viewer: Viewer, record: Rectification | Hanging) -> dict[str, Any]:
    """Return what both kinds show: whose it is, what is asked, how long there is."""
    final = registry.kind_of(type(record)).flow.state(record.state).final
    return {"owner": placenames.name_of(record.owner_unit), "days_left": record.days_left, "over": final}


@dataclass(frozen=True, slots=True)
class Month:
    """The sheet of a month: first day, day up to which it counts, matters in order of unit and limit, accounts."""

    first: date
    until: date
    rows: list[tuple[Rectification, Standing]]
    accounts: list[Hanging]

    @property
    def counts(self) -> Counter[Colour]:
        """Return how many matters stand how."""
        return Counter(found.colour for _record, found in self.rows)


def month(viewer: Viewer, first: date) -> Month:
    """Return the sheet of a month: what was open in it and what was closed in it, as the viewer may see it.

    Args:
        first: first day of the month (Beijing).
    """
    end = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    until = min(end, beijing(now()).date())

    def lived(kind: str, since: str) -> Any:
        found = selectors.visible(viewer, registry.get(kind)).filter(**{f"{since}__lte": end})
        return found.exclude(closed_at__date__lt=first)

    matters = lived("rectification", "feedback_on").order_by("owner_unit", "due_on", "pk")
    accounts = lived("hanging", "hung_on").order_by("due_on", "pk")
    return Month(first, until, [(one, standing(one, until)) for one in matters[:2000]], list(accounts[:2000]))


def sheet(viewer: Viewer, first: date) -> Document:
    """Return the month's sheet as a paper: the same on the page, as PDF and as workbook."""
    found = month(viewer, first)
    counts = found.counts
    late = [one for one in found.accounts if one.closed_at is None and one.due_on < found.until]
    summary = say(
        _(
            "截至 {day}，督察整改事项 {n} 件：按时 {green} 件，滞后 {yellow} 件，严重滞后或逾期 {red} 件；"
            "挂账督办 {m} 件，其中逾期 {late} 件。"
        ),
        day=found.until.isoformat(), n=len(found.rows), green=counts[Colour.GREEN], yellow=counts[Colour.YELLOW],
        red=counts[Colour.RED], m=len(found.accounts), late=len(late),
    )  # fmt: skip
    margin = margins(found.until)
    return Document(
        say(_("督察整改月报")),
        viewer.name,
        now(),
        subtitle=f"{first:%Y-%m}",
        wide=True,
        blocks=[
            Text(summary),
            Heading(say(_("督察整改")), level=2),
            _matters(found),
            Heading(say(_("挂账督办")), level=2),
            _accounts(found),
            Facts(
                [
                    (
                        say(_("进展颜色")),
                        say(
                            _("已用时间占比减已报进度：超过 {yellow}% 为滞后，超过 {red}% 或逾期为严重滞后（建议值）"),
                            yellow=margin.yellow, red=margin.red,
                        ),
                    )
                ],
                columns=1,
            ),
        ],
    )  # fmt: skip


def _matters(found: Month) -> Table:
    flow = registry.get("rectification").flow
    return Table(
        [
            Column(say(_("编号")), weight=2.6),
            Column(say(_("事项")), weight=4),
            Column(say(_("责任单位")), weight=3),
            Column(say(_("验收单位")), weight=3),
            Column(say(_("状态")), weight=1.5),
            Column(say(_("完成时限")), weight=1.7),
            Column(say(_("进度 %")), kind="number"),
            Column(say(_("已用时间 %")), kind="number"),
            Column(say(_("进展")), weight=2),
        ],
        [
            [
                Cell(one.number, link=reverse("core:detail", args=("rectifications", one.number))),
                one.title,
                placenames.name_of(one.owner_unit),
                placenames.name_of(one.accepting_unit),
                say(flow.state(one.state).name),
                one.due_on.isoformat(),
                one.progress,
                how.used,
                Cell(say(COLOURS[how.colour]), fill=_FILLS[how.colour]),
            ]
            for one, how in found.rows
        ],
        sheet=say(_("督察整改")),
        empty=say(_("这个月没有督察整改事项。")),
    )


def _accounts(found: Month) -> Table:
    flow = registry.get("hanging").flow
    return Table(
        [
            Column(say(_("编号")), weight=2.6),
            Column(say(_("事项")), weight=4),
            Column(say(_("责任单位")), weight=3),
            Column(say(_("包保领导")), weight=2),
            Column(say(_("状态")), weight=1.5),
            Column(say(_("完成时限")), weight=1.7),
            Column(say(_("退回次数")), kind="number"),
        ],
        [
            [
                Cell(one.number, link=reverse("core:detail", args=("hangings", one.number))),
                one.title,
                placenames.name_of(one.owner_unit),
                one.leader,
                say(flow.state(one.state).name),
                one.due_on.isoformat(),
                one.refusals,
            ]
            for one in found.accounts
        ],
        sheet=say(_("挂账督办")),
        empty=say(_("这个月没有挂账督办事项。")),
    )
