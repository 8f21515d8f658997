"""The first start of the demonstration city: tree, people, sources, history. Later starts: rosters alone."""

from __future__ import annotations

import json
import os
import shutil
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from ecobureau import clock
from ecobureau.simulator.incidents import Incident, incident_of
from ecobureau.simulator.past import Past
from ecobureau.simulator.plan import StationPlan, save_fleet
from ecobureau.simulator.state import State

MARKER = "demo.json"
STATIONS = "demo-stations.json"
STATE = "simulator.json"
MANY, FEW = 20, 3
"""A city of fewer stations than MANY has handled FEW matters only."""


class NotADemo(Exception):
    """The data folder or database holds something that is no demonstration city. `where`: which."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


@dataclass(slots=True)
class Built:
    """What a start made. `seconds` by step."""

    fresh: bool
    stations: int = 0
    enterprises: int = 0
    people: int = 0
    frames: Counter[Any] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)


def marker(data: Path) -> dict[str, Any]:
    """Return what the marker of a built demo says; empty where none was built whole."""
    try:
        found: dict[str, Any] = json.loads((data / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def write_marker(data: Path, **said: Any) -> None:
    """Note that the demo of this data folder is built, and for which run its incidents were placed."""
    fresh = data / f".{MARKER}.{os.getpid()}"
    fresh.write_text(json.dumps(marker(data) | said), encoding="utf-8")
    fresh.replace(data / MARKER)


def reset(data: Path) -> None:
    """Remove a demonstration city with everything it stored.

    Raises:
        NotADemo: the folder holds something else.
    """
    if not data.exists():
        return
    if any(data.iterdir()) and not (data / MARKER).exists() and not (data / STATIONS).exists():
        raise NotADemo(str(data))
    shutil.rmtree(data)


def scripts() -> dict[str, list[dict[str, Any]]]:
    """Return the entries of the demo's incident scripts: `past` and `live`."""
    here = files("ecobureau.demo")
    return {
        name: tomllib.loads(here.joinpath(f"{name}.toml").read_text(encoding="utf-8"))["incident"]
        for name in ("past", "live")
    }


def incidents_of(names: tuple[str, ...], plans: list[StationPlan], launch: int) -> list[Incident]:
    """Return the incidents of the named scripts, placed against `launch`: those of stations that this city has."""
    known = {plan.name for plan in plans}
    told = scripts()
    return [incident_of(entry, plans, launch) for name in names for entry in told[name] if entry["station"] in known]


def build(
    data: Path, url: str, *, stations: int | None = None, workers: int = 2, say: Callable[..., None] | None = None
) -> Built:
    """Build the city in the database behind `url`, or bring its rosters up to date where it is built.

    Django must be set up and point at that database. A start that was broken off is taken up again.

    Args:
        data: data folder; passwords, the loggers' file and the simulator's state go there.
        stations: build about so many only. workers: processes that make the history's frames.
        say: called as `say(code, **params)` before each step.

    Raises:
        NotADemo: the database holds another city.
    """
    from ecobureau.demo.build import build_sources, load_districts
    from ecobureau.demo.crew import build_people, extend_rosters
    from ecobureau.demo.duties import build_duties
    from ecobureau.demo.handled import build_handled
    from ecobureau.demo.history import load_history
    from ecobureau.demo.outfalls import build_outfalls
    from ecobureau.demo.people import make_passwords
    from ecobureau.demo.plans import plan_city
    from ecobureau.demo.pool import build_pool
    from ecobureau.demo.sites import build_sites
    from ecobureau.demo.waters import build_waters
    from ecobureau.web.sources.models import Logger

    tell = say or (lambda code, **params: None)
    now = clock.now()
    built = Built(fresh=not marker(data))
    steps = _Steps(built.seconds)
    if not built.fresh:
        with steps("rosters"):
            extend_rosters(now)
        return built
    known = set(Logger.objects.values_list("mn", flat=True))
    tell("demo.city")
    with steps("places"):
        districts = load_districts(clock.beijing(now).date())
    city = plan_city(districts, stations=stations)
    plans = city.stations
    if known - {plan.mn for plan in plans}:
        raise NotADemo("database")
    built.stations, built.enterprises = len(plans), len(city.enterprises)
    with steps("people"):
        built.people = build_people(make_passwords(data), now)
    with steps("rosters"):
        extend_rosters(now)
    with steps("sources"):
        if not known:
            build_sources(city, now)
        build_outfalls(city.seed, now)
    with steps("duties"):
        build_duties(clock.beijing(now).date())
        build_waters()
    with steps("pool"):
        build_pool(now)
        build_handled(city.seed, now, *((FEW,) if stations is not None and stations < MANY else ()))
        build_sites(now, frozenset(one["station"] for script in scripts().values() for one in script))
    save_fleet(data / STATIONS, plans)
    tell("demo.history", stations=built.stations)
    state = _first_state(data, city.seed, plans)
    past = Past(max(state.collected.values()), **city.history)
    with steps("history"):
        built.frames = load_history(url, plans, city.seed, state.incidents, past, workers=workers)
    write_marker(data, built_at=now.isoformat(), run=os.environ.get("ECOBUREAU_RUN", ""))
    return built


def _first_state(data: Path, seed: int, plans: list[StationPlan]) -> State:
    """The state the simulator goes on from. A broken-off build has left one: the same moment again, the same frames."""
    state = State.load(data / STATE)
    if not state.collected:
        launch = int(clock.now().timestamp())
        incidents = incidents_of(("past", "live"), plans, launch)
        state = State(seed=seed, collected={plan.mn: launch for plan in plans}, incidents=incidents)
        state.save(data / STATE)
    return state


class _Steps:
    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds = seconds

    def __call__(self, name: str) -> _Steps:
        self.name = name
        return self

    def __enter__(self) -> None:
        self.began = time.monotonic()

    def __exit__(self, *_error: object) -> None:
        self.seconds[self.name] = round(time.monotonic() - self.began, 2)
