"""Reading a shift: which one is at hand, its numbers, and the week's sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from ecobureau.clock import BEIJING, beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import access, addresses, people, registry
from ecobureau.web.core import selectors as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models import History
from ecobureau.web.core.paper import Column, Document, Heading, Table, Text
from ecobureau.web.core.refusals import refuse
from ecobureau.web.figures import selectors as figures
from ecobureau.web.figures.pages import value_words
from ecobureau.web.figures.selectors import READERS
from ecobureau.web.figures.slices import BY_CODE as SLICES
from ecobureau.web.handover import things
from ecobureau.web.handover.filters import value_of
from ecobureau.web.handover.flow import DESK
from ecobureau.web.handover.measures import MEASURES, WEEKLY, Measure
from ecobureau.web.handover.models import Handover
from ecobureau.web.handover.report import Line, Report, thawed
from ecobureau.web.places import selectors as places
from ecobureau.web.places.models import Organisation
from ecobureau.words import say

HOURS = 12
LONGEST = timedelta(hours=72)
_CENTRES = ("city", "district")


def centres(viewer: Viewer, roles: frozenset[str] = READERS) -> list[Organisation]:
    """Return the city centre and sub-centres at or below which the viewer holds one of `roles`."""
    found: dict[str, Organisation] = {}
    for grant in viewer.grants:
        if grant.role in roles:
            found |= {unit.path: unit for unit in places.tree(grant.org_path, levels=_CENTRES)}
    return [found[path] for path in sorted(found)]


def may_sign(viewer: Viewer, unit: str) -> bool:
    """Say whether the viewer stands at a desk of that centre, or of one above it."""
    return any(grant.role in DESK and unit.startswith(grant.org_path) for grant in viewer.grants)


@dataclass(frozen=True, slots=True)
class Asked:
    """The shift that was asked for; `rostered` says that it is the viewer's own from the roster."""

    unit: Organisation
    since: datetime
    until: datetime
    rostered: bool


def asked_of(viewer: Viewer, params: QueryDict) -> Asked:
    """Return the shift at hand: the one asked for, else the viewer's own by the roster, else the last 12 hours.

    Args:
        params: `unit` (path), `since`, `until` (Asia/Shanghai, to the minute).

    Raises:
        Refused: `core.sign_in`, `core.no_access` (no such centre in the viewer's sight), `handover.span`.
    """
    if viewer.user_id is None:
        refuse(Refusal("core.sign_in"), what="handover")
    units = {unit.path: unit for unit in centres(viewer)}
    wanted = params.get("unit", "")
    if not units or (wanted and wanted not in units):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what=f"handover {wanted}")
    at = now()
    since, until = _time(params.get("since", "")), _time(params.get("until", ""))
    if since is None and until is None:
        own = _rostered(viewer, at)
        if own is not None and own.unit.path in units and wanted in ("", own.unit.path):
            return own
    until = until or at.replace(second=0, microsecond=0)
    since = since or until - timedelta(hours=HOURS)
    if not timedelta(0) < until - since <= LONGEST or since > at:
        refuse(Refusal("handover.span", {"hours": int(LONGEST / timedelta(hours=1))}), actor=viewer.user_id)
    return Asked(units[wanted] if wanted else next(iter(units.values())), since, until, False)


def _time(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=BEIJING)) if found else None


def _rostered(viewer: Viewer, at: datetime) -> Asked | None:
    duty = places.duty_of(viewer.user_id or 0, at)
    shift = places.shift(duty.shift_id) if duty is not None else None
    if shift is None or shift.roster.organisation.level not in _CENTRES:
        return None
    return Asked(shift.roster.organisation, shift.starts, shift.ends, True)


