"""Every deviation of the list reaches a running gateway: each ends in its outcome, none harms a neighbour."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.hj212.test_deviations import SHOWN
from domain.hj212.wire import MN, read
from ecobureau.domain.hj212 import FrameReader
from ecobureau.secret import seal
from gateway.field import gateway, in_loop, until

NEVER_DATA = ("frame.crc", "frame.length", "frame.header", "frame.truncated", "station.password", "station.unknown")


@in_loop
async def test_every_deviation_ends_in_an_outcome_and_harms_no_neighbour(field):
    neighbour = field.register()
    device = field.register(mn=MN, password_sealed=seal("100000"), accept_from=datetime(2010, 1, 1, tzinfo=UTC))
    async with gateway(field, future_tolerance=1e10) as running:
        metrics = running.gateway.metrics
        other = await running.dial()
        for number, (code, shown) in enumerate(SHOWN.items()):
            before = sum(metrics.outcomes.values())
            wire = await running.dial()
            wire.send(shown)
            wire.end()
            frames = read(shown)
            expected = len(frames)
            await until(lambda n=before + expected: sum(metrics.outcomes.values()) >= n)
            answered = [frame for frame in FrameReader().feed(await wire.closed()) if frame.cn in ("9013", "9014")]
            wanted = [
                frame
                for frame in frames
                if frame.wants_answer and frame.error in (None, "cp") and (frame.mn, frame.pw) == (MN, "100000")
            ]
            assert len(answered) == len(wanted), code
            assert (await other.ask(neighbour.live(number))).cn == "9014", code
        assert not [reason for reason in metrics.errors if reason not in NEVER_DATA]
        assert running.gateway.fault is None
    assert field.outcomes(neighbour.station_id) == {"stored": len(SHOWN)}
    assert set(SHOWN) - set(metrics.deviations) == set()
    outcomes = field.outcomes(device.station_id)
    assert set(outcomes) == {"stored", "revised", "duplicate", "control", "refused", "quarantined"}
