"""Times of HJ 212: digits without zone, always Beijing time (UTC+8, no daylight saving)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

from ecobureau.domain.hj212.deviations import Deviation

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")

DAY_COMMANDS = frozenset({"2031", "2041"})
HOUR_COMMANDS = frozenset({"2061"})
MINUTE_COMMANDS = frozenset({"2051"})

PERIOD_DIGITS = {"2031": 8, "2041": 8, "2061": 10, "2051": 12}
"""How many leading digits of a DataTime name the period of a command: day, hour or minute."""


def real_moment(digits: str) -> datetime | None:
    """Return the moment (aware, UTC) that 14 to 17 digits YYYYMMDDhhmmss[z[z[z]]] in Beijing time name, else None."""
    if not 14 <= len(digits) <= 17 or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        local = datetime(
            int(digits[:4]),
            int(digits[4:6]),
            int(digits[6:8]),
            int(digits[8:10]),
            int(digits[10:12]),
            int(digits[12:14]),
            int(digits[14:].ljust(3, "0")) * 1000,
            tzinfo=BEIJING,
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_time(text: str) -> tuple[datetime | None, list[Deviation]]:
    """Return the moment of a DataTime (or another 14-digit time of CP) and what is odd about its form.

    Args:
        text: digits as sent, Beijing time.

    Returns:
        The moment, aware and in UTC, or None where the text names none; and deviations `data_time.*`.
    Source: HJ 212-2017 6.3.4 (14 digits YYYYMMDDhhmmss).
    """
    trimmed = text.strip()
    moment = real_moment(trimmed)
    if moment is None:
        return None, [Deviation("data_time.malformed", text)]
    if len(trimmed) == 14:
        return moment, []
    if len(trimmed) == 17:
        return moment, [Deviation("data_time.17_digits", text)]
    if len(trimmed) == 16:
        return moment, [Deviation("data_time.16_digits", text)]
    return moment, [Deviation("data_time.malformed", text)]


def period(
    cn: str, start_text_dt: datetime, *, stamp: Literal["start", "end"] = "start", minutes: int = 10
) -> tuple[datetime, datetime]:
    """Return the period (start, end; both aware UTC) that a DataTime stands for.

    Args:
        cn: command code; 2031 and 2041 are days, 2061 hours, 2051 minute data, all others instants.
        start_text_dt: the moment parsed from DataTime.
        stamp: the station's convention: `start` (2017, 2025) or `end` of the period (many 2005 devices).
        minutes: the station's MinInterval, for 2051.

    Returns:
        Start and end; equal for an instant.
    Source: HJ 212-2017 6.6.5 and annex C; reference section 5.
    """
    if cn in DAY_COMMANDS:
        length = timedelta(days=1)
    elif cn in HOUR_COMMANDS:
        length = timedelta(hours=1)
    elif cn in MINUTE_COMMANDS:
        length = timedelta(minutes=minutes)
    else:
        return start_text_dt, start_text_dt
    if stamp == "end":
        return start_text_dt - length, start_text_dt
    return start_text_dt, start_text_dt + length


def to_text(moment: datetime, *, milliseconds: bool = False) -> str:
    """Return an aware moment as Beijing digits: 14, or 17 with milliseconds (the form of QN)."""
    local = moment.astimezone(BEIJING)
    text = local.strftime("%Y%m%d%H%M%S")
    return f"{text}{local.microsecond // 1000:03d}" if milliseconds else text
