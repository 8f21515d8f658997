"""What a logger does when the platform asks: settings, history, sampling, information. One function a command."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from ecobureau.domain.hj212 import Frame, answer_9011, answer_9013, execution_9012
from ecobureau.simulator import content
from ecobureau.simulator.content import Message, Pull
from ecobureau.simulator.deviate import Answer, careless
from ecobureau.simulator.factors import FACTORS
from ecobureau.simulator.plan import MINUTE_INTERVALS
from ecobureau.simulator.times import DAY, EAST, digits, from_digits

if TYPE_CHECKING:
    from ecobureau.simulator.logger import Logger

DONE, WRONG_CONDITION, NO_DATA = "1", "3", "100"
"""ExeRtn values of 9012."""

MOST_RECORDS = 4500
"""Most records of one history pull: a month of ten-minute data."""

Result = tuple[str, list[Message]]


class Refusal(Exception):
    """The logger does not take the request: `qn_rtn` of 9011."""

    def __init__(self, qn_rtn: str) -> None:
        super().__init__(qn_rtn)
        self.qn_rtn = qn_rtn


def _whole(frame: Frame, key: str, low: int, high: int) -> int | None:
    try:
        value = int(frame.text(key) or "")
    except ValueError:
        return None
    return value if low <= value <= high else None


def _say(logger: Logger, frame: Frame, cp: str) -> list[Message]:
    """Return an upload of the request's own command."""
    return [Message(str(frame.cn), "", [cp], int(logger.world.time.now()))]


def _set_overtime(logger: Logger, frame: Frame) -> Result:
    over_time, re_count = _whole(frame, "OverTime", 1, 99), _whole(frame, "ReCount", 1, 99)
    if over_time is None or re_count is None:
        return WRONG_CONDITION, []
    logger.over_time, logger.re_count = float(over_time), re_count
    return DONE, []


def _get_time(logger: Logger, frame: Frame) -> Result:
    pol_id = frame.text("PolId")
    said = f"PolId={pol_id};" if pol_id else ""
    return DONE, _say(logger, frame, f"{said}SystemTime={digits(int(logger.world.time.now()))}")


def _set_time(logger: Logger, frame: Frame) -> Result:
    return (DONE if from_digits(frame.text("SystemTime") or "") else WRONG_CONDITION), []


def _get_realtime_interval(logger: Logger, frame: Frame) -> Result:
    return DONE, _say(logger, frame, f"RtdInterval={logger.plan.rtd_interval}")


def _set_realtime_interval(logger: Logger, frame: Frame) -> Result:
    seconds = _whole(frame, "RtdInterval", 30, 3600)
    if seconds is None:
        return WRONG_CONDITION, []
    logger.plan.rtd_interval = seconds
    logger.timetable.changed(content.RT, logger.world.time.now())
    logger.rebook()
    return DONE, []


def _get_minute_interval(logger: Logger, frame: Frame) -> Result:
    return DONE, _say(logger, frame, f"MinInterval={logger.plan.minute_interval}")


def _set_minute_interval(logger: Logger, frame: Frame) -> Result:
    minutes = _whole(frame, "MinInterval", 1, 30)
    if minutes not in MINUTE_INTERVALS:
        return WRONG_CONDITION, []
    logger.plan.minute_interval = minutes
    logger.timetable.changed(content.MINUTE, logger.world.time.now())
    logger.rebook()
    return DONE, []


def _set_password(logger: Logger, frame: Frame) -> Result:
    password = frame.text("NewPW") or ""
    if len(password) != 6:
        return WRONG_CONDITION, []
    logger.plan.pw = password
    return DONE, []


def _start_realtime(logger: Logger, frame: Frame) -> Result:
    logger.sends_realtime = True
    return DONE, []


def _start_state(logger: Logger, frame: Frame) -> Result:
    logger.sends_state = True
    return DONE, []


