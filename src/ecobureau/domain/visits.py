"""A visit on site: the questions of its checklist, and the track that a phone may keep of it.

Positions are degrees WGS 84; instants are aware.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ecobureau.domain.geo import distance_m


class BadChecklist(ValueError):
    """A checklist of a rule pack cannot be read; the message says which question is wrong."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that may be given: stable code, words in Chinese and English."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a checklist. Every question must be answered; 'cannot tell' is an answer where it is offered."""

    code: str
    zh: str
    en: str
    choices: tuple[Choice, ...]


def questions(*lists: object) -> tuple[Question, ...]:
    """Return the questions of several lists of a rule pack, one after the other; of two with one code the later counts.

    Args:
        lists: each a list of tables `{code, ask, ask_en, answers: [[code, zh, en], …]}`.

    Raises:
        BadChecklist: a part is missing, or a question has fewer than two answers.
    """
    found: dict[str, Question] = {}
    for each in lists:
        if not isinstance(each, Sequence):
            raise BadChecklist(f"not a list: {each!r}")
        for raw in each:
            made = _question(raw)
            found[made.code] = made
    return tuple(found.values())


def _question(raw: Mapping[str, object]) -> Question:
    try:
        answers = raw["answers"]
        assert isinstance(answers, Sequence)
        choices = tuple(Choice(str(code), str(zh), str(en)) for code, zh, en in answers)
        made = Question(str(raw["code"]), str(raw["ask"]), str(raw["ask_en"]), choices)
    except (KeyError, TypeError, ValueError, AssertionError) as error:
        raise BadChecklist(f"{raw!r}: {error!r}") from error
    if len({choice.code for choice in choices}) < 2:
        raise BadChecklist(f"{made.code}: needs two different answers or more")
    return made


def missing(asked: Iterable[Question], answers: Mapping[str, object]) -> tuple[Question, ...]:
    """Return the questions without an answer that is one of their choices."""
    return tuple(each for each in asked if answers.get(each.code) not in {choice.code for choice in each.choices})


def kept(asked: Iterable[Question], answers: Mapping[str, object]) -> list[dict[str, str]]:
    """Return what a record keeps: each question with its answer in both languages, as they were asked that day."""
    rows: list[dict[str, str]] = []
    for each in asked:
        given = next((choice for choice in each.choices if choice.code == answers.get(each.code)), None)
        if given is not None:
            words = {"ask": each.zh, "ask_en": each.en, "said": given.zh, "said_en": given.en}
            rows.append({"code": each.code, "answer": given.code, **words})
    return rows


@dataclass(frozen=True, slots=True)
class Point:
    """One position of a track: `accuracy_m` None where the phone did not say."""

    at: datetime
    lon: float
    lat: float
    accuracy_m: float | None = None


def within_visit(
    points: Iterable[Point], arrived: datetime, until: datetime, slack: timedelta = timedelta(minutes=2)
) -> tuple[Point, ...]:
    """Return the points of a visit alone, in order of time, one an instant; what lies outside is dropped.

    Args:
        arrived: by the phone's clock, as the points are. until: now, by the server's; later points cannot be true.
        slack: what the two clocks may differ.
    """
    inside = {each.at: each for each in points if arrived - slack <= each.at <= until + slack}
    return tuple(inside[at] for at in sorted(inside))


def length_m(points: Sequence[Point]) -> float:
    """Return the length of a track in metres; steps shorter than the accuracy of their ends do not count."""
    total, last = 0.0, points[0] if points else None
    for each in points[1:]:
        assert last is not None
        step = distance_m(last.lon, last.lat, each.lon, each.lat)
        if step >= max(each.accuracy_m or 0.0, last.accuracy_m or 0.0, 3.0):
            total, last = total + step, each
    return total
