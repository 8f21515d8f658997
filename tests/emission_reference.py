"""A second, plain implementation of the emission rules for tests: dictionaries and loops, hourly samples only.

Written from the rules' text and not from the program; constants are the standards' own.
"""

from __future__ import annotations

from collections import defaultdict
from statistics import median

GOOD, STOP = "N", "F"
NOT_POLLUTANTS = {"a00000", "a01011", "a01012", "a01013", "a01014", "a19001", "w00000"}
NO_WEIGHT = {"w01001", "w01010", "w01014", "w01009", "w01002"}


def quarter_of(hour):
    """Quarter of an hour counted from 2025-01-01 00:00 (a year of 365 days)."""
    day = hour // 24
    for quarter, last in enumerate((90, 181, 273, 365)):
        if day < last:
            return quarter
    raise ValueError(hour)


def gas(samples, hours, o2_ref):
    """samples: {factor: {hour: (value, flag)}} -> {factor: {hour: dict}} for the pollutants."""
    out = {}
    stopped_anywhere = {h for own in samples.values() for h, (_, flag) in own.items() if flag == STOP}
    for factor, own in samples.items():
        if factor in NOT_POLLUTANTS:
            continue
        rows = {}
        for h in range(hours):
            c, flag = own.get(h, (None, None))
            state = "missing"
            if flag == STOP or (flag is None and h in stopped_anywhere):
                state = "stopped"
            elif flag == GOOD and c is not None:
                state = "ok"
            elif flag is not None:
                state = "invalid"
            q, q_flag = samples.get("a00000", {}).get(h, (None, None))
            if q_flag is None and h in stopped_anywhere:
                q_flag = STOP
            flow = q * 3600 if q_flag == GOOD and q is not None and q >= 0 else None
            o2, o2_flag = samples.get("a19001", {}).get(h, (None, None))
            converted = None
            if state == "ok" and o2_ref is not None and o2_flag == GOOD and o2 is not None and o2 < 21:
                converted = c if c < 0 else c * (21 - o2_ref) / (21 - o2)
            idle = state == "stopped" or q_flag == STOP
            kg = 0.0 if idle else max(c, 0) * flow / 1e6 if state == "ok" and flow is not None else None
            rows[h] = {
                "state": state,
                "idle": idle,
                "avg": c if state == "ok" else None,
                "converted": converted,
                "kg": kg,
            }
        substitute_gas(rows, hours)
        out[factor] = rows
    return out


def substitute_gas(rows, hours):
    counts = defaultdict(lambda: [0, 0])
    for h in range(hours):
        if not rows[h]["idle"]:
            counts[quarter_of(h)][0] += 1
            counts[quarter_of(h)][1] += rows[h]["kg"] is not None
    run, history = [], []

    def close():
        for h in run:
            operating, valid = counts[quarter_of(h)]
            rate = valid / operating
            if rate >= 0.9:
                many = 180 if len(run) <= 24 else 720
            elif rate >= 0.75:
                many = 2160
            else:
                continue
            if history:
                rows[h]["substitute"] = max(history[-many:])

    for h in range(hours):
        if rows[h]["idle"]:
            continue
        if rows[h]["kg"] is None:
            run.append(h)
            continue
        close()
        run = []
        history.append(rows[h]["kg"])
    close()


def water(samples, hours):
    """As `gas`, by HJ 356-2019 without hand samples."""
    flow, flow_idle = {}, set()
    stopped_anywhere = {h for own in samples.values() for h, (_, flag) in own.items() if flag == STOP}
    for h in range(hours):
        q, flag = samples.get("w00000", {}).get(h, (None, None))
        if flag == STOP or (flag is None and h in stopped_anywhere):
            flow_idle.add(h)
        elif flag == GOOD and q is not None and q >= 0:
            flow[h] = q * 3.6
    quiet = {h for h, q in flow.items() if q == 0}
    flow_filled = span_means(flow, [h for h in range(hours) if h not in flow_idle])
    out = {}
    for factor, own in samples.items():
        if factor in NOT_POLLUTANTS:
            continue
        good, idle = {}, set()
        for h in range(hours):
            c, flag = own.get(h, (None, None))
            if flag == STOP or (flag is None and h in stopped_anywhere) or h in quiet:
                idle.add(h)
            elif flag == GOOD and c is not None and (c >= 0 or factor == "w01010"):
                good[h] = c
        filled = span_means(good, [h for h in range(hours) if h not in idle])
        rows = {}
        for h in range(hours):
            still = h in idle or h in flow_idle
            kg = 0.0 if still else good[h] * flow[h] / 1000 if h in good and h in flow else None
            row = {"avg": good.get(h), "idle": still, "kg": kg, "converted": None, "state": "ok" if h in good else ""}
            c, q = good.get(h, filled.get(h)), flow.get(h, flow_filled.get(h))
            if kg is None and c is not None and q is not None:
                row["substitute"] = c * q / 1000
            rows[h] = row
        out[factor] = rows
    return out, flow


def span_means(values, operating, by=None):
    """Fill every run of operating hours without a value by the mean of as many operating hours just before it."""
    filled, at = {}, 0
    while at < len(operating):
        if operating[at] in values:
            at += 1
            continue
        end = at
        while end < len(operating) and operating[end] not in values:
            end += 1
        length = end - at
        before = [values[h] for h in operating[max(0, at - length) : at] if h in values]
        if before:
            value = median(before) if by == "median" else sum(before) / len(before)
            filled |= dict.fromkeys(operating[at:end], value)
        at = end
    return filled


def gas_day(rows, day):
    own = [rows[h] for h in range(day * 24, day * 24 + 24) if h in rows]
    valid = [one["avg"] for one in own if one["avg"] is not None]
    converted = [one["converted"] for one in own if one["converted"] is not None]
    return {
        "avg": sum(valid) / len(valid) if len(valid) >= 20 else None,
        "converted": sum(converted) / len(converted) if len(converted) >= 20 else None,
        "kg": sum(one["kg"] for one in own if one["kg"] is not None),
        "substituted": sum(one.get("substitute", 0) for one in own),
    }


def water_day(rows, flow, day, factor):
    hours = [h for h in range(day * 24, day * 24 + 24) if h in rows]
    stop = [h for h in hours if rows[h]["idle"] and rows[h]["avg"] is None]
    valid = [h for h in hours if rows[h]["avg"] is not None]
    required = len(hours) - len(stop)
    enough = required > 0 and len(valid) * 4 >= required * 3 and valid
    both = [h for h in valid if h in flow]
    volume = sum(flow[h] for h in both)
    if factor == "w01001" or not enough:
        mean = None
    elif factor in NO_WEIGHT or not volume:
        mean = sum(rows[h]["avg"] for h in valid) / len(valid)
    else:
        mean = sum(rows[h]["avg"] * flow[h] for h in both) / volume
    return {"avg": mean, "kg": sum(rows[h]["kg"] for h in hours if rows[h]["kg"] is not None)}
