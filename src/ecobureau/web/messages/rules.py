"""The rules of messages, read from their pack; and the pure arithmetic of quiet hours and waiting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ecobureau.clock import BEIJING, beijing
from ecobureau.rulepacks import load


@dataclass(frozen=True, slots=True)
class Rules:
    """What the pack `messages` says on a day; see its clauses."""

    urgent_levels: frozenset[str]
    urgent_percent: int
    fold_count: int
    fold_span: timedelta
    quiet: tuple[time, time]
    tries: int
    wait_first: timedelta
    wait_most: timedelta
    timeout_s: float
    keep: timedelta


def rules(day: date) -> Rules:
    """Return the rules in force on a day."""
    pack = load("messages")

    def whole(key: str) -> int:
        return int(str(pack.at(f"message.{key}", day).value))

    levels = pack.at("message.urgent_levels", day).value
    return Rules(
        urgent_levels=frozenset(levels if isinstance(levels, list) else ()),
        urgent_percent=whole("urgent_percent"),
        fold_count=whole("fold_count"),
        fold_span=timedelta(minutes=whole("fold_minutes")),
        quiet=(
            time.fromisoformat(str(pack.at("message.quiet_from", day).value)),
            time.fromisoformat(str(pack.at("message.quiet_to", day).value)),
        ),
        tries=whole("tries"),
        wait_first=timedelta(seconds=whole("wait_first")),
        wait_most=timedelta(seconds=whole("wait_most")),
        timeout_s=float(whole("timeout")),
        keep=timedelta(days=whole("keep_days")),
    )


def quiet_until(at: datetime, hours: tuple[time, time]) -> datetime | None:
    """Return when the quiet hours that hold `at` end (aware), None outside of them. Equal times mean: none at all."""
    first, last = hours
    here = beijing(at)
    now = here.time().replace(tzinfo=None)
    if first == last:
        return None
    inside = first <= now < last if first < last else now >= first or now < last
    if not inside:
        return None
    end = datetime.combine(here.date(), last, BEIJING)
    return end if end > here else end + timedelta(days=1)


def wait_after(tries: int, given: Rules) -> timedelta:
    """Return how long to wait after the `tries`-th failure: doubled each time, up to the longest."""
    return min(given.wait_first * 2 ** max(0, tries - 1), given.wait_most)
