"""The shape of what sources send to `POST /api/clues`: one declaration.

From it the JSON schema is published and every body is checked, so that the two never part.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ecobureau.clock import now
from ecobureau.domain.geo import to_wgs84
from ecobureau.web.clues import scenarios
from ecobureau.web.clues.services import Piece
from ecobureau.words import _, say

MOST_BYTES = 64 * 1024
KEY = re.compile(r"[\x21-\x7e]{1,80}\Z")
"""An idempotency key: 1 to 80 visible characters."""
AHEAD = timedelta(minutes=5)
"""How far the clock of a source may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a body: dotted path of the field ('' = the whole), code and parameters of the sentence."""

    field: str
    code: str
    params: Mapping[str, Any]

    def text(self, lang: str | None = None) -> str:
        return say(self.code, lang, **self.params)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the body.

    Attributes:
        name; about: Chinese source text of what belongs in it. kind: `string`, `number`, `integer`, `boolean`, `time`,
        `object`, `array`. least, most: length of texts and arrays, else value. choices: codes it takes.
        fields: of an object, or of each item of an array.
    """

    name: str
    about: str
    kind: str = "string"
    required: bool = False
    least: float | None = None
    most: float | None = None
    choices: Callable[[], Sequence[str]] | None = None
    fields: tuple[Field, ...] = ()


_LEVELS = ("red", "orange", "yellow", "blue")
_PIECES = ("number", "note", "url")
FIELDS = (
    Field("title", _("一句话：什么、在哪里、多久了"), required=True, least=2, most=200),
    Field("scenario", _("情形；不给则用来源的默认情形"), choices=lambda: list(scenarios.kinds())),
    Field("matter", _("事项（职责对照表）"), choices=lambda: list(scenarios.matters())),
    Field("level", _("等级；不给则按情形"), choices=lambda: _LEVELS),
    Field("occurred_at", _("发生时间，ISO 8601，须带时区；不给则为收到的时间"), kind="time"),
    Field("lon", _("经度，度"), kind="number", least=-180, most=180),
    Field("lat", _("纬度，度"), kind="number", least=-90, most=90),
    Field("system", _("经纬度的坐标系，默认 wgs84（与 CGCS2000 相同）"), choices=lambda: ("wgs84", "gcj02", "bd09")),
    Field("place", _("区域的路径，须在来源的区域之内；不给则由经纬度定"), most=200),
    Field("text", _("经过，不写举报人的姓名电话"), most=4000),
    Field("reference", _("在来源系统中的编号"), most=80),
    Field("severity", _("严重程度，1 到 5；不给则按等级"), kind="integer", least=1, most=5),
    Field("confidence", _("疑似程度，0 到 1；不给则按来源类别"), kind="number", least=0, most=1),
    Field(
        "reporter",
        _("举报人；姓名、电话、原话加密保存"),
        kind="object",
        fields=(
            Field("name", _("姓名"), most=40),
            Field("phone", _("电话"), most=40),
            Field("words", _("原话"), most=4000),
            Field("wants_answer", _("是否要答复，默认要"), kind="boolean"),
        ),
    ),
    Field(
        "evidence",
        _("依据"),
        kind="array",
        most=20,
        fields=(
            Field("kind", _("数值、说明或链接（链接只记录，不会去取）"), required=True, choices=lambda: _PIECES),
            Field("text", _("内容"), required=True, least=1, most=500),
            Field("at", _("时间，ISO 8601，须带时区"), kind="time"),
        ),
    ),
)
_JSON = {"time": "string"}


