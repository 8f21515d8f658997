"""What a logger says at an instant or about a period: CP items, and packets that keep within the standard's limits."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from ecobureau.simulator.factors import FACTORS
from ecobureau.simulator.plan import StationPlan
from ecobureau.simulator.plant import Plant
from ecobureau.simulator.statistics import (
    COU_DECIMALS,
    Stat,
    Stats,
    day_stats,
    energy_mean,
    mean,
    minute_stats,
)
from ecobureau.simulator.times import DAY, HOUR, digits, local_hours

CP_ROOM = 880
"""Bytes of CP a packet takes, so that with any header the segment stays within 1024 (HJ 212-2017 6.3.2)."""

RT, MINUTE, HOUR_DATA, DAY_DATA = "2011", "2051", "2061", "2031"


@dataclass(slots=True)
class Message:
    """One upload, in one packet or several.

    Attributes:
        cn: command code. data_time: the 14 digits of DataTime ('' where there is none). packets: CP of each packet.
        start: epoch of the period's start (or of the instant). late: whether it is back-fill.
        notice: whether 9013 answers it. asks: whether it asks for an answer at all (None: as the station does).
        st: system code where it is not the station's.
    """

    cn: str
    data_time: str
    packets: list[str]
    start: int = 0
    late: bool = False
    notice: bool = False
    asks: bool | None = None
    st: str | None = None
    done: int = field(default=0)


@dataclass(slots=True)
class Pull:
    """What a request asked for: uploads, then the closing 9012."""

    messages: deque[Message]
    closing: bytes | None


def text(value: int, decimals: int) -> str:
    """Return a whole number of 10**-decimals as the decimal text an instrument sends."""
    return f"{value / 10**decimals:.{decimals}f}"


def length_of(plan: StationPlan, cn: str) -> int:
    """Return the seconds of the period that a data command of this station covers."""
    return {MINUTE: plan.minute_interval * 60, HOUR_DATA: HOUR, DAY_DATA: DAY}[cn]


def stamp_of(plan: StationPlan, cn: str, start: int) -> str:
    """Return the DataTime of a period by the station's stamp rule."""
    return digits(start + (length_of(plan, cn) if plan.stamp == "end" else 0))


