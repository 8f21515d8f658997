"""The day a cell says, in the ways tables write it; a form with two readings (03/04/2026) is not read at all."""

from __future__ import annotations

import re
from datetime import date, datetime

from ecobureau.clock import BEIJING

TIME_COLUMNS = ("time", "date", "datetime", "timestamp", "day", "时间", "日期", "监测时间", "发布时间")
"""Names of the column of times, the first that is there counts."""

_FORM = re.compile(
    r"(?P<y>\d{4})(?:(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})|年(?P<m2>\d{1,2})月(?P<d2>\d{1,2})日"
    r"|(?P<m3>\d{2})(?P<d3>\d{2}))"
    r"(?:(?:[T\s]+|(?<=\d{8})|(?<=日))(?P<H>\d{1,2})(?:[:：](?P<M>\d{2})(?:[:：](?P<S>\d{2})(?:\.\d+)?)?|(?P<M2>\d{2})(?P<S2>\d{2})?|[时点])?"
    r"(?P<zone>\s*(?:Z|[+-]\d{2}:?\d{2}))?)?"
)


def day_of(text: str) -> date:
    """Return the day (Asia/Shanghai) that a cell says.

    Known forms: 2026-03-01, 2026/3/1, 2026.3.1, 20260301, 2026年3月1日, each with or without a time of day
    (13, 13:00, 13:00:00, 13时; T or blank before it), with or without Z or an offset, which is turned into
    Chinese time.

    Raises:
        ValueError: none of these, or no day of the calendar.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    year = int(found["y"])
    month = int(found["m"] or found["m2"] or found["m3"])
    day = int(found["d"] or found["d2"] or found["d3"])
    hour = int(found["H"] or 0)
    minute = int(found["M"] or found["M2"] or 0)
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise ValueError(text)
    said = date(year, month, day)
    zone = (found["zone"] or "").strip()
    if not zone or hour == 24:
        return said
    offset = "+00:00" if zone == "Z" else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    moment = datetime.fromisoformat(f"{said.isoformat()}T{hour:02d}:{minute:02d}:00{offset}")
    return moment.astimezone(BEIJING).date()
