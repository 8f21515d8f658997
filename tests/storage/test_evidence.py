"""Seals, the file outside the database, and `verify`: what is changed by whom must be found, and named."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ecobureau.storage import seal
from ecobureau.storage.verify import verify
from ecobureau.storage.writer import Writer
from storage_frames import NOON, frame, other

Conn = psycopg.Connection[Any]
DAY = date(2026, 3, 10)
NEXT_NOON = NOON + timedelta(days=1)


@pytest.fixture
def sealed(writer: Writer, conn: Conn, tmp_path: Path) -> Path:
    """Two days of two stations, sealed and written to the file."""
    for day in range(2):
        start = NOON + timedelta(days=day)
        writer.write(
            [
                frame({"a34013": {"avg": f"{n}"}}, start + timedelta(minutes=10 * n), station=s)
                for n in range(6)
                for s in (7, 8)
            ]
        )
        writer.write([other("control", b"heartbeat %d" % day, received=start)])
    assert len(seal.seal_days(conn, NOON + timedelta(days=2))) == 4
    assert seal.append_heads(conn, tmp_path, NOON + timedelta(days=2)) >= 4
    report = verify(conn, tmp_path / seal.FILE)
    assert report.faults == []
    assert (report.frames, report.links, report.unsealed) == (26, 4, 0)
    return tmp_path / seal.FILE


def codes(conn: Conn, heads: Path | None = None) -> set[str]:
    return {fault.code.removeprefix("storage.verify.") for fault in verify(conn, heads).faults}


def force(owner: Conn, statement: str) -> None:
    """What a superuser could do: switch the triggers off first."""
    owner.execute("ALTER TABLE raw_frame DISABLE TRIGGER USER; ALTER TABLE seal DISABLE TRIGGER USER")
    try:
        assert owner.execute(statement).rowcount > 0
    finally:
        owner.execute("ALTER TABLE raw_frame ENABLE TRIGGER USER; ALTER TABLE seal ENABLE TRIGGER USER")


FORGE = (
    "UPDATE raw_frame SET raw = 'forged', codec = 0, sha256 = sha256('forged')"
    " WHERE id = (SELECT min(id) FROM raw_frame WHERE station_id = 7)"
)
FIRST = "(SELECT min(id) FROM raw_frame WHERE station_id = 7)"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"UPDATE raw_frame SET raw = 'forged', codec = 0 WHERE id = {FIRST}", {"frame_digest"}),
        (f"UPDATE raw_frame SET raw = '\\x00' WHERE id = {FIRST}", {"frame_damaged"}),
        (FORGE, {"link_head"}),
        (f"DELETE FROM raw_frame WHERE id = {FIRST}", {"link_frames", "counter"}),
        (f"UPDATE raw_frame SET station_id = 8 WHERE id = {FIRST}", {"link_frames", "counter"}),
        ("UPDATE raw_frame SET outcome = 'refused' WHERE outcome = 'control'", {"counter"}),
        (
            "UPDATE seal SET head = sha256('x') WHERE station_id = 7 AND link = 1",
            {"link_head", "link_prev", "line_differs"},
        ),
        ("DELETE FROM seal WHERE station_id = 7 AND link = 2", {"line_without_link"}),
        ("DELETE FROM seal WHERE station_id = 7 AND link = 1", {"link_missing", "line_without_link"}),
    ],
)  # fmt: skip
def test_what_was_changed_in_the_database_is_found(
    sealed: Path, conn: Conn, owner: Conn, statement: str, found: set[str]
) -> None:
    force(owner, statement)
    assert codes(conn, sealed) == found


def test_a_chain_forged_from_end_to_end_is_caught_by_the_file(
    sealed: Path, conn: Conn, owner: Conn, tmp_path: Path
) -> None:
    force(owner, FORGE)
    force(owner, "DELETE FROM seal")
    seal.seal_days(conn, NOON + timedelta(days=2))
    assert codes(conn) == set()
    assert codes(conn, sealed) == {"line_differs"}


@pytest.mark.parametrize(
    ("line", "change", "found"),
    [
        (1, {"frames": 5}, {"line_broken", "line_differs"}),
        (0, {"head": "00" * 32}, {"line_broken", "line_differs"}),
        (2, {"station": 99}, {"line_broken", "line_without_link", "link_without_line"}),
    ],
)
def test_what_was_changed_in_the_file_is_found(
    sealed: Path, conn: Conn, line: int, change: dict[str, Any], found: set[str]
) -> None:
    lines = sealed.read_text().splitlines()
    lines[line] = json.dumps({**json.loads(lines[line]), **change})
    sealed.write_text("\n".join(lines) + "\n")
    assert codes(conn, sealed) == found


def test_a_file_that_is_cut_or_gone_is_told(sealed: Path, conn: Conn) -> None:
    lines = sealed.read_text().splitlines(keepends=True)
    sealed.write_text("".join(lines[1:]))
    assert codes(conn, sealed) == {"line_broken", "link_without_line"}
    sealed.write_text("rubbish\n" + "".join(lines))
    assert codes(conn, sealed) == {"file_unreadable"}
    sealed.unlink()
    assert codes(conn, sealed) == {"file_missing"}


def test_a_last_line_cut_by_a_crash_is_mended(sealed: Path, conn: Conn, tmp_path: Path) -> None:
    whole = sealed.read_bytes()
    sealed.write_bytes(whole[:-40])
    assert seal.append_heads(conn, tmp_path, NOON + timedelta(days=2)) == 1
    assert sealed.read_bytes() == whole
    assert seal.append_heads(conn, tmp_path, NOON + timedelta(days=2)) == 0
    assert codes(conn, sealed) == set()


def test_a_day_is_sealed_only_when_it_is_over(writer: Writer, conn: Conn) -> None:
    writer.write([frame({"a34013": {"avg": "1"}})])
    midnight = NOON + timedelta(hours=12)
    assert seal.seal_days(conn, midnight - timedelta(seconds=1)) == []
    assert seal.seal_days(conn, midnight + timedelta(minutes=9)) == []
    assert verify(conn).unsealed == 1
    (link,) = seal.seal_days(conn, midnight + timedelta(minutes=10))
    assert (link.day, link.station_id, link.frames, link.prev) == (DAY, 7, 1, seal.GENESIS)
    assert seal.seal_days(conn, midnight + timedelta(minutes=11)) == []


def test_frames_that_commit_after_the_seal_get_a_link_of_their_own(
    sealed: Path, writer: Writer, conn: Conn, tmp_path: Path
) -> None:
    late = frame({"a34013": {"avg": "5"}}, NOON + timedelta(hours=5), received=NOON + timedelta(hours=11, minutes=59))
    writer.write([late])
    assert codes(conn, sealed) == {"link_frames"}
    (link,) = seal.seal_days(conn, NOON + timedelta(days=2))
    assert (link.day, link.seq, link.link, link.frames, len(link.extra or ())) == (DAY, 1, 3, 1, 1)
    seal.append_heads(conn, tmp_path, NOON + timedelta(days=2))
    assert codes(conn, sealed) == set()
    writer.write([frame({"a34013": {"avg": "6"}}, NEXT_NOON + timedelta(days=1))])
    assert len(seal.seal_days(conn, NOON + timedelta(days=3))) == 1
    seal.append_heads(conn, tmp_path, NOON + timedelta(days=3))
    assert codes(conn, sealed) == set()


def test_two_sealers_do_not_meet(sealed: Path, writer: Writer, conn: Conn, connect: Any) -> None:
    writer.write([frame({"a34013": {"avg": "6"}}, NEXT_NOON + timedelta(days=1))])
    rival = connect()
    rival.execute("SELECT pg_advisory_lock(%s)", (0x6562_5345_414C,))
    assert seal.seal_days(conn, NOON + timedelta(days=3)) == []
    rival.execute("SELECT pg_advisory_unlock_all()")
    assert len(seal.seal_days(conn, NOON + timedelta(days=3))) == 1


def test_records_histories_are_checked_too(sealed: Path, conn: Conn, owner: Conn, tmp_path: Path) -> None:
    from hashlib import sha256

    if not seal.has_history(conn):
        pytest.skip("no records here")
    prev = "0" * 64
    owner.execute("TRUNCATE core_history CASCADE")
    for seq in (1, 2, 3):
        body = json.dumps({"seq": seq})
        told = sha256(f"{prev}\n{body}".encode()).hexdigest()
        owner.execute(
            "INSERT INTO core_history (kind, object_id, number, seq, verb, from_state, to_state, reason,"
            " at, body, prev_hash,"
            " hash) VALUES ('toy', 1, 'T1', %s, 'do', '', 'done', '', %s, %s, %s, %s)",
            (seq, NOON, body, prev, told),
        )
        prev = told
    try:
        assert seal.append_heads(conn, tmp_path, NOON + timedelta(days=2)) == 1
        report = verify(conn, sealed)
        assert (report.faults, report.entries) == ([], 3)
        owner.execute("ALTER TABLE core_history DISABLE TRIGGER USER")
        owner.execute("UPDATE core_history SET body = 'forged' WHERE seq = 2")
        assert codes(conn, sealed) == {"history_hash"}
        owner.execute("DELETE FROM core_history WHERE seq = 3")
        assert codes(conn, sealed) == {"history_hash", "history_differs"}
        owner.execute("DELETE FROM core_history WHERE seq = 1")
        assert codes(conn, sealed) == {"history_gap", "history_hash", "history_differs"}
    finally:
        owner.execute("ALTER TABLE core_history ENABLE TRIGGER USER")
        owner.execute("TRUNCATE core_history CASCADE")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_command_says_exactly_what_differs(
    sealed: Path, owner: Conn, app_database_url: str, capsys: Any, lang: str
) -> None:
    from ecobureau.cli import main

    words = ["--lang", lang, "verify", "--heads", str(sealed), "--database", app_database_url]
    assert main(words) == 0
    row = owner.execute(f"SELECT {FIRST}").fetchone()
    assert row
    force(owner, f"UPDATE raw_frame SET raw = 'forged', codec = 0 WHERE id = {FIRST}")
    assert main(words) == 1
    said = capsys.readouterr().out
    assert f"{row[0]}" in said
    assert "2026-03-10" in said


def test_the_command_without_a_database_says_so(tmp_path: Path, capsys: Any) -> None:
    from ecobureau.cli import main

    assert main(["verify", "--database", f"postgresql:///nothing?host={tmp_path}"]) == 1
    assert "DATABASE_URL" in capsys.readouterr().err