def report(viewer: Viewer, unit: Organisation, since: datetime, until: datetime, *, keys: bool = False) -> Report:
    """Return the numbers of a shift of a centre as they are now.

    Args:
        since, until: of the shift, until not included. keys: also read the records behind each number (to freeze it).
    """
    lines: list[Line] = []
    for measure in MEASURES:
        lines += _lines(viewer, unit.path, since, until, measure, keys)
    at = now()
    city = unit.path == places.root_path()
    for thing in things.THINGS.values():
        if thing.office and not (city and things.opens_office(viewer)):
            continue
        rows = thing.rows(viewer, unit.path, since, until, at)
        query = QueryDict(mutable=True)
        query.update({"unit": unit.path, "since": since.isoformat(), "until": until.isoformat()})
        url = f"{reverse('handover:things', args=[thing.code])}?{query.urlencode()}"
        lines.append(Line(thing.code, say(thing.name), say(thing.how), "thing", len(rows), url, tuple(rows)))
    duty = dict.fromkeys(
        str(shift.stand_in or shift.person)
        for shift in places.shifts(unit.path, since, until)
        if shift.roster.organisation.path == unit.path
    )
    return Report(unit.path, unit.name, since, until, at, tuple(lines), tuple(duty))


def _records(viewer: Viewer, kind: str, query: Mapping[str, str]) -> QuerySet[Any]:
    """Return the records by the very filters of the list that a number opens."""
    params = QueryDict(mutable=True)
    params.update(query)
    return kernel.found(viewer, registry.get(kind), params)[1].order_by()


def _lines(viewer: Viewer, unit: str, since: datetime, until: datetime, measure: Measure, keys: bool) -> list[Line]:
    kind = registry.get(measure.kind)
    query = {"shift": value_of(measure.code, since, until), "org": unit}
    found = _records(viewer, measure.kind, query)
    ids = tuple(found.values_list("pk", flat=True)) if keys else ()
    n = len(ids) if keys else found.count()
    url = addresses.of_list(kind, query)
    made = [Line(measure.code, say(measure.name), say(measure.how), measure.kind, n, url, ids)]
    for by in measure.cuts if n else ():
        cut = SLICES[by]
        keyed = found.annotate(slice_key=cut.keys[measure.kind]())
        groups: dict[Any, tuple[int, tuple[int, ...]]] = {}
        if keys:
            for pk, key in keyed.values_list("pk", "slice_key"):
                groups[key] = (groups[key][0] + 1, (*groups[key][1], pk)) if key in groups else (1, (pk,))
        else:
            groups = {row["slice_key"]: (row["n"], ()) for row in keyed.values("slice_key").annotate(n=Count("pk"))}
        names = cut.names()
        order = {key: at for at, key in enumerate(cut.order)}
        for key in sorted(groups, key=lambda each: (order.get(each, len(order)), str(each))):
            count, members = groups[key]
            name = names.get(key) or cut.label(key)
            address = addresses.of_list(kind, {**query, **cut.query(key)})
            made.append(Line(f"{measure.code}:{by}:{key}", name, "", measure.kind, count, address, members, True))
    return made


def next_on_duty(unit: str, until: datetime) -> list[tuple[int, str]]:
    """Return who takes over by the roster: id and name of those on duty when the shift ends."""
    return [(duty.person_id, duty.name) for duty in places.on_duty(unit, until)]


def frozen(viewer: Viewer, record: Handover) -> Report:
    """Return the report of a hand-over as it was signed."""
    unit = places.organisation(record.org_path)
    return thawed(record, unit.name if unit else record.org_path, office=things.opens_office(viewer))


def detail(viewer: Viewer, record: Handover) -> dict[str, Any]:
    """Return what the record's page shows beside the kernel's."""
    return {
        "report": frozen(viewer, record) if record.report else None,
        "may_export": access.allowed(viewer, "export", record) is None,
        "signed": signatures(record),
    }


def signatures(record: Handover) -> list[tuple[str, str]]:
    """Return who handed over and who took over last, with the times."""
    rows = History.objects.filter(kind="handover", object_id=record.pk, verb__in=("hand_over", "take_over"))
    last = {entry.verb: entry for entry in rows.order_by("seq")}
    names = people.names([entry.actor_id for entry in last.values()])
    heads = {"hand_over": _("交班人"), "take_over": _("接班人")}
    return [
        (heads[verb], f"{names.get(last[verb].actor_id or 0, '')}　{beijing(last[verb].at):%Y-%m-%d %H:%M:%S}")
        for verb in heads
        if verb in last
    ]


