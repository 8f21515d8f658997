"""Stored hours of stations into the statistics, and all figures computed anew from them: what two commands share."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ecobureau.clock import BEIJING
from ecobureau.web.statistics import rollup, services
from ecobureau.words import say


class TakeHours(BaseCommand):
    """Follow the registry's stations, take their hours of the days from START to END, and compute."""

    medium = ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("start", help=say("statistics.take.start"))
        parser.add_argument("end", help=say("statistics.take.end"))

    def handle(self, *args: Any, **options: Any) -> None:
        start, end = self._day(options["start"]), self._day(options["end"])
        if end < start:
            raise CommandError(say("statistics.take.order"))
        services.follow_stations()
        taken = self.take(start, end)
        services.compute_again(start, end, self.medium)
        while rollup.drain():
            pass
        self.stdout.write(say("statistics.take.done", days=taken))

    def take(self, start: date, end: date) -> int:
        """Take the hours of the days from `start` to `end`; return how many days of hours were new or changed."""
        first, until = _midnight(start), _midnight(end + timedelta(days=1))
        taken = services.take_from_stations(first, until, self.medium)
        return taken + (services.take_published(first, until) if self.medium == "air" else 0)

    def _day(self, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise CommandError(say("statistics.take.day", text=text)) from error


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, BEIJING)
