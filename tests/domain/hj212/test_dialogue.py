"""The dialogues, with a clock in the hand."""

from __future__ import annotations

import pytest

from domain.hj212.wire import MN, codes, one, upload, wire
from ecobureau.domain.hj212 import (
    ActionKind,
    Edition,
    EventKind,
    Exchange,
    Exchanges,
    Frame,
    Kind,
    State,
    Timeouts,
    field_verdict,
    platform_answer,
    request,
)

QN = "20160801085857223"
TIMES = Timeouts(answer=10, execution=60, retries=2)


def _request(cn: str = "2061", qn: str = QN) -> bytes:
    params = {"BeginTime": "20160801000000", "EndTime": "20160801020000"} if cn == "2061" else {}
    return request(cn, qn=qn, st="32", pw="100000", mn=MN, edition=Edition.E2017, params=params)


def _exchange(cn: str = "2061", qn: str = QN) -> Exchange:
    return Exchange(_request(cn, qn), qn, cn, TIMES, pw="100000", mn=MN)


def _answer(cn: str, cp: str = "", *, qn: str | None = QN, mn: str = MN) -> Frame:
    head = f"QN={qn};" if qn else ""
    return one(wire(f"{head}ST=91;CN={cn};PW=100000;MN={mn};Flag=4;CP=&&{cp}&&"))


def _data(number: int) -> Frame:
    return one(upload(number, cn="2061"))


def test_a_request_goes_its_whole_way() -> None:
    exchange = _exchange()
    assert exchange.state is State.NEW
    assert exchange.deadline == float("inf")
    assert exchange.send(100) == _request()
    assert (exchange.state, exchange.deadline) == (State.SENT, 110)
    (event,) = exchange.on_frame(_answer("9011", "QnRtn=1"), 101)
    assert (event.kind, event.code, event.deviations, exchange.state) == (EventKind.ACCEPTED, "1", (), State.RUNNING)
    for number in range(3):
        (event,) = exchange.on_frame(_data(number), 102 + number)
        assert (event.kind, event.deviations) == (EventKind.DATA, ())
    assert exchange.deadline == 104 + 60
    (event,) = exchange.on_frame(_answer("9012", "ExeRtn=1"), 106)
    assert (event.kind, event.code, exchange.state, exchange.uploads) == (EventKind.DONE, "1", State.DONE, 3)
    assert exchange.tick(10_000) == []


@pytest.mark.parametrize("code", ["2", "3", "4", "5", "6", "7", "8", "9", "100"])
def test_a_refusal_ends_the_request(code: str) -> None:
    exchange = _exchange()
    exchange.send(0)
    (event,) = exchange.on_frame(_answer("9011", f"QnRtn={code}"), 1)
    assert (event.kind, event.code, exchange.state) == (EventKind.REFUSED, code, State.REFUSED)
    assert exchange.on_frame(_answer("9012", "ExeRtn=1"), 2) == []
    assert exchange.tick(1000) == []


@pytest.mark.parametrize(
    ("code", "state"), [("2", State.FAILED), ("4", State.FAILED), ("6", State.FAILED), ("100", State.DONE)]
)
def test_the_results_of_an_execution(code: str, state: State) -> None:
    exchange = _exchange()
    exchange.send(0)
    exchange.on_frame(_answer("9011", "QnRtn=1"), 1)
    (event,) = exchange.on_frame(_answer("9012", f"ExeRtn={code}"), 2)
    assert (event.code, exchange.code, exchange.state) == (code, code, state)


def test_without_9011_it_is_sent_again_with_the_same_qn_and_then_the_link_is_unusable() -> None:
    exchange = _exchange()
    first = exchange.send(0)
    assert exchange.tick(9.9) == []
    sent = []
    for now in (10, 20):
        (action,) = exchange.tick(now)
        assert action.kind is ActionKind.SEND
        sent.append(action.data)
    assert sent == [first, first]
    (action,) = exchange.tick(30)
    assert (action.kind, exchange.state, exchange.sent) == (ActionKind.CLOSE, State.UNUSABLE, 3)
    assert exchange.tick(40) == []


