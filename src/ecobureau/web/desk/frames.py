"""A raw frame as it came: bytes, digest, outcome, and what the protocol room reads in it."""

from __future__ import annotations

import json

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecobureau.domain.hj212 import FrameReader
from ecobureau.domain.hj212.segment import decode
from ecobureau.domain.workflow import Refusal
from ecobureau.storage import read
from ecobureau.web.core import audit
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.desk.reasons import reason_of
from ecobureau.web.sources import selectors as sources

_OUTCOMES = {
    "stored": lambda: _("已入库"),
    "revised": lambda: _("改写"),
    "duplicate": lambda: _("重复"),
    "control": lambda: _("交互"),
    "pending_part": lambda: _("待拼包"),
    "refused": lambda: _("拒收"),
    "quarantined": lambda: _("隔离"),
}


@require_GET
@signed_in
def frame_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One raw frame; looking at it is audited, since it is evidence."""
    viewer = viewer_in(request)
    connection.ensure_connection()
    raw = read.raw_frame(connection.connection, pk)
    station = sources.station(viewer, raw.station_id) if raw is not None and raw.station_id else None
    if raw is None or station is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="frame")
    audit.write(viewer, "open_original", kind="frame", object_id=pk, number=str(pk))
    reader = FrameReader(key_for=sources.sm4_keys(station.pk).get)
    frames = [*reader.feed(raw.raw), *reader.close()]
    context = {
        "raw": raw,
        "reason": reason_of(raw.reason) if raw.reason else None,
        "station": station,
        "text": decode(raw.raw)[0],
        "sha256": raw.sha256.hex(),
        "outcome": _OUTCOMES.get(raw.outcome, lambda: raw.outcome)(),
        "decoded": [json.dumps(frame.to_json(), ensure_ascii=False, indent=1) for frame in frames],
    }
    return render(request, "desk/frame.html", context)
