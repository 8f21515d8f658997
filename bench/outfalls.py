"""How long a register of 9,000 outfalls takes to come in from a workbook: checked first, then written.

    python bench/outfalls.py [--rows 9000]

Builds a workbook with codes, names, kinds, places inside the city's real grids; one row in three names its enterprise.
Then, on a fresh embedded PostgreSQL (fsync on): a file with faults, a dry run, the import, the same file again.
Prints one JSON line a stage with seconds, and those of the processor in this process.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HEAD = (
    "排污口编码", "排污口名称", "类型", "受纳水体", "经度", "纬度", "口门尺寸", "责任主体", "统一社会信用代码",
    "责任人", "联系电话",
)  # fmt: skip


@contextmanager
def stage(name: str, **more: Any) -> Iterator[dict[str, Any]]:
    """Print what a stage took; further words may be put into what it yields."""
    said: dict[str, Any] = {"stage": name, **more}
    began, spent = time.monotonic(), time.process_time()
    yield said
    took = {"seconds": round(time.monotonic() - began, 2), "cpu_s": round(time.process_time() - spent, 2)}
    print(json.dumps({**said, **took, "load": round(os.getloadavg()[0], 1)}, ensure_ascii=False), flush=True)


def workbook(rows: int, firms: list[str], faults: bool) -> bytes:
    """Return a workbook of outfalls inside the city; with `faults`, every hundredth lies far outside."""
    from openpyxl import Workbook

    from ecobureau.domain.geo import read_shape
    from ecobureau.web.outfalls import selectors
    from ecobureau.web.places.locating import division_codes
    from ecobureau.web.places.models import Area, Level

    rng = random.Random(9)
    areas = [
        (read_shape(area.polygon), area.organisation.parent)
        for area in Area.objects.filter(organisation__level=Level.GRID).select_related("organisation__parent")
    ]
    numbers, kinds, book = division_codes(), list(selectors.kinds()), Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(HEAD)
    last: dict[str, int] = {}
    for number in range(rows):
        shape, above = areas[rng.randrange(len(areas))]
        division, kind = numbers[above.path], rng.choice(kinds)  # type: ignore[union-attr]
        last[division] = last.get(division, 0) + 1
        lon, lat = shape.centre
        if faults and number % 100 == 0:
            lon += 9.0
        firm = rng.choice(firms) if number % 3 == 0 else None
        sheet.append(
            (f"{division}-{last[division]:04d}-{kind}-00", f"测试排口{number}", kind, "府河",
             round(lon + rng.uniform(-2e-4, 2e-4), 6), round(lat + rng.uniform(-2e-4, 2e-4), 6), "DN500",
             None if firm else "某街道", firm, "王某", "13800000000")
        )  # fmt: skip
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def measure(rows: int) -> None:
    """Run the stages on the database that the environment names."""
    import django

    django.setup()
    from ecobureau.clock import beijing, now
    from ecobureau.domain.credit_code import check_letter
    from ecobureau.web.core.access import SYSTEM
    from ecobureau.web.outfalls.models import Outfall
    from ecobureau.web.outfalls.table import OUTFALLS
    from ecobureau.web.places.city import load_city
    from ecobureau.web.sources import services
    from ecobureau.web.sources.importing import read_table, run_import

    load_city(SYSTEM, on=beijing(now()).date())
    bodies = [f"91420100MA4K{number:05d}" for number in range(200)]
    firms = [body + check_letter(body) for body in bodies]
    for code in firms:
        services.make_enterprise(SYSTEM, code=code, name=f"企业{code[-6:]}")
    good, bad = workbook(rows, firms, False), workbook(rows, firms, True)
    for name, data, dry in (
        ("faults", bad, True),
        ("dry_run", good, True),
        ("import", good, False),
        ("again", good, False),
    ):
        with stage(name, rows=rows, bytes=len(data)) as said:
            report = run_import(OUTFALLS, read_table(data, "a.xlsx"), SYSTEM, dry_run=dry)
            said |= {"made": report.made, "problems": report.problem_count, "applied": report.applied}
    print(json.dumps({"stage": "held", "outfalls": Outfall.objects.count()}))


def main() -> int:
    """Prepare a database in a temporary folder, measure there, and take it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=9000)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        measure(args.rows)
        return 0
    from ecobureau.supervisor.postgres import EmbeddedPostgres

    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with EmbeddedPostgres(data / "pg") as server:
            env = os.environ | {
                "DATABASE_OWNER_URL": server.url("owner"),
                "DATABASE_URL": server.url("owner"),
                "ECOBUREAU_DATA": folder,
                "ECOBUREAU_SECRET_KEY": "bench",
                "DJANGO_SETTINGS_MODULE": "ecobureau.web.settings",
                "ECOBUREAU_NO_POOL": "1",
            }
            subprocess.run([sys.executable, "-m", "django", "migrate", "--noinput", "-v", "0"], check=True, env=env)
            again = [sys.executable, __file__, "--inside", "--rows", str(args.rows)]
            return subprocess.run(again, check=False, env=env).returncode


if __name__ == "__main__":
    raise SystemExit(main())
