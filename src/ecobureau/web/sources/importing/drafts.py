"""An import in two steps on a page: checked at upload, kept sealed, imported when the person says so."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import transaction

from ecobureau import clock
from ecobureau.secret import seal, unseal
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import Refused
from ecobureau.web.places.changes import note_change
from ecobureau.web.places.door import must_change
from ecobureau.web.sources.importing.kinds import ImportKind, kind_of
from ecobureau.web.sources.importing.run import Report, run_import
from ecobureau.web.sources.importing.tables import read_table
from ecobureau.web.sources.models import ImportDraft

KEEP = timedelta(days=1)


def _door(kind: ImportKind) -> str:
    return "roster" if kind.name == "rosters" else "registry"


def start(actor: Viewer, kind: ImportKind, name: str, data: bytes) -> ImportDraft:
    """Try an uploaded table and keep it for `apply`; bad ones are kept as their report alone.

    Raises:
        BadFile: it cannot be read as a table of this kind; Refused: no right to change anything.
    """
    must_change(actor, what=_door(kind))
    _forget_old()
    report = run_import(kind, read_table(data, name), actor, dry_run=True)
    return ImportDraft.objects.create(
        uuid=uuid4(),
        kind=kind.name,
        name=name[-200:],
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        sealed=seal(base64.b64encode(data).decode()) if report.good else None,
        state=ImportDraft.State.CHECKED if report.good else ImportDraft.State.REFUSED,
        by=actor.user_id,
        by_name=actor.name,
        at=clock.now(),
        **_plain(report),
    )


@transaction.atomic
def apply(actor: Viewer, uuid: UUID) -> ImportDraft:
    """Import a checked table of one's own; it may find problems that were not there at the check.

    Raises:
        Refused: `import.gone` when it was imported, dropped, somebody else's or too old; no right.
    """
    draft = _own(actor, uuid)
    kind = kind_of(draft.kind)
    if kind is None or draft.sealed is None or draft.state != ImportDraft.State.CHECKED:
        raise Refused("import.gone")
    must_change(actor, what=_door(kind))
    data = base64.b64decode(unseal(bytes(draft.sealed)))
    report = run_import(kind, read_table(data, draft.name), actor, dry_run=False)
    for name, value in _plain(report).items():
        setattr(draft, name, value)
    draft.state = ImportDraft.State.APPLIED if report.applied else ImportDraft.State.REFUSED
    draft.sealed = None
    draft.save()
    note_change(
        actor,
        "import",
        draft,
        number=draft.name,
        kind_of_table=kind.name,
        sha256=draft.sha256,
        rows=report.rows,
        made=report.made,
        changed_rows=report.changed,
        applied=report.applied,
    )
    return draft


@transaction.atomic
def drop(actor: Viewer, uuid: UUID) -> None:
    """Give up a checked table of one's own; its file goes at once."""
    draft = _own(actor, uuid)
    if draft.state == ImportDraft.State.CHECKED:
        draft.state, draft.sealed = ImportDraft.State.DROPPED, None
        draft.save(update_fields=["state", "sealed"])


def find(actor: Viewer, uuid: UUID) -> ImportDraft | None:
    """Return an upload of one's own, or None."""
    return ImportDraft.objects.filter(uuid=uuid, by=actor.user_id).first()


def recent(actor: Viewer, most: int = 20) -> list[ImportDraft]:
    """Return one's own uploads, newest first."""
    return list(ImportDraft.objects.filter(by=actor.user_id).defer("sealed", "problems", "preview")[:most])


def _own(actor: Viewer, uuid: UUID) -> ImportDraft:
    draft = ImportDraft.objects.select_for_update().filter(uuid=uuid, by=actor.user_id).first()
    if draft is None or draft.at < clock.now() - KEEP:
        raise Refused("import.gone")
    return draft


def _forget_old() -> None:
    old = ImportDraft.objects.filter(at__lt=clock.now() - KEEP, sealed__isnull=False)
    old.update(sealed=None, state=ImportDraft.State.DROPPED)


def _plain(report: Report) -> dict[str, object]:
    return {
        "rows": report.rows,
        "made": report.made,
        "changed": report.changed,
        "same": report.same,
        "problem_count": report.problem_count,
        "problems": [[each.row, each.column, each.code, _words(each.params)] for each in report.problems],
        "header": list(report.header),
        "preview": [[number, list(cells)] for number, cells in report.preview],
    }


def _words(params: object) -> dict[str, object]:
    found = dict(params) if isinstance(params, dict) else {}
    return {key: value if isinstance(value, int | float | str | bool) else str(value) for key, value in found.items()}
