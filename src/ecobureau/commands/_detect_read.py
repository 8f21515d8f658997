"""Reading the plain files of `ecobureau detect`: values, outlets, declarations. What is odd is said with its row."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ecobureau.commands._detect_grid import Notes, Values, build
from ecobureau.domain.detection.types import (
    Declaration,
    FactorFacts,
    Kind,
    OutletFacts,
    OutletSeries,
    Params,
)

VALUES = ("outlet_id", "kind", "time", "factor", "avg")
VALUES_MORE = ("flag", "zs_avg")
OUTLETS = ("outlet_id",)
OUTLETS_MORE = (
    "kind",
    "industry",
    "factor",
    "limit",
    "range_max",
    "resolution",
    "o2_ref",
    "permit_kg_month",
    "has_inlet",
    "has_power",
    "rated_prod_kw",
    "rated_treat_kw",
)
DECLARATIONS = ("outlet_id", "start", "end", "type")
FLAGS = ("N", "F", "M", "S", "D", "C", "T", "B")


class BadFile(Exception):
    """A file cannot be used at all: message code and its parameters."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass
class Read:
    """What the files say: one input an outlet, in the order of their ids."""

    series: dict[str, OutletSeries]
    facts: dict[str, OutletFacts]
    declarations: list[Declaration]


def read_files(values: Path, outlets: Path, declarations: Path | None, params: Params, notes: Notes) -> Read:
    """Read all files.

    Args:
        params: part `files` of the packs: plausible ranges, shares.
        notes: filled with what was odd.

    Raises:
        BadFile: a file is missing, empty, or lacks a column that is needed.
    """
    facts = read_outlets(outlets, notes)
    declared = read_declarations(declarations, notes) if declarations is not None else []
    table = read_values(values, params, notes)
    series = build(table, facts, params, notes)
    for outlet_id in series:
        if outlet_id not in facts:
            notes.add("detect.note.unregistered", outlet=outlet_id, file=outlets.name)
            facts[outlet_id] = OutletFacts(outlet_id, series[outlet_id].kind)
    for outlet_id in sorted(facts.keys() - series.keys()):
        notes.add("detect.note.no_values", outlet=outlet_id, file=values.name)
    for one in sorted({item.outlet_id for item in declared} - facts.keys()):
        notes.add("detect.note.declared_unknown", outlet=one)
    return Read(series, facts, declared)


def _table(path: Path, needed: tuple[str, ...], more: tuple[str, ...], notes: Notes, **options: Any) -> pd.DataFrame:
    try:
        with path.open("rb") as stream:
            head = stream.readline()
    except OSError as error:
        raise BadFile("detect.bad.open", file=str(path), reason=error.strerror or str(error)) from error
    if not head.strip():
        raise BadFile("detect.bad.empty", file=str(path))
    try:
        names = [name.strip() for name in head.decode("utf-8-sig").strip().split(",")]
    except UnicodeDecodeError as error:
        raise BadFile("detect.bad.encoding", file=str(path), row=1) from error
    names = [name.strip('"') for name in names]
    missing = [name for name in needed if name not in names]
    if missing:
        raise BadFile("detect.bad.columns", file=path.name, columns=", ".join(missing), found=", ".join(names))
    unknown = [name for name in names if name not in needed + more]
    if unknown:
        notes.add("detect.note.ignored_columns", file=path.name, columns=", ".join(unknown))
    absent = [name for name in more if name not in names]
    if absent:
        notes.add("detect.note.missing_columns", file=path.name, columns=", ".join(absent))
    _say_longer_rows(path, len(names), notes)
    wanted = [name for name in names if name in needed + more]
    if len(set(wanted)) != len(wanted):
        raise BadFile("detect.bad.column_twice", file=path.name)
    positions = [place for place, name in enumerate(names) if name in needed + more]
    try:
        table = pd.read_csv(
            path,
            header=0,
            names=names if len(set(names)) == len(names) else None,
            usecols=positions,
            index_col=False,
            encoding="utf-8-sig",
            skip_blank_lines=False,
            **options,
        )
    except UnicodeDecodeError as error:
        raise BadFile("detect.bad.encoding", file=str(path), row="?") from error
    except pd.errors.ParserError as error:
        raise BadFile("detect.bad.csv", file=str(path), reason=str(error).strip().splitlines()[-1]) from error
    except ValueError as error:
        raise BadFile("detect.bad.csv", file=str(path), reason=str(error)) from error
    return table


def _say_longer_rows(path: Path, columns: int, notes: Notes) -> None:
    """Say which rows have more fields than the header: what stands in them is not read."""
    commas, lines, last = 0, 0, b""
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            commas, lines, last = commas + chunk.count(b","), lines + chunk.count(b"\n"), chunk[-1:]
    # Counting is quick; only a file that does not add up is read line by line.
    if commas == (lines + (last != b"\n")) * (columns - 1):
        return
    longer = 0
    first = 0
    with path.open("r", encoding="utf-8-sig", errors="replace", newline="") as text:
        try:
            for fields in (rows := csv.reader(text)):
                if len(fields) > columns:
                    longer, first = longer + 1, first or rows.line_num
        except csv.Error:
            # pandas says what is wrong with it.
            return
    if longer:
        notes.add("detect.note.longer_rows", file=path.name, row=first, count=longer, columns=columns)


