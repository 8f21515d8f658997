"""Skill of `ecobureau detect` on labelled fleets of the simulator, beside a naive flat-line and limit detector.

    python bench/detection_quality.py                                five seeds hourly, one seed every 10 minutes
    python bench/detection_quality.py --seeds 1 2 --no-fine          some seeds, hourly only
    python bench/detection_quality.py --only naive                   the baseline alone
    python bench/detection_quality.py --cases cases.md               each miss and false clue with its circumstances

Prints a table a detector: F1, precision, recall, typed recall, visits per outlet-month, hours to detect, chance recall;
then by pattern and by kind of harmless happening. Counting rules: bench/detection_score.py.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))

from detection_score import HOUR, MONTH, Happening, Said, Verdict, chance, covered, judge, score

from ecobureau.simulator.detection import make_fleet, write_fleet

BEIJING = timezone(timedelta(hours=8))
NAIVE_FLAT_HOURS, NAIVE_OVER_HOURS = 6, 2


@dataclass(frozen=True, slots=True)
class Suite:
    """A written fleet with its labels."""

    name: str
    folder: Path
    outlets: int
    start: float
    end: float
    events: tuple[Happening, ...]
    harmless: tuple[Happening, ...]

    @property
    def outlet_months(self) -> float:
        """Outlets times months of 30 days."""
        return self.outlets * (self.end - self.start) / MONTH


def build(seed: int, outlets: int, days: int, step: int, folder: Path) -> Suite:
    """Write the fleet of `seed` and read its labels."""
    fleet = make_fleet(seed, outlets=outlets, days=days, step_minutes=step)
    write_fleet(fleet, folder)
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        rows = [
            Happening(
                r["outlet_id"],
                _epoch(r["start"]),
                _epoch(r["end"]),
                r["kind"],
                r["pattern"],
                f"{r['factors']} {r['note']}".strip(),
            )
            for r in csv.DictReader(file)
        ]
    start = float(fleet.grid.start)
    end = start + fleet.grid.n * fleet.grid.step
    events, harmless = [r for r in rows if r.pattern], [r for r in rows if not r.pattern]
    return Suite(f"seed {seed}, {step} min", folder, outlets, start, end, tuple(events), tuple(harmless))


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def naive(suite: Suite) -> list[Said]:
    """Return clues of the baseline: a pollutant flat for 6 h (P01), or above its limit for 2 h (P28)."""
    values = pd.read_csv(suite.folder / "values.csv")
    limits = pd.read_csv(suite.folder / "outlets.csv").set_index(["outlet_id", "factor"])
    values = values[values.flag == "N"]
    values["at"] = pd.to_datetime(values["time"]).map(pd.Timestamp.timestamp)
    out: list[Said] = []
    for (outlet, factor), rows in values.groupby(["outlet_id", "factor"]):
        if (outlet, factor) not in limits.index:
            continue
        fact = limits.loc[(outlet, factor)]
        seen = rows.zs_avg if fact.o2_ref == fact.o2_ref else rows.avg
        same = rows.avg.diff().fillna(1.0).to_numpy() == 0.0
        over = (seen > fact.limit).to_numpy()
        at = rows["at"].to_numpy()
        out += _runs(str(outlet), at, same, "P01", NAIVE_FLAT_HOURS)
        out += _runs(str(outlet), at, over, "P28", NAIVE_OVER_HOURS)
    return out


def _runs(outlet: str, at: Sequence[float], where: Sequence[bool], pattern: str, hours: float) -> list[Said]:
    out, first = [], None
    step = 3600.0 if len(at) < 2 else float(min(b - a for a, b in pairwise(at[:50])))
    for i, hit in enumerate([*where, False]):
        if hit and first is None:
            first = i
        elif not hit and first is not None:
            end = float(at[i - 1]) + step
            if end - at[first] >= hours * HOUR:
                out.append(Said(outlet, float(at[first]), end, pattern, float(at[first]) + hours * HOUR))
            first = None
    return out


def detect(suite: Suite) -> list[Said]:
    """Return the clues of `ecobureau detect`.

    Raises:
        SystemExit: the command failed; its words are shown.
    """
    out = suite.folder / "clues.csv"
    command = [sys.executable, "-m", "ecobureau", "detect", "--out", str(out)]
    for name in ("values", "outlets", "declarations"):
        command += [f"--{name}", str(suite.folder / f"{name}.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"ecobureau detect failed on {suite.name}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    with out.open(encoding="utf-8") as file:
        return [
            Said(
                r["outlet_id"],
                _epoch(r["start"]),
                _epoch(r["end"]),
                r["pattern"],
                _epoch(r["raised_at"]),
                float(r["confidence"]),
                r["reason"],
            )
            for r in csv.DictReader(file)
        ]


DETECTORS = {"naive": naive, "ecobureau": detect}


def by_pattern(verdicts: Sequence[Verdict]) -> str:
    """Return the table of patterns: events, found, found by type; true and false clues."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for verdict in verdicts:
        for event, found, typed in zip(verdict.events, verdict.found, verdict.typed, strict=True):
            rows[event.pattern].update(events=1, found=int(found), typed=int(typed))
        for clue, true in zip(verdict.clues, verdict.true, strict=True):
            rows[clue.pattern].update({"true": int(true), "false": int(not true)})
    lines = ["pattern  events  found  typed   true  false"]
    for pattern in sorted(rows):
        row = rows[pattern]
        lines.append(
            f"{pattern:7} {row['events']:7} {row['found']:6} {row['typed']:6} {row['true']:6} {row['false']:6}"
        )
    return "\n".join(lines)


