"""The beat of an open page."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from ecobureau.web.core import presence, selectors
from ecobureau.web.core.pages.common import kind_at, signed_in, viewer_in


@require_POST
@signed_in
def beat_page(request: HttpRequest, plural: str, number: str) -> JsonResponse:
    """Say that the page is open (`leave=1`: was closed); answers with the names of those who read it as well."""
    viewer = viewer_in(request)
    record = selectors.get(viewer, kind_at(plural), number)
    if request.POST.get("leave") == "1":
        presence.leave(viewer, record)
        return JsonResponse({"others": []})
    return JsonResponse({"others": presence.beat(viewer, record)})
