"""The track of a visit as the task's page draws it."""

from __future__ import annotations

from typing import Any

from ecobureau.domain.visits import Point, length_m
from ecobureau.web.core import basemap
from ecobureau.web.core.access import Viewer
from ecobureau.web.dispatch import selectors
from ecobureau.web.dispatch.models import Task
from ecobureau.words import say

_MARGIN = 0.002
"""Degrees round the track."""


def drawn(viewer: Viewer, task: Task) -> dict[str, Any] | None:
    """Return what the page shows of a task's track: `points`, `count`, `metres`, `delete_on`, and the `map`'s GeoJSON.

    None where there is none, or it is deleted already, or the viewer may not see the task.
    """
    parts = selectors.track_of(viewer, task)
    points = sorted((point for part in parts for point in selectors.points_in(part)), key=lambda each: each.at)
    if not points:
        return None
    day = max(part.delete_on for part in parts)
    return {
        "points": points,
        "count": len(points),
        "metres": f"{length_m(points):.0f}",
        "delete_on": day,
        "map": _map(task, points, min(part.delete_on for part in parts)),
    }


def _map(task: Task, points: list[Point], on: Any) -> dict[str, Any]:
    line = [[each.lon, each.lat] for each in points]
    base = basemap.outlines(on)
    if len(line) > 1:
        shape = {"type": "LineString", "coordinates": line}
        base["features"].append({"type": "Feature", "properties": {"kind": "track"}, "geometry": shape})
    ends = [("start", points[0]), *([("end", points[-1])] if len(points) > 1 else [])]
    marks = [
        _mark("person", name, say(f"dispatch.track.{name}"), each.lon, each.lat, level=None) for name, each in ends
    ]
    if task.lon is not None and task.lat is not None:
        marks.append(_mark("clue", f"task:{task.pk}", task.heading, task.lon, task.lat, level=task.level))
        line = [*line, [task.lon, task.lat]]
    xs, ys = [place[0] for place in line], [place[1] for place in line]
    home = [min(xs) - _MARGIN, min(ys) - _MARGIN, max(xs) + _MARGIN, max(ys) + _MARGIN]
    return {"base": base, "marks": {"type": "FeatureCollection", "features": marks}, "home": home}


def _mark(kind: str, key: str, name: str, lon: float, lat: float, *, level: str | None) -> dict[str, Any]:
    told = {"kind": kind, "id": key, "name": name, **({"level": level} if level else {})}
    return {"type": "Feature", "properties": told, "geometry": {"type": "Point", "coordinates": [lon, lat]}}
