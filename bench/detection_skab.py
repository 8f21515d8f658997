"""General anomaly skill on the SKAB pump loop: point-wise F1 and false alarms, first 400 rows of a file to learn from.

    python bench/detection_skab.py                       the files of shared/data/detection/skab (or --data DIR)

The data are for evaluation only and no part of the product (GPL-3.0, github waico/SKAB). The best published there is F1
0.78 at 14 % false alarms, counted over all rows of all files; the stricter count leaves the learning rows out.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import pandas as pd

from ecobureau.domain.detection.model.general import general

LEARN = 400
NOT_CHANNELS = {"datetime", "anomaly", "changepoint"}


def f1_and_false_alarms(said: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """Return F1, false alarm rate (of good rows), missed alarm rate (of bad rows), as the benchmark counts them."""
    hit, false = float((said & truth).sum()), float((said & ~truth).sum())
    missed, quiet = float((~said & truth).sum()), float((~said & ~truth).sum())
    f1 = 2 * hit / max(1.0, 2 * hit + false + missed)
    return f1, false / max(1.0, false + quiet), missed / max(1.0, hit + missed)


def default_folder() -> Path:
    """Return where the data lie: `ECOBUREAU_SHARED`/data/detection/skab, else beside the repository."""
    base = os.environ.get("ECOBUREAU_SHARED")
    return (Path(base) if base else Path(__file__).resolve().parents[2] / "shared") / "data" / "detection" / "skab"


def main() -> None:
    """Score every file and all together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=default_folder())
    args = parser.parse_args()
    paths = [path for path in sorted(args.data.glob("*.csv")) if "anomaly-free" not in path.name]
    if not paths:
        print(f"skipped: no SKAB files in {args.data}; give their folder with --data")
        return
    all_said, all_truth = [], []
    for path in paths:
        table = pd.read_csv(path, sep=";")
        channels = [name for name in table.columns if name not in NOT_CHANNELS]
        found = general(table[channels].to_numpy(float), LEARN)
        truth = table["anomaly"].to_numpy(float) > 0
        all_said.append(found.alarm)
        all_truth.append(truth)
        f1, false, missed = f1_and_false_alarms(found.alarm, truth)
        left = ", ".join(channels[i] for i in found.left_out) or "none"
        print(
            f"{path.name:16} rows {len(truth):5}  F1 {f1:.3f}  false {false:.3f}  missed {missed:.3f}  left out: {left}"
        )
    for name, first in (("all rows, as published", 0), ("rows after the learning rows", LEARN)):
        said = np.concatenate([one[first:] for one in all_said])
        truth = np.concatenate([one[first:] for one in all_truth])
        f1, false, missed = f1_and_false_alarms(said, truth)
        print(f"{name}: F1 {f1:.3f}  false alarms {false:.1%}  missed {missed:.1%}  ({len(paths)} files)")


if __name__ == "__main__":
    main()
