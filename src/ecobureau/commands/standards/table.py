"""Reading and writing of CSV tables for the standards commands.

UTF-8 with or without a byte order mark (or another encoding by `--encoding`), columns by name in any order, unknown
columns kept as they are, rows streamed in chunks. A cell that cannot be read is reported on stderr by row, column and
text, with how to mend it; nothing is guessed in its place. Rows are numbered as a spreadsheet shows them: the header
is row 1.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TextIO, cast

from ecobureau.commands.standards.progress import Progress
from ecobureau.words import say

DONE, FILE_TROUBLE, WRONG_USAGE, BAD_CELLS = 0, 1, 2, 3
CHUNK = 20_000
_SHOWN = 50
_MISSING = frozenset({"", "_", "-", "--", "—", "——", "－", "/", "na", "n/a", "nan", "null", "none", "nil"})


class CannotRun(Exception):
    """The command cannot go on: message code, its parameters and the exit code."""

    def __init__(self, code: str, exit_code: int, **params: object) -> None:
        super().__init__(code)
        self.code, self.exit_code, self.params = code, exit_code, params


def guarded(work: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    """Run `work(arguments)`; trouble with files and usage becomes one clear line on stderr and its exit code."""
    try:
        return work(arguments)
    except CannotRun as problem:
        print(say(problem.code, **problem.params), file=sys.stderr)
        return problem.exit_code
    except BrokenPipeError:
        raise
    except OSError as error:
        name = error.filename if error.filename is not None else "-"
        print(say("standards.file_trouble", file=name, reason=error.strerror or error), file=sys.stderr)
        return FILE_TROUBLE


def add_in_out(parser: argparse.ArgumentParser) -> None:
    """Add the arguments IN.csv, OUT.csv and `--encoding` that most parts share."""
    parser.add_argument("source", metavar="IN.csv", help=say("standards.in.help"))
    parser.add_argument("target", metavar="OUT.csv", help=say("standards.out.help"))
    add_encoding(parser)


def add_encoding(parser: argparse.ArgumentParser) -> None:
    """Add `--encoding`."""
    parser.add_argument("--encoding", default="utf-8", metavar="NAME", help=say("standards.encoding.help"))


def is_missing(text: str) -> bool:
    """Whether a cell says that there is no value: empty, NA, N/A, null, nan, /, _, - or —."""
    return text.strip().lower() in _MISSING


def number_of(text: str) -> Decimal | None:
    """Return a cell's number; None where it says that there is no value.

    Raises:
        ValueError: the text is no finite number.
    """
    if is_missing(text):
        return None
    try:
        found = Decimal(text.strip())
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not found.is_finite():
        raise ValueError(text)
    return found


class Complaints:
    """What could not be read: each is one line on stderr, the first 50 in full, the rest counted.

    Attributes:
        count: complaints so far.
    """

    def __init__(self) -> None:
        self.count = 0

    def cell(self, row: int, column: str, text: str, mend: str = "standards.mend.number", **params: object) -> None:
        """Report a cell: `mend` is the message code of how to mend it, with `params`."""
        self.count += 1
        if self.count <= _SHOWN:
            how = say(mend, **params)
            shown = text if len(text) <= 60 else text[:57] + "…"
            print(say("standards.bad_cell", row=row, column=column, text=shown, mend=how), file=sys.stderr)

    def row(self, row: int, mend: str, **params: object) -> None:
        """Report a whole row."""
        self.count += 1
        if self.count <= _SHOWN:
            print(say("standards.bad_row", row=row, mend=say(mend, **params)), file=sys.stderr)

    def exit_code(self) -> int:
        """Say how many more there were, and return 3 if there was any, else 0."""
        if self.count > _SHOWN:
            print(say("standards.more_bad", count=self.count - _SHOWN), file=sys.stderr)
        return BAD_CELLS if self.count else DONE


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a table.

    Attributes:
        columns: names of the columns, stripped.
        numbers: each row's number as a spreadsheet shows it.
        rows: cells as they are in the file, as many as the header has.
        ragged: positions in `rows` whose line had another count of cells (reported already; compute nothing there);
            the value is the cells beyond the header.
    """

    columns: Sequence[str]
    numbers: list[int]
    rows: list[list[str]]
    ragged: Mapping[int, list[str]]

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> list[str] | None:
        """Return the cells of a column, None when there is no such column."""
        at = _position(self.columns, name)
        return None if at is None else [row[at] for row in self.rows]

    def cells(self, at: int) -> dict[str, str]:
        """Return one row by column name."""
        return dict(zip(self.columns, self.rows[at], strict=True))


