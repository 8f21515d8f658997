"""What the pages of the statistics share: tabs, periods in words, derivations in words, tables as files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ecobureau.clock import beijing, now
from ecobureau.domain.explain import Code, Derivation, Input
from ecobureau.domain.rounding import plain
from ecobureau.domain.rules import Entry
from ecobureau.rulepacks.citations import cited
from ecobureau.web.core import audit, export, parts
from ecobureau.web.core.pages.common import viewer_in
from ecobureau.web.core.registry import Column
from ecobureau.web.statistics.spans import after, first_of
from ecobureau.words import say

_FLAG_WORDS = {
    "certain": lambda: _("已核对原文"),
    "likely": lambda: _("见于第三方，待核对"),
    "to be checked": lambda: _("待核对"),
    "proposal": lambda: _("本系统建议"),
}
_TABS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("statistics:home", lambda: _("空气")),
    ("statistics:water", lambda: _("地表水")),
    ("statistics:noise", lambda: _("声环境")),
    ("statistics:emission", lambda: _("污染源排放")),
    ("statistics:targets", lambda: _("目标任务")),
    ("statistics:analysis", lambda: _("分析")),
    ("statistics:reports", lambda: _("报告")),
    ("statistics:points", lambda: _("评价点位")),
    ("statistics:marks", lambda: _("扣除日")),
    ("statistics:reviews", lambda: _("数据审核")),
    ("statistics:history", lambda: _("载入历史")),
)


def tabs(current: str) -> list[parts.Tab]:
    """Return the tabs over all pages of the statistics; `current`: name of the page that is open."""
    found = []
    for name, words in _TABS:
        try:
            found.append(parts.Tab(words(), reverse(name), name == f"statistics:{current}"))
        except NoReverseMatch:
            continue
    return found


def in_words(citation: str) -> str:
    """Return a source or clause in the reader's language."""
    return cited(citation, get_language() or "zh")


def flag_words(flag: str) -> str:
    """Return how sure a rule is, in words."""
    return _FLAG_WORDS[flag]()


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule that a page rests on, with how sure it is."""

    source: str
    clause: str
    flag: str


def rule_lines(entries: Iterable[Entry]) -> list[RuleLine]:
    """Return entries of rule packs as lines, each source and clause once."""
    lines = [RuleLine(in_words(entry.source), in_words(entry.clause), flag_words(entry.flag)) for entry in entries]
    return list(dict.fromkeys(lines))


@dataclass(frozen=True, slots=True)
class Told:
    """A step of a derivation in words."""

    rule: str
    clause: str
    text: str
    result: str


def told(derivation: Derivation) -> list[Told]:
    """Return the steps of a derivation in the reader's language."""
    return [
        Told(
            in_words(step.rule),
            in_words(step.clause),
            say(step.text_code, **{name: _word(value) for name, value in step.params.items()}),
            "" if step.result is None else _word(step.result),
        )
        for step in derivation.steps
    ]


def _word(value: object) -> str:
    if isinstance(value, Code):
        return say(value)
    if isinstance(value, bool):
        return say("standards.yes" if value else "standards.no")
    if isinstance(value, list | tuple):
        return _("、").join(_word(one) for one in value)
    return value if isinstance(value, str) else plain(value)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class ToldInput:
    """An input of a derivation: when, value, unit, and why it does not count (empty: it does)."""

    at: str
    name: str
    value: str
    unit: str
    reason: str


def told_inputs(inputs: Iterable[Input]) -> list[ToldInput]:
    """Return the inputs of a derivation in the reader's language."""
    return [
        ToldInput(one.at, say(one.name), one.value or "—", one.unit, say(one.reason) if one.reason else "")
        for one in inputs
    ]


def _asked_date(request: HttpRequest) -> date:
    """Return the day that the address asks for in `start`, today without one.

    Raises:
        Http404: no date between 2000 and 2100.
    """
    asked = request.GET.get("start", "")
    if not asked:
        return beijing(now()).date()
    try:
        found = date.fromisoformat(asked)
    except ValueError as error:
        raise Http404 from error
    if not 2000 <= found.year <= 2100:
        raise Http404
    return found