def realtime(plant: Plant, epoch: int) -> Message:
    """Return the real-time upload (2011) of the instant `epoch`."""
    plan = plant.plan
    block, minute = plant.block(epoch // HOUR), epoch % HOUR // 60
    rest = epoch % 60
    following = block if minute < 59 else (plant.block(epoch // HOUR + 1) if rest else block)
    after = (minute + 1) % 60 if rest else minute
    items = []
    for code in plan.factors:
        value = _between(block.values[code][minute], following.values[code][after], rest)
        if value is None:
            continue
        wire, decimals = plan.wire(code), FACTORS[code].decimals
        item = f"{wire}-Rtd={text(value, decimals)}"
        if code in block.converted:
            zs = _between(block.converted[code][minute], following.converted[code][after], rest)
            if zs is not None:
                item += f",{wire}-ZsRtd={text(zs, decimals)}"
        items.append(f"{item},{wire}-Flag={block.marks[code][minute]}")
    stamp = digits(epoch)
    return Message(RT, stamp, packets_of(stamp, items), epoch)


def _between(here: int | None, there: int | None, rest: int) -> int | None:
    if rest == 0 or here is None or there is None:
        return here
    return here + (there - here) * rest // 60


def stats_of(plant: Plant, cn: str, start: int) -> Stats:
    """Return the statistics of the period of `cn` that starts at epoch `start`."""
    plan = plant.plan
    if cn == MINUTE:
        first = start % HOUR // 60
        return minute_stats(plan, plant.block(start // HOUR), first, first + plan.minute_interval)
    if cn == HOUR_DATA:
        return plant.hour(start // HOUR)
    return day_stats(plan, [plant.hour(start // HOUR + step) for step in range(24)])


def period(plant: Plant, cn: str, start: int, *, changed: dict[str, float] | None = None) -> Message:
    """Return the minute, hour or day upload of the period that starts at epoch `start`.

    Args:
        changed: factor -> what its values are multiplied with (a rewritten record).
    """
    plan = plant.plan
    stats = stats_of(plant, cn, start)
    for code, times in (changed or {}).items():
        if code in stats:
            stats = {**stats, code: _rewritten(stats[code], times)}
    if plan.kind == "noise":
        items = _noise_items(plant, stats, cn, start)
    else:
        items = [_item(plan, code, stat) for code, stat in stats.items()]
    stamp = stamp_of(plan, cn, start)
    return Message(cn, stamp, packets_of(stamp, items), start)


def _rewritten(stat: Stat, times: float) -> Stat:
    def change(value: int) -> int:
        return int(value * times + 0.5)

    changed = stat._replace(avg=change(stat.avg), low=change(stat.low), high=change(stat.high))
    if changed.cou is not None:
        changed = changed._replace(cou=change(changed.cou))
    if stat.zs_avg is not None and stat.zs_low is not None and stat.zs_high is not None:
        changed = changed._replace(zs_avg=change(stat.zs_avg), zs_low=change(stat.zs_low), zs_high=change(stat.zs_high))
    return changed


def _item(plan: StationPlan, code: str, stat: Stat) -> str:
    wire, decimals = plan.wire(code), FACTORS[code].decimals
    parts = []
    if stat.cou is not None:
        parts.append(f"{wire}-Cou={text(stat.cou, COU_DECIMALS.get(code, 3))}")
    scale = 10**decimals
    parts.append(
        f"{wire}-Min={stat.low / scale:.{decimals}f},{wire}-Avg={stat.avg / scale:.{decimals}f},"
        f"{wire}-Max={stat.high / scale:.{decimals}f}"
    )
    if stat.zs_avg is not None and stat.zs_low is not None and stat.zs_high is not None:
        parts.append(
            f"{wire}-ZsMin={stat.zs_low / scale:.{decimals}f},{wire}-ZsAvg={stat.zs_avg / scale:.{decimals}f},"
            f"{wire}-ZsMax={stat.zs_high / scale:.{decimals}f}"
        )
    parts.append(f"{wire}-Flag={stat.flag}")
    return ",".join(parts)


def _noise_items(plant: Plant, stats: Stats, cn: str, start: int) -> list[str]:
    items = [f"{name}-Data={text(stat.avg, 1)},{name}-Flag={stat.flag}" for name, stat in stats.items()]
    if cn != DAY_DATA:
        return items
    hours = [(local_hours(start + step * HOUR), plant.hour(start // HOUR + step)) for step in range(24)]
    day = [one["Leq"].avg for when, one in hours if "Leq" in one and 6.0 <= when < 22.0]
    night = [one["Leq"].avg for when, one in hours if "Leq" in one and not 6.0 <= when < 22.0]
    if day and night:
        louder = energy_mean([*day, *(level + 100 for level in night)])
        for name, value in (("Ld", energy_mean(day)), ("Ln", energy_mean(night)), ("Ldn", louder)):
            items.append(f"{name}-Data={text(value, 1)},{name}-Flag=N")
    return items


def packets_of(stamp: str, items: Sequence[str]) -> list[str]:
    """Return the CP texts of a message: one, or as many as its items need; each repeats DataTime."""
    head = f"DataTime={stamp}"
    packets, here = [], head
    for item in items:
        if len(here) + 1 + len(item) > CP_ROOM and here != head:
            packets.append(here)
            here = head
        here = f"{here};{item}"
    packets.append(here)
    return packets


def boot(plan: StationPlan, epoch: int) -> Message:
    """Return the boot upload (2081)."""
    return Message("2081", digits(epoch), [f"DataTime={digits(epoch)};RestartTime={digits(epoch)}"], epoch)


def information(epoch: int, pol_id: str, entries: Sequence[tuple[str, str]]) -> Message:
    """Return a field-information upload (3020): entries of (i-code, value); logs come with their slashes."""
    said = ",".join(f"{info}-Info={value}" for info, value in entries)
    return Message("3020", digits(epoch), [f"DataTime={digits(epoch)};PolId={pol_id};{said}"], epoch)


def facility(epoch: int, running: bool) -> Message:
    """Return the state of the treatment facility (2021)."""
    return Message("2021", digits(epoch), [f"DataTime={digits(epoch)};SB1-RS={int(running)}"], epoch)


def run_hours(plant: Plant, start: int) -> Message:
    """Return the run time of the treatment facility on the day that starts at epoch `start` (2041)."""
    plan = plant.plan
    idle = sum(
        min(one.end, start + DAY) - max(one.start, start)
        for one in plant.incidents
        if one.kind == "treatment_off" and one.start < start + DAY and one.end > start
    )
    stamp = digits(start + (DAY if plan.stamp == "end" else 0))
    hours = text(mean((DAY - idle) * 10, HOUR), 1)
    return Message("2041", stamp, [f"DataTime={stamp};SB1-RT={hours}"], start)
