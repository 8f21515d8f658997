"""Two frames of one key: what is the same, what is added, what was rewritten. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ecobureau.storage.shape import text_of
from ecobureau.storage.types import Reading

FLAG = "flag"


@dataclass(slots=True)
class Change:
    """One statistic (or the mark, `flag`) of one factor that a later frame rewrote; texts with their decimals."""

    code: str
    stat: str
    old: str | None
    new: str | None


@dataclass(slots=True)
class Merged:
    """Result of a merge: the readings that now hold, factors that gained something, values that were rewritten."""

    readings: list[Reading]
    added: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


def merge(old: Sequence[Reading], new: Sequence[Reading]) -> Merged:
    """Merge the readings of a later frame into those that are stored under the same key.

    Factors and statistics that were not there are added. A differing value takes the place of the old one and is listed
    as a change. A place without a number says nothing: it never changes a number, and any number fills it.
    The result does not depend on the order of frames that do not contradict each other.
    """
    by_code = {r.code: r for r in old}
    out = Merged([])
    for reading in new:
        before = by_code.get(reading.code)
        if before is None:
            by_code[reading.code] = reading
            out.added.append(reading.code)
        elif before is not reading:
            by_code[reading.code] = _merge_one(before, reading, out)
    out.readings = [by_code[code] for code in sorted(by_code)]
    return out


def _merge_one(old: Reading, new: Reading, out: Merged) -> Reading:
    values = dict(zip(old.stats, zip(old.values, old.decimals, strict=True), strict=True))
    gained = False
    for stat, value, decimals in zip(new.stats, new.values, new.decimals, strict=True):
        before = values.get(stat)
        if before is None:
            values[stat] = (value, decimals)
            gained = True
        elif value is None or value == before[0]:
            continue
        elif before[0] is None:
            values[stat] = (value, decimals)
            gained = True
        elif text_of(before[0], max(decimals, before[1])) != text_of(value, max(decimals, before[1])):
            out.changes.append(Change(new.code, stat, text_of(*before), text_of(value, decimals)))
            values[stat] = (value, decimals)
    flag = old.flag
    if new.flag and new.flag != old.flag:
        if old.flag:
            out.changes.append(Change(new.code, FLAG, old.flag, new.flag))
        else:
            gained = True
        flag = new.flag
    if gained:
        out.added.append(new.code)
    stats = tuple(values)
    return Reading(
        old.code,
        old.unit,
        stats,
        tuple(values[s][0] for s in stats),
        tuple(values[s][1] for s in stats),
        flag,
        old.dialect or new.dialect,
    )


def see_part(parts: str | None, pno: int, pnum: int) -> str:
    """Return the state `1,3/4` (packets seen of packets told) after one more packet."""
    seen = {pno}
    if parts:
        had, _slash, told = parts.partition("/")
        seen |= {int(number) for number in had.split(",")}
        pnum = max(pnum, int(told))
    return ",".join(str(number) for number in sorted(seen)) + f"/{pnum}"


def is_complete(parts: str | None) -> bool:
    """Say whether all packets of a row's message were seen (also where it came in one piece)."""
    if not parts:
        return True
    seen, _slash, told = parts.partition("/")
    return len(seen.split(",")) >= int(told)
