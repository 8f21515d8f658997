"""ecobureau: a city's ecology-and-environment bureau online."""

__version__ = "0.1.0"
