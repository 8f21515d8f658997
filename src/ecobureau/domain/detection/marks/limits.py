"""P28 beyond the limit for hours, P29 beyond the permitted total."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

import numpy as np

from ecobureau.domain.detection.model.facts import finding, samples
from ecobureau.domain.detection.model.outlet import FLOW, trailing_mean
from ecobureau.domain.detection.model.robust import Bools, Floats
from ecobureau.domain.detection.model.spells import Spell, runs_of
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, FactorFacts, Finding, NoOpinion, Opinion, Params

O2 = "a19001"
_BEIJING: Final = timezone(timedelta(hours=8))
# mg/m3 x m3/s and mg/L x L/s are both mg/s.
_KG_PER_MG: Final = 1e-6


@detector(
    id="P28",
    title="detection.P28.title",
    inputs=("concentrations or converted values", "limits"),
    group="shape",
    cost="O(n)",
)
def beyond_limit(case: Case, p: Params) -> Opinion:
    """Find hourly means above the limit for hours on end.

    The converted value counts where a reference O2 is registered, else the mean. Start-up, shut-down, standstill and
    rows under a mark do not count; a row at the end of its range (T) counts as at least the range. Hours and how far
    beyond are added up: a hair's breadth, or a range that ends, needs longer than a clear exceedance.
    """
    known = [f for f, facts in case.facts.factors.items() if facts.limit and f in case.series.avg]
    if not known:
        return NoOpinion("detection.no_limit")
    found: list[Finding] = []
    for factor in known:
        found += _beyond(case, p, factor, case.facts.factors[factor])
    return found


def limit_values(case: Case, factor: str, facts: FactorFacts) -> Floats:
    """Return the values that are compared with the limit, (n,): converted where a reference O2 is registered."""
    series = case.series
    if facts.o2_ref is None:
        return series.avg[factor]
    zs = series.zs.get(factor, np.full(len(series), np.nan))
    o2 = series.avg.get(O2)
    if o2 is None:
        return zs
    room = np.where(o2 < 20.0, 21.0 - o2, np.nan)
    return np.where(np.isfinite(zs), zs, series.avg[factor] * (21.0 - facts.o2_ref) / room)


def _beyond(case: Case, p: Params, factor: str, facts: FactorFacts) -> list[Finding]:
    series, m = case.series, case.masks
    limit = facts.limit or 0.0
    values = limit_values(case, factor, facts)
    flags = series.flag[factor]
    valid = np.isfinite(values) & np.isin(flags, ("N", "T")) & ~m.stop
    if "pw_prod" in series.avg or O2 in series.avg:
        valid &= m.run
    # After a start the oxygen falls and values run high for some hours without a declaration.
    valid &= ~(m.trans & m.run)
    mean, enough = _hourly(np.where(valid, values, np.nan), series.per_hour, p["valid_share"])
    over = enough & (mean > limit)
    at_end, _any = _hourly((flags == "T").astype(np.float64), series.per_hour, 0.0)
    topped = at_end > 0.5
    least = int(p["clue_h"])
    found = []
    for a, b in _bridged(over, enough, int(p["bridge_h"])):
        hits = np.flatnonzero(over[a:b]) + a
        if len(hits) < least:
            continue
        # An hour at the end of the range (T) tells little of how far beyond; a hair's breadth for three hours is a
        # notice, and becomes a clue when it lasts.
        beyond = np.where(topped[hits], p["excess_topped"], mean[hits] / limit - 1.0)
        enough_by = np.flatnonzero(np.cumsum(beyond) >= p["excess"])
        worth = len(enough_by) > 0
        told = int(hits[max(least - 1, int(enough_by[0]))]) if worth else int(hits[least - 1])
        per = series.per_hour
        spell = Spell(a * per, b * per, told * per + per - 1)
        top = float(np.nanmax(mean[a : told + 1]))
        times = float(np.nanmean(mean[a : told + 1])) / limit
        found.append(
            finding(
                case,
                "P28",
                spell,
                factors=(factor,),
                statistic=times,
                threshold=1.0,
                score=min(0.9, 0.7 + 0.1 * (times - 1)) if worth else 0.5,
                severity=4 if times > 2 else 3,
                group="shape",
                numbers={
                    "factor": factor,
                    "mean": float(np.nanmean(mean[a:b])),
                    "top": top,
                    "limit": limit,
                    "times": times,
                    "over": float(over[a:b].sum()),
                },
                counter=("detection.counter.startup_left_out", "detection.counter.marks_left_out"),
            )
        )
    return found


def _hourly(values: Floats, per_hour: int, share: float) -> tuple[Floats, Bools]:
    """Return hourly means and whether each hour is valid."""
    count = len(values) // per_hour
    block = values[: count * per_hour].reshape(count, per_hour)
    n = np.isfinite(block).sum(axis=1)
    with np.errstate(all="ignore"):
        mean = np.where(n > 0, np.nansum(block, axis=1) / np.maximum(n, 1), np.nan)
    return mean, n >= max(1, share * per_hour)


def _bridged(over: Bools, enough: Bools, bridge: int) -> list[tuple[int, int]]:
    """Return runs of hours beyond the limit; hours without a valid mean do not end one, nor do a few below."""
    out: list[tuple[int, int]] = []
    for a, b in runs_of(over):
        if out and int(enough[out[-1][1] : a].sum()) <= bridge and a - out[-1][1] <= 12:
            out[-1] = (out[-1][0], b)
        else:
            out.append((a, b))
    return out


@detector(
    id="P29",
    title="detection.P29.title",
    inputs=("concentrations", "flow", "permitted mass a month"),
    group="physics",
    cost="O(n) and 200 drawn months",
)
def beyond_total(case: Case, p: Params) -> Opinion:
    """Find a month whose mass passes the permitted total; notices at shares of it before.

    kg = c (dry, as measured) x flow; a gap counts at the mean rate of the days before. The forecast of the month's end
    is the rate of the last days with a bootstrap band over their daily means. What lies before the record is not
    counted.
    """
    series = case.series
    flow = FLOW[series.kind]
    if flow not in series.avg:
        return NoOpinion("detection.no_factor", {"factor": flow})
    permits = {f: x.permit_kg_month for f, x in case.facts.factors.items() if x.permit_kg_month and f in series.avg}
    if not permits:
        return NoOpinion("detection.no_permit")
    found: list[Finding] = []
    for factor, permit in permits.items():
        found += _total(case, p, factor, float(permit or 0.0))
    return found


def mass_rate(case: Case, factor: str) -> Floats:
    """Return kg an hour (n,), NaN where either is missing or marked; 0 where the plant stands."""
    series, m = case.series, case.masks
    flow = FLOW[series.kind]
    good = np.isin(series.flag[factor], ("N", "T")) & np.isin(series.flag[flow], ("N", "T"))
    rate = np.maximum(series.avg[factor], 0.0) * np.maximum(series.avg[flow], 0.0) * 3600 * _KG_PER_MG
    halted = m.stop | (series.flag[factor] == "F") | (~m.run & m.known)
    return np.where(good & np.isfinite(rate), rate, np.where(halted, 0.0, np.nan))


def months_of(t: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Return for every Beijing month of the grid: first index, stop index, epoch s of its start and of its end."""
    out = []
    i = 0
    while i < len(t):
        at = datetime.fromtimestamp(int(t[i]), _BEIJING)
        start = datetime(at.year, at.month, 1, tzinfo=_BEIJING)
        end = datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=_BEIJING)
        stop = int(np.searchsorted(t, int(end.timestamp())))
        out.append((i, stop, int(start.timestamp()), int(end.timestamp())))
        i = stop
    return out


