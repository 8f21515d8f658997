from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.hj212.wire import GOOD, MN, codes, one, wire
from ecobureau.domain.hj212 import Edition, Frame, Reassembler, split_packets
from ecobureau.domain.hj212.split import qn_after

CP: dict[str, str | dict[str, str]] = {
    "DataTime": "20160801080000",
    **{f"w{21001 + number}": {"Min": "1.1", "Avg": f"{number}.5", "Max": "2", "Flag": "N"} for number in range(60)},
}


def _packets(cp_limit: int | None = None, **more: object) -> list[Frame]:
    made = split_packets(
        qn="20160801090000534",
        st="32",
        cn="2061",
        pw="100000",
        mn=MN,
        edition=Edition.E2017,
        cp=CP,
        cp_limit=cp_limit,
        **more,
    )  # type: ignore[arg-type]
    return [one(data) for data in made]


def test_packets_have_their_own_qn_repeat_datatime_and_keep_the_limits() -> None:
    packets = _packets()
    assert len(packets) > 2
    assert [frame.pno for frame in packets] == [str(number + 1) for number in range(len(packets))]
    assert [frame.qn for frame in packets][:2] == ["20160801090000534", "20160801090000535"]
    for frame in packets:
        assert frame.ok
        assert frame.deviations == []
        assert (frame.flag, frame.pnum, frame.is_split, frame.wants_answer) == ("7", str(len(packets)), True, True)
        assert frame.cp["DataTime"] == "20160801080000"
        assert len(frame.segment) <= 1024


def test_what_fits_is_one_plain_frame() -> None:
    (data,) = split_packets(
        qn="20160801090000534",
        st="32",
        cn="2011",
        pw="1",
        mn=MN,
        edition=Edition.E2005,
        cp={"DataTime": "20160801080000"},
    )
    frame = one(data)
    assert (frame.flag, frame.pnum, frame.is_split) == ("1", None, False)


def test_packets_come_together_in_any_order() -> None:
    packets = _packets()
    for order in itertools.islice(itertools.permutations(packets), 50):
        together = Reassembler()
        results = [together.add(frame, 0) for frame in order]
        assert results[:-1] == [None] * (len(packets) - 1)
        message = results[-1]
        assert message is not None
        assert {**message.cp} == CP
        assert [frame.pno for frame in message.frames] == [frame.pno for frame in packets]
        assert (message.missing, message.repeated, len(together)) == ([], 0, 0)


@given(st.integers(40, 400), st.randoms())
def test_any_limit_gives_back_the_whole(limit: int, chance: object) -> None:
    packets = _packets(limit)
    chance.shuffle(packets)  # type: ignore[attr-defined]
    together = Reassembler()
    done = [message for frame in packets if (message := together.add(frame, 0)) is not None]
    assert len(done) == 1
    assert done[0].cp == CP


def test_repeats_and_strangers_do_not_complete_a_message() -> None:
    packets = _packets()
    together = Reassembler()
    for _ in range(5):
        assert together.add(packets[-1], 0) is None
    assert len(together) == 1
    for frame in packets[:-1]:
        last = together.add(frame, 1)
    assert last is not None
    assert last.repeated == 4


def test_a_lone_last_packet_is_given_up_after_the_time_out() -> None:
    together = Reassembler(timeout=30)
    packets = _packets()
    assert together.add(packets[-1], 100) is None
    assert together.expire(129.9) == []
    (late,) = together.expire(130)
    assert late.missing == list(range(1, len(packets)))
    assert together.expire(200) == []
    assert len(together) == 0


def test_messages_of_two_times_stay_apart() -> None:
    first = _packets()
    other = [one(frame.raw.replace(b"DataTime=20160801080000", b"DataTime=20160801080000")) for frame in first]
    together = Reassembler()
    together.add(first[0], 0)
    changed = split_packets(
        qn="20160801100000534",
        st="32",
        cn="2061",
        pw="100000",
        mn=MN,
        edition=Edition.E2017,
        cp={**CP, "DataTime": "20160801090000"},
    )
    assert all(together.add(one(data), 0) is None for data in changed[:-1])
    assert together.add(one(changed[-1]), 0) is not None
    assert len(together) == 1
    assert all(together.add(frame, 0) is None for frame in other[1:-1])
    assert together.add(other[-1], 0) is not None


def test_open_messages_are_bounded() -> None:
    together = Reassembler(most=3)
    for hour in range(10):
        data = split_packets(
            qn="20160801100000534",
            st="32",
            cn="2061",
            pw="1",
            mn=MN,
            edition=Edition.E2017,
            cp={**CP, "DataTime": f"201608010{hour}0000"},
        )
        together.add(one(data[0]), hour)
    assert len(together) == 3
    assert len(together.expire(0)) == 7


def test_a_frame_that_is_no_packet_is_refused_and_nothing_is_kept() -> None:
    together = Reassembler()
    broken = one(_packets()[0].raw.replace(b"w21001-Avg=0.5", b"w21001-Avg=9.5"))
    assert broken.error == "crc"
    for frame in (one(GOOD), broken):
        with pytest.raises(ValueError, match="packet"):
            together.add(frame, 0)
    assert len(together) == 0


def test_qn_after() -> None:
    assert qn_after("20160801235959999", 1) == "20160802000000000"
    assert qn_after("no time", 1) == "no time"


def test_an_encrypted_message_is_split_before_it_is_encrypted() -> None:
    key = b"k" * 16
    made = split_packets(
        qn="20260801090000534", st="32", cn="2061", pw="1", mn=MN, edition=Edition.E2025, cp=CP, key=key, rf="1"
    )
    together = Reassembler()
    results = [together.add(one(data, key=key), 0) for data in made]
    assert results[-1] is not None
    assert results[-1].cp == CP
    assert all(frame.backfilled for frame in results[-1].frames)


@pytest.mark.parametrize("flag", ["", "Flag=0;", "Flag=5;"])
def test_packets_numbered_without_the_split_bit_come_together(flag: str) -> None:
    head = f"ST=21;CN=2011;PW=123456;MN=88888880000001;{flag}"
    together = Reassembler()
    first = one(wire(f"{head}PNUM=2;PNO=1;CP=&&DataTime=20160801080000;w01001-Rtd=7.1&&"))
    second = one(wire(f"{head}PNUM=2;PNO=2;CP=&&DataTime=20160801080000;w01010-Rtd=20.5&&"))
    assert first.is_split
    assert "flag.numbers_without_split" in codes(first)
    assert together.add(first, 0) is None
    message = together.add(second, 0)
    assert message is not None
    assert set(message.cp) == {"DataTime", "w01001", "w01010"}


@pytest.mark.parametrize("numbers", ["PNUM=;PNO=", "PNUM=2", "PNUM=2;PNO=3", "PNUM=a;PNO=b", "PNUM=10000;PNO=1"])
def test_numbers_that_make_no_sense_make_no_packet(numbers: str) -> None:
    frame = one(wire(f"ST=21;CN=2011;PW=123456;MN=88888880000001;{numbers};CP=&&DataTime=20160801080000;001-Rtd=7&&"))
    assert (frame.ok, frame.is_split) == (True, False)
    assert "flag.numbers_without_split" in codes(frame)