def by_kind(verdicts: Sequence[Verdict]) -> str:
    """Return the table of kinds of events: how many, found, found by type, mean hours to the first clue, told as."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    told: dict[str, Counter[str]] = defaultdict(Counter)
    hours: dict[str, list[float]] = defaultdict(list)
    for verdict in verdicts:
        for event, found, typed, delay in zip(
            verdict.events, verdict.found, verdict.typed, verdict.hours_to_detect, strict=True
        ):
            name = f"{event.pattern:4} {event.kind}"
            if delay is not None:
                hours[name].append(delay)
            rows[name].update(events=1, found=int(found), typed=int(typed))
            told[name].update({clue.pattern for clue in _touching(event, verdict) if clue.pattern != event.pattern})
    lines = [f"{'kind':28} events  found  typed  hours   told as"]
    for name in sorted(rows):
        row, others = rows[name], " ".join(f"{p}x{k}" for p, k in told[name].most_common(4))
        mean = f"{sum(hours[name]) / len(hours[name]):6.1f}" if hours[name] else f"{'-':>6}"
        lines.append(f"{name:28} {row['events']:6} {row['found']:6} {row['typed']:6} {mean}   {others}")
    return "\n".join(lines)


def by_harmless(suites: Sequence[Suite], verdicts: Sequence[Verdict]) -> str:
    """Return how many false clues touch each kind of harmless happening, and which."""
    happened: Counter[str] = Counter()
    blamed: dict[str, Counter[str]] = defaultdict(Counter)
    for suite, verdict in zip(suites, verdicts, strict=True):
        happened.update(h.kind for h in suite.harmless)
        for clue, true in zip(verdict.clues, verdict.true, strict=True):
            if not true:
                for kind in _circumstances(clue, suite) or {"nothing"}:
                    blamed[kind][clue.pattern] += 1
    lines = [f"{'harmless':20} times  false clues that touch it"]
    for kind in sorted({*happened, *blamed}):
        those = " ".join(f"{p}x{k}" for p, k in blamed[kind].most_common(6))
        lines.append(f"{kind:20} {happened[kind]:5}  {sum(blamed[kind].values()):4}  {those}")
    return "\n".join(lines)


def _touching(event: Happening, verdict: Verdict) -> list[Said]:
    return [
        clue
        for clue, true in zip(verdict.clues, verdict.true, strict=True)
        if true and clue.outlet == event.outlet and clue.start < event.end and clue.end > event.start
    ]


def _circumstances(clue: Said, suite: Suite) -> set[str]:
    near = 6 * HOUR
    return {
        h.kind if not h.pattern else f"beside {h.pattern}"
        for h in (*suite.harmless, *suite.events)
        if h.outlet == clue.outlet and h.start - near < clue.end and h.end + near > clue.start
    }


def cases(suites: Sequence[Suite], verdicts: Sequence[Verdict]) -> str:
    """Return every event that was missed or told by another pattern, and every false clue, a line each."""
    lines = []
    for suite, verdict in zip(suites, verdicts, strict=True):
        lines.append(f"\n### {suite.name}\n\nMissed or mistyped (outlet, window, kind; what true clues said):\n")
        for event, found, typed in zip(verdict.events, verdict.found, verdict.typed, strict=True):
            if not typed:
                told = ", ".join(sorted({c.pattern for c in _touching(event, verdict)})) or "-"
                lines.append(
                    f"- {'MISSED ' if not found else 'mistyped'} {event.pattern} {event.kind} {event.outlet}"
                    f" {_text(event.start)}..{_text(event.end)} ({event.note}): {told}"
                )
        lines.append("\nFalse clues (outlet, window, pattern; what really happened within 6 h; reason):\n")
        for clue, true in zip(verdict.clues, verdict.true, strict=True):
            if not true:
                around = ", ".join(sorted(_circumstances(clue, suite))) or "nothing"
                lines.append(
                    f"- {clue.pattern} {clue.outlet} {_text(clue.start)}..{_text(clue.end)} conf {clue.confidence:.2f}"
                    f" [{around}] {clue.reason[:150]}"
                )
    return "\n".join(lines)


def _text(at: float) -> str:
    return f"{datetime.fromtimestamp(at, BEIJING):%Y-%m-%dT%H:%M}"


def report(name: str, suites: Sequence[Suite], verdicts: Sequence[Verdict], said: Sequence[Sequence[Said]]) -> str:
    """Return the head line of a detector."""
    months = sum(s.outlet_months for s in suites)
    total = score(verdicts, months)
    luck = sum(chance(c, s.events, s.start, s.end) for c, s in zip(said, suites, strict=True)) / len(suites)
    return (
        f"{name:10} F1 {total.f1:.3f}  precision {total.precision:.3f} of {total.clues} clues"
        f"  recall {total.recall:.3f} of {total.events} events  typed {total.typed:.3f}"
        f"  visits/outlet-month {total.visits:.3f} (long ones counted more: {total.visits_long:.3f})"
        f"  hours to detect {total.hours:.1f}  chance recall {luck:.3f}"
    )


def overlap_share(suites: Sequence[Suite]) -> float:
    """Return the share of all outlet time that lies in events."""
    inside = sum(covered((s.start, s.end), [(e.start, e.end)]) for s in suites for e in s.events)
    return inside / sum(s.outlets * (s.end - s.start) for s in suites)


def run(names: Sequence[str], suites: Sequence[Suite], title: str, cases_to: Path | None) -> None:
    """Measure `names` on `suites` and print."""
    print(f"\n== {title}: {len(suites)} suites, {overlap_share(suites):.1%} of outlet time in events", flush=True)
    for name in names:
        began = time.monotonic()
        said = [DETECTORS[name](suite) for suite in suites]
        took = time.monotonic() - began
        verdicts = [judge(clues, suite.events) for clues, suite in zip(said, suites, strict=True)]
        print(report(name, suites, verdicts, said), f" seconds {took:.0f}", flush=True)
        if name == names[-1]:
            print(by_pattern(verdicts), by_kind(verdicts), by_harmless(suites, verdicts), sep="\n\n", flush=True)
            if cases_to is not None:
                with cases_to.open("a", encoding="utf-8") as file:
                    file.write(f"\n## {title}, {name}\n{cases(suites, verdicts)}\n")


def main() -> None:
    """Read the arguments, build the suites, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--outlets", type=int, default=40)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--no-fine", action="store_true", help="leave the 10-minute suite out")
    parser.add_argument("--no-hourly", action="store_true", help="leave the hourly suites out")
    parser.add_argument("--only", choices=sorted(DETECTORS), help="one detector only")
    parser.add_argument("--cases", type=Path, help="append each miss and false clue to this file")
    args = parser.parse_args()
    names = [args.only] if args.only else list(DETECTORS)
    with tempfile.TemporaryDirectory(prefix="detection-quality-") as base:
        if not args.no_hourly:
            suites = [build(s, args.outlets, args.days, 60, Path(base) / f"h{s}") for s in args.seeds]
            run(names, suites, "hourly", args.cases)
        if not args.no_fine:
            fine = [build(args.seeds[0], args.outlets, args.days, 10, Path(base) / "fine")]
            run(names, fine, "every 10 minutes", args.cases)


if __name__ == "__main__":
    main()
