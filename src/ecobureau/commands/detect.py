"""`ecobureau detect`: abnormal and suspected-falsified data in plain files, without a database."""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ecobureau.clock import BEIJING
from ecobureau.words import say

if TYPE_CHECKING:
    from ecobureau.commands._detect_grid import Notes
    from ecobureau.commands._detect_read import Read
    from ecobureau.domain.detection.run import Input, OutletResult
    from ecobureau.domain.detection.types import Clue, Finding, Params

COLUMNS = ("outlet_id", "start", "end", "pattern", "confidence", "severity", "raised_at", "factors", "reason")
PACKS = ("detection", "detection_shape", "detection_physics")
_POOL_FROM = 8
_NOTES_SHOWN = 40


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `detect`."""
    parser = commands.add_parser("detect", help=say("detect.help"), description=say("detect.help"))
    parser.add_argument("--values", metavar="CSV", help=say("detect.values.help"))
    parser.add_argument("--outlets", metavar="CSV", help=say("detect.outlets.help"))
    parser.add_argument("--declarations", metavar="CSV", help=say("detect.declarations.help"))
    parser.add_argument("--out", metavar="CSV", help=say("detect.out.help"))
    parser.add_argument("--findings", metavar="JSONL", help=say("detect.findings.help"))
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help=say("detect.jobs.help"))
    parser.add_argument("--verbose", action="store_true", help=say("detect.verbose.help"))
    parser.add_argument("--explain", action="store_true", help=say("detect.explain.help"))
    parser.add_argument("--lang", choices=("zh", "en"), default=argparse.SUPPRESS, help=say("cli.lang"))


def run(arguments: argparse.Namespace) -> int:
    """Detect; exit code 0 done, 1 a file cannot be used, 2 wrong usage."""
    # One thread a process: the pool shares the processors already, and numeric libraries would crowd it.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    if arguments.explain:
        return _explain(sys.stdout)
    missing = [f"--{name}" for name in ("values", "outlets", "out") if not getattr(arguments, name)]
    if missing:
        return _complain(say("detect.usage", options=" ".join(missing)), 2)
    from ecobureau.commands._detect_grid import Notes
    from ecobureau.commands._detect_read import BadFile, read_files

    notes = Notes()
    values, outlets, out = Path(arguments.values), Path(arguments.outlets), Path(arguments.out)
    declarations = Path(arguments.declarations) if arguments.declarations else None
    try:
        read = read_files(values, outlets, declarations, params_of(_today()).part("files"), notes)
    except BadFile as error:
        _tell(notes, arguments.verbose)
        return _complain(say(error.code, **error.params), 1)
    _tell(notes, arguments.verbose)
    params = params_of(_last_day(read))
    results = detect(read, params, arguments.jobs)
    _tell_failures(results)
    try:
        with out.open("w", encoding="utf-8", newline="") as stream:
            count = write_clues(results, stream)
        if arguments.findings:
            with Path(arguments.findings).open("wb") as binary:
                binary.writelines(finding_lines(results))
    except OSError as error:
        return _complain(say("detect.bad.write", file=error.filename or str(out), reason=error.strerror or ""), 1)
    if arguments.verbose:
        _tell_silence(results)
    print(say("detect.done", outlets=len(results), clues=count, file=str(out)), file=sys.stderr)
    return 0


def params_of(on: date) -> Params:
    """Return the parameters of all detection packs in force on the day `on`."""
    from ecobureau.domain.detection.types import Params
    from ecobureau.rulepacks import HERE, load

    return Params.of([load(name) for name in PACKS if (HERE / f"{name}.toml").exists()], on)


def _today() -> date:
    from ecobureau.clock import now

    return now().astimezone(BEIJING).date()


def _last_day(read: Read) -> date:
    last = max((series.end for series in read.series.values()), default=0)
    return datetime.fromtimestamp(last, UTC).astimezone(BEIJING).date() if last else _today()


def detect(read: Read, params: Params, jobs: int = 0) -> list[OutletResult]:
    """Run every pattern over every outlet that was read, in processes where it pays.

    Args:
        jobs: processes; 0: as many as there are processors, one where the outlets are few.
    """
    from ecobureau.domain.detection.run import together

    inputs: list[Input] = [
        (series, read.facts[name], [one for one in read.declarations if one.outlet_id == name])
        for name, series in sorted(read.series.items())
    ]
    workers = min(jobs or os.cpu_count() or 1, len(inputs))
    if workers <= 1 or (not jobs and len(inputs) < _POOL_FROM):
        return together([_one(item, params) for item in inputs], params)
    with ProcessPoolExecutor(max_workers=workers, initializer=_begin, initargs=(params,)) as pool:
        results = list(pool.map(_in_pool, inputs, chunksize=max(1, min(8, len(inputs) // (4 * workers)))))
    return together(results, params)


_PARAMS: list[Params] = []


def _begin(params: Params) -> None:
    _PARAMS[:] = [params]


def _in_pool(item: Input) -> OutletResult:
    return _one(item, _PARAMS[0])


def _one(item: Input, params: Params) -> OutletResult:
    from ecobureau.domain.detection.run import detect_outlet

    return detect_outlet(*item, params)


def write_clues(results: Iterable[OutletResult], stream: TextIO) -> int:
    """Write clues.csv; returns the number of rows."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for result in results:
        for clue in result.clues:
            writer.writerow(_clue_row(clue))
            count += 1
    return count