def _position(columns: Sequence[str], name: str) -> int | None:
    wanted = name.lower()
    return next((at for at, column in enumerate(columns) if column.lower() == wanted), None)


def _opened(name: str) -> BinaryIO:
    return cast("BinaryIO", sys.stdin.buffer) if name == "-" else Path(name).open("rb")


class InTable:
    """A CSV file that is read in chunks.

    Args:
        name: path, or `-` for stdin.
        complaints: takes the rows that are ragged.
        encoding: of the file; UTF-8 may begin with a byte order mark.

    Raises:
        CannotRun: no such encoding, no header, not a CSV in that encoding.
        OSError: the file cannot be opened.
    """

    def __init__(self, name: str, complaints: Complaints, encoding: str = "utf-8") -> None:
        self.name = name
        self._complaints = complaints
        self._encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
        self._raw: BinaryIO = _opened(name)
        try:
            self._size = 0 if name == "-" else Path(name).stat().st_size
            self._text = io.TextIOWrapper(self._raw, encoding=self._encoding, newline="")
            self._reader = csv.reader(self._text, strict=True)
            self.columns: list[str] = [column.strip() for column in self._header()]
        except LookupError:
            self.close()
            raise CannotRun("standards.no_encoding", WRONG_USAGE, encoding=encoding) from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> InTable:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; stdin stays open."""
        if self.name != "-":
            self._raw.close()
        elif hasattr(self, "_text"):
            with suppress(ValueError):
                self._text.detach()

    def has(self, name: str) -> bool:
        """Whether there is a column of that name; case does not count."""
        return _position(self.columns, name) is not None

    def need(self, *names: str) -> None:
        """Require columns, each once.

        Raises:
            CannotRun: one is missing or stands twice (exit code 2).
        """
        missing = [name for name in names if not self.has(name)]
        if missing:
            raise CannotRun(
                "standards.no_column",
                WRONG_USAGE,
                file=self.name,
                missing=", ".join(missing),
                columns=", ".join(self.columns) or "—",
            )
        lower = [column.lower() for column in self.columns]
        twice = sorted({name for name in names if lower.count(name.lower()) > 1})
        if twice:
            raise CannotRun("standards.column_twice", WRONG_USAGE, file=self.name, columns=", ".join(twice))

    def chunks(self, size: int = CHUNK) -> Iterator[Chunk]:
        """Yield the rows, `size` at a time; blank lines are left out.

        Raises:
            CannotRun: a line is no CSV or has bytes of another encoding (exit code 1).
        """
        progress = Progress(self._raw if self.name != "-" else None, self._size)
        number, width = 1, len(self.columns)
        numbers: list[int] = []
        rows: list[list[str]] = []
        ragged: dict[int, list[str]] = {}
        for row in self._lines():
            number += 1
            if not row:
                continue
            if len(row) != width:
                self._complaints.row(number, "standards.mend.ragged", found=len(row), wanted=width)
                ragged[len(rows)] = row[width:]
                row = row[:width] + [""] * (width - len(row))
            numbers.append(number)
            rows.append(row)
            if len(rows) == size:
                yield Chunk(self.columns, numbers, rows, ragged)
                progress.show(number - 1)
                numbers, rows, ragged = [], [], {}
        if rows:
            yield Chunk(self.columns, numbers, rows, ragged)
        progress.end()

    def _header(self) -> list[str]:
        for row in self._lines():
            if any(cell.strip() for cell in row):
                return row
        raise CannotRun("standards.no_header", FILE_TROUBLE, file=self.name)

    def _lines(self) -> Iterator[list[str]]:
        try:
            yield from self._reader
        except UnicodeDecodeError:
            near = self._reader.line_num + 1
            raise CannotRun(
                "standards.not_text", FILE_TROUBLE, file=self.name, encoding=self._encoding, line=near
            ) from None
        except csv.Error as error:
            line = self._reader.line_num
            raise CannotRun("standards.not_csv", FILE_TROUBLE, file=self.name, line=line, reason=error) from None


class OutTable:
    """A CSV file that is written; it takes its name only when all is written, so IN and OUT may be one file.

    Args:
        name: path, or `-` for stdout.
        columns: header.
    """

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        self.name = name
        self._part: Path | None = None
        if name == "-":
            self._text: TextIO = io.TextIOWrapper(
                cast("BinaryIO", sys.stdout.buffer), encoding="utf-8", newline="", write_through=False
            )
        else:
            self._text = self._beside(Path(name))
        self._writer = csv.writer(self._text, lineterminator="\n")
        self._writer.writerow(columns)

    def _beside(self, path: Path) -> TextIO:
        if path.is_dir():
            raise CannotRun("standards.is_folder", FILE_TROUBLE, file=str(path))
        if path.exists() and not path.is_file():
            return path.open("w", encoding="utf-8", newline="")
        try:
            made = tempfile.NamedTemporaryFile(  # noqa: SIM115 -- lives as long as this object
                "w",
                encoding="utf-8",
                newline="",
                dir=path.parent,
                prefix=f".{path.name}.",
                suffix=".part",
                delete=False,
            )
        except OSError as error:
            error.filename = str(path)
            raise
        self._part = Path(made.name)
        self._part.chmod(0o644)
        return cast("TextIO", made)

    def write(self, rows: Sequence[Sequence[object]]) -> None:
        """Write rows."""
        self._writer.writerows(rows)

    def __enter__(self) -> OutTable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.name == "-":
            self._text.flush()
            self._text.detach()  # type: ignore[attr-defined]
            return
        self._text.close()
        if self._part is None:
            return
        if kind is None:
            self._part.replace(self.name)
        else:
            self._part.unlink(missing_ok=True)


def widened(columns: Sequence[str], added: Sequence[str]) -> list[str]:
    """Return the header of the output: `columns`, then `added`.

    A column of the input that has the name of an added one is kept under `<name>_in`, and that is said on stderr.
    """
    taken = {column.lower() for column in columns}
    fresh = {name.lower() for name in added}
    kept: list[str] = []
    for column in columns:
        if column.lower() in fresh:
            other = f"{column}_in"
            while other.lower() in taken | fresh:
                other += "_in"
            taken.add(other.lower())
            print(say("standards.renamed", column=column, other=other), file=sys.stderr)
            column = other
        kept.append(column)
    return kept + list(added)


def add_columns(
    source: str,
    target: str,
    added: Sequence[str],
    work: Callable[[Chunk, Complaints], Sequence[Sequence[str]]],
    *,
    needs: Callable[[InTable], None],
    encoding: str = "utf-8",
) -> int:
    """Run a part that adds columns to every row.

    Args:
        source: IN.csv or `-`; `target`: OUT.csv or `-`.
        added: names of the added columns.
        work: gives the added cells, one sequence for each row of the chunk, in the order of `added`.
        needs: checks the columns of the input (`InTable.need`).
        encoding: of the input.

    Returns:
        Exit code 0, or 3 when cells or rows could not be read.

    Raises:
        CannotRun, OSError: see `guarded`.
    """
    complaints = Complaints()
    with InTable(source, complaints, encoding) as table:
        needs(table)
        with OutTable(target, widened(table.columns, added)) as out:
            for chunk in table.chunks():
                cells = work(chunk, complaints)
                out.write(
                    [
                        [*row, *more, *chunk.ragged.get(at, ())]
                        for at, (row, more) in enumerate(zip(chunk.rows, cells, strict=True))
                    ]
                )
    return complaints.exit_code()
