"""Patterns that need the other outlets, or the outlet's own past as a whole: ranking only, never alone."""
