"""Areas from GeoJSON: one shape for one unit, or a collection whose features name their units. All of it or nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from ecobureau.domain.geo import System
from ecobureau.web.core.access import Viewer
from ecobureau.web.places import services
from ecobureau.web.places.models import Organisation
from ecobureau.web.places.problems import Invalid, Problem, invalid

MOST_BYTES = 20 * 1024 * 1024
MOST_FEATURES = 2000


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a feature: its place in the collection from 1, and the problem."""

    feature: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a collection did, or would do: areas set, units made, and what is wrong (then nothing is kept)."""

    areas: int
    units: int
    wrong: Sequence[Wrong]
    applied: bool


def read(text: str | bytes) -> dict[str, Any]:
    """Return the JSON object of a file or text.

    Raises:
        Invalid: too large, or no JSON object.
    """
    if len(text) > MOST_BYTES:
        raise invalid("file", "registry.geojson.large", most=MOST_BYTES // 1024 // 1024)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise invalid("file", "registry.geojson") from error
    if not isinstance(found, dict):
        raise invalid("file", "registry.geojson")
    return found


def geometry(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the one geometry of a geometry, a feature or a collection of one feature.

    Raises:
        Invalid: none, or several.
    """
    if found.get("type") == "FeatureCollection":
        features = found.get("features")
        if not isinstance(features, list) or len(features) != 1:
            raise invalid("file", "registry.geojson.one")
        found = features[0]
    if isinstance(found, dict) and found.get("type") == "Feature":
        found = found.get("geometry") or {}
    if not isinstance(found, dict) or "coordinates" not in found:
        raise invalid("file", "registry.geojson")
    return dict(found)


def load_collection(
    actor: Viewer,
    found: Mapping[str, Any],
    *,
    valid_from: date,
    system: str = System.WGS84,
    source: str = "",
    apply: bool = True,
) -> Loaded:
    """Give the units that the features name their areas from a day on.

    A feature's `properties` name its unit by `path`. Where there is none, it is made when `level`, `name` and a parent
    (the path without its last part) are given.

    Args:
        apply: keep it; else only try.
    """
    features = found.get("features") if found.get("type") == "FeatureCollection" else None
    if not isinstance(features, list) or not features:
        raise invalid("file", "registry.geojson.collection")
    if len(features) > MOST_FEATURES:
        raise invalid("file", "registry.geojson.many", most=MOST_FEATURES)
    areas = units = 0
    wrong: list[Wrong] = []
    with transaction.atomic():
        for number, feature in enumerate(features, start=1):
            try:
                with transaction.atomic():
                    units += _one(actor, feature, valid_from, system, source)
                    areas += 1
            except Invalid as error:
                wrong += [Wrong(number, problem) for problem in error.problems]
        applied = apply and not wrong
        if not applied:
            transaction.set_rollback(True)
    return Loaded(areas, units, wrong, applied)


def _one(actor: Viewer, feature: Any, valid_from: date, system: str, source: str) -> int:
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        raise invalid("file", "registry.geojson")
    said = feature["properties"]
    path = str(said.get("path", ""))
    if not path.startswith("/") or not path.endswith("/"):
        raise invalid("path", "registry.org.unknown", value=path)
    unit, made = Organisation.objects.filter(path=path).first(), 0
    if unit is None:
        parent_path, _, code = path.rstrip("/").rpartition("/")
        parent = Organisation.objects.filter(path=f"{parent_path}/").first()
        if parent is None or not said.get("level"):
            raise invalid("path", "registry.org.unknown", value=path)
        level, name = str(said["level"]), str(said.get("name", ""))
        unit = services.make_organisation(actor, parent=parent, code=code, level=level, name=name)
        made = 1
    services.set_area(actor, unit, geometry(feature), valid_from=valid_from, system=system, source=source)
    return made