def _clue_row(clue: Clue) -> tuple[object, ...]:
    return (
        clue.outlet_id,
        iso(clue.start),
        iso(clue.end),
        clue.pattern,
        f"{clue.confidence:.3f}",
        clue.severity,
        iso(clue.raised_at),
        ";".join(clue.factors),
        reason_of(clue),
    )


def iso(epoch: float) -> str:
    """Return an epoch as ISO 8601 with +08:00."""
    return datetime.fromtimestamp(epoch, UTC).astimezone(BEIJING).isoformat()


def reason_of(clue: Clue) -> str:
    """Return the ten-second reason of a clue: its head, what agrees, what speaks against; language of the context."""
    head = clue.members[0]
    parts = [sentence(head)]
    others = sorted({member.pattern for member in clue.members[1:]} - {clue.pattern})
    if others:
        names = say("detection.join").join(f"{one} {say(f'detection.{one}.title')}" for one in others)
        parts.append(say("detection.also", names=names))
    counter = list(dict.fromkeys(code for member in clue.members for code in member.counter))
    if counter:
        parts.append(say("detection.against", reasons=say("detection.join").join(say(code) for code in counter)))
    return "".join(parts) if _is_chinese() else " ".join(parts)


def _is_chinese() -> bool:
    from ecobureau.words import language

    return language() == "zh"


def sentence(finding: Finding) -> str:
    """Return the reason of one finding, with its numbers."""
    factors = say("detection.join").join(factor_name(code) for code in finding.factors)
    numbers = dict(finding.numbers) | {
        "start": datetime.fromtimestamp(finding.start, UTC).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M"),
        "end": datetime.fromtimestamp(finding.end, UTC).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M"),
        "hours": round((finding.end - finding.start) / 3600, 1),
        "factors": factors,
    }
    # One pattern may have several ways to show: each has words of its own.
    code = f"detection.{finding.pattern}.reason"
    kind = finding.numbers.get("kind")
    return say(f"{code}.{kind}" if kind else code, **numbers)


def factor_name(code: str) -> str:
    """Return the short name of a factor, of a power, or the code itself."""
    from ecobureau.words import templates

    for key in (f"detection.factor.{code}", f"factor.{code}"):
        if key in templates():
            return say(key)
    return code


def finding_lines(results: Iterable[OutletResult]) -> Iterator[bytes]:
    """Yield every finding before fusion as a JSON line."""
    import orjson

    for result in results:
        for one in result.findings:
            line = {
                "outlet_id": result.outlet_id,
                "pattern": one.pattern,
                "start": iso(one.start),
                "end": iso(one.end),
                "raised_at": iso(one.raised_at),
                "factors": one.factors,
                "statistic": float(one.statistic),
                "threshold": float(one.threshold),
                "score": float(one.score),
                "severity": one.severity,
                "group": one.group,
                "numbers": dict(one.numbers),
                "counter": one.counter,
            }
            yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY)


def _complain(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code


def _tell(notes: Notes, verbose: bool) -> None:
    shown = notes.items if verbose else notes.items[:_NOTES_SHOWN]
    for code, params in shown:
        print(say(code, **params), file=sys.stderr)
    if len(shown) < len(notes.items):
        print(say("detect.note.more", count=len(notes.items) - len(shown)), file=sys.stderr)


def _tell_failures(results: Iterable[OutletResult]) -> None:
    for result in results:
        for pattern, text in sorted(result.failed.items()):
            print(say("detect.failed", outlet=result.outlet_id, pattern=pattern, error=text), file=sys.stderr)


def _tell_silence(results: Iterable[OutletResult]) -> None:
    for result in results:
        for pattern, why in sorted(result.silent.items()):
            text = say(why.code, **why.params)
            print(say("detect.silent", outlet=result.outlet_id, pattern=pattern, why=text), file=sys.stderr)


def _explain(stream: TextIO) -> int:
    """Print the reference of all patterns as Markdown, from the registry and the packs."""
    from ecobureau.domain.detection.registry import load_all

    params = params_of(_today())
    print(f"# {say('detect.explain.title')}\n", file=stream)
    print(say("detect.explain.intro") + "\n", file=stream)
    for one in load_all().values():
        print(f"### {one.id} {say(f'detection.{one.id}.title')}\n", file=stream)
        print(
            say("detect.explain.inputs", inputs=", ".join(one.inputs), group=one.group, cost=one.cost) + "\n",
            file=stream,
        )
        text = (one.function.__doc__ or "").strip()
        print("\n".join(line.strip() for line in text.splitlines()) + "\n", file=stream)
        part = params.part(one.id)
        keys = part.keys()
        if keys:
            print(f"| {say('detect.explain.parameter')} | {say('detect.explain.value')} |\n|---|---|", file=stream)
            for key in keys:
                print(f"| `{one.id}.{key}` | {part.raw(key)} |", file=stream)
            print(file=stream)
    return 0
