"""What frames mean for storage: codes, kinds, stamps, back-fill, refusals, numbers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ecobureau.domain.hj212 import Edition, FrameReader, encode, parse_time
from ecobureau.gateway.factors import Translator, load_factors
from ecobureau.gateway.normalise import Receipt, normalise
from ecobureau.gateway.stations import Station
from ecobureau.storage.types import Kind

MN = "010000A8900016F000169DC0"
STATION = Station(
    station_id=7,
    mn=MN,
    st="32",
    edition=Edition.E2017,
    dialect="",
    password=b"123456",
    sm4_key=None,
    stamp_rule="start",
    rtd_interval_s=60,
    minute_interval=10,
    accept_from=datetime(2026, 1, 1, tzinfo=UTC),
    active=True,
)
NOW = datetime(2026, 7, 1, 1, 0, 5, tzinfo=UTC)  # 09:00:05 in Beijing


def read(cn, cp, station=STATION, now=NOW, **header):
    fields = {"qn": "20260701090001000", "st": "32", "pw": "123456", "mn": station.mn, "flag": "5"} | header
    (frame,) = FrameReader().feed(encode(cn=cn, cp=cp, **fields))
    factors = Translator(load_factors(), station.factor_map, station.unit_overrides)
    return normalise(frame, station, factors, Receipt.of(now, timedelta(minutes=10)))


def beijing(text):
    return parse_time(text)[0]


def test_hour_data_with_all_statistics():
    meaning = read(
        "2061",
        "DataTime=20260701080000;w01018-Min=1.230,w01018-Avg=2.50,w01018-Max=3,w01018-Cou=0.1,w01018-Flag=N;"
        "w01001-Avg=7.1,w01001-Flag=D",
    )
    assert meaning.verdict == "data"
    assert meaning.live
    period = meaning.period
    assert (period.station_id, period.st, period.kind, period.interval_s) == (7, "32", Kind.HOUR, 3600)
    assert (period.start, period.end) == (beijing("20260701080000"), beijing("20260701090000"))
    cod, ph = period.readings
    assert (cod.code, cod.unit, cod.flag, cod.dialect) == ("w01018", "mg/L", "N", "")
    assert cod.stats == ("min", "avg", "max", "cou")
    assert cod.values == (1.23, 2.5, 3.0, 0.1)
    assert cod.decimals == (3, 2, 0, 1)
    assert (ph.code, ph.flag) == ("w01001", "D")


@pytest.mark.parametrize(
    ("cn", "stamp", "kind", "start", "end"),
    [
        ("2011", "20260701090003", Kind.RT, "20260701090003", "20260701090003"),
        ("2051", "20260701085000", Kind.MINUTE, "20260701085000", "20260701090000"),
        ("2061", "20260701080000", Kind.HOUR, "20260701080000", "20260701090000"),
        ("2031", "20260630000000", Kind.DAY, "20260630000000", "20260701000000"),
        ("2111", "20260701085500", Kind.MINUTE, "20260701085500", "20260701090000"),
        ("2061", "20260701080007", Kind.HOUR, "20260701080000", "20260701090000"),
    ],
)
def test_kinds_and_periods(cn, stamp, kind, start, end):
    field = "Rtd" if cn == "2011" else "Avg"
    period = read(cn, f"DataTime={stamp};w01018-{field}=1").period
    assert (period.kind, period.start, period.end) == (kind, beijing(start), beijing(end))


@pytest.mark.parametrize(
    ("cn", "stamp", "start"),
    [("2061", "20260701090000", "20260701080000"), ("2031", "20260701000000", "20260630000000")],
)
def test_end_stamped_periods_start_earlier(cn, stamp, start):
    meaning = read(cn, f"DataTime={stamp};w01018-Avg=1", replace(STATION, stamp_rule="end"))
    assert meaning.period.start == beijing(start)
    assert "data_time.end_stamped" in meaning.deviations


def test_codes_of_2005_and_the_stations_own_map_and_units():
    station = replace(
        STATION,
        edition=Edition.E2005,
        factor_map={"X9": "w21011", "P1": "kw"},
        unit_overrides={"w21003": "ug/L", "P1": "kW"},
    )
    meaning = read(
        "2011", "DataTime=20260701090000;011-Rtd=12.0;060-Rtd=1.5;X9-Rtd=0.2;P1-Rtd=3;zz-Rtd=4", station, flag="0"
    )
    found = {reading.code: (reading.unit, reading.dialect) for reading in meaning.period.readings}
    assert found == {
        "w01018": ("mg/L", "011"),
        "w21003": ("ug/L", "060"),
        "w21011": ("mg/L", "X9"),
        "kw": ("kW", "P1"),
        "zz": ("", ""),
    }
    assert "flag.version_other" not in meaning.deviations


def test_another_edition_than_the_stations_is_told():
    assert "flag.version_other" in read("2011", "DataTime=20260701090000;w01018-Rtd=1", flag="9").deviations


@pytest.mark.parametrize("text", ["", "NaN", "-", "null", "inf", "1_0", "--"])
def test_what_is_no_number_is_missing(text):
    meaning = read("2011", f"DataTime=20260701090000;w01018-Rtd={text},w01018-Flag=N")
    (reading,) = meaning.period.readings
    assert reading.values == (None,)
    assert meaning.deviations
    assert meaning.events == ()


def test_exponents_are_numbers():
    (reading,) = read("2011", "DataTime=20260701090000;w01018-Rtd=1.0E-3").period.readings
    assert (reading.values, reading.decimals) == ((0.001,), (4,))


def test_letters_as_values_are_kept_as_an_event():
    meaning = read("2011", "DataTime=20260701090000;p99101-Rtd=St;p99103-Rtd=1", st="45")
    assert [reading.values for reading in meaning.period.readings] == [(None,), (1.0,)]
    (event,) = meaning.events
    assert (event.kind, event.fields) == ("2011", {"p99101": {"Rtd": "St"}})


def test_facility_states_ride_as_events():
    meaning = read("2011", "DataTime=20260701090000;w01018-Rtd=1;SB1-RS=1;SB2-RS=0;i12001-Info=0")
    assert [reading.code for reading in meaning.period.readings] == ["w01018"]
    assert {event.kind: event.fields for event in meaning.events} == {
        "2021": {"SB1": {"RS": "1"}, "SB2": {"RS": "0"}},
        "3020": {"i12001": {"Info": "0"}},
    }


def test_noise_of_day_and_night_are_two_factors():
    readings = read("2031", "DataTime=20260630000000;Leq-DayData=55.1,Leq-NightData=44.2", st="23").period.readings
    assert {reading.code: reading.value("data") for reading in readings} == {"Leq.Day": 55.1, "Leq.Night": 44.2}


def test_two_codes_of_one_factor_keep_the_first_as_value():
    meaning = read("2011", "DataTime=20260701090000;w01018-Rtd=1;011-Rtd=2")
    assert [reading.values for reading in meaning.period.readings] == [(1.0,)]
    assert meaning.events[0].fields == {"011": {"Rtd": "2"}}


@pytest.mark.parametrize(
    ("cn", "stamp", "late", "live"),
    [
        ("2061", "20260701080000", timedelta(), True),
        ("2061", "20260701080000", timedelta(minutes=59), True),
        ("2061", "20260701080000", timedelta(minutes=61), False),
        ("2011", "20260701090000", timedelta(seconds=110), True),
        ("2011", "20260701090000", timedelta(seconds=130), False),
    ],
)
def test_backfill_is_what_comes_a_period_late(cn, stamp, late, live):
    field = "Rtd" if cn == "2011" else "Avg"
    meaning = read(cn, f"DataTime={stamp};w01018-{field}=1", now=NOW + late)
    assert meaning.live is live
    assert meaning.period.backfilled is not live


def test_rf_marks_backfill():
    meaning = read("2011", "DataTime=20260701090000;w01018-Rtd=1", flag="9", rf="1")
    assert (meaning.live, meaning.period.backfilled) == (False, True)


@pytest.mark.parametrize(
    ("cn", "cp", "reason"),
    [
        ("2011", "DataTime=20260701092000;w01018-Rtd=1", "data_time.future"),
        ("2011", "DataTime=20251231235959;w01018-Rtd=1", "data_time.before_accept_from"),
        ("2011", "DataTime=2026070;w01018-Rtd=1", "data_time.malformed"),
        ("2011", "w01018-Rtd=1", "data_time.missing"),
        ("2011", "DataTime=20260701090000", "cp.no_values"),
        ("2011", "rubbish", "frame.cp"),
        ("3020", "DataTime=20260701100000;PolId=w01018;i11001-Info=//x//", "data_time.future"),
    ],
)
def test_refusals_carry_no_data(cn, cp, reason):
    meaning = read(cn, cp)
    assert (meaning.verdict, meaning.reason) == ("refused", reason)
    assert (meaning.period, meaning.events, meaning.parameters, meaning.part) == (None, (), (), None)


def test_a_little_ahead_is_borne():
    assert read("2011", "DataTime=20260701090500;w01018-Rtd=1").verdict == "data"


@pytest.mark.parametrize(
    ("qn", "wrong"),
    [
        ("20260701090005000", False),
        ("20260701092005000", True),
        ("20250701090005000", False),
        ("20000101000000000", True),
        ("1470013137223", False),
    ],
)
def test_a_clock_ahead_or_years_behind_is_told_by_its_qn(qn, wrong):
    meaning = read("2011", "DataTime=20260701090000;w01018-Rtd=1", qn=qn)
    assert meaning.verdict == "data"
    assert ("qn.clock_wrong" in meaning.deviations) is wrong


def test_split_packets():
    whole = read("2011", "DataTime=20260701090000;w01018-Rtd=1", flag="7", pnum="3", pno="2")
    assert (whole.verdict, whole.part.pnum, whole.part.pno) == ("data", 3, 2)
    assert whole.part.readings == whole.period.readings
    alone = read("2011", "w01018-Rtd=1", flag="7", pnum="3", pno="2")
    assert (alone.verdict, alone.period) == ("part", None)
    assert (alone.part.kind, alone.part.st, [r.code for r in alone.part.readings]) == (Kind.RT, "32", ["w01018"])


@pytest.mark.parametrize("cn", ["9015", "9021", "1013", "9013", "9014", "9011", "9012"])
def test_heartbeats_notices_and_answers_are_control(cn):
    assert read(cn, "QnRtn=1" if cn == "9011" else "").verdict == "control"


def test_boot_state_alarm_and_check_are_events():
    boot = read("2081", "DataTime=20260701085900;RestartTime=20260701085800")
    (event,) = boot.events
    assert (boot.verdict, event.kind, event.at) == ("event", "2081", beijing("20260701085900"))
    assert event.fields == {"RestartTime": "20260701085800"}
    state = read("2021", "DataTime=20260701085900;SB1-RS=1")
    assert state.events[0].fields == {"SB1": {"RS": "1"}}
    alarm = read("2072", "AlarmTime=20260701085900;w01018-Ala=120;AlarmType=1")
    assert (alarm.events[0].kind, alarm.events[0].at) == ("2072", beijing("20260701085900"))


def test_an_event_without_time_has_that_of_qn_so_that_a_resend_is_the_same():
    first = read("3015", "VaseNo=3")
    again = read("3015", "VaseNo=3", now=NOW + timedelta(hours=1))
    assert first.events == again.events
    assert first.events[0].at == beijing("20260701090001")


def test_parameters():
    info = read("3020", "DataTime=20260701085900;PolId=w01018;i13004-Info=168.0;i12001-Info=0;i11001-Info=//a;b=c//")
    assert [(p.device, p.name, p.value) for p in info.parameters] == [("w01018", "i13004", "168.0")]
    serial = read("3019", "PolId=w01018;w01018-SN=010000A8900016F000169DC0")
    assert [(p.device, p.name, p.value) for p in serial.parameters] == [("w01018", "SN", "010000A8900016F000169DC0")]
    interval = read("1061", "RtdInterval=30")
    assert [(p.device, p.name, p.value) for p in interval.parameters] == [("", "RtdInterval", "30")]


def test_an_unknown_command_is_kept_as_an_event():
    meaning = read("2999", "DataTime=20260701085900;x-Y=1")
    assert (meaning.verdict, meaning.events[0].kind) == ("event", "2999")


def test_the_short_way_and_the_careful_way_read_the_same():
    factors = Translator(load_factors(), {}, {})

    def once(cp):
        (frame,) = FrameReader().feed(
            encode(qn="20260701090001000", st="32", cn="2011", pw="1", mn=MN, flag="5", cp=cp)
        )
        return normalise(frame, STATION, factors, Receipt.of(NOW, timedelta(minutes=10)))

    head = "DataTime=20260701090000;"
    first = once(head + "011-Rtd=1.20,011-Flag=N;w01001-Rtd=7,w01001-ZsRtd=8.1,w01001-Flag=D")
    again = once(head + "011-Rtd=1.20,011-Flag=N;w01001-Rtd=7,w01001-ZsRtd=8.1,w01001-Flag=D")
    assert factors.plans
    assert first.period.readings == again.period.readings
    for odd in ("", "NaN", "1.0E-3", "--1", "1.2.3", "1" + "0" * 400, "0.12345678901234567890"):
        other = once(head + f"011-Rtd={odd},011-Flag=N;w01001-Rtd=7,w01001-ZsRtd=8.1,w01001-Flag=D")
        fresh = read("2011", head + f"011-Rtd={odd},011-Flag=N;w01001-Rtd=7,w01001-ZsRtd=8.1,w01001-Flag=D")
        assert other.period.readings == fresh.period.readings
    fewer = once(head + "011-Rtd=1.20;w01001-ZsRtd=8.1,w01001-Rtd=7,w01001-Flag=D")
    assert next((one.flag, one.values) for one in fewer.period.readings) == ("", (1.2,))
    other_field = once(head + "011-Rtd=1.20,011-EFlag=N;w01001-Rtd=7,w01001-Avg=8.1,w01001-Flag=D")
    assert [one.stats for one in other_field.period.readings] == [("rtd",), ("rtd", "avg")]


def test_a_translator_forgets_codes_that_a_device_invents():
    translator = Translator(load_factors(), {}, {})
    for number in range(10_000):
        translator.spec(f"q{number}")
    assert len(translator._known) <= 4096
