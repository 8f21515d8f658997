"""The writers of files of history: hand in, load, drop; and what the worker does with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from psycopg.conninfo import make_conninfo

from ecobureau.clock import BEIJING, beijing, now
from ecobureau.config import data_dir
from ecobureau.domain.workflow import Refusal
from ecobureau.history.formats import BadTable, formats, moment, recognise
from ecobureau.history.load import Lines, Report, Station, loaded_before, plan_for, record_file, registry
from ecobureau.history.parallel import Job, Result, load_file
from ecobureau.rulepacks import load
from ecobureau.storage.types import Outcome
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer, viewer_of
from ecobureau.web.core.refusals import refuse
from ecobureau.web.places.door import places_of
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.factor_rows import factor_rows
from ecobureau.web.statistics.emission.days import take_outlets
from ecobureau.web.statistics.models import HistoryFile
from ecobureau.web.statistics.rights import SETS
from ecobureau.web.statistics.services_stations import follow_stations, take_from_stations, take_published
from ecobureau.web.telemetry import services as telemetry

MOST_BYTES = 500 * 1024 * 1024
KEPT = timedelta(days=7)
"""How long a file that nobody loads is kept."""
_OPEN = (HistoryFile.State.CHECKED, HistoryFile.State.FAILED)
_TOLD = 60


def may_load(viewer: Viewer) -> bool:
    """Say whether the viewer may hand in history."""
    return viewer.user_id is not None and bool(places_of(viewer, SETS))


def put_file(viewer: Viewer, upload: UploadedFile, *, options: Mapping[str, str]) -> HistoryFile:
    """Keep a file and have the worker check it.

    Args:
        options: `format`, `station`, `start`, `stamp`, `encoding`; empty = as found in the file.

    Raises:
        Refused: `core.no_access`, `history.too_large`.
    """
    if not may_load(viewer):
        refuse(Refusal("core.no_access", {}), actor=viewer.user_id, what="history file")
    if (upload.size or 0) > MOST_BYTES:
        most = {"most": MOST_BYTES // 1024 // 1024}
        refuse(Refusal("history.too_large", most), actor=viewer.user_id, what="history file")
    name = f"{uuid4().hex}.csv"
    path = _folder() / name
    digest = sha256()
    with path.open("wb") as out:
        path.chmod(0o600)
        for chunk in upload.chunks():
            digest.update(chunk)
            out.write(chunk)
    with transaction.atomic():
        made = HistoryFile.objects.create(
            name=(upload.name or "")[:200],
            stored=name,
            size=path.stat().st_size,
            sha256=digest.hexdigest(),
            asked_by_id=viewer.id,
            asked_at=now(),
            **options,
        )
        audit.write(viewer, "statistics.history.put", kind="history_file", object_id=made.pk, sha256=made.sha256)
        _jobs().check_file.defer(file_id=made.pk)
    return made


@transaction.atomic
def start_load(viewer: Viewer, file_id: int) -> HistoryFile:
    """Have the worker load a file that was checked.

    Raises:
        Refused: `core.no_access`, `history.state`.
    """
    row = _own(viewer, file_id)
    if row.state != HistoryFile.State.CHECKED:
        refuse(Refusal("history.state", {}), actor=viewer.user_id, what="history file")
    row.state, row.progress = HistoryFile.State.QUEUED, 0
    row.save(update_fields=["state", "progress"])
    audit.write(viewer, "statistics.history.load", kind="history_file", object_id=row.pk, sha256=row.sha256)
    _jobs().load_history.defer(file_id=row.pk, lock="history")
    return row


@transaction.atomic
def drop_file(viewer: Viewer, file_id: int) -> None:
    """Give a file up that was not loaded.

    Raises:
        Refused: `core.no_access`, `history.state`.
    """
    row = _own(viewer, file_id)
    if row.state not in _OPEN:
        refuse(Refusal("history.state", {}), actor=viewer.user_id, what="history file")
    _forget(row)
    audit.write(viewer, "statistics.history.drop", kind="history_file", object_id=row.pk, sha256=row.sha256)


def _own(viewer: Viewer, file_id: int) -> HistoryFile:
    row = HistoryFile.objects.select_for_update().get(pk=file_id)
    if not may_load(viewer) or row.asked_by_id != viewer.user_id:
        refuse(Refusal("core.no_access", {}), actor=viewer.user_id, what="history file")
    return row


def _forget(row: HistoryFile) -> None:
    (_folder() / row.stored).unlink(missing_ok=True)
    row.state, row.stored, row.ended_at = HistoryFile.State.DROPPED, "", now()
    row.save(update_fields=["state", "stored", "ended_at"])


def drop_stale() -> int:
    """Give up files that nobody has loaded for days; return how many."""
    rows = list(HistoryFile.objects.filter(state__in=_OPEN, asked_at__lt=now() - KEPT).exclude(stored=""))
    for row in rows:
        _forget(row)
    return len(rows)


# --- what the worker does ---------------------------------------------------------------------------------------------


def check(file_id: int) -> None:
    """Read a file without writing anything, and keep what it would do."""
    row = HistoryFile.objects.get(pk=file_id)
    if row.state in (HistoryFile.State.WAITING, HistoryFile.State.CHECKING):
        _work(row, HistoryFile.State.CHECKING, HistoryFile.State.CHECKED)


def load_checked(file_id: int) -> None:
    """Load a file into the store, and its hours into the statistics. Run twice, nothing is doubled."""
    row = HistoryFile.objects.get(pk=file_id)
    if row.state not in (HistoryFile.State.QUEUED, HistoryFile.State.LOADING):
        return
    report = _work(row, HistoryFile.State.LOADING, HistoryFile.State.DONE)
    if report is None:
        return
    (_folder() / row.stored).unlink(missing_ok=True)
    HistoryFile.objects.filter(pk=row.pk).update(stored="")
    if report.first is not None and report.last is not None:
        until, loaded = report.last + timedelta(days=1), list(report.stations)
        follow_stations()
        take_from_stations(report.first, until, only=loaded)
        take_published(report.first, until, only=loaded)
        take_outlets(loaded, beijing(report.first).date())


def _work(row: HistoryFile, during: str, after: str) -> Report | None:
    row.state, row.progress = during, 0
    row.save(update_fields=["state", "progress"])
    try:
        result, format_name = _load(row, write=during == HistoryFile.State.LOADING)
    except (BadTable, LookupError) as problem:
        row.state, row.ended_at = HistoryFile.State.FAILED, now()
        bad = problem if isinstance(problem, BadTable) else BadTable("history.no_encoding", encoding=row.encoding)
        row.fault = {"code": bad.code, "params": {key: str(value) for key, value in bad.params.items()}}
        row.save(update_fields=["state", "ended_at", "fault"])
        return None
    row.state, row.progress, row.ended_at = after, 100, now()
    row.result = _told(result, format_name) | {"before": row.result.get("before", "")}
    row.save(update_fields=["state", "progress", "ended_at", "result"])
    return result.report


def _load(row: HistoryFile, *, write: bool) -> tuple[Result, str]:
    path, only = _folder() / row.stored, row.station or None
    start = _moment(row.start)
    with path.open("rb") as stream:
        columns = Lines(stream, row.encoding).columns
    known = formats(load("history_formats"), beijing(now()).date())
    found = recognise(columns, known, row.format or None)
    plan_for(found, columns, start=start, only=only is not None)
    with telemetry.own_store() as conn:
        before = loaded_before(conn, bytes.fromhex(row.sha256))
        row.result = {"before": "" if before is None else before.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")}
        stations = _seen(registry(conn), viewer_of(row.asked_by))
        units = {one["code"]: one["unit"] for one in factor_rows()}
        ends = row.stamp == "end"
        job = Job(path, row.encoding, found, stations, _url() if write else None, {}, only, start, ends, units)
        result = load_file(job, _Progress(row), jobs=1)
        if write:
            by_id = {one.id: one for one in stations.values()}
            record_file(conn, by_id, result.report, row.name, bytes.fromhex(row.sha256), found.name)
    return result, found.name


def _seen(stations: Mapping[str, Station], viewer: Viewer) -> dict[str, Station]:
    """Return the stations of the registry that a person may load history for: those of the own places."""
    own = set(sources.stations(viewer).values_list("pk", flat=True))
    return {name: one for name, one in stations.items() if one.id in own}


def _moment(text: str) -> Any:
    if not text:
        return None
    try:
        return moment(text)
    except ValueError:
        raise BadTable("history.bad_start", text=text) from None


def _url() -> str:
    params = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    return make_conninfo(**{key: params[key] for key in names if params.get(key)})


class _Progress:
    """Writes how far a file is, one whole percent at a time."""

    def __init__(self, row: HistoryFile) -> None:
        self._pk, self._size, self._last = row.pk, max(1, row.size), 0

    def __call__(self, done: int) -> None:
        share = min(99, 100 * done // self._size)
        if share > self._last:
            self._last = share
            HistoryFile.objects.filter(pk=self._pk).update(progress=share)


def _told(result: Result, format_name: str) -> dict[str, Any]:
    report = result.report
    return {
        "format": format_name,
        **{name: getattr(report, name) for name in ("rows", "values", "empty", "bad", "cells", "frames")},
        **{one.value: report.outcomes[one] for one in (Outcome.STORED, Outcome.REVISED, Outcome.DUPLICATE)},
        "stations": len(report.stations),
        "first": "" if report.first is None else report.first.isoformat(),
        "last": "" if report.last is None else report.last.isoformat(),
        "unknown": report.unknown.most_common(20),
        "count": result.count,
        "problems": [
            [at, what.column, what.text[:60], what.code, {key: str(value) for key, value in what.params.items()}]
            for at, what in result.problems[:_TOLD]
        ],
    }


def _folder() -> Path:
    found = data_dir() / "history"
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def _jobs() -> Any:
    from ecobureau.web.statistics import jobs

    return jobs
