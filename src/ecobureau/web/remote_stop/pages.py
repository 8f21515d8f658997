"""Opening a remote stop from a clue. Everything else are pages of the kernel."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from ecobureau.domain.workflow import Refusal
from ecobureau.web.clues import selectors as clues
from ecobureau.web.core import addresses
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.remote_stop import services


@require_POST
@signed_in
def open_page(request: HttpRequest, number: str) -> HttpResponse:
    """Open a remote stop for a clue that the viewer sees."""
    viewer = viewer_in(request)
    clue = clues.clue(viewer, number)
    if clue is None:
        refuse(Refusal("core.not_found", {"number": number}), actor=viewer.user_id, what="remote_stop")
    return redirect(addresses.of(services.open_stop(viewer, clue=clue)))
