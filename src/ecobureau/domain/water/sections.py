"""From sections to rivers, basins and cities: class shares, grades, main pollutants, and how shares change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from ecobureau.domain.explain import Code, Derivation, Input, Step
from ecobureau.domain.pack_reader import PackReader
from ecobureau.domain.rounding import fraction_of, half_even, plain
from ecobureau.domain.rules import RulePack
from ecobureau.domain.water.classes import assess
from ecobureau.domain.water.exceed import exceedances
from ecobureau.domain.water.means import mean
from ecobureau.domain.water.rules import Body, WaterClass, WaterRules

_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class SectionRules:
    """Thresholds of grades and trends, in percent (points); `grades`: code of the grade of each class."""

    version: str
    grades: tuple[str, ...]
    min_sections: int
    good_excellent: float
    good_fine: float
    bad_moderate: float
    bad_heavy: float
    some: float
    marked: float
    decimals: int

    @classmethod
    def from_pack(cls, pack: RulePack, on: date) -> SectionRules:
        """Read the rules in force on the day `on` (Asia/Shanghai)."""
        at = PackReader(pack, on)
        return cls(
            pack.version,
            at.texts("section.grades"),
            int(at.number("basin.min_sections")),
            at.number("basin.good_excellent"),
            at.number("basin.good_fine"),
            at.number("basin.bad_moderate"),
            at.number("basin.bad_heavy"),
            at.number("trend.some"),
            at.number("trend.marked"),
            int(at.number("assess.share_decimals")),
        )


def section_grade(water_class: WaterClass, rules: SectionRules) -> str:
    """Return the grade of a section: excellent | good | light | moderate | heavy.

    Source: 环办〔2011〕22号 (优、良好、轻度、中度、重度污染).
    """
    return rules.grades[water_class - 1]


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of the classes among the sections that have one.

    Attributes:
        counts: sections of class I … V and worse, six numbers.
        total: sections with a class; sections without data or run dry are not counted.
    """

    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)

    def exact(self, *classes: WaterClass) -> Fraction | None:
        """Return the share of some classes, exact, 0 … 1; None without sections."""
        return Fraction(sum(self.counts[one - 1] for one in classes), self.total) if self.total else None

    @property
    def good(self) -> Fraction | None:
        """Share of I to III (水质优良比例), exact."""
        return self.exact(WaterClass.I, WaterClass.II, WaterClass.III)

    @property
    def bad(self) -> Fraction | None:
        """Share of worse than V (劣Ⅴ类比例), exact."""
        return self.exact(WaterClass.WORSE)

    def percent(self, share: Fraction | None, decimals: int = 1) -> Decimal | None:
        """Return a share as it is published: percent by GB/T 8170."""
        return None if share is None else half_even(share * _HUNDRED, decimals)


def class_shares(classes: Sequence[WaterClass | None]) -> Shares:
    """Return the shares of the classes; None (no data, run dry) does not count."""
    counted = Counter(one for one in classes if one is not None)
    return Shares(tuple(counted[one] for one in WaterClass))


@dataclass(frozen=True, slots=True)
class BasinResult:
    """Quality of a river, basin or city.

    Attributes:
        method: `means` (fewer than five sections: class of the mean concentrations) or `shares`.
        grade: excellent | good | light | moderate | heavy; None without data.
        shares: of the classes; `water_class`: of the means, with the method `means` only.
        main: pollutants by the share of sections over class III, at most three, with that share.
    """

    method: str
    grade: str | None
    shares: Shares
    water_class: WaterClass | None
    main: tuple[tuple[str, Fraction], ...]


