"""Answers to reporters over the API: who waits for one, and that it was given.

GET  /api/clues/answers           reporters whose matter has closed and who wait, the longest waiting first; masked
POST /api/clues/answers/<id>      {"way": "phone", "text": "…"}: what one of them was told, and how
"""

from __future__ import annotations

from typing import Any, cast

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ecobureau.web.clues import pool, services
from ecobureau.web.clues.forms import AnswerForm
from ecobureau.web.clues.pool import ReporterRow
from ecobureau.web.core import addresses, api, history
from ecobureau.web.core.access import Viewer


def _plain(row: ReporterRow) -> dict[str, Any]:
    who = row.reporter
    return {
        "id": who.pk,
        "clue": who.clue.number,
        "matter": who.matter.number,
        "matter_state": who.matter.state,
        "matter_url": addresses.of(who.matter),
        "closed_at": history.plain(who.matter.closed_at),
        "reported_at": history.plain(who.reported_at),
        "answered_at": history.plain(who.answered_at),
        "name": row.name,
        "phone": row.phone,
        "owed": row.owed,
    }


class Owed(APIView):
    """Reporters who wait for an answer, of the clues that the viewer handles."""

    def get(self, request: Request) -> Response:
        limit, offset = api.bounded(request, "limit", 50, api.MAX_LIMIT), api.bounded(request, "offset", 0, 100_000)
        rows, total = pool.owed_rows(_viewer(request), offset, limit)
        return Response({"count": total, "results": [_plain(row) for row in rows]})


class Answer(APIView):
    """The answer that one reporter was given."""

    def post(self, request: Request, pk: int) -> Response:
        viewer = _viewer(request)
        reporter = pool.reporter(viewer, pk)
        form = AnswerForm(request.data if isinstance(request.data, dict) else {})
        if not form.is_valid():
            raise ValidationError({name: [str(each) for each in errors] for name, errors in form.errors.items()})
        services.answer(reporter, viewer, **form.cleaned_data)
        return Response(_plain(pool.row_of(viewer, pk)))


def _viewer(request: Request) -> Viewer:
    return cast(Viewer, request._request.viewer)  # type: ignore[attr-defined]
