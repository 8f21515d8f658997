"""Plays a fleet of loggers against a gateway until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ecobureau.simulator.incidents import Incident
from ecobureau.simulator.logger import Logger
from ecobureau.simulator.plan import StationPlan
from ecobureau.simulator.plant import Plant
from ecobureau.simulator.state import State, note, take_up
from ecobureau.simulator.world import Agenda, Journal, Settings, Time, World

SAVE_EVERY = 30.0


@dataclass(slots=True)
class Run:
    """What to play.

    Attributes:
        host, port: the gateway. plans: the stations. seed: the city's.
        incidents: scripted ones. settings: how loggers behave. speed, start: simulated time (epoch; None: now).
        duration: real seconds to play (None: until a signal). journal, state: files, or None.
        spread: seconds over which the loggers dial in. report: called every `report_every` seconds with the counters.
    """

    host: str
    port: int
    plans: Sequence[StationPlan]
    seed: int = 1
    incidents: Sequence[Incident] = ()
    settings: Settings | None = None
    speed: float = 1.0
    start: float | None = None
    duration: float | None = None
    journal: Path | None = None
    state: Path | None = None
    spread: float = 2.0
    report: Callable[[Counter[str]], None] | None = None
    report_every: float = 30.0


async def play(run: Run, stop: asyncio.Event | None = None) -> Counter[str]:
    """Play `run`; return its counters at the end.

    Args:
        stop: ends the run when it is set; signals set it too when this runs in the main thread.
    """
    loop = asyncio.get_running_loop()
    stop = stop or asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(signum, stop.set)
    world = World(
        run.host, run.port, Time(run.start, run.speed), Agenda(loop), Journal(run.journal), run.settings or Settings()
    )
    state = State.load(run.state) if run.state else State()
    state.incidents = [*state.incidents, *(one for one in run.incidents if one not in state.incidents)]
    plans = [_as_left(plan, state) for plan in run.plans]
    loggers = [Logger(Plant(plan, run.seed, state.incidents), world) for plan in plans]
    state.seed = run.seed
    take_up(state, loggers, int(world.time.now()))

    def save() -> None:
        note(state, loggers, int(world.time.now()))
        if run.state is not None:
            state.save(run.state)

    def save_again() -> None:
        save()
        world.agenda.after(SAVE_EVERY, save_again)

    def report_again() -> None:
        assert run.report is not None
        run.report(world.tally)
        world.agenda.after(run.report_every, report_again)

    for logger in loggers:
        logger.start(run.spread)
    if run.state is not None:
        world.agenda.after(SAVE_EVERY, save_again)
    if run.report is not None:
        world.agenda.after(run.report_every, report_again)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), run.duration)
    world.stopping = True
    save()
    world.agenda.close()
    for logger in loggers:
        logger.stop()
    world.journal.close()
    return world.tally


def _as_left(plan: StationPlan, state: State) -> StationPlan:
    """Return the plan with what the platform had changed at the logger in an earlier run."""
    changed = state.settings.get(plan.mn)
    return replace(plan, **changed) if changed else replace(plan)  # type: ignore[arg-type]