def test_after_9011_there_is_no_resend() -> None:
    exchange = _exchange()
    exchange.send(0)
    exchange.on_frame(_answer("9011", "QnRtn=1"), 5)
    assert exchange.tick(64.9) == []
    (action,) = exchange.tick(65)
    assert (action.kind, exchange.state, exchange.sent) == (ActionKind.GIVE_UP, State.TIMED_OUT, 1)


def test_an_answer_after_a_resend_is_taken_once() -> None:
    exchange = _exchange()
    exchange.send(0)
    exchange.tick(10)
    assert len(exchange.on_frame(_answer("9011", "QnRtn=1"), 11)) == 1
    assert exchange.on_frame(_answer("9011", "QnRtn=1"), 12) == []
    assert exchange.state is State.RUNNING


def test_data_without_9011_and_9012() -> None:
    exchange = _exchange()
    exchange.send(0)
    (event,) = exchange.on_frame(_data(1), 1)
    assert (event.kind, [odd.code for odd in event.deviations]) == (EventKind.DATA, ["dialogue.no_9011"])
    assert exchange.on_frame(_data(2), 2)[0].deviations == ()
    (action,) = exchange.tick(62)
    assert (action.kind, [odd.code for odd in action.deviations]) == (ActionKind.GIVE_UP, ["dialogue.no_9012"])
    assert exchange.state is State.DONE


def test_9012_before_the_last_data_and_without_9011() -> None:
    exchange = _exchange()
    exchange.send(0)
    (event,) = exchange.on_frame(_answer("9012", "ExeRtn=1"), 1)
    assert [odd.code for odd in event.deviations] == ["dialogue.no_9011"]
    (late,) = exchange.on_frame(_data(1), 2)
    assert (late.kind, [odd.code for odd in late.deviations]) == (EventKind.DATA, ["dialogue.9012_early"])
    assert exchange.state is State.DONE


def test_answers_of_others_are_not_taken() -> None:
    exchange = _exchange()
    assert exchange.on_frame(_answer("9011", "QnRtn=1"), 0) == []
    exchange.send(0)
    assert exchange.on_frame(_answer("9011", "QnRtn=1", qn="20160801085857224"), 1) == []
    assert exchange.on_frame(_answer("9013"), 1) == []
    assert exchange.on_frame(_answer("9014"), 1) == []
    assert exchange.on_frame(one(upload(1, cn="2011")), 1) == []
    assert exchange.state is State.SENT


def test_answers_of_2005_without_qn_or_with_qn_in_cp() -> None:
    for frame in (_answer("9011", "QnRtn=1", qn=None), _answer("9011", f"QN={QN};QnRtn=1", qn=None)):
        exchange = _exchange()
        exchange.send(0)
        (event,) = exchange.on_frame(frame, 1)
        assert event.kind is EventKind.ACCEPTED


def test_what_is_not_echoed_is_told() -> None:
    exchange = _exchange()
    exchange.send(0)
    (event,) = exchange.on_frame(_answer("9011", "QnRtn=1", mn=MN[:-1] + "1"), 1)
    assert [odd.code for odd in event.deviations] == ["answer.not_echoed"]


def test_a_notice_ends_with_9013() -> None:
    exchange = Exchange(_request("2012"), QN, "2012", TIMES, kind=Kind.NOTICE)
    exchange.send(0)
    assert exchange.on_frame(_answer("9014"), 1) == []
    (event,) = exchange.on_frame(_answer("9013"), 1)
    assert (event.kind, exchange.state) == (EventKind.ANSWERED, State.DONE)
    assert exchange.on_frame(_answer("9013"), 2) == []


def test_an_upload_is_sent_again_until_9014() -> None:
    frame = upload(1)
    exchange = Exchange(frame, one(frame).qn, "2011", TIMES, kind=Kind.UPLOAD)
    exchange.send(0)
    assert [action.data for action in exchange.tick(10)] == [frame]
    (event,) = exchange.on_frame(_answer("9014", qn=one(frame).qn), 11)
    assert (event.kind, exchange.state, exchange.sent) == (EventKind.ANSWERED, State.DONE, 2)


def test_a_heartbeat_that_awaits_nothing_is_over_when_sent() -> None:
    exchange = Exchange(b"x", QN, "9021", TIMES, kind=Kind.NOTICE, answers=frozenset())
    exchange.send(0)
    assert exchange.state is State.DONE


