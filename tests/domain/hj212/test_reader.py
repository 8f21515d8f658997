"""Cut, glued and flipped streams: nothing raises, hangs, grows or swallows the next good frame."""

from __future__ import annotations

import random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.hj212.wire import CP, GOOD, HEADER, codes, one, read, upload, wire
from ecobureau.domain.hj212 import Frame, FrameReader, encode, platform_answer
from ecobureau.domain.hj212.layouts import Memory
from ecobureau.domain.hj212.watch import QnWatch

FRAMES = [upload(number, factors=1 + number % 5) for number in range(12)]
BOUND = 9999 + 12 + 64


class Forgetful(Memory):
    """A memory that never helps: everything is read carefully."""

    def quick(self, buffer: bytes, here: int, patient: bool, strict: bool, qns: QnWatch) -> Frame | None:
        return None


def careful(data: bytes, **settings_: object) -> list[Frame]:
    reader = FrameReader(patient=True, **settings_)  # type: ignore[arg-type]
    reader._memory = Forgetful()
    return reader.feed(data) + reader.close()


def chunks(data: bytes, sizes: list[int]) -> list[bytes]:
    found, here = [], 0
    for size in sizes:
        found.append(data[here : here + size])
        here += size
    return [*found, data[here:]]


SIZES = st.lists(st.integers(1, 300), max_size=60)


@given(st.lists(st.sampled_from(FRAMES), min_size=1, max_size=8), SIZES)
def test_frames_come_out_as_they_went_in_however_the_stream_is_cut(frames: list[bytes], sizes: list[int]) -> None:
    reader = FrameReader()
    found: list[Frame] = []
    for chunk in chunks(b"".join(frames), sizes):
        found += reader.feed(chunk)
        assert reader.pending <= BOUND
    found += reader.close()
    assert [frame.segment for frame in found] == [frame[6:-6] for frame in frames]
    assert all(frame.ok for frame in found)
    assert reader.skipped == 0
    assert reader.pending == 0


@given(st.sampled_from(FRAMES), st.data())
def test_a_cut_frame_never_swallows_the_next_good_one(frame: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(frame) - 1))
    stop = data.draw(st.integers(start, len(frame)))
    good = upload(500)
    found = read(frame[:start] + frame[stop:] + good)
    assert found[-1].raw == good
    assert found[-1].ok


@given(st.sampled_from(FRAMES), st.integers(0, 200))
def test_a_frame_that_ends_early_is_truncated(frame: bytes, size: int) -> None:
    cut = frame[: 3 + size % (len(frame) - 9)]
    first, second = read(cut + upload(500))
    assert (first.ok, first.error) == (False, "truncated")
    assert second.ok
    (alone,) = read(cut)
    assert (alone.ok, alone.error) == (False, "truncated")


def test_every_cut_of_a_frame_before_its_check_is_truncated_and_prints_only_whole_items() -> None:
    frame = upload(7, factors=3)
    whole = one(frame)
    for size in range(6, len(frame) - 6):
        first, second = read(frame[:size] + upload(8))
        assert first.error == "truncated", size
        assert second.ok
        for name in ("qn", "st", "cn", "pw", "mn", "flag"):
            assert getattr(first, name) in (None, getattr(whole, name)), size
        for key, value in first.cp.items():
            if isinstance(value, dict):
                assert value.items() <= dict(whole.cp[key]).items()  # type: ignore[call-overload]
            else:
                assert value == whole.cp[key]


@given(st.lists(st.sampled_from(FRAMES), min_size=2, max_size=5), st.data())
@settings(max_examples=200)
def test_a_flipped_byte_harms_its_own_frame_only(frames: list[bytes], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(frames) - 2))
    place = data.draw(st.integers(0, len(frames[number]) - 1))
    value = data.draw(st.integers(0, 255))
    spoilt = bytearray(frames[number])
    spoilt[place] = value
    stream = [*frames[:number], bytes(spoilt), *frames[number + 1 :]]
    found = read(b"".join(stream))
    good = [frame.segment for frame in found if frame.ok]
    for untouched in [*frames[:number], *frames[number + 1 :]]:
        assert untouched[6:-6] in good
    assert [frame.segment for frame in found][-1] == frames[-1][6:-6]


@given(
    st.lists(
        st.one_of(st.sampled_from(FRAMES), st.binary(max_size=40), st.sampled_from([b"##", b"##0", b"&&", b"\r\n"]))
    ),
    SIZES,
)
@settings(max_examples=200)
@example([b"##9999QN="], [])
def test_any_stream_is_read_without_raising_and_good_frames_come_out(parts: list[bytes], sizes: list[int]) -> None:
    reader = FrameReader()
    found: list[Frame] = []
    for chunk in chunks(b"".join(parts) + GOOD, sizes):
        found += reader.feed(chunk)
        assert reader.pending <= BOUND
    found += reader.close()
    assert found[-1].segment == GOOD[6:-6]
    assert found[-1].ok


