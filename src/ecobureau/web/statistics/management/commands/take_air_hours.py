"""`ecobureau manage take_air_hours START END`: stored hours of air stations into the statistics."""

from ecobureau.web.statistics.management.taking import TakeHours
from ecobureau.words import say


class Command(TakeHours):
    """Take the hours of stations of ambient air, and compute."""

    help = say("statistics.take.help")
    medium = "air"
