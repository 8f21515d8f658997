"""R-REVISED: rounding is nothing, another number is a matter, from over to within weighs more, quiet ends it."""

from datetime import timedelta

import pytest

from ecobureau.domain.judging import RevisedFacts, RevisedState, Rewrite, step_revised
from ecobureau.web.core.refusals import sentence


def rewrite(make, was, now, *, was_flag="N", now_flag="N", hours=0, **more):
    return Rewrite(
        make.point(hours, was, was_flag, ref="11"),
        make.point(hours, now, now_flag, ref="22", **more),
        make.at(hours + 1),
        make.at(hours + 5),
    )


def judge(make, params, *rewrites, state=None, now=None):
    facts = RevisedFacts(make.where, "w01018", make.hour, rewrites, [make.limit(80)])
    return step_revised(state or RevisedState(), facts, params, now or make.at(6))


def test_another_number_opens_and_the_next_extends(make, params):
    state, (opened,) = judge(make, params, rewrite(make, 50.0, 40.0))
    assert (opened.phase, opened.value, opened.threshold, opened.scenario) == ("open", 40.0, 50.0, "K03")
    state, (going,) = judge(make, params, rewrite(make, 51.0, 41.0, hours=1), state=state)
    assert (going.phase, going.points) == ("extend", 2)
    assert RevisedState.from_json(state.to_json()) == state
    assert [piece.params["ref"] for piece in opened.evidence if piece.kind == "frame"] == ["11", "22"]
    for lang in ("zh", "en"):
        assert "{" not in sentence(opened.reason_code, opened.params, lang)


@pytest.mark.parametrize(("was", "now"), [(100.0, 100.9), (100.0, 100.0), (None, 5.0)])
def test_rounding_and_filled_gaps_are_nothing(make, params, was, now):
    assert judge(make, params, rewrite(make, was, now)) == (RevisedState(), [])


@pytest.mark.parametrize(
    "pair",
    [
        {"was": 0.0, "now": 0.001},
        {"was": 50.0, "now": None},
        {"was": 50.0, "now": 50.0, "now_flag": "C"},
        {"was": 50.0, "now": 50.0, "unit": "furlong"},
    ],
)
def test_other_changes_matter(make, params, pair):
    assert len(judge(make, params, rewrite(make, pair.pop("was"), pair.pop("now"), **pair))[1]) == 1


def test_the_same_value_in_another_unit_is_no_rewrite(make, params):
    assert judge(make, params, rewrite(make, 50.0, 50000.0, unit="ug/L"))[1] == []


@pytest.mark.parametrize(("now", "flag"), [(70.0, "N"), (120.0, "M")])
def test_from_over_to_within_weighs_more(make, params, now, flag):
    (finding,) = judge(make, params, rewrite(make, 120.0, now, now_flag=flag))[1]
    assert (finding.severity, finding.level) == (params.revised_over.severity, "orange")
    assert sentence(finding.title_code, finding.params, "zh").startswith("疑似")
    (plain,) = judge(make, params, rewrite(make, 50.0, 70.0))[1]
    assert plain.severity < finding.severity


def test_it_ends_after_the_quiet_time(make, params):
    state, _opened = judge(make, params, rewrite(make, 50.0, 40.0))
    quiet = timedelta(seconds=params.revised_quiet_s)
    assert judge(make, params, state=state, now=state.heard_at + quiet - timedelta(seconds=1)) == (state, [])
    after, (ended,) = judge(make, params, state=state, now=state.heard_at + quiet)
    assert (ended.phase, after) == ("end", RevisedState())
