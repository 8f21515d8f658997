"""Chinese names in order, and found by their first letters, without help from the database.

Pinyin's table of phrases takes 0.4 s to load, so it is asked for where a name is given and not where a process starts.
"""

from __future__ import annotations


def sort_key(name: str) -> str:
    """Return what a name is ordered by: its pinyin, words apart, lower case (江岸区 → `jiang an qu`)."""
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(name)).lower()[:320]


def initials(name: str) -> str:
    """Return the first letters of a name (江岸区 → `jaq`); letters and digits stay, blanks go."""
    from pypinyin import Style, lazy_pinyin

    return "".join("".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower().split())[:80]