def _total(case: Case, p: Params, factor: str, permit: float) -> list[Finding]:
    """One finding from the hour at which the account passes the permit to the month's end, notices before it."""
    series = case.series
    rate = mass_rate(case, factor)
    hours = series.step_s / 3600
    day = samples(case, 24)
    found: list[Finding] = []
    for a, stop, start, end in months_of(series.t):
        # What was not measured is reckoned at the mean of the last days as it was known then.
        usual = trailing_mean(rate, samples(case, 24 * p["rate_d"]))[a:stop]
        part = rate[a:stop]
        filled = np.where(np.isfinite(part), part, np.nan_to_num(usual, nan=0.0))
        account = np.cumsum(filled) * hours
        crossed = int(np.searchsorted(account, permit))
        if crossed < len(account):
            recent = rate[max(0, a + crossed + 1 - samples(case, 24 * p["rate_d"])) : a + crossed + 1]
            left = (end - int(series.t[a + crossed]) - series.step_s) / 3600
            known = recent[np.isfinite(recent)]
            total = float(account[crossed])
            forecast = _forecast(known, day, total, left, int(p["seed"])) if len(known) else (total, total, total)
            found.append(_over(case, factor, Spell(a + crossed, stop, a + crossed), total, permit, forecast, 0.9, 4))
        found += _notices(case, p, factor, permit, account[:crossed], a, (start, end))
    return found


