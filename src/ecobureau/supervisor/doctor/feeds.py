"""What flows through: partitions, feeds, the judge's queue, jobs, books."""

from __future__ import annotations

CHECKS = ()
