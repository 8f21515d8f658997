"""The JSON API of every registered kind: the same filters, the same door, the same services as the pages.

GET  /api/<plural>/?state=…&q=…&limit=&offset=     list      POST /api/<plural>/                  make one
GET  /api/<plural>/<number>/                       one       POST /api/<plural>/<number>/do/<verb>/  do a verb
POST /api/<plural>/import/                         a table
POST /api/<plural>/<number>/files/                 a file    GET  /api/schema                     OpenAPI
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.views import exception_handler as plain_handler

from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import (
    access,
    addresses,
    attachments,
    columns,
    history,
    importing,
    registry,
    selectors,
    services,
)
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.forms import FileForm, create_form, verb_form
from ecobureau.web.core.middleware import language_of, status_of
from ecobureau.web.core.pages.details import act_on
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.web.core.registry import Kind
from ecobureau.web.core.tables import BadFile
from ecobureau.words import say

MAX_LIMIT = 500


def on_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Say a refusal as JSON with its status and code; everything else as DRF does."""
    if isinstance(error, Refused):
        text = error.text(language_of(context["request"]))
        return Response({"code": error.code, "detail": text}, status=status_of(error.code))
    return plain_handler(error, context)


def plain(kind: Kind, record: Any) -> dict[str, Any]:
    """Return a record as the API shows it: every column of the kind, codes beside words, version and address."""
    shown = {column.key: history.plain(column.of(record)) for column in columns.columns(kind)}
    state = {"state": record.state, "state_name": say(kind.flow.state(record.state).name)}
    place = {"grid": record.grid, "lon": record.lon, "lat": record.lat}
    return {**shown, **state, **place, "kind": kind.code, "version": record.version, "url": addresses.of(record)}


@lru_cache(maxsize=64)
def _serializer(code: str) -> type[serializers.Serializer]:
    """Return the shape of a kind's records for the OpenAPI schema."""
    kind = registry.get(code)
    fixed: dict[str, serializers.Field] = {
        "kind": serializers.CharField(),
        "number": serializers.CharField(),
        "title": serializers.CharField(),
        "state": serializers.ChoiceField(choices=[state.code for state in kind.flow.states]),
        "state_name": serializers.CharField(),
        "level": serializers.ChoiceField(choices=["red", "orange", "yellow", "blue"]),
        "grid": serializers.CharField(),
        "lon": serializers.FloatField(allow_null=True),
        "lat": serializers.FloatField(allow_null=True),
        "created_at": serializers.DateTimeField(),
        "updated_at": serializers.DateTimeField(),
        "closed_at": serializers.DateTimeField(allow_null=True),
        "version": serializers.IntegerField(),
        "url": serializers.CharField(),
    }
    own = {column.key: serializers.JSONField(label=column.name) for column in columns.columns(kind)}
    return cast(
        "type[serializers.Serializer]", type(f"{code.title()}Record", (serializers.Serializer,), {**own, **fixed})
    )


class _KindView(APIView):
    """A view of one kind; `kind` is set when the address is resolved."""

    kind: Kind

    def viewer(self) -> Viewer:
        return cast(Viewer, self.request._request.viewer)  # type: ignore[attr-defined]

    def record(self, number: str) -> Any:
        return selectors.get(self.viewer(), self.kind, number)


def _wrong(form: Any) -> ValidationError:
    return ValidationError({name: list(errors) for name, errors in form.errors.items()})


def _body(request: Request) -> dict[str, Any]:
    """Return the body, which must be an object."""
    if not isinstance(request.data, dict):
        raise ValidationError({"detail": [say("core.api.object")]})
    return request.data


def bounded(request: Request, name: str, default: int, most: int) -> int:
    """Return a whole number of the query, `default` where it is not given.

    Raises:
        ValidationError: no number, or above `most`.
    """
    text = request.query_params.get(name, str(default))
    if not text.isdigit() or int(text) > most:
        raise ValidationError({name: [say("core.api.number", None, most=most)]})
    return int(text)


