"""The only readers of patterns for pages: settings, records, parameters, proposals, reliability of confidence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ecobureau.clock import beijing, now
from ecobureau.domain.detection import calibration
from ecobureau.domain.detection.registry import Detector, load_all
from ecobureau.domain.rules import Entry, NoRule
from ecobureau.rulepacks import load
from ecobureau.web.clues.models import Clue
from ecobureau.web.detection import rules, verdicts
from ecobureau.web.detection.models import Pass, PatternSetting, SettingProposal
from ecobureau.words import say, templates


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


def open_proposal(pattern: str) -> SettingProposal | None:
    """Return the proposal of a pattern that waits for a second person."""
    rows = SettingProposal.objects.filter(pattern=pattern, state=SettingProposal.State.OPEN)
    return rows.select_related("replay").first()


def open_proposals() -> list[SettingProposal]:
    """Return all proposals that wait."""
    return list(SettingProposal.objects.filter(state=SettingProposal.State.OPEN).select_related("replay"))


def decided_proposals(pattern: str, most: int = 8) -> list[SettingProposal]:
    """Return the newest proposals of a pattern that were decided."""
    rows = SettingProposal.objects.filter(pattern=pattern).exclude(state=SettingProposal.State.OPEN)
    return list(rows.select_related("replay")[:most])


@dataclass(frozen=True, slots=True)
class Change:
    """One parameter that a proposal would change: key, value now and then (None: the pack's)."""

    key: str
    before: Any
    after: Any


def changes_of(of: Pattern, proposal: SettingProposal) -> list[Change]:
    """Return what a proposal would change of a pattern's parameters."""
    packs = {one.key: one.entry.value for one in of.parameters}
    own = of.setting.params if of.setting else {}
    keys = sorted({*own, *proposal.params})
    found = [Change(key, own.get(key, packs.get(key)), proposal.params.get(key, packs.get(key))) for key in keys]
    return [one for one in found if one.before != one.after]


def reliability(pattern: str = "") -> list[calibration.Bin]:
    """Return how often clues proved true by the confidence that people were told."""
    told = rules.shown(pattern)
    return calibration.reliability(told, rules.edges(beijing(now()).date()))


def score() -> float | None:
    """Return the mean square of confidence against outcome over all verdicts."""
    return calibration.brier(rules.shown())


def least_verdicts() -> int:
    """Return how many verdicts of a pattern it takes until steps are fitted."""
    return rules.least_verdicts(beijing(now()).date())
