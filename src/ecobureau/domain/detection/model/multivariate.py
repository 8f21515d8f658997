"""Principal components of standardised factors: Hotelling's T2, the residual Q, and which factor makes them large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecobureau.domain.detection.model.robust import Floats, scale_of


@dataclass(frozen=True, slots=True)
class Components:
    """A fitted model of how factors move together.

    Attributes:
        names: (k,) factors; middle, spread: (k,) median and robust scale; axes: (p, k) components; variances: (p,).
        limit_t2, limit_q: bootstrap 99.5 % (or as asked) limits of training rows.
    """

    names: tuple[str, ...]
    middle: Floats
    spread: Floats
    axes: Floats
    variances: Floats
    limit_t2: float
    limit_q: float

    def look(self, x: Floats) -> Distance:
        """Return T2 and Q of rows `x` (n, k) with the share every factor has in them; NaN rows stay NaN."""
        z = (x - self.middle) / self.spread
        scores = z @ self.axes.T
        rest = z - scores @ self.axes
        t2 = np.sum(scores**2 / self.variances, axis=1)
        q = np.sum(rest**2, axis=1)
        # Contribution of a factor to T2: what of the normalised score vector lies along it.
        pull = z * ((scores / self.variances) @ self.axes)
        return Distance(t2, q, pull, rest**2)


@dataclass(frozen=True, slots=True)
class Distance:
    """T2 (n,), Q (n,) and the contributions (n, k) of the factors to each."""

    t2: Floats
    q: Floats
    to_t2: Floats
    to_q: Floats


def fit_components(
    x: Floats, names: tuple[str, ...], *, kept: float = 0.9, share: float = 0.995, draws: int = 200, seed: int = 0
) -> Components | None:
    """Fit on clean rows `x` (n, k); rows with NaN are left out.

    Args:
        kept: share of variance the components hold.
        share: quantile of the limits, the mean of `draws` bootstrap samples.
        seed: of the bootstrap; the same rows give the same limits.

    Returns:
        the model, or None with fewer than 10 k whole rows.
    """
    x = x[np.all(np.isfinite(x), axis=1)]
    n, k = x.shape
    if n < 10 * k or k < 2:
        return None
    middle = np.median(x, axis=0)
    spread = np.array([max(scale_of(x[:, j]), 0.05 * float(x[:, j].std()), 1e-9) for j in range(k)])
    z = (x - middle) / spread
    # Far rows are drawn in, so that a few of them do not turn the axes.
    size = np.sqrt((z**2).sum(axis=1))
    z *= np.minimum(1.0, 3.0 * np.median(size) / np.maximum(size, 1e-9))[:, None]
    values, vectors = np.linalg.eigh(z.T @ z / n)
    order = np.argsort(values)[::-1]
    values, vectors = values[order], vectors[:, order]
    p = int(np.searchsorted(np.cumsum(values) / values.sum(), kept)) + 1
    p = min(max(p, 1), k - 1)
    model = Components(names, middle, spread, vectors[:, :p].T, np.maximum(values[:p], 1e-9), 0.0, 0.0)
    seen = model.look(x)
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, n, size=(draws, n)) if n <= 3000 else rng.integers(0, n, size=(draws // 4, n))
    limit_t2, limit_q = (float(np.quantile(part[rows], share, axis=1).mean()) for part in (seen.t2, seen.q))
    return Components(names, middle, spread, model.axes, model.variances, limit_t2, limit_q)
