"""The analysis workbench: one address holds object, item, period and view; page, CSV and XLSX show the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from openpyxl import Workbook
from openpyxl.styles import Font

from ecobureau.clock import beijing, now
from ecobureau.domain.trends import TrendRules
from ecobureau.rulepacks import load
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.export import safe
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.parts import Tab
from ecobureau.web.statistics import analysis_choice as choices
from ecobureau.web.statistics import analysis_emission as emission
from ecobureau.web.statistics import analysis_objects as objects
from ecobureau.web.statistics.analysis_box import boxes
from ecobureau.web.statistics.analysis_choice import Choice
from ecobureau.web.statistics.analysis_compare import comparison
from ecobureau.web.statistics.analysis_cycle import diurnal, weekly
from ecobureau.web.statistics.analysis_objects import Target
from ecobureau.web.statistics.analysis_parts import Asked, NotEnough, Shown
from ecobureau.web.statistics.analysis_rose import pollution, wind
from ecobureau.web.statistics.analysis_selectors import TooLong
from ecobureau.web.statistics.analysis_trend import trend
from ecobureau.web.statistics.models import Medium
from ecobureau.web.statistics.pages_common import flag_words, tabs

BUILDERS: dict[str, Callable[[Asked], Shown]] = {
    "trend": trend,
    "diurnal": diurnal,
    "weekly": weekly,
    "box": boxes,
    "wind": wind,
    "pollution": pollution,
    "compare": comparison,
}
_KINDS: dict[str, Callable[[], str]] = {
    "place": lambda: _("城市与区县"),
    "river": lambda: _("河流湖库"),
    "firm": lambda: _("企业"),
    "point": lambda: _("站点"),
}


@dataclass(frozen=True, slots=True)
class Bench:
    """An address worked out: what can be looked at, what is, and the result or why there is none."""

    choice: Choice
    listed: list[tuple[str, str, str]]
    target: Target | None
    shown: Shown | None
    what: str = ""
    why: str = ""
    others: tuple[tuple[str, str, str], ...] = ()


@require_GET
@signed_in
def analysis_page(request: HttpRequest) -> HttpResponse:
    """The workbench."""
    today = beijing(now()).date()
    bench = _bench(request, today)
    choice = bench.choice
    context = {
        "tabs": tabs("analysis"),
        "bench": bench,
        "choice": choice,
        "title": bench.target.name if bench.target else "",
        "media": [
            Tab(str(name), f"?medium={code}&view={choice.view}", code == choice.medium)
            for code, name in choices.MEDIA.items()
        ],
        "views": [
            Tab(str(choices.VIEWS[view]), f"?{_for_view(choice, view)}", view == choice.view) for view in choice.views
        ],
        "groups": _groups(bench.listed, choice.medium),
        "others": [(key, name) for key, _kind, name in bench.others if key != choice.target],
        "remark": emission.no_roses() if choice.medium == Medium.EMISSION else "",
        "other_slots": [choice.others[at] if at < len(choice.others) else "" for at in range(choices.MOST_OTHERS)],
        "quick": [
            (words, f"?{choice.query(start=start, last=last)}", (start, last) == (choice.start, choice.last))
            for words, start, last in choices.quick(choice, today)
        ],
        "options": _options(choice),
        "query": choice.query(),
        "methods": [
            (method.text, method.source, flag_words(method.flag) if method.flag else "")
            for method in (bench.shown.methods if bench.shown else ())
        ],
    }
    return render(request, "statistics/analysis.html", context)


@require_GET
@signed_in
def analysis_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """The table of an analysis as CSV or XLSX, with reading, basis and method."""
    if form not in ("csv", "xlsx"):
        raise Http404
    bench = _bench(request, beijing(now()).date())
    if bench.shown is None or bench.target is None:
        raise Http404
    viewer = viewer_in(request)
    audit.write(viewer, "export", kind="analysis", form=form, rows=len(bench.shown.rows), query=bench.choice.query())
    lines = _about(request, bench, viewer)
    name = f"analysis-{bench.choice.view}-{bench.choice.start:%Y%m%d}-{bench.choice.last:%Y%m%d}.{form}"
    if form == "csv":
        response = HttpResponse(_csv(bench.shown, lines), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    return FileResponse(_xlsx(bench.shown, lines), as_attachment=True, filename=name)


@require_GET
@signed_in
def analysis_of_station(request: HttpRequest, station: int) -> HttpResponse:
    """Go to the analyses of a station of air, water or noise, or of the outlet that a station is at."""
    found = objects.of_station(viewer_in(request), station)
    if found is None:
        raise Http404
    medium, key = found
    return redirect(
        f"{reverse('statistics:analysis')}?{urlencode({'medium': medium, 'object': key, 'view': 'diurnal'})}"
    )


# --- working an address out -------------------------------------------------------------------------------------------


def _bench(request: HttpRequest, today: date) -> Bench:
    viewer = viewer_in(request)
    choice = choices.parse(request.GET, today)
    listed = objects.listed(viewer, choice.medium)
    if not choice.target and listed:
        choice = _with(choice, target=_usual(choice, listed))
    viewed = objects.target(viewer, choice.target) if choice.target else None
    if choice.target and viewed is None:
        raise Http404
    if viewed is not None and viewed.medium != choice.medium:
        problem = _("所选对象不属于这个要素，已换成第一个。")
        choice = _with(choice, target=_usual(choice, listed) if listed else "", problems=(*choice.problems, problem))
        viewed = objects.target(viewer, choice.target) if choice.target else None
    if viewed is None:
        return Bench(choice, listed, None, None, *_nothing(choice))
    if choice.medium == Medium.EMISSION:
        choice = emission.with_items(choice, viewed)
        if not choice.offered:
            return Bench(choice, listed, viewed, None, *_no_factors())
    against = tuple(_against(choice, listed))
    others = _others(viewer, choice, against)
    try:
        asked = Asked(choice, viewed, _rules(choice.last), others)
        return Bench(choice, listed, viewed, BUILDERS[choice.view](asked), others=against)
    except NotEnough as few:
        return Bench(choice, listed, viewed, None, few.what, few.why, against)
    except TooLong as long:
        return Bench(choice, listed, viewed, None, _("要读的数据太多"), _too_long(choice, long), against)


def _too_long(choice: Choice, long: TooLong) -> str:
    words = (
        _("共 {asked} 个排放口日，一次最多 {most} 个。选短一点的时间，或只选一个企业或排放口。")
        if choice.medium == Medium.EMISSION
        else _("共 {asked} 个站点日，一次最多 {most} 个。选短一点的时间，或只选一个站点。")
    )
    return words.format(asked=f"{long.asked:,}", most=f"{long.most:,}")


def _no_factors() -> tuple[str, str]:
    what, why = (
        _("这个对象还没有排放统计"),
        _("排放口的自动站有了小时数据，且因子有限值或许可排放量，统计值会自动算出。"),
    )
    return what, why


def _against(choice: Choice, listed: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """What the object can be compared with."""
    if choice.view != "compare" or choice.way != "places":
        return []
    return emission.comparable(choice, listed) if choice.medium == Medium.EMISSION else listed


def _usual(choice: Choice, listed: list[tuple[str, str, str]]) -> str:
    """The first object there is; of noise and emissions the first point, as a district is the hours of all of them."""
    points = [key for key, kind, _name in listed if kind == "point"]
    by_point = choice.medium in (objects.NOISE, Medium.EMISSION)
    return points[0] if by_point and points else listed[0][0]


def _others(viewer: Viewer, choice: Choice, against: tuple[tuple[str, str, str], ...]) -> tuple[Target, ...]:
    known = {key for key, _kind, _name in against}
    found = (objects.target(viewer, key) for key in choice.others if key in known and key != choice.target)
    return tuple(one for one in found if one is not None)


def _nothing(choice: Choice) -> tuple[str, str]:
    if choice.medium == objects.NOISE:
        return _("没有声环境站点"), _("在登记里加上系统编码 23 的站点，或换一个要素。")
    return _("还没有可以分析的对象"), _("站点上报或导入历史数据后，后台会建立统计对象；也可以换一个要素。")


def _rules(on: date) -> TrendRules:
    return TrendRules.from_pack(load("trends"), max(on, date(2012, 10, 1)))


def _with(choice: Choice, **changes: Any) -> Choice:
    return replace(choice, **changes)


def _for_view(choice: Choice, view: str) -> str:
    """Address of another view of the same; an item that the view has not becomes the usual one."""
    made = _with(choice, view=view)
    if made.item not in made.items:
        made = _with(made, item=made.items[0])
    return made.query()


# --- parts of the page ------------------------------------------------------------------------------------------------


def _groups(listed: list[tuple[str, str, str]], medium: str) -> list[tuple[str, list[tuple[str, str]]]]:
    found = []
    for kind, words in _KINDS.items():
        some = [(key, name) for key, its, name in listed if its == kind]
        if some:
            at_outlets = kind == "point" and medium == Medium.EMISSION
            found.append((_("排放口") if at_outlets else words(), some))
    return found


@dataclass(frozen=True, slots=True)
class Option:
    """A choice that only some views have: name in the address, label, what can be chosen, what is."""

    name: str
    label: str
    choices: list[tuple[str, str]]
    value: str


def _options(choice: Choice) -> list[Option]:
    def made(name: str, label: str, known: dict[str, Any], value: str) -> Option:
        return Option(name, label, [(code, str(words)) for code, words in known.items()], value)

    if choice.view == "trend":
        return [made("step", _("步长"), choices.STEPS, choice.step)]
    if choice.view == "box":
        groups = choices.GROUPS | ({"member": _("按排放口")} if choice.medium == Medium.EMISSION else {})
        return [made("group", _("分组"), groups, choice.group)]
    if choice.view == "pollution":
        return [made("stat", _("统计量"), choices.STATS, choice.stat)]
    if choice.view == "compare":
        found = [made("by", _("比较"), choices.WAYS, choice.way)]
        if choice.way == "years":
            found.append(made("years", _("往年"), choices.YEARS, str(choice.years)))
        return found
    return []


# --- files ------------------------------------------------------------------------------------------------------------


def _about(request: HttpRequest, bench: Bench, viewer: Viewer) -> list[tuple[str, str]]:
    choice, shown = bench.choice, bench.shown
    assert shown is not None
    assert bench.target is not None
    lines = [
        (_("分析"), str(choices.VIEWS[choice.view])),
        (_("对象"), bench.target.name),
        (_("项目"), f"{choice.item_name} {choice.item.unit}".strip()),
        (_("时段"), choice.period_words),
    ]
    lines += [(_("结论"), sentence.replace("**", "")) for sentence in shown.reading]
    lines += [(_("依据的数据"), one) for one in shown.basis]
    for method in shown.methods:
        flag = flag_words(method.flag) if method.flag else ""
        lines.append((_("方法"), " · ".join(part for part in (method.text, method.source, flag) if part)))
    lines += [(_("注意"), one) for one in shown.notes]
    address = request.build_absolute_uri(f"{reverse('statistics:analysis')}?{choice.query()}")
    return [
        *lines,
        (_("网址"), address),
        (_("导出"), f"{viewer.name} {beijing(now()):%Y-%m-%d %H:%M:%S}"),
    ]


def _csv(shown: Shown, lines: list[tuple[str, str]]) -> str:
    """Comment lines that begin with `#`, then the table; with a mark so that Excel reads UTF-8."""
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    for name, said in lines:
        writer.writerow([f"# {name}: {said}"])
    writer.writerow([safe(head) for head in shown.heads])
    for row in shown.rows:
        writer.writerow([safe(cell.value) for cell in row])
    return buffer.getvalue()


def _xlsx(shown: Shown, lines: list[tuple[str, str]]) -> io.BytesIO:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = _("数据")
    sheet.append([safe(head) for head in shown.heads])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "B2"
    for row in shown.rows:
        sheet.append([None if cell.value is None else safe(cell.value) for cell in row])
    sheet.column_dimensions["A"].width = 24
    about = book.create_sheet(_("说明"))
    for name, said in lines:
        about.append([safe(name), safe(said)])
    about.column_dimensions["A"].width = 14
    about.column_dimensions["B"].width = 110
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out
