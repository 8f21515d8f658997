"""Means of samples: values below the detection limit, month, year, and whether a drinking-water source complies.

Sums are exact on the decimals as given, so that a mean which equals a limit is found equal to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ecobureau.domain.explain import Derivation, Input, Step
from ecobureau.domain.rounding import fraction_of, plain
from ecobureau.domain.water.classes import is_value, item_class
from ecobureau.domain.water.rules import Body, WaterClass, WaterRules


def below_detection(limit: float, rules: WaterRules) -> float:
    """Return what stands for a value below its detection limit: half of the limit, in the same unit.

    Source: 环办〔2011〕22号 (share of the limit from the pack).
    """
    return float(fraction_of(limit) * fraction_of(rules.non_detect_share))


def mean(values: Iterable[float | None]) -> float | None:
    """Return the arithmetic mean of what counts, None where nothing does.

    Args:
        values: concentrations in one unit; None, not finite and below zero do not count.

    >>> mean([0.1, 0.2, 0.3, None]), mean([None])
    (0.2, None)
    """
    counted = [fraction_of(value) for value in values if value is not None and is_value(value)]
    return float(sum(counted, Fraction(0)) / len(counted)) if counted else None


def month_mean(samples: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """Return the month's value of each item: the mean of its samples (automatic stations: of valid 4-hour values)."""
    items = {item: None for sample in samples for item in sample}
    return {item: mean(sample.get(item) for sample in samples) for item in items}


def year_mean(months: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """Return the year's value of each item: the mean of the monthly values, each month counting once."""
    return month_mean(months)


def explain_mean(item: str, values: Sequence[float | None], unit: str = "mg/L") -> Derivation:
    """Return how the mean of an item came about; the result is its exact decimal text or None."""
    inputs = tuple(
        Input(
            f"water.item.{item}",
            "" if value is None or value != value else plain(value),
            unit,
            value is not None and is_value(value),
            "" if value is not None and is_value(value) else "water.input.missing",
        )
        for value in values
    )
    found = mean(values)
    shown = None if found is None else plain(found)
    count = sum(one.valid for one in inputs)
    return Derivation(
        (Step("assess.non_detect_share", "", "water.step.mean", {"count": count, "mean": shown or "-"}, shown),), inputs
    )


@dataclass(frozen=True, slots=True)
class SourceVerdict:
    """Whether a drinking-water source complies.

    Attributes:
        attained: None when no item has a value.
        failing: items over class III (or the class wanted) or over table 2; `missing`: items without a value.
    """

    attained: bool | None
    failing: tuple[str, ...]
    missing: tuple[str, ...]


def drinking_source(
    values: Mapping[str, float | None], rules: WaterRules, *, body: Body = "river", wanted: WaterClass = WaterClass.III
) -> SourceVerdict:
    """Return whether a surface source complies: the 21 items within class III, and table 2 met.

    Source: GB 3838-2002 tables 1 and 2 (table 3 is a matter of local choice and not in the pack).
    """
    failing, missing = [], []
    for item in (*rules.monthly_items, *rules.source_items):
        value = values.get(item)
        if value is None or not is_value(value):
            missing.append(item)
        elif item in rules.source_items:
            if value > rules.source_items[item].values[0]:
                failing.append(item)
        elif item_class(item, value, rules, body) > wanted:
            failing.append(item)
    known = len(missing) < len(rules.monthly_items) + len(rules.source_items)
    return SourceVerdict(not failing if known else None, tuple(failing), tuple(missing))


def attainment_rate(verdicts: Sequence[SourceVerdict], volumes: Sequence[float] | None = None) -> Fraction | None:
    """Return the share of sources that comply (0 … 1), exact; None where none is known.

    Args:
        volumes: water drawn from each source, in one unit: then the share of the water, not of the sources.

    Raises:
        ValueError: `volumes` has another length.
    """
    weights = [1.0] * len(verdicts) if volumes is None else list(volumes)
    if len(weights) != len(verdicts):
        raise ValueError("as many volumes as verdicts are needed")
    pairs = zip(verdicts, weights, strict=True)
    known = [(one, fraction_of(weight)) for one, weight in pairs if one.attained is not None]
    whole = sum((weight for _, weight in known), Fraction(0))
    return sum((weight for one, weight in known if one.attained), Fraction(0)) / whole if whole else None