class Collection(_KindView):
    """All records of a kind within the viewer's scope."""

    def get(self, request: Request, **_: Any) -> Response:
        limit, offset = bounded(request, "limit", 50, MAX_LIMIT), bounded(request, "offset", 0, 100_000)
        filters, queryset = selectors.found(self.viewer(), self.kind, request._request.GET)
        if not filters.is_valid():
            raise _wrong(filters.form)
        total = queryset.order_by()[: selectors.COUNT_LIMIT + 1].count()
        rows = queryset[offset : offset + limit]
        counted = {"count": min(total, selectors.COUNT_LIMIT), "more_than_count": total > selectors.COUNT_LIMIT}
        return Response({**counted, "results": [plain(self.kind, record) for record in rows]})

    def post(self, request: Request, **_: Any) -> Response:
        if self.kind.create is None:
            refuse(Refusal("core.no_create"), actor=self.viewer().user_id, what=self.kind.code)
        form = create_form(self.kind, _body(request), request.FILES, viewer=self.viewer())
        if not form.is_valid():
            raise _wrong(form)
        record = self.kind.create(self.viewer(), **form.cleaned_data)
        return Response(plain(self.kind, record), status=status.HTTP_201_CREATED)


class Item(_KindView):
    """One record with its verbs, clocks, history and files."""

    def get(self, request: Request, number: str, **_: Any) -> Response:
        record = self.record(number)
        viewer = self.viewer()
        badges = selectors.clock_badges(self.kind, [record], done=True).get(record.pk, [])
        return Response(
            {
                **plain(self.kind, record),
                "verbs": [
                    {"verb": verb.move.verb, "name": verb.name, "url": verb.url, "hindrance": verb.hindrance}
                    for verb in selectors.verbs(viewer, record)
                ],
                "clocks": [
                    {
                        "name": str(badge.label),
                        "state": badge.state,
                        "due": history.plain(badge.due),
                        "text": badge.words,
                    }
                    for badge in badges
                ],
                "history": [
                    {
                        "seq": entry.seq,
                        "at": history.plain(entry.at),
                        "verb": entry.verb,
                        "name": entry.name,
                        "from": entry.from_state,
                        "to": entry.to_state,
                        "actor": entry.actor,
                        "reason": entry.reason,
                        "note": entry.note,
                        "hash": entry.hash,
                    }
                    for entry in selectors.history(record)
                ],
                "files": [
                    {
                        "uuid": str(each.uuid),
                        "paper": each.paper,
                        "name": each.name,
                        "size": each.size,
                        "sha256": each.sha256,
                        "url": addresses.of_file(each),
                    }
                    for each in selectors.attachments(record)
                ],
            }
        )


class Act(_KindView):
    """A verb on a record. The body holds its form: `reason`, `note`, `version`, `client_uuid` and its own fields."""

    def post(self, request: Request, number: str, verb: str, **_: Any) -> Response:
        record, viewer = self.record(number), self.viewer()
        if services.done_with(record, _body(request).get("client_uuid")) is None:
            self._do(record, verb, viewer, request)
        return Response(self._told(record, viewer))

    def _told(self, record: Any, viewer: Viewer) -> dict[str, Any]:
        """Return the record as it is now; where the act itself has taken it out of sight, only where it has gone."""
        if access.allowed(viewer, "view", record) is None:
            return plain(self.kind, self.record(record.number))
        state = {"state": record.state, "state_name": say(self.kind.flow.state(record.state).name)}
        return {"kind": self.kind.code, "number": record.number, **state, "version": record.version, "in_sight": False}

    def _do(self, record: Any, verb: str, viewer: Viewer, request: Request) -> None:
        move = self.kind.flow.transition(record.state, verb)
        if move is None:
            services.perform(record, verb, viewer)
            return
        form = verb_form(self.kind, move, record.version, _body(request), request.FILES, record=record, viewer=viewer)
        if not form.is_valid():
            raise _wrong(form)
        act_on(self.kind, record, verb, viewer, form.cleaned_data)


class Files(_KindView):
    """Files of a record (multipart: file, paper, uuid, sha256, shot_at, lon, lat)."""

    parser_classes = [MultiPartParser]

    def post(self, request: Request, number: str, **_: Any) -> Response:
        form = FileForm(_body(request), request.FILES)
        if not form.is_valid():
            raise _wrong(form)
        given = form.cleaned_data
        made = attachments.store(
            self.record(number),
            self.viewer(),
            given["file"],
            paper=given["paper"],
            uuid=given["uuid"],
            client_sha256=given["sha256"],
            shot_at=given["shot_at"],
            lon=given["lon"],
            lat=given["lat"],
        )
        body = {"uuid": str(made.uuid), "sha256": made.sha256, "size": made.size, "url": addresses.of_file(made)}
        return Response(body, status=status.HTTP_201_CREATED)