def schema(lang: str = "zh", address: str = "") -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of the body, with titles in a language."""
    made = _object(FIELDS, lang)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": say(_("线索上报"), lang)}
    return head | ({"$id": address} if address else {}) | made


def _object(fields: Sequence[Field], lang: str) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [field.name for field in fields if field.required],
        "properties": {field.name: _property(field, lang) for field in fields},
    }


def _property(field: Field, lang: str) -> dict[str, Any]:
    about = {"description": say(field.about, lang)}
    if field.kind == "object":
        return about | _object(field.fields, lang)
    if field.kind == "array":
        return about | {"type": "array", "maxItems": int(field.most or 0), "items": _object(field.fields, lang)}
    made = about | {"type": _JSON.get(field.kind, field.kind)}
    if field.kind == "time":
        return made | {"format": "date-time"}
    if field.choices is not None:
        return made | {"enum": list(field.choices())}
    low, high = ("minLength", "maxLength") if field.kind == "string" else ("minimum", "maximum")
    bounds = {low: field.least, high: field.most}
    return made | {name: value for name, value in bounds.items() if value is not None}


def check(body: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the values of a body as `register` takes them, and everything that is wrong with it.

    Times are aware instants; the point is in WGS 84; `reporter` and `pieces` are ready to be kept.
    """
    problems = list(_wrong(FIELDS, body, ""))
    if (body.get("lon") is None) != (body.get("lat") is None):
        problems.append(Problem("lon" if body.get("lon") is None else "lat", "clues.intake.both", {}))
    if problems:
        return {}, problems
    values: dict[str, Any] = {
        name: body[name]
        for name in ("title", "scenario", "matter", "level", "text", "reference", "severity", "confidence")
        if body.get(name) is not None
    }
    values["title"] = values["title"].strip()
    at = _time(body["occurred_at"]) if body.get("occurred_at") is not None else now()
    assert at is not None
    if at > now() + AHEAD:
        return {}, [Problem("occurred_at", "clues.intake.future", {})]
    values["at"] = at
    if body.get("lon") is not None:
        values["lon"], values["lat"] = to_wgs84(body["lon"], body["lat"], body.get("system") or "wgs84")
    if body.get("place"):
        values["place"] = body["place"]
    if body.get("reporter") is not None:
        values["reporter"] = {name: value for name, value in body["reporter"].items() if value is not None}
    values["pieces"] = [
        Piece(
            "reported",
            (_time(each["at"]) if each.get("at") is not None else None) or at,
            f"clues.evidence.reported.{each['kind']}",
            {"text": each["text"]},
        )
        for each in body.get("evidence") or ()
    ]
    return values, []


def _wrong(fields: Sequence[Field], given: Mapping[str, Any], above: str) -> Iterator[Problem]:
    known = {field.name for field in fields}
    for name in given:
        if name not in known:
            yield Problem(f"{above}{name}", "clues.intake.unknown", {"fields": "、".join(sorted(known))})
    for field in fields:
        value, path = given.get(field.name), f"{above}{field.name}"
        if value is None:
            # A field may be left out; null is taken for the same, except where it must be there.
            if field.required:
                yield Problem(path, "clues.intake.missing", {})
            continue
        yield from _wrong_value(field, value, path)


def _wrong_value(field: Field, value: Any, path: str) -> Iterator[Problem]:
    if field.kind == "object":
        if isinstance(value, Mapping):
            yield from _wrong(field.fields, value, f"{path}.")
        else:
            yield Problem(path, "clues.intake.object", {})
    elif field.kind == "array":
        if not isinstance(value, list):
            yield Problem(path, "clues.intake.array", {})
        elif len(value) > (field.most or 0):
            yield Problem(path, "clues.intake.too_many", {"most": int(field.most or 0)})
        else:
            for at, each in enumerate(value):
                if isinstance(each, Mapping):
                    yield from _wrong(field.fields, each, f"{path}.{at}.")
                else:
                    yield Problem(f"{path}.{at}", "clues.intake.object", {})
    elif field.kind == "boolean":
        if not isinstance(value, bool):
            yield Problem(path, "clues.intake.boolean", {})
    elif field.kind in ("number", "integer"):
        yield from _wrong_number(field, value, path)
    else:
        yield from _wrong_text(field, value, path)


def _wrong_number(field: Field, value: Any, path: str) -> Iterator[Problem]:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        yield Problem(path, "clues.intake.number", {})
    elif field.kind == "integer" and not whole:
        yield Problem(path, "clues.intake.integer", {})
    elif (field.least is not None and value < field.least) or (field.most is not None and value > field.most):
        yield Problem(path, "clues.intake.range", {"least": field.least, "most": field.most})


def _wrong_text(field: Field, value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, str) or "\x00" in value:
        yield Problem(path, "clues.intake.text", {})
    elif field.kind == "time":
        if _time(value) is None:
            yield Problem(path, "clues.intake.time", {})
    elif field.choices is not None:
        if value not in field.choices():
            yield Problem(path, "clues.intake.choice", {"choices": "、".join(field.choices())})
    elif field.most is not None and len(value) > field.most:
        yield Problem(path, "clues.intake.long", {"most": int(field.most)})
    elif field.least is not None and len(value.strip()) < field.least:
        yield Problem(path, "clues.intake.short", {"least": int(field.least)})


def _time(text: str) -> datetime | None:
    """Return an instant, None where the text is none or names no zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
