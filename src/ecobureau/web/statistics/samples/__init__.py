"""Samples of surface water taken by hand: entered, checked by a second person, used in the month."""
