"""Remembered answers are those that the protocol makes."""

import pytest

from ecobureau.domain.hj212 import FrameReader, encode
from ecobureau.domain.hj212.dialogue import platform_answer
from ecobureau.gateway.answers import MOST, Answers


def frame(**header):
    fields = {
        "st": "32",
        "cn": "2011",
        "pw": "123456",
        "mn": "A" * 24,
        "flag": "5",
        "cp": "DataTime=20260701080000",
    } | header
    (found,) = FrameReader().feed(encode(**fields))
    return found


@pytest.mark.parametrize("qn", ["20260701080000123", None, "1784851200000", "123456789012345678"])
@pytest.mark.parametrize("cn", ["2011", "1013", "9015", "9021", "2999"])
@pytest.mark.parametrize("flag", ["0", "1", "4", "5", "7", "8", "9", None])
@pytest.mark.parametrize("login", ["9014", "9013", None])
def test_an_answer_from_memory_is_the_one_the_protocol_makes(qn, cn, flag, login):
    answers = Answers()
    for other in (qn, "20260701080000999" if qn else None, qn):
        sent = frame(qn=other, cn=cn, flag=flag)
        assert answers.to(sent, login) == platform_answer(sent, login=login)


def test_other_passwords_are_other_answers():
    answers = Answers()
    for pw in ("123456", "654321", "", "123456"):
        sent = frame(qn="20260701080000123", pw=pw)
        assert answers.to(sent, None) == platform_answer(sent, login=None)


def test_memory_is_bounded():
    answers = Answers()
    for number in range(3 * MOST):
        answers.to(frame(qn="20260701080000123", pw=f"{number:06d}"), None)
    assert len(answers._tails) <= MOST
