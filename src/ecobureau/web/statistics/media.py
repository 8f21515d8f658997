"""What the pages of every medium share; each medium declares how its own differ in one `MediumPages`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Generic

from django.db.models import TextChoices
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from ecobureau.web.core.access import Viewer
from ecobureau.web.core.pages.common import viewer_in
from ecobureau.web.statistics import services
from ecobureau.web.statistics.explain_parts import Explained, Part
from ecobureau.web.statistics.forms import ProposeForm
from ecobureau.web.statistics.models import AnySpan, Medium, Series
from ecobureau.web.statistics.pages_common import (
    Cell,
    Period,
    other_format,
    period,
    rule_lines,
    tabs,
    told,
    told_inputs,
    year_calendar,
)
from ecobureau.web.statistics.selectors_series import POINT, Reader, Summary, by_start
from ecobureau.web.statistics.spans import after, first_of
from ecobureau.words import say

Words = Callable[[], str]
"""Words in the language of whoever reads the page."""


@dataclass(frozen=True, slots=True)
class MediumPages:
    """How the pages of a medium differ from those of others.

    Attributes:
        medium: also what the names of its addresses begin with. reader: how it is read. kinds: its kinds of series.
        overview: what the way back to the overview is called. nothing: said of an overview without a line, `why`: what
            to do about it; nothing_here: of a period without figures.
        analysis: what the analyses know a series by, empty where they do not.
        home: name of the overview, where it is not that of the medium. spans: its periods.
    """

    medium: Medium
    reader: Reader[Any]
    kinds: Mapping[str, Words]
    overview: Words
    nothing: Words
    why: Words
    nothing_here: Words = lambda: _("这一期没有数据")
    analysis: Callable[[Series], str] = lambda series: f"s{series.pk}"
    home: str = ""
    spans: type[TextChoices] = AnySpan

    def context(self, request: HttpRequest, when: Period, kind: str) -> dict[str, Any]:
        """Return what all pages of the medium know: the period, the ways to others, the page as files."""
        home = self.home or self.medium
        return {
            "tabs": tabs(home),
            "when": when,
            "spans": self.spans.choices,
            "kind": kind,
            "kinds": [(code, words()) for code, words in self.kinds.items()],
            "csv": other_format(request, "csv"),
            "xlsx": other_format(request, "xlsx"),
            "overview_name": f"statistics:{home}",
            "overview_words": self.overview(),
            "series_name": f"statistics:{self.medium}_series",
            "period_name": f"statistics:{self.medium}_period",
            "nothing": self.nothing(),
            "nothing_here": self.nothing_here(),
            "why": self.why(),
        }

    def of_series(self, request: HttpRequest, when: Period, series: Series) -> dict[str, Any]:
        """Return what the pages of one series know."""
        key = self.analysis(series)
        return {
            **self.context(request, when, series.kind),
            "series": series,
            "place": series.kind != POINT,
            "analysis": f"medium={self.medium}&object={key}" if key else "",
        }

    def kind(self, request: HttpRequest, default: str = POINT) -> str:
        """Return the kind of series that the address asks for.

        Raises:
            Http404: no such kind.
        """
        kind = request.GET.get("kind", default)
        if kind not in self.kinds:
            raise Http404
        return kind

    def series(self, request: HttpRequest, pk: int) -> Series:
        """Return a series of the viewer.

        Raises:
            Http404: there is none, or it is not the viewer's.
        """
        series = self.reader.one(viewer_in(request), pk)
        if series is None:
            raise Http404
        return series

    def changes(
        self,
        viewer: Viewer,
        series: Series,
        when: Period,
        *,
        opens: str = "00:00",
        item: str = "",
        items: Sequence[tuple[str, str]] | None = None,
    ) -> dict[str, Any]:
        """Return what changed figures of a period, and the form by which hours of a point's day are put to review.

        Args:
            opens: the clock time at which a day of the medium begins. item, items: what may be named, and is at first.
        """
        until = when.start + timedelta(days=1)
        return {
            "revisions": self.reader.revisions(viewer, series.pk, when.span, when.start),
            "form": ProposeForm(
                initial={"item": item, "starts": f"{when.start}T{opens}", "ends": f"{until}T{opens}"},
                medium=self.medium,
                items=items,
            ),
            "may_propose": when.span == "day" and series.kind == POINT and services.may_propose(viewer, series),
        }


def given_period(span: str, start: str) -> Period:
    """Return the period that an address names by its span and first day.

    Raises:
        Http404: no such span or date, or none of its periods begins on that day.
    """
    try:
        on = date.fromisoformat(start)
    except ValueError as error:
        raise Http404 from error
    if span not in AnySpan.values or not 2000 <= on.year <= 2100 or first_of(span, on) != on:
        raise Http404
    return period(span, on)


@dataclass(frozen=True, slots=True)
class Line:
    """A month or quarter of a year's table; `one`: what it came to, `before`: the same of the year before, in words."""

    span: str
    start: date
    one: Any
    before: Any = None

    @property
    def words(self) -> str:
        """What it is called within its year."""
        if self.span == "month":
            return str(self.start.month)
        return _("第 {quarter} 季度").format(quarter=(self.start.month + 2) // 3)


@dataclass(frozen=True, slots=True)
class Year(Generic[Summary]):
    """A series' year; `before`: its months a year earlier."""

    when: Period
    days: list[Summary]
    months: list[Summary]
    quarters: list[Summary]
    before: list[Summary]

    def shown(self, tell: Callable[[Summary | None], Any], cell: Callable[[Summary], Cell]) -> dict[str, Any]:
        """Return the year as its page shows it: a line a month and quarter, and a calendar of its days.

        Args:
            tell: a summary in the words of the medium, None where there is none. cell: a day of the calendar.
        """
        first, months, before = self.when.start, by_start(self.months), by_start(self.before)
        starts = [first.replace(month=month) for month in range(1, 13)]
        return {
            "year_lines": [
                *(
                    Line("month", at, tell(months.get(at)), tell(before.get(at.replace(year=at.year - 1))))
                    for at in starts
                ),
                *(Line("quarter", at, tell(one)) for at, one in by_start(self.quarters).items()),
            ],
            "calendar": year_calendar(by_start(self.days), first.year, cell),
            "day_numbers": range(1, 32),
        }


def year_of(when: Period, read: Callable[[str, date, date], list[Summary]]) -> Year[Summary]:
    """Return the year of a series.

    Args:
        read: the summaries of a span that begin in [first, until).
    """
    first, until = when.start, after("year", when.start)
    days, months, quarters = (read(span, first, until) for span in ("day", "month", "quarter"))
    return Year(when, days, months, quarters, read("month", when.before, first))


def explained_words(explained: Explained | None, tell: Callable[[Part], dict[str, Any]]) -> dict[str, Any]:
    """Return the derivations of a period as its page shows them: the figures and the rules they rest on."""
    if explained is None:
        return {"parts": [], "rules": []}
    return {"parts": [tell(part) for part in explained.parts], "rules": rule_lines(explained.rules)}


def part_words(
    part: Part, value: str = "", unit: str = "", *, valid: bool = True, inputs: bool = True, manual: bool = False
) -> dict[str, Any]:
    """Return a figure with its derivation.

    Args:
        valid: rests on enough data. inputs: show what it was computed of. manual: measured by hand.
    """
    return {
        "name": say(part.name),
        "value": value,
        "unit": unit,
        "valid": valid,
        "manual": manual,
        "steps": told(part.derivation),
        "inputs": told_inputs(part.derivation.inputs) if inputs else [],
    }


def listed(names: Iterable[str]) -> str:
    """Return names as one list in words."""
    return _("、").join(names)
