"""The bureau's knowledge: pure functions and values. No Django, no IO, no clock, no randomness."""
