"""Enters the stations of a file into the registry of the database that `DATABASE_URL` names, as the pages would."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import django

from ecobureau.simulator.plan import load_fleet

django.setup()

from ecobureau import clock  # noqa: E402
from ecobureau.web.core.access import SYSTEM  # noqa: E402
from ecobureau.web.sources import services as sources  # noqa: E402


def main(path: Path) -> None:
    for plan in load_fleet(path):
        station = sources.make_station(SYSTEM, code=plan.mn[-20:], name=plan.name, st=plan.st)
        sources.make_logger(
            SYSTEM,
            station,
            mn=plan.mn,
            password=plan.pw,
            sm4_key=plan.key,
            stamp_rule=plan.stamp,
            accept_from=clock.now() - timedelta(days=3),
            edition=plan.edition,
            rtd_interval_s=plan.rtd_interval,
            minute_interval=plan.minute_interval,
            max_frames_per_minute=100_000,
        )


main(Path(sys.argv[1]))
