"""Sources and clauses of rules in English, beside the Chinese of the packs, which stays the text that counts.

`citations_en.csv` holds one line for each Chinese source or clause of the packs of statistics, emissions, judging,
detection and dispatch (`tests/domain/test_citations.py` names them). Titles of standards (`GB 3838-2002`) need none.
What a city's overlay adds is shown as it stands.
"""

from __future__ import annotations

import csv
from functools import lru_cache

from ecobureau.rulepacks import HERE


@lru_cache(maxsize=1)
def _english() -> dict[str, str]:
    with (HERE / "citations_en.csv").open(encoding="utf-8", newline="") as stream:
        return {row["zh"]: row["en"] for row in csv.DictReader(stream)}


def cited(text: str, lang: str) -> str:
    """Return a source or clause in a language (`zh`, `en`, also with a region).

    Several sources are split at `；`; a source and its clause, as clocks keep them, at the space between them.

    >>> cited("表 1 过渡阶段", "en"), cited("表 1 过渡阶段", "zh-hans"), cited("GB 3838-2002", "en")
    ('Table 1, transition stage', '表 1 过渡阶段', 'GB 3838-2002')
    """
    if not lang.startswith("en"):
        return text
    known = _english()
    if text in known:
        return known[text]
    for at, sign in enumerate(text):
        if sign == " " and text[:at] in known and text[at + 1 :] in known:
            return f"{known[text[:at]]}: {known[text[at + 1 :]]}"
    return "; ".join(known.get(part, part) for part in text.split("；"))