def _history(logger: Logger, frame: Frame) -> Result:
    """Return the records whose DataTime lies in BeginTime..EndTime, both included at the period's precision."""
    cn = str(frame.cn)
    begin, end = from_digits(frame.text("BeginTime") or ""), from_digits(frame.text("EndTime") or "")
    if begin is None or end is None or begin > end:
        return WRONG_CONDITION, []
    day_like = cn in (content.DAY_DATA, "2041")
    step, east = (DAY, EAST) if day_like else (content.length_of(logger.plan, cn), 0)
    shift = step if logger.plan.stamp == "end" else 0
    first = (begin - shift + east) // step * step - east
    latest = logger.world.time.now() - step
    starts = range(first, min(end - shift, int(latest)) + 1, step)[:MOST_RECORDS]
    if cn == "2041":
        found = [content.run_hours(logger.plant, start) for start in starts]
    else:
        found = [logger.period(cn, start) for start in starts]
    for message in found:
        message.late = logger.plan.edition == 2
    return (DONE if found else NO_DATA), found


def _no_data(logger: Logger, frame: Frame) -> Result:
    return NO_DATA, []


def _factor_of(logger: Logger, frame: Frame) -> str | None:
    pol_id = frame.text("PolId") or ""
    return next((code for code in logger.plan.factors if pol_id in (code, logger.plan.wire(code))), None)


def _at_analyser(logger: Logger, frame: Frame) -> Result:
    return (DONE if _factor_of(logger, frame) else WRONG_CONDITION), []


def _keep_sample(logger: Logger, frame: Frame) -> Result:
    if logger.plan.kind not in ("sewage", "river"):
        return WRONG_CONDITION, []
    now = int(logger.world.time.now())
    logger.bottle = logger.bottle % 24 + 1
    return DONE, [Message("3015", digits(now), [f"DataTime={digits(now)};VaseNo={logger.bottle}"], now)]


def _set_cycle(logger: Logger, frame: Frame) -> Result:
    code, start, hours = _factor_of(logger, frame), frame.text("CstartTime") or "", _whole(frame, "CTime", 1, 24)
    if code is None or hours is None or len(start) != 6 or not start.isdigit():
        return WRONG_CONDITION, []
    logger.parameters[code, "cycle"] = f"CstartTime={start};CTime={hours}"
    return DONE, []


def _get_cycle(logger: Logger, frame: Frame) -> Result:
    code = _factor_of(logger, frame)
    if code is None:
        return WRONG_CONDITION, []
    cycle = logger.parameters.get((code, "cycle"), "CstartTime=000000;CTime=1")
    return DONE, _say(logger, frame, f"PolId={logger.plan.wire(code)};{cycle}")


def _get_time_to_result(logger: Logger, frame: Frame) -> Result:
    code = _factor_of(logger, frame)
    if code is None:
        return WRONG_CONDITION, []
    return DONE, _say(logger, frame, f"PolId={logger.plan.wire(code)};Stime={35 if FACTORS[code].held else 2}")


def _get_serial(logger: Logger, frame: Frame) -> Result:
    code = _factor_of(logger, frame)
    if code is None:
        return WRONG_CONDITION, []
    wire = logger.plan.wire(code)
    serial = f"{zlib.crc32((logger.plan.mn + code).encode()):024X}"
    return DONE, _say(logger, frame, f"PolId={wire};{wire}-SN={serial}")


def parameters_of(logger: Logger, code: str) -> dict[str, str]:
    """Return the analyser's parameters by i-code (reference section 9), with what the platform has set."""
    spec = FACTORS[code]
    usual = {
        "i12001": "0",
        "i13001": f"{spec.high:g}",
        "i13003": "60" if spec.held else "1",
        "i13007": "0.000",
        "i13008": "1.000",
        "i13009": f"{2 / spec.scale:g}",
    }
    set_here = {info: value for (owner, info), value in logger.parameters.items() if owner == code and info[0] == "i"}
    return {**usual, **set_here}


