"""The only readers of detection for pages: links, permits, model cards, passes, members of a clue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.utils.dates import WEEKDAYS

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues.models import Clue, Evidence
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.detection import accounting, totals
from ecobureau.web.detection.models import (
    ChainLink,
    FindingRow,
    ModelCard,
    Pass,
    PermittedAmount,
    Verdict,
)
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
    """Return the links of an outlet's chain that hold today or later, with their stations."""
    return [one for one in _links(of) if not _over(one)]


def ended_links(of: Outlet) -> list[ChainLink]:
    """Return the links that hold no longer."""
    return [one for one in _links(of) if _over(one)]


def _links(of: Outlet) -> list[ChainLink]:
    return list(ChainLink.objects.filter(outlet=of).select_related("station", "outlet").order_by("role", "pk"))


def _over(one: ChainLink) -> bool:
    return one.void or (one.valid_to is not None and one.valid_to < beijing(now()).date())


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
    """Return how outlets and factors stand, from the daily totals."""
    wanted = list(pairs)
    today = beijing(now()).date()
    known = {row.pk: row for row in sources.outlets(viewer).filter(pk__in={pk for pk, _factor in wanted})}
    names = sources.factors({factor for _pk, factor in wanted})
    rows = PermittedAmount.objects.filter(outlet_id__in=known, valid_from__lte=today).exclude(valid_to__lt=today)
    permits: dict[tuple[int, str, str], PermittedAmount] = {}
    for row in rows.order_by("valid_from"):
        permits[(row.outlet_id, row.factor_id, row.period)] = row
    days = totals.of(wanted, date(today.year, 1, 1), today + timedelta(days=1))
    out = []
    for pk, factor in wanted:
        if pk not in known:
            continue
        month, year = permits.get((pk, factor, "month")), permits.get((pk, factor, "year"))
        mine = days.get((pk, factor), [])
        made = [None if one is None else accounting.standing(one, mine, today) for one in (month, year)]
        label = sources.factor_label(names.get(factor), factor, lang)
        out.append(Line(known[pk], factor, label, *made))
    return out


def amounts(of: Outlet, factor: str) -> list[PermittedAmount]:
    """Return every permitted amount of an outlet and factor, newest first."""
    return list(PermittedAmount.objects.filter(outlet=of, factor_id=factor).order_by("period", "-valid_from"))


def amount(of: Outlet, pk: int) -> PermittedAmount | None:
    """Return one permitted amount of an outlet."""
    return PermittedAmount.objects.filter(outlet=of, pk=pk).select_related("outlet").first()


# --- model cards ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CardRow:
    """A model card with its words."""

    card: ModelCard
    name: str
    inputs: str

    @property
    def gain(self) -> float | None:
        """By how much boosted quantiles missed less than the robust line on the hold-out, per cent."""
        plain, boosted = self.card.holdout_robust, self.card.holdout_boosted
        return None if not plain or boosted is None else 100 * (1 - boosted / plain)

    @property
    def spread(self) -> float | None:
        """Scale of the residuals, per cent of the value; None for a factor fitted as it is."""
        return 100 * self.card.scale if self.card.logs else None

    @property
    def holdoff_days(self) -> float:
        """Days between what was learnt last and the refit."""
        return (self.card.fitted_at - self.card.end_at).total_seconds() / 86400


def cards(of: Outlet, lang: str) -> list[CardRow]:
    """Return the model cards of an outlet."""
    rows = list(ModelCard.objects.filter(outlet=of))
    known = sources.factors({row.factor for row in rows} | {str(one) for row in rows for one in row.inputs})

    def word(name: str) -> str:
        for start, code in (("in24:", "detection.model.inlet_day"), ("in:", "detection.model.inlet")):
            if name.startswith(start):
                return say(code, lang, name=word(name.removeprefix(start)))
        if name.startswith("hour"):
            return say("detection.model.hour", lang)
        key = f"detection.factor.{name}"
        return say(key, lang) if key in templates() else sources.factor_label(known.get(name), name, lang)

    return [
        CardRow(row, word(row.factor), _listed(lang, dict.fromkeys(word(str(one)) for one in row.inputs)))
        for row in rows
    ]


def _listed(lang: str, words: Iterable[str]) -> str:
    return (", " if lang == "en" else "、").join(words)


def refit_day(of: Outlet) -> str:
    """Return the weekday of an outlet's refits, in words."""
    return str(WEEKDAYS[of.pk % 7])


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
