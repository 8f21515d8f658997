"""The only readers of detection for pages: links, permits, patterns with their record, passes, members of a clue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Q

from ecobureau.clock import beijing, now
from ecobureau.domain.detection.registry import Detector, load_all
from ecobureau.domain.rules import Entry, NoRule
from ecobureau.domain.workflow import Refusal
from ecobureau.rulepacks import load
from ecobureau.web.clues.models import Clue, Evidence
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.detection import accounting, rules, verdicts
from ecobureau.web.detection.models import ChainLink, FindingRow, Pass, PatternSetting, PermittedAmount, Verdict
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.models import Outlet
from ecobureau.words import say, templates


def outlet(viewer: Viewer, pk: int) -> Outlet:
    """Return an outlet that the viewer may see.

    Raises:
        Refused: there is none such.
    """
    found = sources.outlets(viewer).filter(pk=pk).first()
    if found is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="outlet")
    return found


def links(of: Outlet) -> list[ChainLink]:
    """Return the links of an outlet's chain with their stations."""
    return list(ChainLink.objects.filter(outlet=of).select_related("station", "outlet").order_by("role", "pk"))


def link(of: Outlet, pk: int) -> ChainLink | None:
    """Return one link of an outlet's chain."""
    return ChainLink.objects.filter(outlet=of, pk=pk).select_related("station", "outlet").first()


def stations_near(viewer: Viewer, of: Outlet) -> list[tuple[str, str]]:
    """Return (code, name) of the stations at the place of an outlet, at most 200, for choosing."""
    rows = sources.stations(viewer, district=of.org_path)[:200]
    return [(row.code, row.name) for row in rows]


# --- permitted amounts ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One outlet and factor of the totals: its name, how month and year stand; None where nothing is permitted."""

    outlet: Outlet
    factor: str
    name: str
    month: accounting.Standing | None
    year: accounting.Standing | None

    @property
    def worst(self) -> float:
        """Larger of the used shares, per cent."""
        return max((one.percent for one in (self.month, self.year) if one), default=0.0)


def permitted_pairs(viewer: Viewer, words: str = "") -> list[tuple[int, str]]:
    """Return (outlet id, factor) of what has a permitted amount in force today, among what the viewer may see."""
    today = beijing(now()).date()
    seen = sources.outlets(viewer, words)
    rows = PermittedAmount.objects.filter(outlet__in=seen.order_by().values("pk"), valid_from__lte=today)
    found = rows.exclude(valid_to__lt=today).order_by().values_list("outlet__name_sort", "outlet_id", "factor_id")
    return [(pk, factor) for _name, pk, factor in sorted(set(found))]


def lines(viewer: Viewer, pairs: Iterable[tuple[int, str]], lang: str) -> list[Line]:
    """Return the totals of outlets and factors, as of the hour; what was computed in this hour is kept."""
    wanted = list(pairs)
    at = now().replace(minute=0, second=0, microsecond=0)
    today = beijing(at).date()
    known = {row.pk: row for row in sources.outlets(viewer).filter(pk__in={pk for pk, _factor in wanted})}
    names = sources.factors({factor for _pk, factor in wanted})
    rows = PermittedAmount.objects.filter(outlet_id__in=known, valid_from__lte=today).exclude(valid_to__lt=today)
    permits: dict[tuple[int, str, str], PermittedAmount] = {}
    for row in rows.order_by("valid_from"):
        permits[(row.outlet_id, row.factor_id, row.period)] = row
    out = []
    for pk, factor in wanted:
        if pk not in known:
            continue
        month, year = permits.get((pk, factor, "month")), permits.get((pk, factor, "year"))
        made = _standings(known[pk], factor, month, year, at)
        out.append(Line(known[pk], factor, sources.factor_label(names.get(factor), factor, lang), *made))
    return out


def _standings(
    of: Outlet, factor: str, month: PermittedAmount | None, year: PermittedAmount | None, at: datetime
) -> tuple[accounting.Standing | None, accounting.Standing | None]:
    key = f"detection-total-{of.pk}-{factor}-{at:%Y%m%d%H}-" + "-".join(
        f"{one.pk}_{one.kg.normalize()}" if one else "0" for one in (month, year)
    )
    found = cache.get(key)
    if found is None:
        today = beijing(at).date()
        since = date(today.year, 1, 1) if year else accounting.quarter_begin(today)
        account = accounting.account(of, factor, since, at)
        found = tuple(None if one is None else accounting.standing(account, one, at) for one in (month, year))
        cache.set(key, found, 3600)
    return found


def amounts(of: Outlet, factor: str) -> list[PermittedAmount]:
    """Return every permitted amount of an outlet and factor, newest first."""
    return list(PermittedAmount.objects.filter(outlet=of, factor_id=factor).order_by("period", "-valid_from"))