def _row(index: int) -> int:
    """Row of the file as an editor counts it: the header is row 1."""
    return index + 2


def _numbers(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return (values, positions of texts that are no finite number); an empty field is NaN and no fault."""
    if column.dtype.kind in "fiu":
        values = column.to_numpy(dtype=np.float64, copy=True)
        endless = np.isinf(values)
    else:
        text = column.astype("string").str.strip()
        values = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
        endless = np.isinf(values) | (
            np.isnan(values) & text.notna().to_numpy() & (text != "").fillna(False).to_numpy()
        )
    values[endless] = np.nan
    return values, np.flatnonzero(endless)


def _epochs(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return (epoch seconds, bad positions) of ISO 8601 texts; a text without zone is Beijing time."""
    kinds = column.astype("category")
    texts = [str(one).strip() for one in kinds.cat.categories]
    table = np.full(len(texts) + 1, np.iinfo(np.int64).min, dtype=np.int64)
    for place, text in enumerate(texts):
        table[place] = _epoch(text)
    codes = kinds.cat.codes.to_numpy()
    out = table[np.where(codes < 0, len(texts), codes)]
    return out, np.flatnonzero(out == np.iinfo(np.int64).min)


def _epoch(text: str) -> int:
    try:
        moment = pd.Timestamp(text)
        if moment is pd.NaT:
            return int(np.iinfo(np.int64).min)
        moment = moment.tz_localize("Asia/Shanghai") if moment.tzinfo is None else moment
        return int(moment.timestamp())
    except (ValueError, OverflowError):
        return int(np.iinfo(np.int64).min)


def read_values(path: Path, params: Params, notes: Notes) -> Values:
    """Read values.csv: every row that can be used, each oddity said once with its first row."""
    text_columns = dict.fromkeys(("outlet_id", "kind", "time", "factor", "flag"), "category")
    table = _table(
        path,
        VALUES,
        VALUES_MORE,
        notes,
        dtype=text_columns,
        low_memory=False,
        keep_default_na=False,
        na_values=["", "NaN", "nan", "NULL", "null", "-"],
    )
    if not len(table):
        raise BadFile("detect.bad.no_rows", file=str(path))
    count = len(table)
    good = np.ones(count, dtype=bool)

    def refuse(where: np.ndarray, code: str, column: str) -> None:
        fresh = where[good[where]] if len(where) else where
        if len(fresh):
            first = int(fresh[0])
            notes.add(code, file=path.name, row=_row(first), count=len(fresh), value=str(table[column].iloc[first]))
            good[fresh] = False

    for column in ("outlet_id", "factor", "time"):
        refuse(np.flatnonzero(table[column].isna().to_numpy()), "detect.note.no_" + column, column)
    kinds = table["kind"].cat
    kind_ok = np.array([str(one).strip().lower() in ("gas", "water") for one in kinds.categories] + [False])
    refuse(np.flatnonzero(~kind_ok[kinds.codes.to_numpy()]), "detect.note.bad_kind", "kind")
    t, bad = _epochs(table["time"])
    refuse(bad, "detect.note.bad_time", "time")
    avg, bad = _numbers(table["avg"])
    if len(bad):
        first = int(bad[0])
        value = str(table["avg"].iloc[first])
        notes.add("detect.note.bad_number", file=path.name, row=_row(first), count=len(bad), value=value, column="avg")
    if "zs_avg" in table:
        zs, bad = _numbers(table["zs_avg"])
        if len(bad):
            first = int(bad[0])
            value = str(table["zs_avg"].iloc[first])
            notes.add(
                "detect.note.bad_number", file=path.name, row=_row(first), count=len(bad), value=value, column="zs_avg"
            )
    else:
        zs = np.full(count, np.nan)
    flag = _flags(table, path, notes)
    outlet_names = [str(one).strip() for one in table["outlet_id"].cat.categories]
    factor_names = [str(one).strip() for one in table["factor"].cat.categories]
    outlets, outlet_codes = _recode(outlet_names, table["outlet_id"].cat.codes.to_numpy())
    factors, factor_codes = _recode(factor_names, table["factor"].cat.codes.to_numpy())
    gas = np.array([str(one).strip().lower() == "gas" for one in kinds.categories] + [False])[kinds.codes.to_numpy()]
    keep = np.flatnonzero(good)
    if not len(keep):
        raise BadFile("detect.bad.no_usable_rows", file=str(path))
    del params
    return Values(
        outlet=outlet_codes[keep],
        factor=factor_codes[keep],
        kind=gas[keep],
        t=t[keep],
        avg=avg[keep],
        zs=zs[keep],
        flag=flag[keep],
        row=keep + 2,
        outlets=outlets,
        factors=factors,
    )


def _recode(names: list[str], codes: np.ndarray) -> tuple[list[str], np.ndarray]:
    unique = sorted(set(names))
    place = {name: index for index, name in enumerate(unique)}
    table = np.array([place[name] for name in names] + [-1], dtype=np.int64)
    return unique, table[codes]


def _flags(table: pd.DataFrame, path: Path, notes: Notes) -> np.ndarray:
    """(n,) marks; a missing one counts as N (unmarked is undisputed), an unknown one as D, and is said."""
    if "flag" not in table:
        return np.full(len(table), "N", dtype="<U1")
    column = table["flag"].cat
    names = [str(one).strip().upper() for one in column.categories]
    known = np.array([name if name in FLAGS else "D" for name in names] + ["N"], dtype="<U1")
    for place, name in enumerate(names):
        if name not in FLAGS:
            where = np.flatnonzero(column.codes.to_numpy() == place)
            if len(where):
                notes.add("detect.note.bad_flag", file=path.name, row=_row(int(where[0])), count=len(where), value=name)
    out: np.ndarray = known[column.codes.to_numpy()]
    return out


def _fact(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _yes(value: object) -> bool:
    return str(value).strip().lower() in ("1", "1.0", "true", "yes", "y", "是")


def read_outlets(path: Path, notes: Notes) -> dict[str, OutletFacts]:
    """Read outlets.csv: one row an outlet and pollutant."""
    table = _table(path, OUTLETS, OUTLETS_MORE, notes, dtype=str, keep_default_na=False)
    if not len(table):
        raise BadFile("detect.bad.no_rows", file=str(path))
    out: dict[str, OutletFacts] = {}
    for index, row in enumerate(table.to_dict("records")):
        outlet_id = str(row["outlet_id"]).strip()
        if not outlet_id or outlet_id == "nan":
            notes.add("detect.note.no_outlet_id", file=path.name, row=_row(index), count=1, value="")
            continue
        for name in (
            "limit",
            "range_max",
            "resolution",
            "o2_ref",
            "permit_kg_month",
            "rated_prod_kw",
            "rated_treat_kw",
        ):
            text = str(row.get(name, "")).strip()
            if text and _fact(text) is None:
                notes.add("detect.note.bad_number", file=path.name, row=_row(index), count=1, value=text, column=name)
        for name in ("limit", "range_max", "resolution", "permit_kg_month", "rated_prod_kw", "rated_treat_kw"):
            number = _fact(row.get(name, ""))
            if number is not None and number <= 0:
                notes.add("detect.note.not_positive", file=path.name, row=_row(index), value=number, column=name)
                row[name] = ""
        out[outlet_id] = _grown(out.get(outlet_id), outlet_id, row, path, index, notes)
    return out


def _grown(
    old: OutletFacts | None, outlet_id: str, row: dict[str, Any], path: Path, index: int, notes: Notes
) -> OutletFacts:
    text = str(row.get("kind", "")).strip().lower()
    kind: Kind = "water" if text == "water" else "gas"
    factors = dict(old.factors) if old is not None else {}
    factor = str(row.get("factor", "")).strip()
    if factor:
        if factor in factors:
            notes.add("detect.note.factor_twice", file=path.name, row=_row(index), outlet=outlet_id, factor=factor)
        factors[factor] = FactorFacts(
            factor,
            *(_fact(row.get(name, "")) for name in ("limit", "range_max", "resolution", "o2_ref", "permit_kg_month")),
        )
    return OutletFacts(
        outlet_id,
        kind,
        str(row.get("industry", "")).strip(),
        factors,
        _yes(row.get("has_inlet", "")) or (old is not None and old.has_inlet),
        _yes(row.get("has_power", "")) or (old is not None and old.has_power),
        _fact(row.get("rated_prod_kw", "")),
        _fact(row.get("rated_treat_kw", "")),
    )


def read_declarations(path: Path, notes: Notes) -> list[Declaration]:
    """Read declarations.csv; a file with no rows below its header is fine."""
    table = _table(path, DECLARATIONS, ("value",), notes, dtype=str, keep_default_na=False)
    out: list[Declaration] = []
    for index, row in enumerate(table.to_dict("records")):
        start, end = _epoch(str(row["start"])), _epoch(str(row["end"]))
        kind = str(row["type"]).strip().lower()
        least = np.iinfo(np.int64).min
        if start == least or end == least or end <= start:
            notes.add("detect.note.bad_window", file=path.name, row=_row(index), start=row["start"], end=row["end"])
            continue
        if kind not in ("stop", "startup", "order_cut"):
            notes.add("detect.note.bad_type", file=path.name, row=_row(index), value=kind)
            continue
        value = _fact(row.get("value", ""))
        if value is not None and value > 1.0:
            value /= 100.0
        if value is not None and not 0.0 <= value <= 1.0:
            notes.add("detect.note.bad_share", file=path.name, row=_row(index), value=str(row.get("value", "")))
            value = None
        out.append(Declaration(str(row["outlet_id"]).strip(), start, end, kind, value))  # type: ignore[arg-type]
    return out
