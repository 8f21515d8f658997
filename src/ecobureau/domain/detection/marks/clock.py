"""P35 clocks, late arrival and rewritten values; P36 parameters changed without a filing."""

from __future__ import annotations

import numpy as np

from ecobureau.domain.detection.model.facts import finding, median_of, samples
from ecobureau.domain.detection.model.spells import Spell, runs_of, spells_of
from ecobureau.domain.detection.registry import detector
from ecobureau.domain.detection.types import Case, Finding, NoOpinion, Opinion, Params


@detector(
    id="P35",
    title="detection.P35.title",
    inputs=("arrival times", "rewritten values", "flow and production power"),
    group="flags",
    cost="O(n)",
)
def clock(case: Case, p: Params) -> Opinion:
    """Find values rewritten after they were stored, rows from the future or all in one second, a shifted clock.

    Arrival times and rewrites come from the running system, or from two different rows of one time in a plain file. A
    shifted clock shows in any file: flow follows the power log at a lag of hours where it followed at once.
    """
    series = case.series
    found: list[Finding] = []
    spoke = False
    if series.revised:
        spoke = True
        found += _rewritten(case, p)
    if series.arrived is not None and np.isfinite(series.arrived).any():
        spoke = True
        found += _arrival(case, p, series.arrived)
    lag = _lagging(case, p)
    if lag is not None:
        spoke = True
        found += lag
    return found if spoke else NoOpinion("detection.no_arrival")


def _rewritten(case: Case, p: Params) -> list[Finding]:
    series = case.series
    any_of = np.zeros(len(series), dtype=bool)
    for mask in series.revised.values():
        any_of |= mask
    found = []
    a_day = samples(case, 24)
    for spell in spells_of(any_of, any_of, need=int(p["rewritten"]), share=0.0, gap=a_day, apart=a_day):
        whole = slice(spell.first, spell.stop)
        counts = {f: int(mask[whole].sum()) for f, mask in series.revised.items()}
        # The factors that were rewritten, the most often first; the others stay out.
        names = tuple(sorted((f for f in counts if counts[f]), key=lambda f: (-counts[f], f)))
        count = float(sum(counts.values()))
        found.append(
            finding(
                case,
                "P35",
                spell,
                factors=names,
                statistic=count,
                threshold=p["rewritten"],
                score=0.9,
                severity=5,
                group="flags",
                numbers={"kind": "rewritten", "count": count},
            )
        )
    return found


def _arrival(case: Case, p: Params, arrived: np.ndarray) -> list[Finding]:
    """Rows that arrive before their period ended, and many that arrive in one second long after."""
    series = case.series
    ends = series.t + series.step_s
    known = np.isfinite(arrived)
    future = known & (arrived < ends - p["future_s"])
    late = known & (arrived > ends + p["late_s"])
    found = []
    for spell in spells_of(future, known, need=int(p["future_rows"]), share=0.8, gap=samples(case, 6)):
        ahead = -median_of(arrived - ends, spell.seen) / 60
        found.append(
            finding(
                case,
                "P35",
                spell,
                factors=(),
                statistic=ahead,
                threshold=p["future_s"] / 60,
                score=0.75,
                severity=3,
                group="flags",
                numbers={"kind": "future", "minutes": ahead},
            )
        )
    for a, b in runs_of(late):
        if b - a < p["batch_rows"]:
            continue
        seconds = arrived[a:b]
        # A back-fill after a gap comes in one stream; the same second for all rows of hours is a written batch.
        burst = float(seconds.max() - seconds.min())
        lag = float(np.median(seconds - ends[a:b])) / 60
        backfill = burst <= p["batch_s"] and float(seconds.min()) - ends[b - 1] < p["late_s"]
        if burst > p["batch_s"]:
            continue
        at = min(len(series) - 1, int(np.searchsorted(ends, float(seconds.max()), side="left")))
        found.append(
            finding(
                case,
                "P35",
                Spell(a, b, max(b - 1, at)),
                factors=(),
                statistic=lag,
                threshold=p["late_s"] / 60,
                score=0.4 if backfill else 0.6,
                severity=3,
                group="flags",
                numbers={"kind": "batch", "minutes": lag, "count": float(b - a)},
                counter=("detection.counter.backfill",) if backfill else (),
            )
        )
    return found


