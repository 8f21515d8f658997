"""`ecobureau manage take_noise_hours START END`: stored hours of noise stations into the statistics."""

from ecobureau.web.statistics.management.taking import TakeHours
from ecobureau.words import say


class Command(TakeHours):
    """Take the hours of stations of the sound environment, and compute."""

    help = say("statistics.take.noise")
    medium = "noise"
