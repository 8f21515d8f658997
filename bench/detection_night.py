"""Cost of a nightly pass in the running system: a loaded database, real reading, real processes, real keeping.

    python bench/detection_night.py                   250 outlets x 60 days hourly
    python bench/detection_night.py --outlets 40

An embedded PostgreSQL of its own is filled through the store's own writer with the simulator's plants (each repeated in
turn); then a night is run as any other, with the refits of one weekday, and the daily totals are summed up. Seconds of
the wall clock count what else the machine does; seconds of the processors do not (those of PostgreSQL stand apart).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

DAYS = 60
BODY = "91420100MA4KABCD1"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outlets", type=int, default=250)
    parser.add_argument("--plants", type=int, default=25, help="different plants of the simulator")
    parser.add_argument("--city", type=int, default=1000)
    args = parser.parse_args()
    from ecobureau.supervisor.postgres import EmbeddedPostgres

    with (
        tempfile.TemporaryDirectory(prefix="night-") as folder,
        EmbeddedPostgres(Path(folder), fast_unsafe=True) as server,
    ):
        os.environ["DATABASE_URL"] = os.environ["DATABASE_OWNER_URL"] = server.url("owner")
        os.environ.setdefault("ECOBUREAU_SECRET_KEY", "bench")
        os.environ["ECOBUREAU_DATA"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "ecobureau.web.settings"
        measure(args.outlets, args.plants, args.city)


def measure(outlets: int, plants: int, city: int) -> None:
    """Fill the database, run two nights and the totals, print what they cost."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from ecobureau.web.detection import pool, services, totals
    from ecobureau.web.detection.models import Pass

    began = time.perf_counter()
    ids, until, values = fill(outlets, plants)
    wrote = time.perf_counter() - began
    print(f"{outlets} outlets, {values} values of {DAYS} days written in {wrote:.0f} s")
    already_fitted(ids, until - timedelta(days=1))
    began, spent = time.perf_counter(), time.process_time()
    one = services.run_pass(Pass.Kind.NIGHTLY, ids, until, days=DAYS)
    took, reading = time.perf_counter() - began, time.process_time() - spent
    computing = sum(seconds_of(child.pid or 0) for child in active_children())
    for words, seconds in (("wall clock", took), ("processors", reading + computing)):
        each, whole = 1000 * seconds / outlets / DAYS, seconds * city / outlets
        print(f"night, {words}: {seconds:.1f} s, {each:.2f} ms/outlet-day; {city} outlets: {whole:.0f} s")
    refits = one.refit_s * city / outlets
    print(
        f"of the processors: reading and keeping {reading:.1f} s, computing {computing:.1f} s, of it"
        f" {one.refits} refits {one.refit_s:.1f} s ({city} outlets: {refits:.0f} s)"
    )
    print(f"{one.findings} new findings, {one.clues} new clues, {len(one.failed)} failed")
    memory = [memory_of(child.pid or 0) for child in active_children()]
    for words, since in (("first time", totals.whole_year(until)), ("nothing new", None)):
        began = time.perf_counter()
        rows = totals.refresh(ids, until, since=since)
        print(f"daily totals, {words}: {rows} rows in {time.perf_counter() - began:.1f} s")
    pool.close()
    mine = memory_of(os.getpid())
    load = os.getloadavg()[1]
    print(f"greatest memory: reading {mine} MiB, computing {memory} MiB; {os.cpu_count()} processors, load {load:.1f}")


def already_fitted(ids: list[int], at: datetime) -> None:
    """Note for every outlet that its models were fitted before, so that the night fits those of its weekday alone."""
    from ecobureau.web.detection.models import ModelCard

    learnt = {"family": "robust", "logs": True, "samples": 0, "scale": 0, "explained": 0, "took_s": 0}
    times = {"start_at": at, "end_at": at, "fitted_at": at}
    ModelCard.objects.bulk_create(ModelCard(outlet_id=pk, factor="bench", **learnt, **times) for pk in ids)


def seconds_of(pid: int) -> float:
    """Return the seconds of the processors that a running process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int) -> int:
    """Return the greatest memory of a running process, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