class Imported(_KindView):
    """Records from a CSV or XLSX file (multipart: file; `dry_run=1` only tries). All of them are made, or none."""

    parser_classes = [MultiPartParser]

    def post(self, request: Request, **_: Any) -> Response:
        importing.check(self.viewer(), self.kind)
        upload = request.FILES.get("file")
        if upload is None:
            refuse(Refusal("core.file_missing"), actor=self.viewer().user_id, what=f"import {self.kind.code}")
        apply = str(_body(request).get("dry_run", "")).lower() not in ("1", "true", "yes")
        data = upload.read(importing.MOST_BYTES + 1)
        try:
            report = importing.run(self.viewer(), self.kind, data, str(upload.name), apply=apply)
        except BadFile as bad:
            return Response({"code": bad.code, "detail": bad.text()}, status=422)
        body = {
            "rows": report.rows,
            "made": report.made if report.good else 0,
            "same": report.same,
            "applied": report.applied,
            "numbers": report.numbers,
            "problem_count": report.problem_count,
            "problems": [{"row": each.row, "column": each.column, "detail": each.text} for each in report.problems],
        }
        return Response(body, status=(201 if report.applied else 200) if report.good else 422)


_BASES: tuple[type[_KindView], ...] = (Collection, Item, Act, Files, Imported)


def view_of(base: type[_KindView], kind: Kind) -> Any:
    """Return the view of a kind, described for the schema."""
    shape = _serializer(kind.code)
    made = type(f"{kind.code.title()}{base.__name__}", (base,), {"kind": kind})
    if base is Collection:
        searched = [
            OpenApiParameter(name, OpenApiTypes.STR, description=say(text))
            for name, text in (("q", "core.api.q"), ("state", "core.api.state"), ("level", "core.api.level"))
        ]
        paged = [OpenApiParameter(name, OpenApiTypes.INT) for name in ("limit", "offset")]
        made = extend_schema(methods=["get"], parameters=searched + paged, responses=shape(many=True))(made)
        made = extend_schema(methods=["post"], request=OpenApiTypes.OBJECT, responses={201: shape})(made)
    elif base in (Files, Imported):
        made = extend_schema(
            request={"multipart/form-data": OpenApiTypes.OBJECT}, responses={201: OpenApiTypes.OBJECT}
        )(made)
    else:
        made = extend_schema(request=OpenApiTypes.OBJECT, responses=shape)(made)
    if base not in (Files, Imported):
        made.parser_classes = [JSONParser, FormParser, MultiPartParser]  # type: ignore[attr-defined]
    return made


def _serve(base: type[_KindView], request: HttpRequest, plural: str, **where: Any) -> HttpResponseBase:
    kind = registry.by_plural(plural)
    assert kind is not None
    made: type[_KindView] = type(f"{kind.code.title()}{base.__name__}", (base,), {"kind": kind})
    return cast(HttpResponseBase, made.as_view()(request, **where))


def _exempt(function: Any) -> Any:
    """Leave the check of the CSRF token to the API's authentication, which makes it for every session."""
    function.csrf_exempt = True
    return function


@_exempt
def collection(request: HttpRequest, plural: str) -> HttpResponseBase:
    return _serve(Collection, request, plural)


@_exempt
def item(request: HttpRequest, plural: str, number: str) -> HttpResponseBase:
    return _serve(Item, request, plural, number=number)


@_exempt
def act(request: HttpRequest, plural: str, number: str, verb: str) -> HttpResponseBase:
    return _serve(Act, request, plural, number=number, verb=verb)


@_exempt
def files(request: HttpRequest, plural: str, number: str) -> HttpResponseBase:
    return _serve(Files, request, plural, number=number)


@_exempt
def imported(request: HttpRequest, plural: str) -> HttpResponseBase:
    return _serve(Imported, request, plural)


def schema_patterns() -> list[Any]:
    """Return the addresses of every registered kind one by one, for the OpenAPI schema."""
    made = []
    for kind in registry.kinds():
        ends = ("", "<str:number>/", "<str:number>/do/<str:verb>/", "<str:number>/files/", "import/")
        for base, end in zip(_BASES, ends, strict=True):
            made.append(path(f"api/{kind.plural}/{end}", view_of(base, kind).as_view()))
    return made


class SchemaView(SpectacularAPIView):
    """The OpenAPI schema, for those who have signed in."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.patterns = schema_patterns()
        return cast(Response, super().get(request, *args, **kwargs))  # type: ignore[no-untyped-call]
