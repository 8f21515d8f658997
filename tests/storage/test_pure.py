"""Packing, merging and the codec of raw frames: no database."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecobureau.storage import merge, rawcodec, shape, wire
from ecobureau.storage.types import MAX_DECIMALS, STATS, Reading, number
from storage_frames import readings


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [
        ("1.230", 1.23, 3), ("-0.50", -0.5, 2), ("7", 7.0, 0), ("1.0E-3", 0.001, 4), (" 12.5 ", 12.5, 1),
        ("", None, 0), ("NaN", None, 0), ("-", None, 0), ("null", None, 0), ("inf", None, 0), ("1_0", None, 0),
        ("1,5", None, 0), ("1e999", None, 0), ("0.1234567890123456789", 0.12345678901234568, MAX_DECIMALS),
    ],
)  # fmt: skip
def test_a_number_is_read_with_its_decimals_or_not_at_all(text: str, value: float | None, decimals: int) -> None:
    assert number(text) == (value, decimals)


texts = st.from_regex(r"-?(0|[1-9][0-9]{0,7})(\.[0-9]{1,6})?", fullmatch=True)
flags = st.sampled_from(["N", "D", "", "F", "H", "XY", "]"])
codes = st.sampled_from(["a34013", "a21026", "a21002", "w01018"])


@st.composite
def some_readings(draw: st.DrawFn) -> list[Reading]:
    out = []
    for code in draw(st.lists(codes, min_size=1, unique=True)):
        stats = draw(st.lists(st.sampled_from(STATS), min_size=1, max_size=4, unique=True))
        out.append(Reading.of(code, "mg/m3", {stat: draw(texts | st.just("-")) for stat in stats}, draw(flags)))
    return out


@given(some_readings())
def test_what_was_packed_comes_back_digit_by_digit(sent: list[Reading]) -> None:
    layout = shape.make_layout(1, shape.shape_of(sent))
    v, wide = shape.pack_values(layout, sent)
    assert (v is None) != (wide is None)
    marks = shape.pack_marks([r.flag for r in sent])
    back = shape.unpack(layout, v, wide, marks, None)
    for before, after in zip(sent, back, strict=True):
        assert after == before
        for x, y, dec in zip(before.values, after.values, after.decimals, strict=True):
            assert shape.text_of(x, dec) == shape.text_of(y, dec)


@given(some_readings())
def test_a_layout_survives_the_way_through_its_columns(sent: list[Reading]) -> None:
    key = shape.shape_of(sent)
    columns = shape.columns(key)
    assert len(columns.pop("slot_role")) == len(columns["slot_stat"])
    assert shape.key_from_columns(**columns) == key


def test_numbers_too_large_for_an_integer_go_as_floats() -> None:
    sent = readings({"w00000": {"cou": "123456789012.345", "avg": "1.230"}})
    layout = shape.make_layout(1, shape.shape_of(sent))
    v, wide = shape.pack_values(layout, sent)
    assert v is None
    assert wide == [123456789012.345, 1.23]
    assert shape.text_of(wide[1], layout.slots[1][2]) == "1.230"


@given(st.binary(max_size=3000))
def test_any_bytes_survive_the_codec(raw: bytes) -> None:
    codec, stored = rawcodec.encode(raw)
    assert rawcodec.decode(codec, stored) == raw
    assert len(stored) <= len(raw)


def test_a_damaged_frame_is_told_and_never_guessed() -> None:
    codec, stored = rawcodec.encode(b"##0101QN=20260310120000001;ST=31;CN=2051;PW=123456;MN=1;Flag=5;CP=&&&&1C80\r\n")
    assert codec == rawcodec.DEFLATE_1
    with pytest.raises(ValueError, match="damaged"):
        rawcodec.decode(codec, stored[:-3])
    with pytest.raises(ValueError, match="damaged"):
        rawcodec.decode(codec, stored + b"x")
    with pytest.raises(ValueError, match="unknown codec"):
        rawcodec.decode(99, stored)


def test_equal_values_with_other_decimals_are_no_revision() -> None:
    result = merge.merge(readings({"a": {"avg": "1.230"}}), readings({"a": {"avg": "1.23"}}))
    assert not result.changes
    assert not result.added


def test_no_number_never_takes_the_place_of_a_number() -> None:
    result = merge.merge(readings({"a": {"avg": "1.2"}}), readings({"a": {"avg": "-"}}))
    assert not result.changes
    assert result.readings[0].value("avg") == 1.2
    filled = merge.merge(readings({"a": {"avg": "-"}}), readings({"a": {"avg": "1.2"}}))
    assert filled.added == ["a"]
    assert filled.readings[0].value("avg") == 1.2


def test_a_rewritten_value_and_a_rewritten_mark_are_both_told() -> None:
    result = merge.merge(readings({"a": {"avg": "1.2"}}), readings({"a": {"avg": "1.30", "flag": "D"}}))
    assert [(c.stat, c.old, c.new) for c in result.changes] == [("avg", "1.2", "1.30"), ("flag", "N", "D")]


def _facts(sent: list[Reading]) -> set[tuple[str, str, str | None]]:
    facts = {
        (r.code, s, shape.text_of(v, 6)) for r in sent for s, v in zip(r.stats, r.values, strict=True) if v is not None
    }
    return facts | {(r.code, "flag", r.flag) for r in sent}


@given(st.data())
def test_frames_that_agree_merge_to_the_same_in_any_order(data: st.DataObject) -> None:
    whole = data.draw(some_readings())
    pieces = []
    for _ in range(data.draw(st.integers(1, 4))):
        piece = []
        for r in whole:
            keep = data.draw(st.lists(st.sampled_from(r.stats), unique=True))
            if keep:
                at = [r.stats.index(s) for s in keep]
                values, decimals = tuple(r.values[i] for i in at), tuple(r.decimals[i] for i in at)
                piece.append(Reading(r.code, r.unit, tuple(keep), values, decimals, r.flag))
        if piece:
            pieces.append(piece)
    order = data.draw(st.permutations(pieces * 2))
    ends = []
    for sequence in (pieces, order):
        held: list[Reading] = []
        for piece in sequence:
            result = merge.merge(held, piece)
            assert not result.changes
            held = result.readings
        ends.append(_facts(held))
    assert ends[0] == ends[1]


def test_the_state_of_a_split_message() -> None:
    parts = merge.see_part(None, 3, 3)
    assert parts == "3/3"
    assert not merge.is_complete(parts)
    parts = merge.see_part(parts, 1, 3)
    parts = merge.see_part(parts, 1, 3)
    assert parts == "1,3/3"
    assert not merge.is_complete(parts)
    assert merge.is_complete(merge.see_part(parts, 2, 3))
    assert merge.is_complete(None)


def test_a_device_that_drops_zeros_packs_under_wider_decimals() -> None:
    key = shape.shape_of(readings({"a": {"avg": "1.230", "min": "1"}}))
    layout = shape.make_layout(1, shape.with_decimals(key, [3, 2]))
    v, _wide = shape.pack_values(layout, readings({"a": {"avg": "1.2", "min": "1"}}))
    back = shape.unpack(layout, v, None, None, bytes([1, 0]))
    assert [shape.text_of(x, d) for x, d in zip(back[0].values, back[0].decimals, strict=True)] == ["1.2", "1"]


NUMBERS = st.one_of(st.none(), st.floats(-1e12, 1e12), st.floats(-2.2e6, 2.2e6).map(lambda x: round(x, 3)))


@given(st.integers(1, 6).flatmap(lambda n: st.lists(st.lists(NUMBERS, min_size=n, max_size=n), max_size=30)))
def test_many_rows_are_packed_as_one_is(many: list[list[float | None]]) -> None:
    slots = len(many[0]) if many else 1
    codes = {f"a{at:05d}": {"avg": "1.000"} for at in range(slots)}
    layout = shape.make_layout(1, shape.shape_of(readings(codes)))
    packed = shape.pack_many(layout, many)
    assert len(packed) == len(many)
    for flat, (v, wide, cells) in zip(many, packed, strict=True):
        sent = [Reading("x", "", ("avg",), (x,), (3,), "N", "") for x in flat]
        assert (v, wide) == shape.pack_values(layout, sent)
        if cells is not None:
            assert v is not None
            assert wire.dense(wire.Int4s, len(v), [cells]).data == wire.int4s(v).data


def test_arrays_hold_nulls_and_nothing() -> None:
    assert len(wire.int4s([]).data) == 12
    assert wire.int4s([1, None]).data.count(b"\xff\xff\xff\xff") == 1
    assert math.isclose(len(wire.float8s([1.0, 2.0]).data), 20 + 24)