def fill(outlets: int, plants: int) -> tuple[list[int], datetime, int]:
    """Register outlets and write their hours; returns ids, the end of the data, how many values."""
    import psycopg
    from bench.detection import inputs_of

    from ecobureau.commands.detect import params_of
    from ecobureau.domain.credit_code import check_letter
    from ecobureau.storage import books
    from ecobureau.storage.writer import Writer
    from ecobureau.web.core.access import SYSTEM
    from ecobureau.web.detection.models import ChainLink
    from ecobureau.web.places import services as places
    from ecobureau.web.sources import services as sources

    fleet = inputs_of(3, plants, 60, params_of(datetime(2026, 3, 1, tzinfo=UTC).date()))
    until = datetime.fromtimestamp(max(series.end for series, _f, _d in fleet), UTC)
    sources.sync_factors(SYSTEM)
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="武汉市中心")
    places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸区分中心")
    ids, values = [], 0
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as conn:
        run, writer = books.start_run(conn, "bench", "here", 1, until), Writer(conn)
        for number in range(outlets):
            series, facts, _declared = fleet[number % len(fleet)]
            body = f"{BODY[:13]}{number:04d}"
            place = {"org_path": "/wuhan/jiangan/"}
            industry = facts.industry
            firm = sources.make_enterprise(
                SYSTEM, code=body + check_letter(body), name=f"企业{number}", industry=industry, **place
            )
            medium = "air" if series.kind == "gas" else "water"
            outlet = sources.make_outlet(SYSTEM, firm, code=f"D{number:04d}", name=f"排口{number}", medium=medium)
            st = "31" if series.kind == "gas" else "32"
            own = sources.make_station(SYSTEM, code=f"S{number:04d}", name=f"站{number}", st=st, outlet=outlet)
            first = datetime.fromtimestamp(int(series.t[0]), UTC)
            for code, one in facts.factors.items():
                if one.limit:
                    sources.set_limit(
                        SYSTEM, outlet, code, value=str(one.limit), source="bench", valid_from=first.date(), field="avg"
                    )
            # Meters report through the outlet's own station, the inlet through one of its own.
            renamed = {"pw_prod": "kw1", "pw_treat": "kw2"}
            for role, code in (("prod", "pw_prod"), ("treat", "pw_treat")):
                if code in series.avg:
                    ChainLink.objects.create(outlet=outlet, role=role, station=own, factor=renamed[code], rated_kw=1000)
            parts = [(own.pk, st, series)]
            if series.inlet is not None:
                inlet = sources.make_station(SYSTEM, code=f"I{number:04d}", name=f"进口{number}", st=st, **place)
                ChainLink.objects.create(outlet=outlet, role="inlet", station=inlet)
                parts.append((inlet.pk, st, series.inlet))
            for station, kind, one in parts:
                for batch in batches(station, kind, one, run, renamed):
                    writer.write(batch)
                values += sum(int(np.isfinite(row).sum()) for row in one.avg.values())
            ids.append(outlet.pk)
    return ids, until, values


def batches(station: int, st: str, series: Any, run: int, renamed: dict[str, str]) -> Iterator[list[Any]]:
    """Yield the frames of a series, a thousand at a time."""
    from ecobureau.storage.types import Arrival, Kind, Period, Reading

    batch: list[Any] = []
    for at in range(len(series)):
        begin = datetime.fromtimestamp(int(series.t[at]), UTC)
        end = begin + timedelta(hours=1)
        readings = []
        for code, row in series.avg.items():
            if np.isnan(row[at]):
                continue
            stats = {"avg": f"{row[at]:.3f}"}
            if code in series.zs and np.isfinite(series.zs[code][at]):
                stats["zs_avg"] = f"{series.zs[code][at]:.3f}"
            readings.append(Reading.of(renamed.get(code, code), "", stats, str(series.flag[code][at]) or "N"))
        if not readings:
            continue
        raw = f"{station} {at}".encode()
        period = Period(station, st, Kind.HOUR, 3600, begin, end, readings)
        batch.append(Arrival(end, raw, sha256(raw).digest(), run, station, "MN", "2061", "data", period=period))
        if len(batch) == 1000:
            yield batch
            batch = []
    if batch:
        yield batch


if __name__ == "__main__":
    main()
