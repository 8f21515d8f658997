"""The factor table of HJ 212 as rows for the registry, read from the rule packs' data files."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files

from ecobureau.web.places.names import sort_key

Row = dict[str, str]


def _read(name: str) -> Iterator[Row]:
    text = files("ecobureau.rulepacks").joinpath(name).read_text(encoding="utf-8-sig")
    yield from csv.DictReader(text.splitlines())


@lru_cache(maxsize=1)
def factor_rows() -> tuple[Row, ...]:
    """Return every known factor by the column names of the table of factors."""
    english = {row["code"]: row["name_en"] for row in _read("hj212_factor_names_en.csv")}
    short = {row["code"]: row["short_zh"] for row in _read("factor_short_names.csv")}
    rows = [*_read("hj212_factors.csv"), *_read("factors_more.csv")]
    return tuple(
        {
            "code": row["code"],
            "name_zh": row["name_zh"],
            "name_en": english.get(row["code"]) or row.get("name_en") or row["name_zh"],
            "short_zh": short.get(row["code"], ""),
            "code_2005": row.get("code_2005") or "",
            "unit": row.get("unit_concentration") or "",
            "unit_emission": row.get("unit_emission") or "",
            "digits": row.get("type_2017") or "",
            "name_sort": sort_key(row["name_zh"]),
        }
        for row in rows
    )
