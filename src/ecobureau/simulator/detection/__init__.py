"""A fleet of outlets with labelled frauds, faults, violations and harmless look-alikes, as plain files.

`make_fleet` draws plants of widely different habits and deals events evenly over them; `write_fleet` writes the files
that `ecobureau detect` reads, and labels.csv beside them. Detectors and this generator share no constants.
"""

from ecobureau.simulator.detection.files import write_fleet
from ecobureau.simulator.detection.fleet import Fleet, make_fleet
from ecobureau.simulator.detection.kinds import BENIGN, EVENTS
from ecobureau.simulator.detection.plant import Label

__all__ = ["BENIGN", "EVENTS", "Fleet", "Label", "make_fleet", "write_fleet"]
