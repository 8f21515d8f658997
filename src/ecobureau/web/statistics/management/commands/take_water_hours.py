"""`ecobureau manage take_water_hours START END`: stored hours of surface-water stations into the statistics."""

from ecobureau.web.statistics.management.taking import TakeHours
from ecobureau.words import say


class Command(TakeHours):
    """Take the hours of stations of surface water, and compute."""

    help = say("statistics.take.water")
    medium = "water"