@given(st.lists(st.one_of(st.sampled_from(FRAMES), st.binary(max_size=30))), SIZES)
@settings(max_examples=200)
def test_a_patient_reader_does_not_depend_on_the_chunks(parts: list[bytes], sizes: list[int]) -> None:
    data = b"".join(parts)
    reader = FrameReader(patient=True)
    found = [frame for chunk in chunks(data, sizes) for frame in reader.feed(chunk)] + reader.close()
    assert found == read(data)


@given(st.lists(st.sampled_from(FRAMES), max_size=6), st.booleans(), st.data())
@settings(max_examples=200)
def test_the_short_way_and_the_careful_way_give_equal_frames(
    frames: list[bytes], strict: bool, data: st.DataObject
) -> None:
    stream = bytearray(b"".join(FRAMES * 2 + frames))
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(stream) - 1))
        stream[place] = data.draw(st.sampled_from(b"0123456789;,=-.&#NaE \r\n"))
    assert read(bytes(stream), strict=strict) == careful(bytes(stream), strict=strict)


VALUES = st.one_of(
    st.decimals(-1000, 1000, places=3).map(str),
    st.sampled_from(
        ["", "-", "NaN", "1.0E-3", ".5", "5.", "+1", "00012", "1.2.3", "-0", "0.1234567", "1 2", "//x//", "a=b", "12#"]
    ),
)
STAMPS = st.sampled_from(
    [
        "20160801085857",
        "20160229000000",
        "20150229000000",
        "20160801240000",
        "20160801086000",
        "2016080108585",
        "20160801000000",
    ]
)
QNS = st.sampled_from(
    ["20160801085857223", "20160230085857223", "20160801245857223", "1470013137223", "20160801090000001"]
)


@given(
    st.lists(
        st.tuples(QNS, STAMPS, VALUES, VALUES, st.sampled_from(["N", "D", "", "]", "N "])), min_size=1, max_size=12
    )
)
@settings(max_examples=300)
def test_both_ways_agree_on_odd_values_in_a_known_layout(rows: list[tuple[str, str, str, str, str]]) -> None:
    known = [upload(number, cn="2061") for number in range(40, 44)]
    odd = [
        wire(
            f"QN={qn};ST=32;CN=2061;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&DataTime={stamp};"
            f"w21001-Rtd={first},w21001-Flag={mark};a01012-Rtd={second},a01012-Flag=N&&"
        )
        for qn, stamp, first, second, mark in [("20160801085857223", "20160801070000", "1", "-2", "N")] * 2 + rows
    ]
    stream = b"".join(known + odd)
    assert read(stream) == careful(stream)


KEY = bytes(range(16))
LOG = HEADER.replace("2011", "3020") + "CP=&&DataTime=20160801085857;PolId=w01018;i11001-Info=//清洗,管路;a=1//&&"
KINDS = [
    GOOD,
    wire(LOG),
    wire(LOG.encode("gbk")),
    wire(HEADER.replace("2011", "9014").replace("ST=32", "ST=91") + "CP=&&QnRtn=1&&"),
    wire("ST=32;CN=2061;PW=;MN=1;PNUM=2;PNO=1;CP=&&QN=20160801085857223;DataTime=20160801080000;011-Avg=1&&"),
    wire(HEADER.replace("2011", "9021") + "CP=&&&&"),
    encode(qn="20160801085857223", st="31", cn="2011", pw="1", mn="0" * 24, flag="9", cp=CP[5:-2], key=KEY),
]
TOKENS = st.one_of(
    st.sampled_from(
        [
            "²",
            "٣",
            "=",
            "&&",
            ";",
            ",",
            "##",
            "##0101",
            "//",
            "-",
            "\r\n",
            "\0",
            "CP=&&",
            "Flag=",
            "PNUM=",
            "{0x41}",
            "9" * 20,
        ]
    ).map(str.encode),
    st.binary(max_size=3),
)


