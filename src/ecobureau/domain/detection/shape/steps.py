"""Steps of a level in coloured noise: the common ground of P05, P06 and the jumps of P31.

The logarithm of a factor, in blocks of three hours, less a robust line on the plant's state that was fitted before a
hold-off and stays the same as long as a step is open. What is left wanders by itself; its own autocorrelation, learnt
from the past, says how large a step by chance would be (generalised least squares).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecobureau.domain.detection.model import quick
from ecobureau.domain.detection.model.outlet import default_inputs, inputs_of
from ecobureau.domain.detection.model.robust import Line, huber_line, scale_of
from ecobureau.domain.detection.shape.common import pollutants, usable
from ecobureau.domain.detection.types import Bools, Case, Floats, Params


@dataclass(frozen=True, slots=True)
class Step:
    """A level that moved at once and stayed.

    Attributes:
        first, stop: half-open range of samples; raised: sample after which it was certain; open: it lasts to the end.
        ln_k: size in logarithms; z: size in its own standard error; others: sizes of the other pollutants then.
    """

    factor: str
    first: int
    stop: int
    raised: int
    open: bool
    ln_k: float
    z: float
    others: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Blocks:
    """A factor in blocks: y (m,) median of ln value, x (m, k) means of the inputs, width: samples a block."""

    y: Floats
    x: Floats
    width: int


def blocks_of(case: Case, factor: str, p: Params) -> Blocks:
    """Return the blocks of a factor; y is NaN where less than a third of a block may be used."""
    series = case.series
    width = max(1, round(p["block_h"] * series.per_hour))
    count = len(series) // width
    use = usable(case, factor)
    values = series.avg[factor]
    floor = max(1e-9, 0.5 * _least_positive(values[: 240 * series.per_hour]))
    y = np.where(use, np.log(np.maximum(values, floor)), np.nan)[: count * width].reshape(count, width)
    known = np.isfinite(y).sum(axis=1)
    middle = np.where(known >= max(1, width // 3), quick.row_medians(y), np.nan)
    names = tuple(name for name in default_inputs(series, factor) if name != "hour")
    columns = list(inputs_of(series, names).values())
    columns += [_logs(series.avg[other]) for other in pollutants(case) if other != factor]
    hour = 2 * np.pi * series.hour_of_day / 24.0
    columns += [np.sin(hour), np.cos(hour)]
    x = np.column_stack([_mean(np.where(use, one, np.nan), width, count) for one in columns])
    return Blocks(middle, x, width)


def _logs(values: Floats) -> Floats:
    """Logarithms of another pollutant: fuel and treatment move them together, tampering one of them."""
    floor = max(1e-9, 0.5 * _least_positive(values[:240]))
    out: Floats = np.log(np.maximum(values, floor))
    return out


def _least_positive(values: Floats) -> float:
    positive = values[np.isfinite(values) & (values > 0)]
    return float(positive.min()) if len(positive) else 0.0


def _mean(values: Floats, width: int, count: int) -> Floats:
    part = np.clip(values[: count * width], -15.0, None).reshape(count, width)
    known = np.isfinite(part)
    total = np.where(known, part, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        out: Floats = np.where(known.any(axis=1), total / known.sum(axis=1), np.nan)
    return out


@dataclass(frozen=True, slots=True)
class _Model:
    """A line with the noise of its past residuals: share `wander` of the variance decays by `keep` a block."""

    line: Line
    columns: tuple[int, ...]
    scale: float
    wander: float
    keep: float

    def rest(self, blocks: Blocks) -> Floats:
        out: Floats = blocks.y - self.line.predict(blocks.x[:, list(self.columns)])
        return out

    def covariance(self, index: np.ndarray) -> Floats:
        lag = np.abs(index[:, None] - index[None, :])
        noise: Floats = self.scale**2 * (self.wander * self.keep**lag + (1.0 - self.wander) * (lag == 0))
        return noise


def _fit(blocks: Blocks, rows: np.ndarray, p: Params) -> _Model | None:
    x, y = blocks.x[rows], blocks.y[rows]
    there = np.isfinite(x).mean(axis=0) >= 0.8
    columns = tuple(int(one) for one in np.flatnonzero(there & quick.moves(x)))
    good = np.isfinite(y) & np.all(np.isfinite(x[:, list(columns)]), axis=1)
    if good.sum() < p["least_blocks"]:
        return None
    line = huber_line(x[good][:, list(columns)], y[good], ridge=5.0, margin=0.3, rounds=4)
    rest = y - line.predict(x[:, list(columns)])
    scale = max(scale_of(rest), p["least_scale"])
    # Tails of the residuals count by their spread too, not by the middle half alone.
    finite = rest[np.isfinite(rest)]
    if len(finite):
        scale = max(scale, quick.quantile(np.abs(finite), 0.9) / 2.0)
    wander, keep = _colour(rest, scale)
    return _Model(line, columns, scale, wander, keep)


def _colour(rest: Floats, scale: float) -> tuple[float, float]:
    """Return (share of slow wander, its decay a block) from clipped autocorrelations, the more cautious of two fits."""
    u = np.clip(rest / scale, -2.5, 2.5)
    there = np.isfinite(u)
    known = u[there]
    u = np.where(there, u - known.mean(), 0.0) if len(known) else np.zeros(len(u))
    variance = max(1e-9, float(known.var())) if len(known) else 1e-9

    def at(lag: int) -> float:
        pairs = int(np.count_nonzero(there[lag:] & there[:-lag]))
        return float(u[lag:] @ u[:-lag]) / pairs / variance if pairs > 20 else 0.5

    near, far = (
        float(np.clip(np.mean([at(1), at(2)]), 0.02, 0.97)),
        float(np.clip(np.mean([at(7), at(8), at(9)]), 0.01, 0.95)),
    )
    keep = float(np.clip((far / near) ** (1 / 6.5), 0.5, 0.985)) if far < near else 0.985
    wander = float(np.clip(near / keep**1.5, 0.1, 0.98))
    return wander, keep


@dataclass(frozen=True, slots=True)
class _Best:
    at: int
    size: float
    z: float
    level: float


def _best_step(rest: Floats, model: _Model, end: int, p: Params) -> _Best | None:
    """Best single step in the window that ends before block `end`; None where a ramp tells the same better."""
    begin = max(0, end - int(p["window_blocks"]))
    index = np.flatnonzero(np.isfinite(rest[begin:end])) + begin
    if len(index) < 16:
        return None
    y = np.clip(rest[index], -p["clip"], p["clip"])
    if not _could_step(y, p):
        return None
    try:
        root = np.linalg.cholesky(model.covariance(index))
    except np.linalg.LinAlgError:
        return None
    starts = list(range(begin + int(p["before_blocks"]), end - int(p["after_blocks"]) + 1))
    if not starts:
        return None
    after = len(index) - np.searchsorted(index, starts)
    before = len(index) - after
    fit = (after >= p["after_blocks"] * 0.7) & (before >= p["before_blocks"] * 0.6)
    if not fit.any():
        return None
    places = np.array(starts)[fit]
    steps = (index[:, None] >= places[None, :]).astype(float)
    ramps = np.maximum(index[:, None] - places[None, :], 0).astype(float)
    basis = np.column_stack([y, np.ones(len(index)), steps, ramps])
    white = np.linalg.solve(root, basis)
    mean = white[:, 1]
    unit = mean @ mean
    level = (mean @ white[:, 0]) / unit
    target = white[:, 0] - level * mean
    shapes = white[:, 2:] - np.outer(mean, (mean @ white[:, 2:]) / unit)
    norm = np.maximum((shapes**2).sum(axis=0), 1e-12)
    size = (shapes.T @ target) / norm
    z = size * np.sqrt(norm)
    count = len(places)
    best = int(np.argmax(np.abs(z[:count])))
    ramp = np.abs(z[count:][np.array(places) <= end - p["ramp_blocks"]])
    if len(ramp) and ramp.max() > abs(z[best]) * p["ramp_over_step"]:
        return None
    where = int(places[best])
    past = rest[begin:where]
    return _Best(where, float(size[best]), float(z[best]), quick.nanmedian(past))


def _could_step(y: Floats, p: Params) -> bool:
    """Cheap look before the dear one: some split parts the plain means by most of the least step."""
    total = np.cumsum(y)
    left = np.arange(1, len(y))
    gap = (total[-1] - total[:-1]) / (len(y) - left) - total[:-1] / left
    a, b = int(p["before_blocks"] * 0.6), len(y) - int(p["after_blocks"] * 0.7)
    return bool(np.any(np.abs(gap[a - 1 : b]) > 0.7 * p["ln_k"]))


def steps_of(case: Case, p: Params) -> dict[str, list[Step]]:
    """Return the steps of every pollutant; cached. Causal: each is raised from blocks that had ended."""
    if "steps" not in case.cache:
        walks = walks_of(case, p)
        case.cache["steps"] = {
            factor: [_with_others(one, factor, walks) for one in walk.found] for factor, walk in walks.items()
        }
    out = case.cache["steps"]
    assert isinstance(out, dict)
    return out


class Walk:
    """One walk through the blocks of a factor."""

    def __init__(self, case: Case, factor: str, p: Params) -> None:
        self.factor, self.p = factor, p
        self.blocks = blocks_of(case, factor, p)
        self.count = len(self.blocks.y)
        self.per_day = max(1, round(24 * case.series.per_hour / self.blocks.width))
        self.samples = len(case.series)
        self.spoilt = np.zeros(self.count, dtype=bool)
        self.models: list[tuple[int, _Model, Floats]] = []
        self.found: list[Step] = []

    def model_at(self, block: int) -> tuple[_Model, Floats] | None:
        """The model in force at a block: fitted on the day it was last renewed, on blocks before the hold-off."""
        last = None
        for begin, model, rest in self.models:
            if begin <= block:
                last = (model, rest)
        return last

    def steps(self) -> list[Step]:
        p, out = self.p, list[Step]()
        renew = round(p["refit_d"] * self.per_day)
        first = round(p["first_d"] * self.per_day)
        hold = round(p["holdoff_d"] * self.per_day)
        end, next_fit, banned = first, first, 0
        current: tuple[_Model, Floats] | None = None
        highest, stride = 0.0, round(p["stride_blocks"])
        while end <= self.count:
            if end >= next_fit:
                until = end - min(hold, end // 4)
                rows = np.flatnonzero(~self.spoilt[:until])[-45 * self.per_day :]
                model = _fit(self.blocks, rows, p) if len(rows) else None
                if model is not None:
                    current = (model, model.rest(self.blocks))
                    self.models.append((end, *current))
                next_fit = end + renew
            if current is None:
                end += stride
                continue
            model, rest = current
            best = _best_step(rest, model, end, p)
            if best is None or best.at < banned:
                end += stride
                continue
            # A short history knows little of how far the outlet wanders by itself.
            need = p["z"] * (1.0 + p["short_history_d"] * self.per_day / max(1.0, float(end)))
            # A step back to where the level has always been ends something else.
            leaves = abs(best.level + best.size) > max(0.8 * p["ln_k"], abs(best.level) * p["leave_ratio"])
            recent = rest[max(best.at, end - int(p["back_blocks"])) : end]
            there = np.sign(best.size) * (quick.nanmedian(recent) - best.level) > 0.5 * abs(best.size)
            big = abs(best.size) > p["ln_k"] and abs(best.z) > need and leaves and bool(there)
            if not big or abs(best.z) < p["over_past"] * highest:
                if best.at < end - 2 * self.per_day:
                    highest = max(highest, abs(best.z) if abs(best.z) < p["z"] else highest)
                end += stride
                continue
            step, closed = self._open(best, rest, end)
            out.append(step)
            self.spoilt[best.at : closed] = True
            banned = closed
            end = max(end + stride, closed + 4)
        return out

    def _open(self, best: _Best, rest: Floats, end: int) -> tuple[Step, int]:
        """Follow an open step until the level has come back half-way, or for the longest time it may last."""
        sign, half = np.sign(best.size), 0.5 * abs(best.size)
        longest = min(self.count, best.at + round(self.p["longest_d"] * self.per_day))
        lean = int(self.p["back_blocks"])
        stop = longest
        for now in range(max(end, best.at + lean), longest + 1):
            last = rest[now - lean : now]
            last = last[np.isfinite(last)]
            if len(last) >= lean // 2 and sign * (quick.median(last) - best.level) < half:
                beyond = np.flatnonzero(sign * (rest[best.at : now] - best.level) >= half)
                stop = best.at + int(beyond[-1]) + 1 if len(beyond) else now
                break
        width = self.blocks.width
        step = Step(
            factor=self.factor,
            first=best.at * width,
            stop=min(max(stop, best.at + 1) * width, self.samples),
            raised=end * width,
            open=stop >= self.count,
            ln_k=best.size,
            z=best.z,
            others=(),
        )
        return step, stop

    def moved(self, first: int, raised: int) -> float:
        """Size of the move of this factor at samples [first, raised) against the days before; NaN where unknown."""
        a, b = first // self.blocks.width, max(first // self.blocks.width + 1, raised // self.blocks.width)
        # Plain logarithms: in the residuals a tampered neighbour would show with the other sign.
        rest = self.blocks.y
        now, past = rest[a:b], rest[max(0, a - 4 * self.per_day) : a]
        now, past = now[np.isfinite(now)], past[np.isfinite(past)]
        return quick.median(now) - quick.median(past) if len(now) >= 2 and len(past) >= 4 else float("nan")


def walks_of(case: Case, p: Params) -> dict[str, Walk]:
    """Return the walk of every pollutant with its steps found; cached."""
    if "walks" not in case.cache:
        walks = {factor: Walk(case, factor, p) for factor in pollutants(case)}
        for walk in walks.values():
            walk.found = walk.steps()
        case.cache["walks"] = walks
    out = case.cache["walks"]
    assert isinstance(out, dict)
    return out


def _with_others(one: Step, factor: str, walks: dict[str, Walk]) -> Step:
    others = tuple(walk.moved(one.first, one.raised) for name, walk in walks.items() if name != factor)
    return Step(one.factor, one.first, one.stop, one.raised, one.open, one.ln_k, one.z, others)


def quiet_before(case: Case, first: int, hours: float) -> Bools:
    """(n,) samples of the `hours` before sample `first`."""
    out = np.zeros(len(case.series), dtype=bool)
    out[max(0, first - round(hours * case.series.per_hour)) : first + case.series.per_hour] = True
    return out
