"""Loggers that speak the real protocol, with believable plants, rivers and streets behind them.

Everything that a logger sends is a pure function of (seed, station, time, incidents): the same seed gives the same
frames, history can be pulled at any time, and back-fill repeats what live data said.
"""