def _get_information(logger: Logger, frame: Frame) -> Result:
    code, info = _factor_of(logger, frame), frame.text("InfoId") or ""
    now = int(logger.world.time.now())
    if code is None:
        if info == "i22001":
            return DONE, [content.information(now, "", [("i22001", "0")])]
        return WRONG_CONDITION, []
    known = parameters_of(logger, code)
    if info.startswith("i11"):
        return DONE, [content.information(now, logger.plan.wire(code), [("i11001", "//运行正常//")])]
    if info in known:
        return DONE, [content.information(now, logger.plan.wire(code), [(info, known[info])])]
    return NO_DATA, []


def _set_parameter(logger: Logger, frame: Frame) -> Result:
    code, info = _factor_of(logger, frame), frame.text("InfoId") or ""
    value = frame.factors().get(info, {}).get("Info")
    if code is None or value is None or info not in parameters_of(logger, code):
        return WRONG_CONDITION, []
    logger.parameters[code, info] = value
    return DONE, [content.information(int(logger.world.time.now()), logger.plan.wire(code), [(info, value)])]


def _new_key(logger: Logger, frame: Frame) -> Result:
    key = frame.text("NewSK") or ""
    if len(key) != 16 or not key.isascii():
        return WRONG_CONDITION, []
    logger.key = key.encode()
    logger.plan.key = logger.key.hex()
    return DONE, []


def _refuse(logger: Logger, frame: Frame) -> Result:
    raise Refusal("2")


REQUESTS: dict[str, Callable[[Logger, Frame], Result]] = {
    "1000": _set_overtime,
    "1002": _refuse,
    "1011": _get_time,
    "1012": _set_time,
    "1014": _new_key,
    "1061": _get_realtime_interval,
    "1062": _set_realtime_interval,
    "1063": _get_minute_interval,
    "1064": _set_minute_interval,
    "1072": _set_password,
    "2011": _start_realtime,
    "2013": _no_data,
    "2021": _start_state,
    "2031": _history,
    "2041": _history,
    "2051": _history,
    "2052": _no_data,
    "2061": _history,
    "2062": _no_data,
    "3011": _at_analyser,
    "3012": _at_analyser,
    "3013": _at_analyser,
    "3014": _at_analyser,
    "3015": _keep_sample,
    "3016": _set_cycle,
    "3017": _get_cycle,
    "3018": _get_time_to_result,
    "3019": _get_serial,
    "3020": _get_information,
    "3021": _set_parameter,
    "3022": _keep_sample,
    "3024": _at_analyser,
}
"""What a logger understands; any other request gets QnRtn=8."""


def take_request(logger: Logger, frame: Frame) -> None:
    """Answer a request or a notice of the platform: 9011, what it asks for, 9012; or 9013."""
    assert frame.cn is not None
    logger.world.tally["commands"] += 1
    if frame.cn in ("2012", "2022"):
        if frame.cn == "2012":
            logger.sends_realtime = False
        else:
            logger.sends_state = False
        logger.reply(answer_9013(frame))
        return
    action = REQUESTS.get(frame.cn)
    if frame.pw != logger.plan.pw:
        logger.reply(answer_9011(frame, "3"))
    elif action is None:
        logger.reply(answer_9011(frame, "8"))
    else:
        try:
            result, uploads = action(logger, frame)
        except Refusal as refusal:
            logger.reply(answer_9011(frame, refusal.qn_rtn))
            return
        answer = Answer(answer_9011(frame), execution_9012(frame, result))
        if logger.departs() and logger.world.settings.codes is None:
            answer = careless(answer, logger.luck, uploads=bool(uploads))
        logger.reply(answer.first)
        if answer.early:
            logger.reply(answer.closing)
        logger.pulls.append(Pull(deque(uploads), None if answer.early else answer.closing))
