"""The machine: Python, folders, space, limits, clock, ports."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import stat
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ecobureau.config import key_file
from ecobureau.supervisor.doctor.findings import Finding, Surroundings, bad, ok, warn
from ecobureau.supervisor.loop import status
from ecobureau.supervisor.run import OPEN_FILES, answers, port_taken

LEAST_PYTHON = (3, 11)
SPACE_BAD = 1 << 30
SPACE_WARN = 10 << 30
FILES_BAD = 1024
FILES_WARN = 8192
BUILT = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock that shows less than this is wrong: the program was not written yet."""
_TIME_ERROR = 5


def python(_: Surroundings) -> list[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < LEAST_PYTHON:
        return bad("doctor.python.old", version=version)
    return ok("doctor.python.ok", version=version, program=sys.executable)


def data_folder(here: Surroundings) -> list[Finding]:
    if not here.data.exists():
        parent = next(folder for folder in here.data.parents if folder.exists())
        if not os.access(parent, os.W_OK | os.X_OK):
            return bad("doctor.data.cannot_make", folder=here.data, parent=parent)
        return ok("doctor.data.none_yet", folder=here.data)
    if not here.data.is_dir():
        return bad("doctor.data.no_folder", folder=here.data)
    if not os.access(here.data, os.R_OK | os.W_OK | os.X_OK):
        return bad("doctor.data.unwritable", folder=here.data)
    return ok("doctor.data.ok", folder=here.data)


def private_files(here: Surroundings) -> list[Finding]:
    """Files that hold secrets must be readable by their owner alone, and by us."""
    found: list[Finding] = []
    for file in (here.data / "secret", key_file(), here.data / "django-secret"):
        if not file.exists():
            continue
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & 0o077:
            found += bad("doctor.private.open", file=file, mode=f"{mode:o}")
        elif not os.access(file, os.R_OK):
            found += bad("doctor.private.unreadable", file=file)
    return found or ok("doctor.private.ok")


def disk_space(here: Surroundings) -> list[Finding]:
    folder = next(folder for folder in (here.data, *here.data.parents) if folder.exists())
    usage = shutil.disk_usage(folder)
    counts = os.statvfs(folder)
    params: dict[str, object] = {
        "folder": folder,
        "free": f"{usage.free / (1 << 30):.1f}",
        "share": f"{100 * usage.free / max(usage.total, 1):.0f}",
    }
    if usage.free < SPACE_BAD:
        return bad("doctor.disk.full", **params)
    if counts.f_files and counts.f_favail / counts.f_files < 0.02:
        return bad("doctor.disk.inodes", folder=folder)
    if usage.free < SPACE_WARN:
        return warn("doctor.disk.low", **params)
    return ok("doctor.disk.ok", **params)


def open_files(_: Surroundings) -> list[Finding]:
    """`up` raises the soft limit by itself as far as the hard one goes."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if count < FILES_BAD:
        return bad("doctor.files.few", count=count)
    if count < FILES_WARN:
        return warn("doctor.files.low", count=count)
    return ok("doctor.files.ok", count=count)


def clock_sane(here: Surroundings) -> list[Finding]:
    if here.now < BUILT:
        return bad("doctor.clock.past", now=here.now.isoformat(timespec="seconds"))
    try:
        offset = here.now.astimezone(ZoneInfo("Asia/Shanghai")).utcoffset()
    except ZoneInfoNotFoundError:
        return bad("doctor.clock.no_zones")
    if offset != timedelta(hours=8):
        return bad("doctor.clock.no_zones")
    if _unsynchronised():
        return warn("doctor.clock.unsynchronised", now=here.now.isoformat(timespec="seconds"))
    return ok("doctor.clock.ok", now=here.now.isoformat(timespec="seconds"))


def _unsynchronised() -> bool:
    """Does the kernel say that nobody keeps its clock right? (Reading only: `modes` is 0.)"""
    if sys.platform != "linux":
        return False
    timex = ctypes.create_string_buffer(512)
    try:
        return bool(ctypes.CDLL(None).ntp_adjtime(timex) == _TIME_ERROR)
    except (OSError, AttributeError):
        return False


def processes(here: Surroundings) -> list[Finding]:
    """Is the bureau running, do its ports answer, does a child keep dying?"""
    state = status(here.data)
    if state is None:
        found = []
        for port, option in ((here.web_port, "--web-port"), (here.gateway_port, "--gateway-port")):
            if port_taken(here.host, port):
                found += bad("doctor.ports.taken", port=port, option=option)
        return found or ok("doctor.ports.free", web=here.web_port, gateway=here.gateway_port)
    found = ok("doctor.running.ok", pid=state["pid"], url=state["url"])
    for name, child in state["children"].items():
        if child["pid"] is None:
            found += bad("doctor.running.down", name=name, count=child["restarts"])
        elif child["restarts"]:
            found += warn("doctor.running.restarted", name=name, count=child["restarts"])
    host, _, port = state["url"].removeprefix("http://").rstrip("/").rpartition(":")
    if port.isdigit() and not answers(host.strip("[]"), int(port)):
        found += bad("doctor.running.no_answer", url=state["url"])
    return found


def demonstration(_: Surroundings) -> list[Finding]:
    if os.environ.get("ECOBUREAU_DEMO") == "1":
        return warn("doctor.demo.on")
    return []


CHECKS = (python, data_folder, private_files, disk_space, open_files, clock_sane, processes, demonstration)