def _lagging(case: Case, p: Params) -> list[Finding] | None:
    """The station's clock against the power log's: the lag at which flow follows power."""
    series = case.series
    flow = series.avg.get("a00000")
    power = series.avg.get("pw_prod")
    if flow is None or power is None:
        return None
    ok = case.masks.use("a00000") & case.masks.known
    per = series.per_hour
    x = np.where(ok & (power > 0), np.log(np.where(power > 0, power, 1.0)), np.nan)[::per]
    y = np.where(ok & (flow > 0), np.log(np.where(flow > 0, flow, 1.0)), np.nan)[::per]
    width, most = int(p["lag_window_h"]), int(p["lag_most_h"])
    hit = np.zeros(len(series), dtype=bool)
    at_lag = np.zeros(len(series))
    for end in range(width, len(x) + 1, int(p["lag_every_h"])):
        best, lag, now = _best(x[end - width : end], y[end - width : end], most)
        stop = min(len(series), (end + int(p["lag_every_h"])) * per)
        if lag != 0 and best > p["lag_r"] and best - now > p["lag_gain"]:
            hit[(end - 1) * per + per - 1 : stop] = True
        at_lag[(end - 1) * per + per - 1 : stop] = lag
    found = []
    for spell in spells_of(hit, np.ones(len(series), dtype=bool), need=samples(case, p["lag_every_h"] + 1), share=0.9):
        hours = median_of(at_lag, spell.seen)
        spell = Spell(max(0, spell.first - width * per // 2), spell.stop, spell.raised)
        found.append(
            finding(
                case,
                "P35",
                spell,
                factors=("a00000", "pw_prod"),
                statistic=abs(hours),
                threshold=1.0,
                score=p["shifted_score"],
                severity=3,
                group="flags",
                numbers={"kind": "shifted", "lag": hours},
            )
        )
    return found


def _best(x: np.ndarray, y: np.ndarray, most: int) -> tuple[float, int, float]:
    """Return the best correlation over whole-hour lags, its lag, and the correlation at lag 0."""
    best, at, now = -1.0, 0, -1.0
    for lag in range(-most, most + 1):
        a, b = (x[: len(x) - lag], y[lag:]) if lag >= 0 else (x[-lag:], y[:lag])
        both = np.isfinite(a) & np.isfinite(b)
        if both.sum() < 0.5 * len(x):
            continue
        p, q = a[both], b[both]
        if p.std() < 0.03 or q.std() < 1e-9:
            continue
        r = float(np.corrcoef(p, q)[0, 1])
        if lag == 0:
            now = r
        if r > best:
            best, at = r, lag
    return best, at, now


@detector(id="P36", title="detection.P36.title", inputs=("parameter uploads", "filings"), group="flags", cost="O(n)")
def parameters(case: Case, p: Params) -> Opinion:
    """Find instrument parameters that changed without standing in the filing record: every change is told.

    Filed is a change during declared work on the device (maintenance, calibration), or one that the record of the
    device shows. Of an outlet of which nothing is filed at all there is no opinion.
    """
    series = case.series
    if not series.parameters:
        return NoOpinion("detection.no_parameters")
    if all(change.filed is None for change in series.parameters):
        return NoOpinion("detection.no_filings")
    grave = p.texts("grave")
    found = []
    for change in series.parameters:
        if change.filed is not False or change.old == change.new or not len(series):
            continue
        at = int(np.clip(np.searchsorted(series.t, change.at, side="right") - 1, 0, len(series) - 1))
        heavy = any(word in change.name.lower() for word in grave)
        ratio = _ratio(change.old, change.new)
        calibrated = _calibrated(case, change.device, at, samples(case, p["calibration_h"]))
        small = ratio is not None and abs(ratio - 1) < p["small_change"]
        found.append(
            finding(
                case,
                "P36",
                Spell(at, at + 1, at),
                factors=(change.device,) if change.device else (),
                statistic=abs(ratio - 1) if ratio is not None else 1.0,
                threshold=0.0,
                score=0.6 if calibrated and small else 0.9,
                severity=5 if heavy and not calibrated else 4,
                group="flags",
                numbers={"name": change.name, "old": change.old, "new": change.new, "device": change.device},
                counter=("detection.counter.calibrated_then",) if calibrated else (),
            )
        )
    return found


def _ratio(old: str, new: str) -> float | None:
    try:
        before, after = float(old), float(new)
    except ValueError:
        return None
    return after / before if before else None


def _calibrated(case: Case, device: str, at: int, width: int) -> bool:
    """True when rows marked C stand within the last `width` samples before the change."""
    part = slice(max(0, at - width), at + 1)
    names = [device] if device in case.series.flag else list(case.series.flag)
    return any(bool((case.series.flag[f][part] == "C").any()) for f in names)