def _over(
    case: Case,
    factor: str,
    spell: Spell,
    total: float,
    permit: float,
    forecast: tuple[float, float, float],
    score: float,
    severity: int,
) -> Finding:
    return finding(
        case,
        "P29",
        spell,
        factors=(factor, FLOW[case.series.kind]),
        statistic=total / permit,
        threshold=1.0,
        score=score,
        severity=severity,
        group="physics",
        numbers={
            "factor": factor,
            "total": total,
            "permit": permit,
            "percent": 100 * total / permit,
            "low": forecast[0],
            "middle": forecast[1],
            "high": forecast[2],
        },
        counter=("detection.counter.gaps_at_mean",),
    )


def _notices(
    case: Case, p: Params, factor: str, permit: float, account: Floats, a: int, month: tuple[int, int]
) -> list[Finding]:
    """Notices at 80, 90, 95 % of the permit and at the first forecast beyond it: below what opens a clue."""
    series = case.series
    found: list[Finding] = []
    shares = [share for share in _shares(p) if share < 1.0]
    for share in shares:
        at = int(np.searchsorted(account, share * permit))
        if at >= len(account):
            break
        total = float(account[at])
        gone = max(1.0, (int(series.t[a + at]) + series.step_s - int(series.t[a])) / 3600)
        left = (month[1] - int(series.t[a + at]) - series.step_s) / 3600
        middle = total + left * total / gone
        spell = Spell(a + at, a + at + 1, a + at)
        found.append(_over(case, factor, spell, total, permit, (middle, middle, middle), 0.3 + 0.2 * share, 2))
    return found


def _shares(p: Params) -> list[float]:
    raw = p.raw("warn")
    return [float(one) for one in raw] if isinstance(raw, list | tuple) else []


def forecast_of(case: Case, factor: str, p: Params) -> tuple[float, float, float, float] | None:
    """Return (account so far, 5 %, 50 %, 95 % of the month's end) in kg, as known at the end of the series."""
    series = case.series
    months = months_of(series.t)
    if not months:
        return None
    a, stop, _start, end = months[-1]
    rate = mass_rate(case, factor)
    known = rate[max(0, stop - samples(case, 24 * p["rate_d"])) : stop]
    known = known[np.isfinite(known)]
    if not len(known):
        return None
    usual = np.nan_to_num(trailing_mean(rate, samples(case, 24 * p["rate_d"]))[a:stop], nan=0.0)
    total = float(np.where(np.isfinite(rate[a:stop]), rate[a:stop], usual).sum()) * series.step_s / 3600
    return (total, *_forecast(known, samples(case, 24), total, (end - series.end) / 3600, int(p["seed"])))


def _forecast(known: Floats, per_day: int, total: float, left: float, seed: int) -> tuple[float, float, float]:
    """Return 5 %, 50 %, 95 % of the month's end: total + hours left x mean rate, over a bootstrap of daily means."""
    count = max(1, len(known) // per_day)
    days = known[-count * per_day :].reshape(count, per_day).mean(axis=1) if len(known) >= per_day else known
    draws = np.random.default_rng(seed).choice(days, size=(200, len(days))).mean(axis=1)
    low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95])
    return total + left * float(low), total + left * float(middle), total + left * float(high)
