"""`POST /api/clues`: what registered sources report; `GET /api/clues/schema.json`: the shape it must have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from ecobureau.web.clues import intake, pool, services
from ecobureau.web.clues.models import Clue, ClueSource
from ecobureau.web.core import addresses
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.middleware import language_of, status_of
from ecobureau.web.core.pages.common import viewer_in
from ecobureau.web.core.refusals import REFUSALS, Refused
from ecobureau.words import say

_STATUS = {
    "clues.intake.key_taken": 409,
    "clues.source.closed": 403,
    "clues.intake.no_source": 403,
    "clues.point_elsewhere": 422,
    "clues.intake.elsewhere": 422,
}


@require_GET
def schema_view(request: HttpRequest) -> JsonResponse:
    """The JSON schema of a report. It holds no data of the bureau and needs no key."""
    made = intake.schema(language_of(request), request.build_absolute_uri())
    response = JsonResponse(made, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response.headers["Content-Type"] = "application/schema+json; charset=utf-8"
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@csrf_exempt
def report_view(request: HttpRequest) -> HttpResponse:
    """Take a report of a source's key: 201 with a new clue, 200 with the one that the same key has made before."""
    if request.method != "POST":
        response: HttpResponse = _no(request, 405, "clues.intake.method")
        response.headers["Allow"] = "POST"
        return response
    key_of = getattr(request, "api_key", None)
    if key_of is None:
        # A browser's session does not count here: nothing of it proves that the page meant this.
        response = _no(request, 401, "clues.intake.no_key")
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    source = pool.source_of_account(key_of.user_id)
    if source is None:
        return _no(request, 403, "clues.intake.no_source")
    body = _body(request)
    if isinstance(body, HttpResponse):
        return body
    key = request.headers.get("Idempotency-Key", "").strip()
    if not intake.KEY.match(key):
        return _no(request, 400, "clues.intake.no_idempotency")
    values, problems = intake.check(body)
    if problems:
        return _problems(request, problems)
    try:
        clue, fresh = take(viewer_in(request), source, key, body, values)
    except Refused as refused:
        status = _STATUS.get(refused.code, status_of(refused.code))
        return JsonResponse({"code": refused.code, "detail": refused.text(language_of(request))}, status=status)
    return JsonResponse(_told(request, clue, fresh), status=201 if fresh else 200)


def take(
    account: Viewer, source: ClueSource, key: str, body: Mapping[str, Any], values: dict[str, Any]
) -> tuple[Clue, bool]:
    """Open the clue of a checked report, or return the one that its key has made before.

    Raises:
        Refused: see `services.receive`; the place named lies outside the source's.
    """
    place = values.pop("place", source.org_path)

    def register(actor: Viewer) -> Clue:
        return services.register_report(actor, source, place=place, **values)

    return services.receive(account, source, key, body, register)


def _told(request: HttpRequest, clue: Clue, fresh: bool) -> dict[str, Any]:
    address = addresses.of(clue)
    return {
        "number": clue.number,
        "state": clue.state,
        "level": clue.level,
        "created": fresh,
        "received_at": clue.created_at.isoformat(),
        "url": request.build_absolute_uri(address),
    }


def _body(request: HttpRequest) -> dict[str, Any] | HttpResponse:
    if request.content_type != "application/json":
        return _no(request, 415, "clues.intake.not_json_type")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > intake.MOST_BYTES:
        return _no(request, 413, "clues.intake.too_large", most=intake.MOST_BYTES // 1024)
    try:
        found = json.loads(request.body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return _no(request, 400, "clues.intake.not_json")
    return found if isinstance(found, dict) else _no(request, 400, "clues.intake.not_object")


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _no(request: HttpRequest, status: int, code: str, **params: Any) -> JsonResponse:
    REFUSALS.labels(code).inc()
    return JsonResponse({"code": code, "detail": say(code, language_of(request), **params)}, status=status)


def _problems(request: HttpRequest, problems: list[intake.Problem]) -> JsonResponse:
    lang = language_of(request)
    REFUSALS.labels("clues.intake.invalid").inc()
    told = [{"field": each.field, "code": each.code, "detail": each.text(lang)} for each in problems]
    body = {"code": "clues.intake.invalid", "detail": say("clues.intake.invalid", lang, n=len(told)), "errors": told}
    return JsonResponse(body, status=422)