def waiting(viewer: Viewer) -> list[Handover]:
    """Return the hand-overs that wait for a signature, newest first."""
    rows = access.scope(viewer, "view", Handover.objects.filter(state__in=("draft", "handed")))
    return list(rows.order_by("-created_at", "-pk")[:20])


@dataclass(frozen=True, slots=True)
class Week:
    """The week's sheet: measures by district with the lists behind them, and the figures of handling by district."""

    first: date
    measures: tuple[Measure, ...]
    rows: tuple[tuple[str, tuple[tuple[int, str], ...]], ...]
    figures: figures.Table


def monday_of(text: str) -> date:
    """Return the Monday of the week of a day (`YYYY-MM-DD`); of this week where the text is no day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = beijing(now()).date()
    return day - timedelta(days=day.weekday())


def week(viewer: Viewer, first: date, action: str = "view") -> Week:
    """Return the sheet of the week that begins on a Monday, within the viewer's sight.

    Raises:
        Refused: the viewer does not read figures.
    """
    figures.must_read(viewer)
    since = datetime.combine(first, time(), BEIJING)
    until = since + timedelta(days=7)
    by = SLICES["district"]
    totals: list[tuple[int, str]] = []
    cut: dict[Any, dict[str, int]] = {}
    for measure in WEEKLY:
        query = {"shift": value_of(measure.code, since, until)}
        keyed = _records(viewer, measure.kind, query).annotate(slice_key=by.keys[measure.kind]())
        counted = {row["slice_key"]: row["n"] for row in keyed.values("slice_key").annotate(n=Count("pk"))}
        for key, n in counted.items():
            cut.setdefault(key, {})[measure.code] = n
        totals.append((sum(counted.values()), addresses.of_list(registry.get(measure.kind), query)))
    rows = [(_("合计"), tuple(totals))]
    for key in sorted(cut, key=str):
        cells = []
        for measure in WEEKLY:
            query = {"shift": value_of(measure.code, since, until), **by.query(key)}
            cells.append((cut[key].get(measure.code, 0), addresses.of_list(registry.get(measure.kind), query)))
        rows.append((by.label(key), tuple(cells)))
    asked = figures.Asked(first, first + timedelta(days=6), by, {})
    return Week(first, WEEKLY, tuple(rows), figures.table(viewer, asked, action))


def rates(found: Week) -> dict[str, Any]:
    """Return the figures by district as words with their lists, and the definitions of all numbers."""
    table = found.figures
    shown = [cell.figure for cell in table.total.cells if cell is not None]
    rows = [
        (row.name or _("合计"), [{"words": value_words(cell), "cell": cell} for cell in row.cells])
        for row in (table.total, *table.rows)
    ]
    notes = [(say(each.name), say(each.how)) for each in found.measures]
    notes += [(say(each.name), say(each.how)) for each in shown]
    return {"heads": [say(each.name) for each in shown], "rows": rows, "notes": notes}


def week_document(found: Week, author: str, mark: str) -> Document:
    """Return the week's sheet as a paper with the numbers of the page, and the definitions."""
    shown = rates(found)
    heads = [Column(_("区域"), weight=2), *(Column(say(each.name), kind="number") for each in found.measures)]
    rows = [[name, *(n for n, _url in cells)] for name, cells in found.rows]
    table = [[name, *(each["words"] for each in cells)] for name, cells in shown["rows"]]
    last = found.first + timedelta(days=6)
    return Document(
        _("值班周报"),
        author,
        now(),
        blocks=[
            Text(f"{found.first:%Y-%m-%d} – {last:%Y-%m-%d}"),
            Heading(_("本周数字")),
            Table(heads, rows, sheet=_("本周数字")),
            Heading(_("办理指标")),
            Table(
                [Column(_("区域"), weight=2), *(Column(name) for name in shown["heads"])], table, sheet=_("办理指标")
            ),
            Heading(_("定义")),
            Table(
                [Column(_("指标")), Column(_("定义"), weight=5)],
                [list(each) for each in shown["notes"]],
                sheet=_("定义"),
            ),
        ],
        mark=mark,
        wide=True,
    )
