"""Epoch seconds and Beijing digits: the simulator reckons in whole seconds since 1970 and writes UTC+8."""

from __future__ import annotations

import calendar
import re
import time
from functools import lru_cache

EAST = 8 * 3600
HOUR = 3600
DAY = 86400


@lru_cache(maxsize=4096)
def _hour_digits(hour: int) -> str:
    return time.strftime("%Y%m%d%H", time.gmtime(hour * HOUR + EAST))


def digits(epoch: int) -> str:
    """Return the 14 digits YYYYMMDDhhmmss (Beijing time) of `epoch` seconds."""
    rest = epoch % HOUR
    return f"{_hour_digits(epoch // HOUR)}{rest // 60:02d}{rest % 60:02d}"


def from_digits(text: str) -> int | None:
    """Return the epoch seconds of 14 (or 17) Beijing digits, or None."""
    try:
        return calendar.timegm(time.strptime(text[:14], "%Y%m%d%H%M%S")) - EAST
    except (ValueError, OverflowError):
        return None


def day_start(epoch: int) -> int:
    """Return the epoch of 00:00 Beijing time of the day that holds `epoch`."""
    return (epoch + EAST) // DAY * DAY - EAST


def local_hours(epoch: float) -> float:
    """Return the Beijing time of day in hours, 0 to 24."""
    return ((epoch + EAST) % DAY) / HOUR


def weekday(epoch: float) -> int:
    """Return the Beijing weekday, Monday 0 (1970-01-01 was a Thursday)."""
    return int((epoch + EAST) // DAY + 3) % 7


_SPAN = re.compile(r"([+-]?)(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)m(?:in)?)?\s*(?:(\d+)s)?")
_CLOCK = re.compile(r"(?:([+-]\d+)d\s+)?(\d{1,2}):(\d{2})")


def seconds_of(text: str | int | float) -> int:
    """Return the seconds of a span such as `90s`, `40m`, `2h 30m`, `-1d`, or of a plain number.

    Raises:
        ValueError: the text is no span.
    """
    if isinstance(text, (int, float)):
        return int(text)
    if re.fullmatch(r"[+-]?\d+", text.strip()):
        return int(text)
    match = _SPAN.fullmatch(text.strip())
    if match is None or not any(match.groups()[1:]):
        raise ValueError(f"{text!r} is no span of time; write for example 90s, 40m, 2h 30m or -1d")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    total = days * DAY + hours * HOUR + minutes * 60 + seconds
    return -total if match[1] == "-" else total


def moment_of(text: str | int | float, launch: int) -> int:
    """Return the epoch that a text names against the launch.

    `+20s`, `-40m` and plain seconds count from the launch; `22:30` is the next such Beijing time at or after it,
    `-1d 23:30` that time of the day before the launch's; 14 digits are that moment itself.

    Raises:
        ValueError: the text is none of these.
    """
    if isinstance(text, str):
        clock = _CLOCK.fullmatch(text.strip())
        if clock:
            wanted = int(clock[2]) * HOUR + int(clock[3]) * 60
            if clock[1]:
                return day_start(launch) + int(clock[1]) * DAY + wanted
            moment = day_start(launch) + wanted
            return moment if moment >= launch else moment + DAY
        if re.fullmatch(r"\d{14}", text.strip()):
            found = from_digits(text.strip())
            if found is None:
                raise ValueError(f"{text!r} is no date")
            return found
    return launch + seconds_of(text)