@given(
    st.sampled_from(KINDS),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 20), TOKENS), min_size=1, max_size=4),
    st.one_of(st.none(), st.integers(0, 9999)),
    st.booleans(),
    st.sampled_from([None, KEY, b"k" * 16]),
)
@settings(max_examples=300)
def test_any_edit_under_a_right_check_never_raises_and_the_next_frame_is_good(
    frame: bytes, edits: list[tuple[int, int, bytes]], length: int | None, strict: bool, key: bytes | None
) -> None:
    segment = frame[6:-6]
    for place, cut, token in edits:
        place %= len(segment) + 1
        segment = segment[:place] + token + segment[place + cut :]
    found = read(wire(segment[:9999], length=length) + upload(77), strict=strict, key=key)
    assert found[-1].raw == upload(77)
    assert found[-1].error in (None, "qn.repeated")
    for each in found:
        assert each.to_json()["cp"] == each.cp
        assert each.is_split in (True, False)
        answer = platform_answer(each) if each.ok else None
        assert (answer is not None) is (each.ok and (each.wants_answer or each.cn == "9021"))


def test_a_known_layout_is_read_the_short_way() -> None:
    reader = FrameReader()
    for number in range(3):
        reader.feed(upload(number))
    frame = upload(9)
    quick = reader._memory.quick(frame, 0, False, False, QnWatch())
    assert quick == careful(frame)[0]


ODD_LAYOUTS = [
    "w01018-Rtd={0},w01018-Flag=N;",
    "w01018-Rtd={0};w01018-Flag=N",
    "w01018-ZsCou={0},w01018-Flag=N",
    "PM25-Rtd={0},PM25-Flag=N",
    "LA-td={0},LA-Rtd={1}",
    "a-b-Rtd={0}",
    "w01018-rtd={0}",
    "p99101-Rtd={0},d20105-Rtd={1}",
    "a01012-Rtd=-{0}",
    "PolId=w01018;w01018-Rtd={0}",
    "w01018-Rtd={0};PolId=w01018",
    "w01018-Rtd={0};w01019-Rtd=1;w01018-Flag=N",
    "w01018-Rtd={0},w01018-Rtd={1}",
    "w01018-Rtd={0};Flag=N",
    "Flag=N;w01018-Rtd={0}",
    "w01018-Rtd={0};;w01019-Rtd=1",
    "x={0}",
    "w01018={0};w01018-Rtd=1",
    " w01018-Rtd={0}",
    "w01018 -Rtd={0}",
    "w01018-Rtd={0},w01019",
]


@given(st.lists(st.tuples(st.sampled_from(ODD_LAYOUTS), VALUES, st.booleans()), min_size=3, max_size=12), st.booleans())
@settings(max_examples=200)
def test_both_ways_agree_on_odd_layouts(rows: list[tuple[str, str, bool]], strict: bool) -> None:
    frames = []
    for number, (layout, value, stamped) in enumerate(rows * 3):
        stamp = "DataTime=20160801085857;" if stamped else ""
        header = HEADER.replace("20160801085857223", f"2016080108585{number % 10}{number:03d}")
        frames.append(wire(f"{header}CP=&&{stamp}{layout.format(value, number)}&&"))
    stream = b"".join(frames)
    assert read(stream, strict=strict) == careful(stream, strict=strict)


def test_a_constant_deviation_of_a_station_does_not_slow_it_down() -> None:
    for layout in ODD_LAYOUTS[:10]:
        frames = []
        for number in range(4):
            header = HEADER.replace("857223", f"857{number:03d}")
            frames.append(wire(f"{header}CP=&&DataTime=20160801085857;{layout.format(number, 2)}&&"))
        reader = FrameReader()
        for frame in frames[:3]:
            reader.feed(frame)
        quick = reader._memory.quick(frames[3], 0, False, False, QnWatch())
        assert quick == careful(frames[3])[0], layout


def test_a_good_frame_is_handed_out_at_once_after_a_cut_one() -> None:
    reader = FrameReader()
    assert reader.feed(b"##9234" + GOOD[6:60]) == []
    first, second = reader.feed(upload(2))
    assert first.error == "truncated"
    assert second.ok


def test_a_too_long_length_is_told_without_waiting_for_more() -> None:
    reader = FrameReader()
    segment = (HEADER + CP).encode()
    (frame,) = reader.feed(wire(segment, length=len(segment) + 6))
    assert (frame.error, frame.segment) == ("length", segment)


def test_a_cut_frame_that_ends_with_the_next_one_by_accident() -> None:
    # The first lost as many bytes as the second has, so its declared end is the second's end.
    second = upload(2)
    first = upload(3, factors=12)
    stream = first[: len(first) - len(second)] + second
    found = read(stream)
    assert [frame.error for frame in found] == ["truncated", None]


def test_a_log_may_quote_a_frame() -> None:
    quoted = GOOD.strip().decode()
    header = HEADER.replace("2011", "3020")
    frame = one(wire(f"{header}CP=&&DataTime=20160801085857;PolId=w01018;i11001-Info=//got {quoted} twice//&&"))
    assert frame.ok
    assert frame.cp["i11001"] == {"Info": f"//got {quoted} twice//"}


