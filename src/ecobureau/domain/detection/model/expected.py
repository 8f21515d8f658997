"""Expected value of a factor from what else is known of the plant, with bands; rolling refits that lag behind.

The model of a week is fitted on clean days that ended before a hold-off of three days, so that what is judged today was
not learnt today. Outside the range of inputs seen in training there is no opinion (NaN).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.model.robust import Bools, Floats, Line, huber_line, scale_of

DAY_S: Final = 86_400

# Factors whose values may be zero or negative by nature, or whose level means nothing as a ratio: fitted as they are.
PLAIN: Final = frozenset({"a19001", "a01012", "a01013", "a01014", "w01001", "w01010"})

# A plant of constant load has hardly any range: so far beyond it an input may always go (ln units, % O2, degC).
ROOM: Final = {"pw_prod": 0.1, "pw_treat": 0.1, "a00000": 0.1, "w00000": 0.1, "a19001": 0.5, "a01012": 3.0}

Kind = Literal["robust", "boosted"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How the model of an outlet is kept.

    Attributes:
        window_d: longest training window.
        min_d: least clean history before the first opinion (which comes after 1.5 times that).
        holdoff_d: last days that are never learnt (a third of the history while that is shorter).
        refit_d: days between refits; early_refit_d: the same while history is shorter than the window.
        min_rows: least training rows; huber_k, ridge, margin: see `huber_line`.
        quarantine_scales: a day whose median residual lies further off (in scales of daily medians) is not learnt;
            quarantine_d: but for no longer than so many days in a row, then a new level is accepted.
        boost: try a boosted quantile regression beside the robust line.
        boost_gain: least gain on the hold-out to prefer it.
    """

    window_d: float = 45.0
    min_d: float = 3.0
    holdoff_d: float = 3.0
    refit_d: float = 7.0
    early_refit_d: float = 2.0
    min_rows: int = 30
    huber_k: float = 1.345
    ridge: float = 3.0
    margin: float = 0.15
    quarantine_scales: float = 5.0
    quarantine_d: float = 14.0
    boost: bool = False
    boost_gain: float = 0.1


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What one refit learnt: for the officer and for the evidence pack.

    Attributes:
        factor, inputs: names; kind: robust line or boosted quantiles; logs: fitted on logarithms.
        start, end: training period, epoch s; fitted_at: refit, epoch s (end + hold-off).
        rows: rows learnt; scale: residual scale (ln units where `logs`); explained: share of variance explained.
        holdout_robust, holdout_boosted: mean absolute error on the last fifth of the period, None if not tried.
    """

    factor: str
    inputs: tuple[str, ...]
    kind: Kind
    logs: bool
    start: int
    end: int
    fitted_at: int
    rows: int
    scale: float
    explained: float
    holdout_robust: float | None = None
    holdout_boosted: float | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """Expected values of one factor on the outlet's grid; NaN where there is no opinion.

    Attributes:
        center, lo, hi: (n,) expected value and 5 %..95 % band, in the factor's unit.
        z: (n,) residual in scales of the training residuals; ln_ratio: (n,) ln(value / center) (NaN for plain factors
            with values at or below zero).
        scale: (n,) residual scale in force (ln units where `logs`, else the factor's unit).
        explained: (n,) explained share of the model in force.
        logs: fitted on logarithms; cards: one per refit, oldest first.
    """

    factor: str
    center: Floats
    lo: Floats
    hi: Floats
    z: Floats
    ln_ratio: Floats
    scale: Floats
    explained: Floats
    logs: bool
    cards: tuple[ModelCard, ...] = field(default=())

    @property
    def known(self) -> Bools:
        """(n,) where the model has an opinion."""
        return np.isfinite(self.center)


def floor_of(x: Floats) -> float:
    """Return what stands for zero in logarithms: half the smallest positive value, at least 0.1 % of the median."""
    positive = x[np.isfinite(x) & (x > 0)]
    if positive.size == 0:
        return 1e-6
    return max(0.5 * float(positive.min()), 1e-3 * quick.median(positive))


def refit_times(t: NDArray[np.int64], s: Settings) -> list[int]:
    """Return the epoch seconds of all refits over the grid `t`: often while history is short, then weekly."""
    if len(t) == 0:
        return []
    first = int(t[0] + 1.5 * s.min_d * DAY_S)
    times, at = [], first
    while at <= int(t[-1]):
        times.append(at)
        short = at - int(t[0]) < 0.66 * s.window_d * DAY_S
        at += int((s.early_refit_d if short else s.refit_d) * DAY_S)
    return times


def fit_expected(
    factor: str,
    t: NDArray[np.int64],
    y: Floats,
    inputs: Mapping[str, Floats],
    use: Bools,
    settings: Settings | None = None,
    *,
    logs: bool | None = None,
    cycle: int = 1,
) -> Expected | None:
    """Return what `y` should have been at every step, each step told by a model that was fitted before it.

    Args:
        factor: name, for the card; t: (n,) epoch s of sample starts, regular.
        y: (n,) values; inputs: name -> (n,) values on the same grid, already transformed and lagged.
        use: (n,) rows that may be learnt (masks of the outlet).
        settings: how the model is kept; logs: fit ln y; default by the factor's nature.
        cycle: samples in one cycle of the analyser: only every cycle-th row is learnt.

    Returns:
        the opinion, or None when there is never enough clean history or no usable input.
    """
    s = settings or Settings()
    n = len(t)
    if n < 2:
        return None
    logs = factor not in PLAIN if logs is None else logs
    # The floor of logarithms must not look ahead: it is taken from the first days.
    head = y[: max(1, int(np.searchsorted(t, t[0] + s.min_d * DAY_S)))]
    target = np.log(np.maximum(y, floor_of(head))) if logs else y
    names = tuple(inputs)
    x = np.column_stack([inputs[name] for name in names]) if names else np.zeros((n, 0))
    room = np.array([ROOM.get(name, 0.0) for name in names])
    usable = use & np.isfinite(target)
    stride = max(1, round(1800 / max(1, int(t[1] - t[0]))), cycle)
    result = _Parts(n)
    quarantined = np.zeros(n, dtype=bool)
    times = refit_times(t, s)
    cards: list[ModelCard] = []
    for number, at in enumerate(times):
        until = times[number + 1] if number + 1 < len(times) else int(t[-1]) + DAY_S
        # While history is short, the hold-off is a third of it: an early opinion with wide bands beats none.
        hold = min(s.holdoff_d * DAY_S, (at - int(t[0])) / 3)
        begin, end = at - int(hold + s.window_d * DAY_S), at - int(hold)
        first, last = np.searchsorted(t, [begin, end])
        rows = np.flatnonzero(usable[first:last] & ~quarantined[first:last])[::stride] + first
        fitted = _fit(target, x, rows, s, room)
        if fitted is None:
            continue
        line, columns, kept = fitted
        a, b = np.searchsorted(t, [at, until])
        center = line.predict(x[a:b][:, columns])
        residual = target[kept] - line.predict(x[kept][:, columns])
        residual = residual[np.isfinite(residual)]
        band = [quick.quantile(residual, share) if residual.size else 0.0 for share in (0.05, 0.95)]
        # In sample the scale is too small by what the inputs could fit of the noise.
        inflate = 1.0 + 2.0 * len(columns) / len(kept)
        lo: float | Floats = inflate * band[0]
        hi: float | Floats = inflate * band[1]
        scale = max(inflate * line.scale, 1e-3 if logs else 1e-3 * max(1.0, abs(quick.median(target[kept]))))
        card = ModelCard(
            factor,
            tuple(names[c] for c in columns),
            "robust",
            logs,
            int(t[kept[0]]),
            int(t[kept[-1]]),
            at,
            len(kept),
            scale,
            line.explained,
        )
        if s.boost:
            card, center, lo_hi = _try_boosted(card, line, target, x[:, columns], kept, slice(a, b), center, s)
            if lo_hi is not None:
                lo, hi = lo_hi
        result.put(slice(a, b), center, lo, hi, scale, line.explained)
        cards.append(card)
        _quarantine(quarantined, t, target - result.center, usable, slice(a, b), scale, s)
    if not cards:
        return None
    return result.opinion(factor, y, target, logs, tuple(cards))


class _Parts:
    """Arrays of the opinion while it grows, in units of the target."""

    def __init__(self, n: int) -> None:
        self.center, self.lo, self.hi, self.scale, self.explained = (np.full(n, np.nan) for _ in range(5))

    def put(
        self, where: slice, center: Floats, lo: float | Floats, hi: float | Floats, scale: float, explained: float
    ) -> None:
        self.center[where] = center
        self.lo[where], self.hi[where] = center + lo, center + hi
        known = np.isfinite(center)
        self.scale[where] = np.where(known, scale, np.nan)
        self.explained[where] = np.where(known, explained, np.nan)

    def opinion(self, factor: str, y: Floats, target: Floats, logs: bool, cards: tuple[ModelCard, ...]) -> Expected:
        z = (target - self.center) / self.scale
        if logs:
            ratio = target - self.center
            center, lo, hi = (np.exp(part) for part in (self.center, self.lo, self.hi))
        else:
            center, lo, hi = self.center, self.lo, self.hi
            with np.errstate(invalid="ignore", divide="ignore"):
                ratio = np.where((y > 0) & (center > 0), np.log(y / center), np.nan)
        return Expected(factor, center, lo, hi, z, ratio, self.scale, self.explained, logs, cards)


def _fit(
    target: Floats, x: Floats, rows: NDArray[np.intp], s: Settings, room: Floats
) -> tuple[Line, list[int], NDArray[np.intp]] | None:
    """Fit on `rows`, leaving out inputs that are missing or never move there."""
    if len(rows) < s.min_rows:
        return None
    block = x[rows]
    there = np.isfinite(block).mean(axis=0) if block.shape[1] else np.zeros(0)
    columns = np.flatnonzero((there >= 0.8) & quick.moves(block)).tolist() if block.shape[1] else []
    if not columns:
        return None
    whole = np.all(np.isfinite(block[:, columns]), axis=1)
    kept = rows[whole]
    if len(kept) < s.min_rows:
        return None
    line = huber_line(
        x[kept][:, columns], target[kept], k=s.huber_k, ridge=s.ridge, margin=s.margin, room=room[columns]
    )
    return line, columns, kept


def _quarantine(
    out: Bools, t: NDArray[np.int64], residual: Floats, usable: Bools, where: slice, scale: float, s: Settings
) -> None:
    """Mark days of `where` whose median residual is far off.

    A level that holds longer than the quarantine is accepted: learnt from its beginning on, what was before forgotten.
    """
    start, stop = where.start, where.stop
    if stop <= start:
        return
    days = (t[start:stop] - t[start]) // DAY_S
    longest = int(s.quarantine_d * DAY_S / max(1, int(t[1] - t[0])))
    for day in range(int(days[-1]) + 1):
        rows = start + np.flatnonzero(days == day)
        good = rows[usable[rows] & np.isfinite(residual[rows])]
        if len(good) < 6:
            continue
        # A median of a day scatters less than one value; neighbours hang together, so by less than sqrt(n).
        if abs(quick.median(residual[good])) <= s.quarantine_scales * scale / np.sqrt(min(len(good), 12)):
            continue
        out[rows] = True
        since = int(rows[-1]) + 1
        clean = np.flatnonzero(~out[:since] & usable[:since])
        first = int(clean[-1]) + 1 if len(clean) else 0
        if since - first >= longest:
            out[:first], out[first:since] = True, False


def _try_boosted(
    card: ModelCard,
    line: Line,
    target: Floats,
    x: Floats,
    kept: NDArray[np.intp],
    where: slice,
    center: Floats,
    s: Settings,
) -> tuple[ModelCard, Floats, tuple[Floats, Floats] | None]:
    """Fit boosted quantiles; prefer them only where they win on the last fifth of the training rows."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    cut = int(0.8 * len(kept))
    early, late = kept[:cut], kept[cut:]

    def boosted(quantile: float, rows: NDArray[np.intp]) -> HistGradientBoostingRegressor:
        model = HistGradientBoostingRegressor(
            loss="quantile",
            quantile=quantile,
            max_iter=80,
            learning_rate=0.08,
            max_leaf_nodes=12,
            min_samples_leaf=25,
            random_state=0,
            early_stopping=False,
        )
        # One thread: the trees are small, and threads that wait for one another only burn the processor.
        with threadpool_limits(1):
            return model.fit(x[rows], target[rows])

    plain = huber_line(x[early], target[early], k=s.huber_k, ridge=s.ridge, margin=10.0)
    error = float(np.nanmean(np.abs(target[late] - plain.predict(x[late]))))
    boosted_error = float(np.mean(np.abs(target[late] - boosted(0.5, early).predict(x[late]))))
    card = replace(card, holdout_robust=error, holdout_boosted=boosted_error)
    inside = np.isfinite(center)
    if boosted_error >= (1.0 - s.boost_gain) * error or not inside.any():
        return card, center, None
    low, middle, high = (np.full(len(center), np.nan) for _ in range(3))
    rows = x[where][inside]
    middle[inside] = boosted(0.5, kept).predict(rows)
    low[inside], high[inside] = boosted(0.05, kept).predict(rows), boosted(0.95, kept).predict(rows)
    return replace(card, kind="boosted"), middle, (low - middle, high - middle)


def best_lag(y: Floats, x: Floats, use: Bools, longest: int) -> int:
    """Return the lag (samples, 0..longest) at which `y` follows `x` best, (n,) each; 0 where none is visible."""
    good = use & np.isfinite(y) & np.isfinite(x)
    if good.sum() < 48 or longest <= 0:
        return 0
    a = np.where(good, y, np.nan)
    best, at = 0.0, 0
    for lag in range(longest + 1):
        p, q = a[lag:], x[: len(x) - lag]
        both = np.isfinite(p) & np.isfinite(q)
        if both.sum() < 48:
            continue
        r = float(np.corrcoef(p[both], q[both])[0, 1])
        # A longer lag must win clearly: a flat correlogram means no visible lag.
        if r > best + 0.02:
            best, at = r, lag
    return at if best > 0.2 else 0


def hours_of_day(hour: NDArray[np.int64] | NDArray[np.float64]) -> dict[str, Floats]:
    """Return the daily and half-daily terms of the hour of day (n,)."""
    angle = 2 * np.pi * np.asarray(hour, dtype=np.float64) / 24.0
    return {
        "hour_sin": np.sin(angle),
        "hour_cos": np.cos(angle),
        "hour_sin2": np.sin(2 * angle),
        "hour_cos2": np.cos(2 * angle),
    }


def shift(x: Floats, lag: int) -> Floats:
    """Return `x` (n,) as it was `lag` samples earlier; NaN before the beginning."""
    if lag <= 0:
        return x
    out = np.full(len(x), np.nan)
    out[lag:] = x[:-lag]
    return out


def spread_of(residuals: Sequence[float] | Floats) -> float:
    """Return the robust scale of residuals; a small positive number where they do not move."""
    return max(scale_of(np.asarray(residuals, dtype=np.float64)), 1e-9)
