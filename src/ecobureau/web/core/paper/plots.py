"""Charts as shapes: one layout of bars, stacks and lines that a PDF draws and a page shows as SVG.

The scene is in millimetres from the top left. A page scales it; a paper draws it where it stands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from ecobureau.web.core.paper.blocks import Chart, Column, shown

COLOURS = ("#0E6377", "#6A4C93", "#8F4300", "#3E515A", "#1B7A49", "#AE1F6B")
INK, SOFT, LINE, LIMIT = "#13232B", "#566871", "#D9E1E4", "#C62828"
LETTER = 2.9
"""Height of small letters in mm (about 8 points)."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 13.0, 2.0, 7.0, 8.0


class Box(NamedTuple):
    """A filled rectangle; `title` says what it stands for; `series` 1–6: a colour of the house, 0: an official one."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    edge: str = ""
    title: str = ""
    series: int = 0


class Stroke(NamedTuple):
    """A line through points; `dash` in mm, empty for a whole line."""

    points: tuple[tuple[float, float], ...]
    colour: str
    width: float = 0.2
    dash: tuple[float, float] | None = None
    series: int = 0

    @property
    def path(self) -> str:
        """Return the points as SVG writes them."""
        return " ".join(f"{x:.2f},{y:.2f}" for x, y in self.points)

    @property
    def dashes(self) -> str:
        """Return the dash as SVG writes it."""
        return " ".join(f"{part:g}" for part in self.dash) if self.dash else ""


class Label(NamedTuple):
    """Words; `y` is their base line."""

    x: float
    y: float
    text: str
    side: Literal["start", "middle", "end"] = "start"
    soft: bool = True
    colour: str = ""


class Scene(NamedTuple):
    """What a chart looks like: the grid below, then boxes, strokes and labels."""

    width: float
    height: float
    boxes: list[Box]
    strokes: list[Stroke]
    labels: list[Label]
    grid: list[Stroke]


def ticks(top: float, wanted: int = 4) -> list[float]:
    """Return round values from 0 to at least `top`, about `wanted` steps."""
    if top <= 0:
        return [0.0, 1.0]
    raw = top / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999999)
    count = math.ceil(top / step - 1e-9)
    return [round(index * step, 10) for index in range(count + 1)]


def scene(chart: Chart, width: float = 174.0) -> Scene:
    """Return the shapes of a chart of a width in mm."""
    made = Scene(width, chart.height, [], [], [], [])
    scale = _Scale(chart, width)
    _axes(chart, scale, made)
    if chart.kind == "lines":
        _lines(chart, scale, made)
    else:
        _bars(chart, scale, made)
    _limits(chart, scale, made)
    _legend(chart, scale, made)
    return made


class _Scale:
    def __init__(self, chart: Chart, width: float) -> None:
        self.left, self.right = _LEFT, width - _RIGHT
        self.top, self.bottom = _TOP, chart.height - _BOTTOM
        self.places = max(1, len(chart.labels))
        self.steps = ticks(max(_highest(chart), 0.0) * (1.08 if chart.printed else 1.0))
        self.step = (self.right - self.left) / self.places

    def y(self, value: float) -> float:
        return self.bottom - (self.bottom - self.top) * value / self.steps[-1]

    def middle(self, place: int) -> float:
        return self.left + (place + 0.5) * self.step


def _highest(chart: Chart) -> float:
    limits = [limit.value for limit in chart.limits]
    if chart.kind == "stack":
        sums = [sum(one or 0.0 for one in column) for column in zip(*(s.values for s in chart.series), strict=True)]
        return max([*sums, *limits, 0.0])
    return max([value for series in chart.series for value in series.values if value is not None] + limits + [0.0])


def colour_of(chart: Chart, place: int) -> str:
    """Return the colour of a series."""
    return chart.series[place].colour or COLOURS[place % len(COLOURS)]


def _series(chart: Chart, place: int) -> int:
    own = chart.series[place]
    return 0 if own.colour or own.fills else place % len(COLOURS) + 1


def _axes(chart: Chart, scale: _Scale, made: Scene) -> None:
    decimals = 0 if scale.steps[1] == int(scale.steps[1]) else max(1, chart.decimals)
    column = Column("", "number", decimals)
    for value in scale.steps:
        y = scale.y(value)
        made.grid.append(Stroke(((scale.left, y), (scale.right, y)), LINE))
        made.labels.append(Label(scale.left - 1.2, y + LETTER * 0.35, shown(value, column), "end"))
    if chart.unit:
        made.labels.append(Label(0.5, LETTER + 0.4, chart.unit))
    for place in shown_labels(chart.labels, scale.step):
        made.labels.append(Label(scale.middle(place), scale.bottom + LETTER + 1.6, chart.labels[place], "middle"))


def text_width(text: str) -> float:
    """Return about how wide small letters are, in mm."""
    return sum(LETTER if ord(sign) > 0x2E7F else LETTER * 0.56 for sign in text)


def shown_labels(labels: Sequence[str], step: float) -> list[int]:
    """Return the places whose labels fit side by side: every one, every second, every fifth …"""
    widest = max((text_width(label) for label in labels), default=0.0) + 1.5
    every = next((count for count in (1, 2, 3, 5, 7, 10, 15, 30) if count * step >= widest), len(labels) or 1)
    return list(range(0, len(labels), every))


def _bars(chart: Chart, scale: _Scale, made: Scene) -> None:
    stacked = chart.kind == "stack"
    together = 1 if stacked else max(1, len(chart.series))
    thick = min(scale.step * 0.76, 16.0 * together) / together
    column = Column("", "number", chart.decimals)
    for place, label in enumerate(chart.labels):
        base = 0.0
        for order, series in enumerate(chart.series):
            value = series.values[place]
            if value is None:
                continue
            shift = 0.0 if stacked else (order - (together - 1) / 2) * thick
            x = scale.middle(place) + shift - thick * 0.46
            y = scale.y(base + value)
            fill = series.fills[place] if place < len(series.fills) and series.fills[place] else colour_of(chart, order)
            title = f"{label} {series.name} {shown(value, column)} {chart.unit}".strip()
            official = bool(series.fills) or bool(series.colour)
            made.boxes.append(
                Box(x, y, thick * 0.92, scale.y(base) - y, fill, SOFT if official else "", title, _series(chart, order))
            )
            if chart.printed and not stacked:
                words = Label(x + thick * 0.46, y - 0.9, shown(value, column), "middle", soft=False)
                if text_width(words.text) <= max(thick * 1.25, scale.step / together):
                    made.labels.append(words)
            base += value if stacked else 0.0


def _lines(chart: Chart, scale: _Scale, made: Scene) -> None:
    dashes = (None, None, None, (1.6, 0.8), (0.4, 0.8), (0.8, 0.8))
    for order, series in enumerate(chart.series):
        run: list[tuple[float, float]] = []
        colour, dash = colour_of(chart, order), dashes[order % len(dashes)]
        for place, value in enumerate([*series.values, None]):
            if value is not None:
                run.append((scale.middle(place), scale.y(value)))
                continue
            if len(run) == 1:
                x, y = run[0]
                made.boxes.append(Box(x - 0.5, y - 0.5, 1.0, 1.0, colour, "", series.name, _series(chart, order)))
            elif run:
                made.strokes.append(Stroke(tuple(run), colour, 0.5, dash, _series(chart, order)))
            run = []


def _limits(chart: Chart, scale: _Scale, made: Scene) -> None:
    for limit in chart.limits:
        y = scale.y(limit.value)
        made.strokes.append(Stroke(((scale.left, y), (scale.right, y)), LIMIT, 0.4, (1.9, 1.1)))


def _legend(chart: Chart, scale: _Scale, made: Scene) -> None:
    x = scale.left + (text_width(chart.unit) if chart.unit else 0.0)
    for order, series in enumerate(chart.series if len(chart.series) > 1 else ()):
        edge = SOFT if series.colour else ""
        made.boxes.append(Box(x, 1.0, 3.4, 2.4, colour_of(chart, order), edge, series=_series(chart, order)))
        made.labels.append(Label(x + 4.2, LETTER + 0.4, series.name))
        x += 4.2 + text_width(series.name) + 4.0
    x = scale.right
    for limit in chart.limits:
        made.labels.append(Label(x, LETTER + 0.4, limit.words, "end", soft=False, colour=LIMIT))
        x -= text_width(limit.words) + 7.5
        made.strokes.append(Stroke(((x, 2.3), (x + 6.2, 2.3)), LIMIT, 0.4, (1.9, 1.1)))
        x -= 4.0