def test_cipher_bytes_may_hold_marks_and_line_ends() -> None:
    key = bytes(range(16))
    seen = set()
    chance = random.Random(4)
    for number in range(3000):
        cp = f"DataTime=20260801085857;a21026-Rtd={chance.randrange(10**6)}.{number},a21026-Flag=N"
        frame = encode(qn="20260801085857223", st="31", cn="2011", pw="123456", mn="0" * 24, flag="9", cp=cp, key=key)
        body = frame[90:-8]
        marks = [mark for mark in (b"##", b"&&", b"\r", b"\n") if mark in body]
        if marks:
            seen.update(marks)
            first, second = read(frame + GOOD, key=key)
            assert first.ok, first
            assert second.ok
    assert {b"\r", b"\n"} <= seen


def test_text_between_frames_is_skipped_and_counted() -> None:
    reader = FrameReader()
    found = reader.feed(GOOD + b"heartbeat 12\r\n" + upload(2) + b"#" + b"x" * 50_000)
    assert [frame.ok for frame in found] == [True, True]
    assert reader.skipped == 14 + 1 + 50_000
    assert reader.pending == 0


def test_rubbish_without_end_is_not_kept() -> None:
    reader = FrameReader()
    reader.feed(b"##9999")
    for _ in range(100):
        reader.feed(b"x" * 1000)
        assert reader.pending <= BOUND
    assert [frame.ok for frame in reader.feed(GOOD)] == [True]


def test_segments_beyond_1024_are_read() -> None:
    cp = ";".join(f"w{20000 + number}-Rtd={number}.25,w{20000 + number}-Flag=N" for number in range(50))
    for pad in (1025, 1045, 1623):
        segment = f"{HEADER}CP=&&DataTime=20160801085857;{cp}"[: pad - 2] + "&&"
        frame, after = read(wire(segment) + GOOD)
        assert (frame.length, frame.ok, after.ok) == (pad, True, True)
        assert "length.over_1024" in codes(frame)


def test_a_declared_length_above_the_limit_is_not_waited_for() -> None:
    reader = FrameReader(max_length=1024)
    found = reader.feed(b"##5000" + b"x" * 10 + GOOD)
    assert [frame.ok for frame in found] == [False, True]


def test_several_frames_in_one_chunk_and_half_a_frame() -> None:
    reader = FrameReader()
    stream = b"".join(FRAMES)
    found = reader.feed(stream[:-30])
    assert len(found) == len(FRAMES) - 1
    assert len(reader.feed(stream[-30:])) == 1


def test_the_key_may_depend_on_the_mn() -> None:
    keys = {"A" * 24: b"a" * 16, "B" * 24: b"b" * 16}
    stream = b"".join(
        encode(qn="20260801085857223", st="31", cn="2011", pw="123456", mn=mn, flag="9", cp=CP[5:-2], key=key)
        for mn, key in keys.items()
    )
    found = read(stream, key_for=keys.get)
    assert [(frame.ok, frame.mn) for frame in found] == [(True, "A" * 24), (True, "B" * 24)]
    assert all(frame.cp["w01018"] == {"Rtd": "12.5", "Flag": "N"} for frame in found)


def test_a_quoted_frame_in_a_log_is_no_frame_while_the_rest_is_on_its_way() -> None:
    header = HEADER.replace("2011", "3020")
    frame = wire(f"{header}CP=&&DataTime=20160801085857;PolId=w01018;i11001-Info=//got {GOOD.decode()} twice//&&")
    for size in range(1, len(frame)):
        reader = FrameReader(patient=True)
        found = reader.feed(frame[:size]) + reader.feed(frame[size:]) + reader.close()
        assert [one.raw for one in found] == [frame], size
        assert found[0].ok


def test_bytes_like_chunks_are_taken() -> None:
    reader = FrameReader()
    assert len(reader.feed(bytearray(GOOD))) == len(reader.feed(memoryview(GOOD))) == 1  # type: ignore[arg-type]


def test_chinese_in_a_known_layout_is_read_carefully() -> None:
    known = [upload(number, factors=1) for number in range(3)]
    for charset in ("utf-8", "gbk"):
        odd = wire(known[2][6:-6].replace(b"Flag=N&&", "Flag=正常&&".encode(charset)))
        found = read(b"".join(known) + odd)[-1]
        assert found == careful(b"".join(known) + odd)[-1]
        assert found.cp["w21001"] == {"Rtd": "2.02", "Flag": "正常"}