def test_one_request_at_a_time() -> None:
    link = Exchanges()
    first, second = _exchange(), _exchange("2011", "20160801085857999")
    assert [action.data for action in link.submit(first, 0)] == [first.request]
    assert link.submit(second, 1) == []
    assert len(link) == 2
    assert link.deadline == 10
    events, actions = link.on_frame(_answer("9011", "QnRtn=1"), 2)
    assert [(owner, event.kind) for owner, event in events] == [(first, EventKind.ACCEPTED)]
    assert actions == []
    events, actions = link.on_frame(_answer("9012", "ExeRtn=1"), 3)
    assert events[0][1].kind is EventKind.DONE
    assert [action.data for action in actions] == [second.request]
    assert link.current is second
    # Late data still find their request.
    events, _ = link.on_frame(_data(1), 4)
    assert [odd.code for odd in events[0][1].deviations] == ["dialogue.9012_early"]


def test_the_next_request_is_sent_when_the_one_before_is_given_up() -> None:
    link = Exchanges()
    first, second = _exchange(), _exchange("2011", "20160801085857999")
    link.submit(first, 0)
    link.submit(second, 0)
    link.on_frame(_answer("9011", "QnRtn=1"), 1)
    due = link.tick(61)
    assert [(owner, action.kind) for owner, action in due] == [(first, ActionKind.GIVE_UP), (second, ActionKind.SEND)]
    assert link.tick(62) == []


@pytest.mark.parametrize(
    ("cn", "flag", "answer"),
    [
        ("2011", "5", "9014"),
        ("2061", "9", "9014"),
        ("2011", "4", None),
        ("1013", "5", "9013"),
        ("9015", "9", "9013"),
        ("9015", "8", None),
        ("1001", "9", "9013"),
        ("1014", "9", "9013"),
        ("2072", "1", "9013"),
        ("2999", "5", "9014"),
        ("9021", "4", "9014"),
        ("9011", "5", None),
        ("9012", "5", None),
        ("9013", "5", None),
        ("9014", "5", None),
    ],
)
def test_what_the_platform_answers(cn: str, flag: str, answer: str | None) -> None:
    frame = one(wire(f"QN={QN};ST=32;CN={cn};PW=100000;MN={MN};Flag={flag};CP=&&&&"))
    made = platform_answer(frame)
    if answer is None:
        assert made is None
    else:
        assert made is not None
        said = one(made)
        assert (said.cn, said.qn, said.pw, said.mn, said.cp) == (answer, QN, "100000", MN, {})
        assert said.edition is frame.edition
        assert platform_answer(said) is None


def test_a_login_is_answered_as_the_station_wants_it() -> None:
    frame = one(wire(f"QN={QN};ST=91;CN=9021;PW=100000;MN={MN};Flag=4;CP=&&&&"))
    assert platform_answer(frame, login=None) is None
    made = platform_answer(frame, login="9013")
    assert made is not None
    assert one(made).cn == "9013"


@pytest.mark.parametrize(
    ("segment", "verdict"),
    [
        (_request()[6:-6], "1"),
        (_request()[6:-6].replace(b"PW=100000", b"PW=100001"), "3"),
        (_request()[6:-6].replace(b"169DC0", b"169DC1"), "4"),
        (_request()[6:-6].replace(b"ST=32", b"ST=31"), "5"),
        (_request()[6:-6].replace(b"Flag=5", b"Flag=99"), "6"),
        (_request()[6:-6].replace(QN.encode(), b""), "7"),
        (_request()[6:-6].replace(b"CN=2061", b"CN=2999"), "8"),
        (_request()[6:-6].replace(b"CP=&&", b"CP="), "2"),
    ],
)
def test_how_the_field_meets_a_request(segment: bytes, verdict: str) -> None:
    assert field_verdict(one(wire(segment)), mn=MN, pw="100000", systems=frozenset({"32"})) == verdict


def test_a_wrong_crc_ends_the_execution_silently() -> None:
    frame = one(wire(_request()[6:-6], check=b"1234"))
    assert codes(frame) == ["crc.mismatch"]
    assert field_verdict(frame, mn=MN, pw="100000") is None
