"""What the analyses read: values on even grids of hours and days with gaps as NaN.

Hours and days come from the roll-ups of this app, with accepted reviews taken out; hours of wind, and of noise stations
that no statistics follow yet, are the hourly values that stations reported; emissions are read by `emission.grids`.
Grids begin at local midnight; a cell is the start of its hour.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import numpy as np
from django.db.models import Q, Sum
from numpy.typing import NDArray

from ecobureau.clock import BEIJING
from ecobureau.domain.noise import Hours as NoiseHours
from ecobureau.domain.noise import NoiseRules, hours_on, leq, periods
from ecobureau.domain.trends import TrendRules
from ecobureau.rulepacks import load
from ecobureau.storage import read
from ecobureau.storage.types import Kind
from ecobureau.web.statistics import rules as in_force
from ecobureau.web.statistics.analysis_objects import NOISE, Member, Target
from ecobureau.web.statistics.emission import grids
from ecobureau.web.statistics.exclusions import Excluded
from ecobureau.web.statistics.models import Day, Hours, Medium, Review
from ecobureau.web.telemetry.selectors import store

Floats = NDArray[np.float64]

MOST_ROLLED = 120_000
"""Most days of hours (stations × days) that one page reads from the roll-ups."""
MOST_REPORTED = 3_000
"""Most station-days that one page reads from reported hours."""
MOST_ACCOUNTED = 1_500
"""Most outlet-days whose hours one page has accounted anew."""
_SPEED, _DIRECTION, _LEQ = "a01007", "a01008", "Leq"
_EPOCH = date(1970, 1, 1)


class TooLong(ValueError):
    """More than one page should read; `asked` and `most` are station-days."""

    def __init__(self, asked: int, most: int) -> None:
        super().__init__(f"{asked} station-days, at most {most}")
        self.asked = asked
        self.most = most


@dataclass(frozen=True, slots=True)
class Block:
    """Values of one member (or of the target as a whole) on an even grid, NaN = missing.

    `hours`: of days, how many valid hours they are of; 0 where that is not known (ozone, published days). `left_out`:
    days under sand-dust or a special event that statistics leave out, and the analysis as well. `mass`: of masses
    emitted, what they are of. `outlet`: of an outlet and no station.
    """

    name: str
    values: Floats
    hours: int = 0
    left_out: int = 0
    mass: grids.DayGrid | None = None
    outlet: bool = False


# --- days -------------------------------------------------------------------------------------------------------------


def day_blocks(
    viewed: Target, item: str, start: date, end: date, rules: TrendRules, *, each: bool = False
) -> list[Block]:
    """Return the valid daily values of [start, end): of the target itself where it has some, else of each member.

    Args:
        each: of each member in any case.

    Raises:
        TooLong: more than a page should read.
    """
    days = (end - start).days
    if viewed.medium == NOISE:
        return [
            Block(block.name, noise_days(block.values, item, start, rules), int(np.isfinite(block.values[:-24]).sum()))
            for block in hour_blocks(viewed, start, end + timedelta(days=1), _LEQ)
        ]
    if viewed.medium == Medium.EMISSION:
        return _emission_days(viewed, item, start, end, rules, each=each)
    if viewed.series_id is not None and viewed.single and not each:
        ids = {viewed.series_id: viewed.name}
    else:
        ids = {member.series_id: member.name for member in viewed.members if member.series_id is not None}
    _bound(len(ids) * days, MOST_ROLLED)
    found = {one: np.full(days, np.nan) for one in ids}
    hours = dict.fromkeys(ids, 0)
    rows = Day.objects.filter(
        series__in=ids, item=item, day__gte=start, day__lt=end, valid=True, value__isnull=False
    ).values_list("series_id", "day", "value", "count")
    for one, day, value, count in rows.iterator(chunk_size=5_000):
        found[one][(day - start).days] = value
        hours[one] += count
    if viewed.kind == "place" and viewed.series_id in hours:
        hours[viewed.series_id] = _hours_of_members(viewed, item, start, end)
    out = _leave_out(found, item, start, end) if viewed.medium == Medium.AIR else {}
    return [Block(name, found[one], 0 if item == "o3" else hours[one], out.get(one, 0)) for one, name in ids.items()]


def _emission_days(viewed: Target, item: str, start: date, end: date, rules: TrendRules, *, each: bool) -> list[Block]:
    factor, _, measure = item.rpartition("-")
    ids = {viewed.series_id or 0: viewed.name}
    if each:
        ids = {member.series_id or 0: member.name for member in viewed.members}
        ids = {one: ids[one] for one in ids if one in grids.having(ids, factor)}
    _bound(len(ids) * (end - start).days, MOST_ROLLED)
    found = grids.day_grids(ids, factor, measure, start, end, rules.mass_share)
    return [
        Block(
            name, found[one].values, found[one].hours, mass=found[one] if measure == grids.MASS else None, outlet=True
        )
        for one, name in ids.items()
    ]


def _leave_out(found: dict[int, Floats], item: str, start: date, end: date) -> dict[int, int]:
    """Take the days out that the statistics of air leave out; return how many by series."""
    excluded = Excluded(list(found), start, end - timedelta(days=1))
    out: dict[int, int] = {}
    for one, values in found.items():
        for day in {mark.day for mark in excluded.marks(one)}:
            rules = in_force.statistics_on(day)
            at = (day - start).days
            if rules is not None and np.isfinite(values[at]) and day in excluded.for_item(one, item, rules):
                values[at] = np.nan
                out[one] = out.get(one, 0) + 1
    return out


def _hours_of_members(viewed: Target, item: str, start: date, end: date) -> int:
    """Return of how many hours the days of a place's points are: a place's own days count their points."""
    ids = [member.series_id for member in viewed.members]
    rows = Day.objects.filter(series__in=ids, item=item, day__gte=start, day__lt=end, valid=True)
    return int(rows.aggregate(total=Sum("count"))["total"] or 0)


def noise_days(hours: Floats, item: str, start: date, rules: TrendRules) -> Floats:
    """Return daily levels from hourly ones, averaged as energy: `leq` of 24 hours, or Ld, Ln, Ldn where valid.

    Args:
        hours: shape ((days + 1) · 24,), the last day only closes the last night. start: the first day.
    """
    days = len(hours) // 24 - 1
    if item == "leq":
        by_day = hours[: days * 24].reshape(days, 24)
        enough = np.isfinite(by_day).sum(axis=1) >= rules.day_share * 24
        return np.array(
            [leq(row[np.isfinite(row)]) if good else np.nan for row, good in zip(by_day, enough, strict=True)]
        )
    found = np.full(days, np.nan)
    there = np.flatnonzero(np.isfinite(hours))
    if not there.size:
        return found
    first = (start - _EPOCH).days
    hour = 3_600_000_000
    times = (first * 24 + there).astype(np.int64) * hour
    wanted = {"ld": "Ld", "ln": "Ln", "ldn": "Ldn"}[item]
    noise_rules = NoiseRules.from_pack(load("noise"), start)
    for period in periods(times, hours[there], noise_rules, interval=hour, hours_of=_noise_hours()):
        at = period.start // (24 * hour) - first
        if period.kind == wanted and period.valid and not period.note and 0 <= at < days:
            found[at] = period.leq
    return found


def _noise_hours() -> Callable[[date], NoiseHours]:
    pack = load("noise")
    return lru_cache(maxsize=None)(lambda day: hours_on(pack, day))


# --- hours ------------------------------------------------------------------------------------------------------------


def hour_blocks(viewed: Target, start: date, end: date, item: str, share: float = 1.0) -> list[Block]:
    """Return the valid hours of [start, end) as grids of 24 · days: of each member, of a place of air as a whole.

    An hour of a place of air is the mean of its points, valid where as many of them have it as HJ 663 asks of a city.
    An hour of an enterprise or place of emissions is the sum of its outlets, valid where `share` of them have it.

    Raises:
        TooLong: more than a page should read.
    """
    if viewed.medium == NOISE:
        return _noise_hours_of(viewed.members, start, end, item)
    if viewed.medium == Medium.EMISSION:
        return _emission_hours(viewed, start, end, item, share)
    blocks = member_hours(viewed.members, start, end, item)
    if viewed.medium != Medium.AIR or viewed.kind == "point" or not blocks:
        return blocks
    in_rules = in_force.statistics_on(end - timedelta(days=1))
    share = 0.5 if in_rules is None else float(in_rules.points_share)
    stacked = np.vstack([block.values for block in blocks])
    counts = np.isfinite(stacked).sum(axis=0)
    with np.errstate(invalid="ignore"):
        mean = np.where(counts >= np.maximum(share * len(blocks), 1), np.nansum(stacked, axis=0) / counts, np.nan)
    return [Block(viewed.name, mean)]


def _emission_hours(viewed: Target, start: date, end: date, item: str, share: float) -> list[Block]:
    factor, _, measure = item.rpartition("-")
    every = {member.series_id: member.outlet_id for member in viewed.members}
    outlets = {one: outlet for one, outlet in every.items() if one is not None and outlet is not None}
    outlets = {one: outlets[one] for one in sorted(grids.having(outlets, factor))}
    _bound(len(outlets) * (end - start).days, MOST_ACCOUNTED)
    if viewed.kind == "point":
        found = grids.hour_grids(outlets, factor, measure, start, end)
        return [Block(viewed.name, values, outlet=True) for values in found.values()]
    values, (fewest, most) = grids.summed_hours(outlets, factor, start, end, share)
    return [Block(viewed.name, values, mass=grids.DayGrid(values, fewest=fewest, most=most), outlet=True)]


def _noise_hours_of(members: Collection[Member], start: date, end: date, item: str) -> list[Block]:
    """Return the hours of noise: from the roll-ups, of stations that no statistics follow yet as they reported them."""
    without = [member for member in members if member.series_id is None]
    found = {
        member.station_id: grids[item]
        for member, grids in zip(without, reported(without, (item,), start, end), strict=True)
    }
    followed = [member for member in members if member.series_id is not None]
    blocks = iter(member_hours(followed, start, end, "leq")) if item == _LEQ else iter(())
    return [
        Block(member.name, found[member.station_id]) if member.series_id is None else next(blocks) for member in members
    ]


def member_hours(members: Collection[Member], start: date, end: date, item: str) -> list[Block]:
    """Return the hours of each member from the roll-ups, without those that an accepted review took out."""
    days = (end - start).days
    ids = {member.series_id: member.name for member in members if member.series_id is not None}
    _bound(len(ids) * days, MOST_ROLLED)
    found = {one: np.full(days * 24, np.nan) for one in ids}
    rows = Hours.objects.filter(series__in=ids, item=item, day__gte=start, day__lt=end)
    for one, day, hours in rows.values_list("series_id", "day", "hours").iterator(chunk_size=5_000):
        at = (day - start).days * 24
        found[one][at : at + 24] = np.array(hours, dtype=np.float64)
    low, high = _midnight(start), _midnight(end)
    reviews = Review.objects.filter(
        Q(item="") | Q(item=item), state=Review.State.ACCEPTED, series__in=ids, starts__lt=high, ends__gt=low
    )
    for one, starts, ends in reviews.values_list("series_id", "starts", "ends"):
        first = int(max((starts - low) / timedelta(hours=1), 0))
        last = -int(-((ends - low) / timedelta(hours=1)) // 1)
        found[one][first : max(last, first)] = np.nan
    return [Block(name, found[one]) for one, name in ids.items()]


def wind_blocks(members: Collection[Member], start: date, end: date) -> list[tuple[Floats, Floats]]:
    """Return (speed, direction) grids of each member by hour; all NaN where it reports no wind.

    Raises:
        TooLong: more than a page should read.
    """
    grids = reported(members, (_SPEED, _DIRECTION), start, end)
    return [(one[_SPEED], one[_DIRECTION]) for one in grids]


def reported(members: Collection[Member], codes: tuple[str, ...], start: date, end: date) -> list[dict[str, Floats]]:
    """Return the hourly values that stations reported with a valid mark, as grids, by member and code.

    Raises:
        TooLong: more than a page should read.
    """
    days = (end - start).days
    _bound(sum(member.station_id is not None for member in members) * days, MOST_REPORTED)
    low, high = _midnight(start), _midnight(end)
    found: list[dict[str, Floats]] = []
    for member in members:
        grids = {code: np.full(days * 24, np.nan) for code in codes}
        if member.station_id is not None:
            for code, points in read.series(
                store(), member.station_id, None, Kind.HOUR, 3600, codes, low, high
            ).items():
                _fill(grids[code], points, low)
        found.append(grids)
    return found


def _fill(grid: Floats, points: Iterable[read.Point], low: datetime) -> None:
    for point in points:
        if point.flag in ("", "N") and (value := point.value) is not None:
            at = (point.start - low) // timedelta(hours=1)
            if 0 <= at < len(grid):
                grid[at] = value


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BEIJING)


def _bound(asked: int, most: int) -> None:
    if asked > most:
        raise TooLong(asked, most)


def first_hour(start: date) -> int:
    """Return the local hour since 1970 at which a day begins."""
    return (start - _EPOCH).days * 24
