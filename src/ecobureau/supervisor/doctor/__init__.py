"""`doctor`: what can be wrong with an installation, and how to mend it. One small function a matter."""

from ecobureau.supervisor.doctor.findings import Finding, Level, Surroundings, bad, ok, warn

__all__ = ["Finding", "Level", "Surroundings", "bad", "ok", "warn"]
