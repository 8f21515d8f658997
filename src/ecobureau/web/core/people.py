"""What the kernel asks about people. The accounts app answers; the kernel does not know its tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from django.contrib.auth import get_user_model


@dataclass(frozen=True, slots=True)
class Grant:
    """A role for everything at and below `org_path` ('/wuhan/jiangan/'), and for single grids.

    `area` is the place that a department at `org_path` answers for (its district or city); empty for all other units.
    """

    role: str
    org_path: str
    grid_ids: tuple[str, ...] = ()
    area: str = ""

    @property
    def ground(self) -> str:
        """The place the grant's unit answers for."""
        return self.area or self.org_path


class People(Protocol):
    """The book of who is what."""

    def grants_of(self, user_id: int, at: datetime) -> Sequence[Grant]:
        """Return the grants in force at the instant `at`."""

    def holders(self, role: str, org_path: str, at: datetime) -> Sequence[int]:
        """Return the ids of those who hold `role` at `org_path` or, if nobody does, at the nearest place above."""


class _Nobody:
    def grants_of(self, user_id: int, at: datetime) -> Sequence[Grant]:
        return ()

    def holders(self, role: str, org_path: str, at: datetime) -> Sequence[int]:
        return ()


_people: People = _Nobody()


def _no_areas(paths: Collection[str]) -> Mapping[str, str]:
    return {}


_areas: Callable[[Collection[str]], Mapping[str, str]] = _no_areas


def register(people: People) -> None:
    """Install the book of people (done once, by the accounts app)."""
    global _people
    _people = people


def register_areas(function: Callable[[Collection[str]], Mapping[str, str]]) -> None:
    """Install the map of departments (done once, by the places app): paths → path of the place each answers for."""
    global _areas
    _areas = function


def grants_of(user_id: int, at: datetime) -> tuple[Grant, ...]:
    """Return the grants of a person in force at `at`, each with the place that its unit answers for."""
    found = tuple(_people.grants_of(user_id, at))
    deep = {grant.org_path for grant in found if grant.org_path.count("/") > 2}
    areas = _areas(deep) if deep else {}
    return tuple(replace(grant, area=areas.get(grant.org_path, "")) for grant in found)


def holders(role: str, org_path: str, at: datetime) -> tuple[int, ...]:
    """Return the people with `role` at `org_path`, or at the nearest place above where somebody has it."""
    return tuple(_people.holders(role, org_path, at))


def colleagues(most: int = 2000) -> list[tuple[int, str]]:
    """Return (id, name) of everybody whose account is open, by name."""
    users = get_user_model()._base_manager.filter(is_active=True)[:most]
    return sorted(((user.pk, str(user)) for user in users), key=lambda each: each[1])


def names(ids: Iterable[int | None]) -> dict[int, str]:
    """Return id → name as shown, in one query."""
    wanted = {each for each in ids if each is not None}
    if not wanted:
        return {}
    return {user.pk: str(user) for user in get_user_model()._base_manager.filter(pk__in=wanted)}