def span_words(span: str, start: date) -> str:
    """Return a period in words."""
    if span == "day":
        return _("{year} 年 {month} 月 {day} 日").format(year=start.year, month=start.month, day=start.day)
    if span == "year":
        return _("{year} 年").format(year=start.year)
    if span == "quarter":
        return _("{year} 年第 {quarter} 季度").format(year=start.year, quarter=(start.month + 2) // 3)
    return _("{year} 年 {month} 月").format(year=start.year, month=start.month)


@dataclass(frozen=True, slots=True)
class Period:
    """The period a page shows, with its neighbours; `after` None: it would begin after today."""

    span: str
    start: date
    words: str
    before: date
    after: date | None

    @property
    def running(self) -> bool:
        """The period is not over."""
        return self.after is None


def asked_period(request: HttpRequest, spans: Sequence[str], default: str) -> Period:
    """Return the period that the address asks for by `span` and `start`.

    Raises:
        Http404: no such span or date.
    """
    span = request.GET.get("span", default)
    if span not in spans:
        raise Http404
    return period(span, _asked_date(request))


def asked_year(request: HttpRequest) -> Period:
    """Return the year that the address asks for by `start`, any of its days.

    Raises:
        Http404: no such date.
    """
    return period("year", _asked_date(request))


def period(span: str, day: date) -> Period:
    """Return the period that a day lies in."""
    start = first_of(span, day)
    later = after(span, start)
    return Period(
        span,
        start,
        span_words(span, start),
        first_of(span, start - timedelta(days=1)),
        later if later <= beijing(now()).date() else None,
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of a year's calendar: its date, what stands in it and what that means; water class, level of air.

    `tone`: orange for what is over a limit, soft for what says nothing.
    """

    day: date
    mark: str
    words: str = ""
    water_class: int | None = None
    level: int | None = None
    tone: str = ""


Row = TypeVar("Row")


def year_calendar(
    days: Mapping[date, Row], year: int, cell: Callable[[Row], Cell]
) -> list[tuple[int, list[Cell | None]]]:
    """Return the months of a year with a cell for each day, None where nothing is known of it."""
    months = []
    for month in range(1, 13):
        first = date(year, month, 1)
        found = [days.get(first + timedelta(days=at)) for at in range((after("month", first) - first).days)]
        months.append((month, [None if row is None else cell(row) for row in found]))
    return months


def as_file(
    request: HttpRequest, name: str, title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]
) -> HttpResponseBase:
    """Return a table of a page as CSV or XLSX, by `format` of the address; who took it is audited.

    Raises:
        Http404: another format.
    """
    form, viewer = request.GET.get("format"), viewer_in(request)
    if form not in ("csv", "xlsx"):
        raise Http404
    query = request.GET.urlencode()
    audit.write(viewer, "statistics.export", kind="statistics", form=form, table=name, rows=len(rows), query=query)
    columns = [Column(str(at), head, value=_cell_at(at)) for at, head in enumerate(heads)]
    stamp = beijing(now()).strftime("%Y-%m-%d %H:%M:%S")
    mark = say("core.export.mark", None, who=viewer.name, at=stamp, purpose=title, rows=len(rows))
    file = f"{name}-{beijing(now()):%Y%m%d-%H%M%S}.{form}"
    if form == "csv":
        pieces = export.as_csv(columns, rows, mark)
        response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
        return response
    return FileResponse(export.as_xlsx(columns, rows, title, mark), as_attachment=True, filename=file)


def _cell_at(at: int) -> Any:
    return lambda row: row[at]


def other_format(request: HttpRequest, form: str) -> str:
    """Return the address of this page as a file."""
    query = request.GET.copy()
    query["format"] = form
    return f"?{query.urlencode()}"


def filled(request: HttpRequest, form: forms.Form) -> dict[str, Any] | None:
    """Return what a form was given; None when it cannot be taken, which the top of the next page then tells why."""
    if form.is_valid():
        return form.cleaned_data
    form_errors(request, form)
    return None


def form_errors(request: HttpRequest, form: forms.Form) -> None:
    """Say what is wrong with a form, field by field, at the top of the next page."""
    for name, problems in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        messages.error(request, f"{label}: {' '.join(str(one) for one in problems)}")
