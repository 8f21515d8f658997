"""Every departure is named by the reader with its own code, and none swallows the next good frame."""

from __future__ import annotations

import random

import pytest

from ecobureau.domain.hj212 import (
    DEVIATIONS,
    Edition,
    Frame,
    FrameReader,
    answer_9011,
    encode,
    execution_9012,
    flag,
    request,
)
from ecobureau.simulator import content
from ecobureau.simulator.content import Message
from ecobureau.simulator.deviate import (
    ANSWER_DEPARTURES,
    DEPARTURES,
    DIALOGUE_DEPARTURES,
    Answer,
    careless,
    depart,
)
from ecobureau.simulator.plan import StationPlan, fleet
from ecobureau.simulator.plant import Plant
from ecobureau.simulator.times import HOUR, digits

NOON = 1_795_320_000 // HOUR * HOUR


def frame(plan: StationPlan, message: Message, number: int) -> bytes:
    return encode(
        qn=f"{digits(NOON + 60)}{number:03d}",
        st=plan.st,
        cn=message.cn,
        pw=plan.pw,
        mn=plan.mn,
        flag=flag(Edition(plan.edition), answer=True),
        cp=message.packets[0],
    )


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    found: list[bytes] = []
    for plan in fleet(36, 2):
        plant = Plant(plan, 2)
        said = [
            content.realtime(plant, NOON),
            content.period(plant, content.MINUTE, NOON - HOUR),
            content.period(plant, content.HOUR_DATA, NOON - HOUR),
        ]
        if plan.edition:
            said.append(content.information(NOON, "w01018", [("i11001", "//自动校准完成，误差合格//")]))
        found += [frame(plan, message, number) for number, message in enumerate(said)]
    return found


def test_all_codes_are_known_and_spoiling_ones_are_errors() -> None:
    assert DEPARTURES.keys() <= DEVIATIONS.keys()
    errors = {code for code in DEPARTURES if DEVIATIONS[code].error is not None}
    assert errors <= {code for code, departure in DEPARTURES.items() if departure.spoils}


@pytest.mark.parametrize("code", sorted(DEPARTURES))
def test_a_departure_yields_its_code_and_spares_the_next_frame(code: str, frames: list[bytes]) -> None:
    good = frames[0]
    fitting = 0
    for raw in frames[1:]:
        changed = DEPARTURES[code].change(raw)
        if changed is None:
            continue
        fitting += 1
        reader = FrameReader()
        got = reader.feed(changed) + reader.feed(good) + reader.close()
        assert code in [deviation.code for one in got for deviation in one.deviations], changed
        assert got[-1].raw == good
        if DEVIATIONS[code].error is not None:
            assert got[0].error == DEVIATIONS[code].error
    assert fitting > 0


def test_the_choice_is_the_generator_s(frames: list[bytes]) -> None:
    luck, again = random.Random(4), random.Random(4)
    first = [depart(raw, luck) for raw in frames]
    assert first == [depart(raw, again) for raw in frames]
    assert len({one[1].code for one in first if one}) > 20


def test_only_the_codes_asked_for_are_used(frames: list[bytes]) -> None:
    luck = random.Random(1)
    made = [depart(raw, luck, ("qn.epoch", "cp.blanks")) for raw in frames]
    assert {one[1].code for one in made if one} == {"qn.epoch", "cp.blanks"}


def request_of(number: int) -> Frame:
    raw = request(
        "2061",
        qn=f"{digits(NOON)}{number:03d}",
        st="31",
        pw="123456",
        mn="A" * 24,
        edition=Edition.E2017,
        params={"BeginTime": digits(NOON - HOUR), "EndTime": digits(NOON)},
    )
    return FrameReader().feed(raw)[0]


@pytest.mark.parametrize("code", sorted(ANSWER_DEPARTURES))
def test_a_careless_answer_yields_its_code(code: str) -> None:
    asked = request_of(1)
    answer = careless(Answer(answer_9011(asked), execution_9012(asked)), random.Random(1), uploads=True, code=code)
    for raw in (answer.first, answer.closing):
        assert raw is not None
        (got,) = FrameReader().feed(raw)
        assert code in [deviation.code for deviation in got.deviations]


def test_a_dialogue_departs_only_where_data_carry_it() -> None:
    asked = request_of(2)
    whole = Answer(answer_9011(asked), execution_9012(asked))
    assert careless(whole, random.Random(1), uploads=True, code="dialogue.no_9011").first is None
    assert careless(whole, random.Random(1), uploads=True, code="dialogue.no_9012").closing is None
    assert careless(whole, random.Random(1), uploads=True, code="dialogue.9012_early").early
    luck = random.Random(3)
    for _turn in range(200):
        answer = careless(whole, luck, uploads=False)
        assert answer.first is not None and answer.closing is not None and not answer.early
    assert {*ANSWER_DEPARTURES, *DIALOGUE_DEPARTURES} <= DEVIATIONS.keys()
