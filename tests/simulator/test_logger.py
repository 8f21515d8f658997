"""Loggers against a real TCP server: answers, resends, back-fill, split packets, commands, incidents."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from ecobureau.domain.hj212 import Edition, Frame, request
from ecobureau.simulator import content
from ecobureau.simulator.incidents import Incident
from ecobureau.simulator.logger import Logger
from ecobureau.simulator.plan import StationPlan
from ecobureau.simulator.plant import Plant
from ecobureau.simulator.run import Run, play
from ecobureau.simulator.state import State, missed
from ecobureau.simulator.times import DAY, HOUR, digits, from_digits
from ecobureau.simulator.world import Journal, Settings, Time, World
from simulator.platform_server import PlatformServer

NOON = 1_795_320_000 // HOUR * HOUR
MN = "0011000000000000000000A1"
BRISK = Settings(over_time=0.2, lag=False, split_writes=0.0, per_second=500.0)


def plan(profile: str = "power", **fields: Any) -> StationPlan:
    st = {"power": "31", "waste": "31", "municipal": "32", "river": "21"}[profile]
    return StationPlan(**{"name": "演示", "mn": MN, "pw": "123456", "st": st, "profile": profile, **fields})


class Playing:
    """A run of the simulator beside the test."""

    def __init__(self, server: PlatformServer, plans: list[StationPlan], **fields: Any) -> None:
        given = {"settings": BRISK, "start": NOON - 2.0, "speed": 1.0, "spread": 0.0, "seed": 7, **fields}
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(play(Run("127.0.0.1", server.port, plans, **given), self.stop))

    async def end(self) -> Any:
        self.stop.set()
        return await asyncio.wait_for(self.task, 30)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_live_uploads_are_answered_and_written_into_the_journal(tmp_path: Path) -> None:
    async def test() -> None:
        async with PlatformServer() as server:
            playing = Playing(server, [plan()], journal=tmp_path / "journal")
            await server.until(lambda: server.of("2061") and server.of("2011") and server.of("2051"))
            tally = await playing.end()
        assert all(frame.ok and not frame.deviations for frame in server.frames)
        boot = server.of("2081")[0]
        assert boot.text("RestartTime") is not None
        hour = server.of("2061")[0]
        assert hour.text("DataTime") == digits(NOON - HOUR)
        journal = lines(tmp_path / "journal")
        assert tally["answered"] == len(journal)
        assert {line["qn"] for line in journal} <= {frame.qn for frame in server.answered}
        written = next(line for line in journal if line["cn"] == "2061")
        assert written["mn"] == MN and written["tries"] == 1 and written["deviation"] is None
        assert f"a21002-Avg={hour.factors()['a21002']['Avg']}" in written["cp"]

    run(test)


def test_an_unanswered_upload_is_sent_again_byte_for_byte_and_only_then_the_next(tmp_path: Path) -> None:
    async def test() -> None:
        async with PlatformServer() as server:
            server.answers = lambda frame: sum(frame.raw == one.raw for one in server.frames) >= 3
            playing = Playing(server, [plan()], journal=tmp_path / "journal")
            await server.until(lambda: len(server.answered) >= 3)
            await playing.end()
        raws = [frame.raw for frame in server.frames]
        first = raws[0]
        assert raws[:3] == [first] * 3
        assert raws[3] != first
        assert lines(tmp_path / "journal")[0]["tries"] == 3

    run(test)


@pytest.mark.parametrize("edition", [1, 2])
def test_what_was_collected_while_the_link_was_cut_is_back_filled(edition: int) -> None:
    """The platform goes silent and cuts; what stays unanswered arrives after it is back, marked where 2025 says so."""

    async def test() -> None:
        async with PlatformServer() as server:
            server.answers = lambda frame: False
            playing = Playing(server, [plan(edition=edition, rtd_interval=1)])
            await server.until(lambda: len({f.qn for f in server.frames}) >= 1)
            await server.until(lambda: server.connections >= 2)
            server.answers = lambda frame: True
            await server.until(lambda: any(f.cn == "2061" for f in server.answered))
            await playing.end()
        answered = [f for f in server.answered if f.cn in ("2011", "2051", "2061")]
        hour = next(f for f in answered if f.cn == "2061")
        assert hour.text("DataTime") == digits(NOON - HOUR)
        assert {f.rf for f in answered} <= ({None, "1"} if edition == 2 else {None})
        assert any(f.rf == "1" for f in answered) == (edition == 2)
        times = {f.text("DataTime") for f in answered if f.cn == "2011"}
        assert len(times) == len([f for f in answered if f.cn == "2011"])

    run(test)


def test_split_messages_wait_for_the_answer_to_each_packet() -> None:
    async def test() -> None:
        async with PlatformServer() as server:
            held: list[Frame] = []

            def answers(frame: Frame) -> bool:
                if frame.is_split and frame.cn == "2061":
                    held.append(frame)
                    return frame.pno != "1" or len(held) > 1
                return True

            server.answers = answers
            playing = Playing(server, [plan("waste")])
            await server.until(lambda: any(f.pno == "2" for f in server.of("2061")))
            await playing.end()
        assert [frame.pno for frame in server.of("2061")][:3] == ["1", "1", "2"]
        first, _again, second = server.of("2061")[:3]
        assert first.qn != second.qn
        assert first.text("DataTime") == second.text("DataTime")

    run(test)


def test_encrypted_uploads_open_with_the_key() -> None:
    async def test() -> None:
        key = "00112233445566778899aabbccddeeff"
        async with PlatformServer({MN: bytes.fromhex(key)}) as server:
            playing = Playing(server, [plan(edition=2, key=key)])
            await server.until(lambda: server.of("2061"))
            await playing.end()
        hour = server.of("2061")[0]
        assert hour.ok and "a21002" in hour.factors()
        assert b"a21002" not in hour.raw

    run(test)


def test_a_spoiling_departure_is_sent_again_clean() -> None:
    async def test() -> None:
        settings = Settings(over_time=0.2, lag=False, split_writes=0.0, deviations=1.0, codes=("crc.modbus",))
        async with PlatformServer() as server:
            playing = Playing(server, [plan()], settings=settings)
            await server.until(lambda: any(f.cn == "2011" for f in server.answered))
            tally = await playing.end()
        bad = [f for f in server.frames if not f.ok]
        assert {d.code for f in bad for d in f.deviations} == {"crc.modbus"}
        good = next(f for f in server.answered if f.cn == "2011")
        assert any(f.cn == "2011" and f.qn == good.qn for f in bad)
        assert tally["deviated"] >= 1

    run(test)


def test_frames_in_two_pieces_arrive_whole() -> None:
    async def test() -> None:
        settings = Settings(over_time=5.0, lag=False, split_writes=1.0)
        async with PlatformServer() as server:
            playing = Playing(server, [plan()], settings=settings)
            await server.until(lambda: server.of("2061") and server.of("2051") and server.of("2011"))
            tally = await playing.end()
        assert all(f.ok and not f.deviations for f in server.frames)
        assert tally["resent"] == 0

    run(test)


def ask(server: PlatformServer, cn: str, edition: int = 1, pw: str = "123456", **params: str) -> str:
    qn = f"{digits(NOON)}{len(server.frames):03d}"
    made = Edition(edition)
    server.send(request(cn, qn=qn, st="31", pw=pw, mn=MN, edition=made, params=params))
    return qn


async def exchange(server: PlatformServer, cn: str, edition: int = 1, **params: str) -> tuple[str, str, list[Frame]]:
    """Ask, and return QnRtn, ExeRtn and the uploads of that command between them."""
    before = len(server.frames)
    qn = ask(server, cn, edition, **params)
    await server.until(lambda: any(f.cn == "9012" and f.qn == qn for f in server.frames))
    since = server.frames[before:]
    ready = next(f for f in since if f.cn == "9011" and f.qn == qn)
    done = next(f for f in since if f.cn == "9012" and f.qn == qn)
    assert ready.st == done.st == "91" and not ready.wants_answer
    between = since[since.index(ready) + 1 : since.index(done)]
    return ready.text("QnRtn") or "", done.text("ExeRtn") or "", [f for f in between if f.cn == cn]


@pytest.mark.parametrize("stamp", ["start", "end"])
def test_history_is_pulled_by_its_stamps_both_ends_included(stamp: str) -> None:
    async def test() -> None:
        station = plan(stamp=stamp)
        async with PlatformServer() as server:
            playing = Playing(server, [station], start=NOON + 30.0)
            await server.until(lambda: server.of("2081"))
            window = {"BeginTime": digits(NOON - 5 * HOUR), "EndTime": digits(NOON - 2 * HOUR)}
            ready, done, records = await exchange(server, "2061", **window)
            assert (ready, done) == ("1", "1")
            assert [f.text("DataTime") for f in records] == [digits(NOON - step * HOUR) for step in (5, 4, 3, 2)]
            known = content.period(Plant(station, 7), "2061", NOON - (5 if stamp == "start" else 6) * HOUR)
            assert known.packets[0].endswith(f"a00000-Flag={records[0].factors()['a00000']['Flag']}")
            assert f"a21002-Avg={records[0].factors()['a21002']['Avg']}," in known.packets[0]
            minutes = {"BeginTime": digits(NOON - 1800), "EndTime": digits(NOON - 600)}
            _ready, done, records = await exchange(server, "2051", **minutes)
            assert done == "1" and len(records) == 3
            one = digits(NOON - 7 * HOUR)
            _ready, _done, records = await exchange(server, "2061", BeginTime=one, EndTime=one)
            assert len(records) == 1
            day = digits((NOON + 8 * HOUR) // DAY * DAY - 8 * HOUR - DAY)
            _ready, _done, records = await exchange(server, "2031", BeginTime=day, EndTime=day)
            assert len(records) == 1
            await playing.end()

    run(test)


def test_a_pull_of_the_future_or_the_wrong_way_round_yields_nothing() -> None:
    async def test() -> None:
        async with PlatformServer() as server:
            playing = Playing(server, [plan()])
            await server.until(lambda: server.of("2081"))
            ahead = {"BeginTime": digits(NOON + DAY), "EndTime": digits(NOON + 2 * DAY)}
            assert await exchange(server, "2061", **ahead) == ("1", "100", [])
            back = {"BeginTime": digits(NOON), "EndTime": digits(NOON - DAY)}
            assert await exchange(server, "2061", **back) == ("1", "3", [])
            await playing.end()

    run(test)


def test_settings_and_information_are_asked_and_set() -> None:
    async def test() -> None:
        async with PlatformServer() as server:
            playing = Playing(server, [plan("municipal")], start=NOON + 30.0)
            await server.until(lambda: server.of("2081"))
            assert (await exchange(server, "1012", SystemTime=digits(NOON)))[:2] == ("1", "1")
            assert (await exchange(server, "1000", OverTime="5", ReCount="2"))[:2] == ("1", "1")
            assert (await exchange(server, "1062", RtdInterval="45"))[:2] == ("1", "1")
            assert (await exchange(server, "1061"))[2][0].text("RtdInterval") == "45"
            assert (await exchange(server, "1064", MinInterval="7"))[:2] == ("1", "3")
            assert (await exchange(server, "1064", MinInterval="5"))[:2] == ("1", "1")
            assert (await exchange(server, "1063"))[2][0].text("MinInterval") == "5"
            clock = (await exchange(server, "1011"))[2][0].text("SystemTime")
            assert abs((from_digits(clock or "") or 0) - NOON) < 120
            assert (await exchange(server, "3012", PolId="w01018"))[:2] == ("1", "1")
            assert (await exchange(server, "3012", PolId="a99999"))[:2] == ("1", "3")
            assert (await exchange(server, "3015"))[2][0].text("VaseNo") == "1"
            serial = (await exchange(server, "3019", PolId="w01018"))[2][0]
            assert len(serial.factors()["w01018"]["SN"]) == 24
            window = {"BeginTime": digits(NOON - DAY), "EndTime": digits(NOON)}
            told = (await exchange(server, "3020", PolId="w01018", InfoId="i13001", **window))[2][0]
            assert told.factors()["i13001"]["Info"] == "500"
            await playing.end()
            assert all(frame.ok and not frame.deviations for frame in server.frames)

    run(test)


def test_a_wrong_password_and_an_unknown_command_are_refused() -> None:
    async def test() -> None:
        async with PlatformServer() as server:
            playing = Playing(server, [plan()])
            await server.until(lambda: server.of("2081"))
            ask(server, "1061", pw="000000")
            await server.until(lambda: server.of("9011"))
            assert server.of("9011")[0].text("QnRtn") == "3"
            ask(server, "1021", 0, PolId="01")
            await server.until(lambda: len(server.of("9011")) == 2)
            assert server.of("9011")[1].text("QnRtn") == "8"
            await playing.end()
            assert not server.of("9012")

    run(test)


def test_stopping_and_starting_real_time_data() -> None:
    async def test() -> None:
        async with PlatformServer() as server:
            playing = Playing(server, [plan(rtd_interval=1)], start=float(NOON - 30))
            await server.until(lambda: server.of("2011"))
            ask(server, "2012")
            await server.until(lambda: server.of("9013"))
            assert (await exchange(server, "2011"))[:2] == ("1", "1")
            before = len(server.of("2011"))
            await server.until(lambda: len(server.of("2011")) > before)
            await playing.end()

    run(test)


def test_an_offline_incident_cuts_the_link_and_back_fills_afterwards() -> None:
    async def test() -> None:
        away = Incident("offline", MN, NOON - 1, NOON + 2)
        async with PlatformServer() as server:
            playing = Playing(server, [plan(rtd_interval=1)], start=NOON - 3.0, incidents=[away])
            await server.until(lambda: server.of("2061"))
            await playing.end()
        assert server.connections >= 2
        times = {f.text("DataTime") for f in server.of("2011")}
        assert digits(NOON) not in times
        assert server.of("2061")[0].text("DataTime") == digits(NOON - HOUR)

    run(test)


def test_a_rewritten_hour_is_sent_again_with_the_other_value() -> None:
    async def test() -> None:
        incident = Incident("rewritten", MN, NOON + 1, NOON + 2, factor="a21002", times=0.5)
        async with PlatformServer() as server:
            playing = Playing(server, [plan()], start=NOON - 1.0, incidents=[incident])
            await server.until(lambda: len(server.of("2061")) >= 2)
            await playing.end()
        first, second = server.of("2061")[:2]
        assert first.text("DataTime") == second.text("DataTime")
        before, after = (float(f.factors()["a21002"]["Avg"]) for f in (first, second))
        assert after == pytest.approx(before / 2, abs=0.006)
        assert first.factors()["a21026"] == second.factors()["a21026"]

    run(test)


def test_a_second_run_back_fills_exactly_what_it_missed(tmp_path: Path) -> None:
    async def test() -> None:
        state, started = tmp_path / "state.json", NOON + 5.0
        async with PlatformServer() as server:
            playing = Playing(server, [plan()], start=started, state=state)
            await server.until(lambda: server.of("2081"))
            await playing.end()
            first = len(server.frames)
            playing = Playing(server, [plan()], start=started + 3 * HOUR, state=state)
            since = {"2051": 18, "2061": 3}
            await server.until(
                lambda: all(
                    len({f.text("DataTime") for f in server.frames[first:] if f.cn == cn}) >= count
                    for cn, count in since.items()
                )
            )
            await playing.end()
            later = server.frames[first:]
        assert sorted({f.text("DataTime") or "" for f in later if f.cn == "2061"}) == [
            digits(NOON + step * HOUR) for step in range(3)
        ]
        known = content.period(Plant(plan(), 7), "2061", NOON).packets[0]
        sent = next(f for f in later if f.cn == "2061")
        assert f"a21002-Avg={sent.factors()['a21002']['Avg']}," in known
        assert State.load(state).owed[MN] == []

    run(test)


def test_what_was_due_but_not_yet_sent_at_a_stop_is_owed() -> None:
    """A logger sends some seconds after the hour; a stop in between loses nothing."""
    settings = Settings(lag=True)
    logger = Logger(Plant(plan(), 7), World("127.0.0.1", 1, Time(NOON), None, Journal(None), settings))  # type: ignore[arg-type]
    lag = int(logger.timetable.lag("2061"))
    assert lag > 0
    assert ("2061", NOON - HOUR) in missed(logger, NOON + lag - 1, NOON + 60)
    assert ("2061", NOON - HOUR) not in missed(logger, NOON + lag + 1, NOON + 60)
    assert ("2011", NOON + 60) in missed(logger, NOON + 30, NOON + 70)
    assert not [one for one in missed(logger, NOON - 3 * HOUR, NOON) if one[0] == "2011"]
    assert [one for one in missed(logger, NOON - 3 * HOUR - 60, NOON) if one[0] == "2061"] == [
        ("2061", NOON - step * HOUR) for step in (4, 3, 2, 1)
    ]


def test_a_refused_connection_is_tried_again() -> None:
    async def test() -> None:
        async with PlatformServer() as server:
            port = server.port
        late = PlatformServer()
        late.port = port
        playing = Playing(late, [plan()])
        async with late:
            await late.until(lambda: late.of("2081"))
            await playing.end()

    run(test)
