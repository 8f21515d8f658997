"""Judging on arrival: pure state machines that turn what came in into findings that explain themselves.

Every rule has the same form, `step(state, facts, params, now) -> (state, findings)`:

| rule | function | state of | called |
|---|---|---|---|
| R-OVER (and R-UNIT) | `step_over` | station, stream, factor | for new points |
| R-RANGE | `step_range` | station, stream, factor | for new points |
| R-MISSING | `step_missing` with `count_window` | station, stream, factor | for new points, and on a tick |
| R-OFFLINE, R-NODATA | `step_silence` | station | on a tick, and when a silent device speaks |
| R-REVISED | `step_revised` | station, stream, factor | for rewrites, and on a tick |

States are kept as JSON (`to_json`, `from_json`) in the transaction that writes the findings. Points that come again (a
range read twice, another packet of the same period) are not told again unless they are worse than what was told.

The `phase` of a finding says what to do with the clue of (outlet or station, factor, rule): `open` begins one or joins
the open one, `extend` goes on with it, `end` notes that the condition has passed; none of them closes a matter, a
person does. `params` and codes are for `words.say`; text parameters may be codes themselves (`core.refusals.sentence`
resolves both).
"""

from ecobureau.domain.judging.missing import MissingFacts, MissingState, count_window, step_missing
from ecobureau.domain.judging.over import OverFacts, OverState, forget, limit_for, step_over
from ecobureau.domain.judging.params import Params, read_params
from ecobureau.domain.judging.ranges import RangeFacts, RangeState, step_range
from ecobureau.domain.judging.rating import rate, scenario_of
from ecobureau.domain.judging.revised import RevisedFacts, RevisedState, Rewrite, step_revised
from ecobureau.domain.judging.silence import SilenceFacts, SilenceState, silence_of, step_silence
from ecobureau.domain.judging.types import (
    Context,
    Declared,
    DeviceEvent,
    Evidence,
    Finding,
    LimitSpan,
    Neighbour,
    Point,
    RangeSpan,
    Stream,
    Where,
    shown,
)

RULES = ("R-OVER", "R-UNIT", "R-RANGE", "R-MISSING", "R-OFFLINE", "R-NODATA", "R-REVISED")
"""Codes of all rules; `judging.rule.<code>` in the catalogue is what people call them."""

__all__ = [
    "Context",
    "Declared",
    "DeviceEvent",
    "Evidence",
    "Finding",
    "LimitSpan",
    "MissingFacts",
    "MissingState",
    "Neighbour",
    "OverFacts",
    "OverState",
    "Params",
    "Point",
    "RULES",
    "RangeFacts",
    "RangeSpan",
    "RangeState",
    "RevisedFacts",
    "RevisedState",
    "Rewrite",
    "SilenceFacts",
    "SilenceState",
    "Stream",
    "Where",
    "count_window",
    "forget",
    "limit_for",
    "rate",
    "read_params",
    "scenario_of",
    "shown",
    "silence_of",
    "step_missing",
    "step_over",
    "step_range",
    "step_revised",
    "step_silence",
]
