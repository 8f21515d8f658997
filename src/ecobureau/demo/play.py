"""The loggers of the demonstration city, live: goes on from where the last run ended."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ecobureau import clock
from ecobureau.demo.setup import STATE, STATIONS, incidents_of, marker, write_marker
from ecobureau.simulator.deviate import DEPARTURES
from ecobureau.simulator.incidents import Incident
from ecobureau.simulator.plan import load_fleet
from ecobureau.simulator.run import Run, play
from ecobureau.simulator.state import State
from ecobureau.simulator.world import Settings

DEVIATIONS = 0.004
CUTS_PER_DAY = 0.25
_CHANGES_VALUES = frozenset(
    {
        "cp.negative_value", "cp.not_a_number", "cp.empty_value", "cp.private_factor", "cp.unknown_field",
        "data_time.missing", "st.three_digits",
    }
)  # fmt: skip
"""Departures that the demo leaves out: they would look like incidents that nobody scripted."""


def play_demo(data: Path, host: str, port: int, report: Callable[[Counter[str]], None]) -> Counter[str]:
    """Play the loggers until a signal comes.

    The scripted incidents are placed against the first start of each run of the supervisor, so that a simulator that
    is started again within a run does not begin them anew.
    """
    plans = load_fleet(data / STATIONS)
    state = State.load(data / STATE)
    now = int(clock.now().timestamp())
    run_id = os.environ.get("ECOBUREAU_RUN", "")
    incidents = []
    if not run_id or marker(data).get("run") != run_id:
        incidents = _fresh(incidents_of(("live",), plans, now), state)
        write_marker(data, run=run_id)
    return asyncio.run(
        play(
            Run(
                host=host,
                port=port,
                plans=plans,
                seed=state.seed,
                incidents=incidents,
                settings=Settings(
                    deviations=DEVIATIONS,
                    codes=tuple(code for code in DEPARTURES if code not in _CHANGES_VALUES),
                    cuts=CUTS_PER_DAY,
                ),
                state=data / STATE,
                spread=3.0,
                report=report,
                report_every=60.0,
            )
        )
    )


def _fresh(placed: list[Incident], state: State) -> list[Incident]:
    """Return the incidents that may begin: none twice at a time, none before what the loggers have sent already."""
    found = []
    for one in placed:
        start = max(one.start, state.collected.get(one.mn, one.start))
        running = any(
            (old.kind, old.mn, old.factor) == (one.kind, one.mn, one.factor) and old.start < one.end and start < old.end
            for old in state.incidents
        )
        if start < one.end and not running:
            found.append(replace(one, start=start))
    return found
