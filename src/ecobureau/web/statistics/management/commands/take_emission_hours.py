"""`ecobureau manage take_emission_hours START END`: days of outlets from stored hours, and all that rests on them."""

from datetime import date

from ecobureau.web.statistics.emission import source
from ecobureau.web.statistics.management.taking import TakeHours
from ecobureau.words import say


class Command(TakeHours):
    """Have the accounts of outlets computed from the stored hours, and sum them up anew."""

    help = say("statistics.take.emission")
    medium = "emission"

    def take(self, start: date, end: date) -> int:
        keeper = source.accounts()
        return keeper.refresh(None, start) if keeper is not None else 0