def basin(
    sections: Sequence[Mapping[str, float | None]],
    rules: WaterRules,
    grades: SectionRules,
    *,
    bodies: Sequence[Body] | None = None,
    items: Sequence[str] | None = None,
) -> BasinResult:
    """Return the quality of a river, basin or city from its sections' values.

    Args:
        sections: item → value in mg/L, one mapping a section.
        bodies: body of each section; default all rivers. With the method `means` all must be of one body.

    Raises:
        ValueError: rivers and lakes together where means are needed.

    Source: 环办〔2011〕22号: below five sections the mean of each item, from five on the class shares.
    """
    kinds: list[Body] = list(bodies) if bodies is not None else ["river"] * len(sections)
    found = [assess(one, rules, body=body, items=items) for one, body in zip(sections, kinds, strict=True)]
    shares = class_shares([one.water_class for one in found])
    if not shares.total:
        return BasinResult("none", None, shares, None, ())
    over: Counter[str] = Counter()
    for one, body in zip(sections, kinds, strict=True):
        over.update(each.item for each in exceedances(one, rules, body=body, items=items))
    ranked = sorted(over.items(), key=lambda pair: -pair[1])[: rules.main_count]
    main = tuple((item, Fraction(count, shares.total)) for item, count in ranked)
    if shares.total >= grades.min_sections:
        return BasinResult("shares", grade_of_shares(shares, grades), shares, None, main)
    if len(set(kinds)) > 1:
        raise ValueError("means of rivers and lakes cannot be mixed")
    codes = {item: None for one in sections for item in one}
    means = {item: mean(one.get(item) for one in sections) for item in codes}
    water_class = assess(means, rules, body=kinds[0], items=items).water_class
    grade = section_grade(water_class, grades) if water_class is not None else None
    return BasinResult("means", grade, shares, water_class, main)


def grade_of_shares(shares: Shares, rules: SectionRules) -> str | None:
    """Return the grade of five or more sections by their class shares; exact shares are compared, not rounded ones.

    I-III from 90 % excellent, from 75 % good; below, by worse than V: under 20 % light, under 40 % moderate, else
    heavy.
    """
    good, bad = shares.good, shares.bad
    if good is None or bad is None:
        return None
    good, bad = good * _HUNDRED, bad * _HUNDRED
    if bad >= fraction_of(rules.bad_heavy):
        return "heavy"
    if good >= fraction_of(rules.good_excellent):
        return "excellent"
    if good >= fraction_of(rules.good_fine):
        return "good"
    return "light" if bad < fraction_of(rules.bad_moderate) else "moderate"


def explain_shares(shares: Shares, rules: SectionRules) -> Derivation:
    """Return how the grade of a basin came about."""
    inputs = tuple(
        Input(f"water.class.{int(one)}", str(shares.counts[one - 1])) for one in WaterClass if shares.counts[one - 1]
    )
    good, bad = (shares.percent(one, rules.decimals) for one in (shares.good, shares.bad))
    params: dict[str, object] = {"good": str(good), "bad": str(bad), "total": shares.total}
    steps = [Step("basin", "", "water.step.shares", params, f"{good} / {bad}")]
    grade = grade_of_shares(shares, rules)
    if grade is not None:
        word = Code(f"water.grade.{grade}")
        steps.append(Step("basin.good_excellent", "", "water.step.grade", {"grade": word}, grade))
    return Derivation(tuple(steps), inputs)


@dataclass(frozen=True, slots=True)
class Trend:
    """How shares changed.

    Attributes:
        direction: better | worse | same.
        extent: none | some | marked.
        points: dG - dD in percentage points, exact.
    """

    direction: str
    extent: str
    points: Fraction


def share_trend(before: Shares, after: Shares, rules: SectionRules) -> Trend | None:
    """Return the change between two periods: dG - dD, with dG of I-III and dD of worse than V.

    Up to 10 points: no clear change; up to 20: some; beyond: marked. None when a period has no sections.
    """
    shares = (before.good, before.bad, after.good, after.bad)
    if any(one is None for one in shares):
        return None
    old_good, old_bad, new_good, new_bad = (one or Fraction(0) for one in shares)
    points = ((new_good - old_good) - (new_bad - old_bad)) * _HUNDRED
    size = abs(points)
    extent = "none" if size <= fraction_of(rules.some) else "some" if size <= fraction_of(rules.marked) else "marked"
    if extent == "none":
        return Trend("same", extent, points)
    return Trend("better" if points > 0 else "worse", extent, points)


def explain_trend(trend: Trend) -> Derivation:
    """Return how a trend came about."""
    params: dict[str, object] = {
        "points": plain(trend.points, 1),
        "direction": Code(f"water.trend.{trend.direction}"),
        "extent": Code(f"water.extent.{trend.extent}"),
    }
    return Derivation((Step("trend.some", "", "water.step.trend", params, trend.direction),))
