"""The installed program: its files, words and database programs."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import timedelta
from pathlib import Path

import ecobureau
from ecobureau.supervisor.cluster import find_binaries
from ecobureau.supervisor.doctor.findings import Finding, Surroundings, bad, ok, warn
from ecobureau.supervisor.errors import PostgresError
from ecobureau.words import LOCALE_DIR

LOOK_AHEAD = timedelta(days=60)
"""How far limits in working days reach at most, roughly: a year that begins within this must be known."""
PACKAGE = Path(ecobureau.__file__).parent


def postgres_programs(here: Surroundings) -> list[Finding]:
    """The PostgreSQL that comes along must be there and run, unless an external one is named."""
    if here.app_url is not None:
        return []
    try:
        folder = find_binaries()
    except PostgresError as error:
        return [Finding("bad", error.code, error.params)]
    try:
        done = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, cwd="/", timeout=30, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return bad("supervisor.pg.no_run", program=folder / "postgres", why=error)
    if done.returncode != 0:
        return bad("supervisor.pg.no_run", program=folder / "postgres", why=done.stderr.strip())
    return ok("doctor.pg.ok", version=done.stdout.strip())


def static_files(_: Surroundings, package: Path = PACKAGE) -> list[Finding]:
    """Every file of `web/static` must have been collected, and every collected file must be there."""
    source = package / "web" / "static"
    collected = Path(os.environ.get("ECOBUREAU_STATIC_ROOT", package / "web" / "staticfiles"))
    if not any((source / "vendor").glob("*")):
        return bad("doctor.static.no_vendor", folder=source / "vendor")
    try:
        paths: dict[str, str] = json.loads((collected / "staticfiles.json").read_text())["paths"]
    except (OSError, ValueError, KeyError):
        return bad("doctor.static.not_collected", folder=collected)
    wanted = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    missing = sorted(wanted - paths.keys()) + sorted(
        name for name, hashed in paths.items() if not (collected / hashed).is_file()
    )
    if missing:
        return bad("doctor.static.missing", count=len(missing), first=missing[0])
    return ok("doctor.static.ok", count=len(paths))


def words_compiled(_: Surroundings, locale: Path = LOCALE_DIR) -> list[Finding]:
    source = locale / "en" / "LC_MESSAGES" / "django.po"
    compiled = source.with_suffix(".mo")
    if not compiled.exists():
        return bad("doctor.words.missing", file=compiled)
    if source.exists() and source.stat().st_mtime > compiled.stat().st_mtime + 1:
        return bad("doctor.words.old", file=compiled)
    return ok("doctor.words.ok")


def working_days(here: Surroundings) -> list[Finding]:
    """Limits in working days need the official arrangement of this year, and near its end of the next."""
    from ecobureau.clock import beijing
    from ecobureau.web.core.calendars import is_official

    years = sorted({beijing(here.now).year, (beijing(here.now) + LOOK_AHEAD).year})
    missing = [year for year in years if not is_official(year)]
    if missing:
        return warn("doctor.calendar.missing", year=missing[0])
    return ok("doctor.calendar.ok", year=years[-1])


CHECKS = (postgres_programs, static_files, words_compiled, working_days)