# --- patterns ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Record:
    """What a pattern has brought: clues of 30 days, what became of all its clues, outlets without opinion last night.

    `silent`: None where no night has run.
    """

    clues: int
    outcomes: verdicts.Precision
    silent: int | None

    @property
    def precision(self) -> float | None:
        """Verified of all that were looked at on the spot, per cent."""
        return None if self.outcomes.share is None else 100 * self.outcomes.share


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a pattern: the entry in force and the city's own value beside it (None: not set)."""

    key: str
    entry: Entry
    own: Any

    @property
    def national(self) -> Entry:
        """The national entry, also where a city's overlay stands in front."""
        return self.entry.national or self.entry

    @property
    def number(self) -> bool:
        """Whether it can be set on the page."""
        return isinstance(self.entry.value, int | float) and not isinstance(self.entry.value, bool)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern with its setting, record and parameters."""

    detector: Detector
    name: str
    group: str
    setting: PatternSetting | None
    record: Record
    parameters: list[Parameter]

    @property
    def inputs(self) -> str:
        """What it reads, in words."""
        keys = [f"detection.input.{one}" for one in self.detector.inputs]
        known = templates()
        return "; ".join(say(key) if key in known else key.removeprefix("detection.input.") for key in keys)

    @property
    def enabled(self) -> bool:
        return self.setting is None or self.setting.enabled

    @property
    def changed(self) -> int:
        """How many parameters have a value of the city's own."""
        return sum(one.own is not None or one.entry.national is not None for one in self.parameters)


def last_night() -> Pass | None:
    """Return the newest finished nightly pass."""
    return Pass.objects.filter(kind=Pass.Kind.NIGHTLY).exclude(ended_at=None).first()


def patterns(only: str = "") -> list[Pattern]:
    """Return every pattern of the registry (or one) with what is known of it."""
    since = now() - timedelta(days=30)
    settings = {row.pattern: row for row in PatternSetting.objects.all()}
    clues = Counter(Clue.objects.filter(rule__startswith="P", created_at__gte=since).values_list("rule", flat=True))
    outcomes = verdicts.precision()
    night = last_night()
    today = beijing(now()).date()
    out = []
    for key, detector in load_all().items():
        if only and key != only:
            continue
        setting = settings.get(key)
        record = Record(
            clues[key],
            outcomes.get(key, verdicts.Precision()),
            None if night is None else int(night.silent.get(key, 0)),
        )
        parameters = _parameters(key, setting, today)
        group = say(f"detection.group.{detector.group}")
        out.append(Pattern(detector, say(f"detection.{key}.title"), group, setting, record, parameters))
    return out


def _parameters(pattern: str, setting: PatternSetting | None, on: date) -> list[Parameter]:
    own = setting.params if setting else {}
    out = []
    for name in rules.PACKS:
        pack = load(name)
        for key in pack.keys(f"{pattern}."):
            try:
                out.append(Parameter(key, pack.at(key, on), own.get(key)))
            except NoRule:
                continue
    return out


# --- passes -----------------------------------------------------------------------------------------------------------


def passes(most: int = 100) -> list[Pass]:
    """Return the newest passes without their results."""
    return list(Pass.objects.defer("result").order_by("-started_at")[:most])


def one_pass(pk: int) -> Pass | None:
    """Return a pass."""
    return Pass.objects.filter(pk=pk).first()


def replays(pattern: str, most: int = 5) -> list[Pass]:
    """Return the newest replays of a pattern."""
    rows = Pass.objects.filter(kind=Pass.Kind.REPLAY, patterns__contains=[pattern])
    return list(rows.defer("result").order_by("-started_at")[:most])


def outlets_of(viewer: Viewer, ids: Iterable[Any]) -> dict[int, Outlet]:
    """Return the outlets among `ids` that the viewer may see."""
    wanted = {int(one) for one in ids if str(one).isdigit()}
    return {row.pk: row for row in sources.outlets(viewer).filter(pk__in=wanted)}


# --- clues ------------------------------------------------------------------------------------------------------------


def members(clue: Clue) -> list[FindingRow]:
    """Return the findings that a clue rests on, strongest first: its own and those its evidence names."""
    told = Evidence.objects.filter(clue=clue, code="detection.evidence.member").values_list(
        "params__pattern", flat=True
    )
    meets = Q(outlet_id=clue.outlet_id, pattern__in=set(told), start_at__lt=clue.last_at, end_at__gt=clue.first_at)
    return list(FindingRow.objects.filter(Q(clue=clue) | meets).order_by("-score", "start_at"))


def favour(clue: Clue) -> list[str]:
    """Return the sentences of what was checked in the plant's favour."""
    rows = Evidence.objects.filter(clue=clue, kind="favour")
    return list(dict.fromkeys(say(row.code) for row in rows))


def verdict(clue: Clue) -> Verdict | None:
    """Return what people found out about a clue."""
    return Verdict.objects.filter(clue=clue).first()
