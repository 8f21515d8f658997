"""A hand-checked day, call by call, with the state written out and read back between the calls."""

import json
from datetime import date
from pathlib import Path

from ecobureau.domain.judging import LimitSpan, OverFacts, OverState, step_over

GOLDEN = json.loads((Path(__file__).parent / "golden" / "stack_day.json").read_text(encoding="utf-8"))


def limit(row):
    days = {name: date.fromisoformat(row[name]) for name in ("first_day", "last_day") if name in row}
    return LimitSpan(**{**row, **days, "source": "排污许可证"})


def test_the_day_of_a_stack(make, params):
    limits = [limit(row) for row in GOLDEN["limits"]]
    state = OverState()
    for call in GOLDEN["calls"]:
        points = [
            make.point(hours, raw, flag, unit="mg/m3", values={"avg": raw, "zs_avg": converted}, o2=o2)
            for hours, raw, converted, flag, o2 in call["points"]
        ]
        facts = OverFacts(make.where, "a21026", make.hour, points, limits, GOLDEN["o2_ref"])
        state, findings = step_over(state, facts, params, make.now)
        said = [[f.rule, f.phase, f.level, f.value, f.threshold, f.points, f.late] for f in findings]
        assert said == call["say"], call["why"]
        state = OverState.from_json(json.loads(json.dumps(state.to_json())))
