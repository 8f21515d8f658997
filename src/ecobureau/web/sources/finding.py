"""Enterprises, outlets and stations in the search of the top bar."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.urls import reverse

from ecobureau.web.core.access import Viewer
from ecobureau.web.core.finders import Finder, Found
from ecobureau.web.sources import selectors
from ecobureau.words import _


def _firms(viewer: Viewer, words: str, most: int) -> list[Found]:
    return [
        Found(row.name, row.code, reverse("desk:firm", args=[row.pk]))
        for row in selectors.enterprises(viewer, words)[:most]
    ]


def _outlets(viewer: Viewer, words: str, most: int) -> list[Found]:
    return [
        Found(f"{row.name} {row.code}", row.enterprise.name, reverse("desk:outlet", args=[row.pk]))
        for row in selectors.outlets(viewer, words)[:most]
    ]


def _stations(viewer: Viewer, words: str, most: int) -> list[Found]:
    return [
        Found(row.name, row.code, reverse("desk:station", args=[row.pk]))
        for row in selectors.stations(viewer, words)[:most]
    ]


def _more(page: str) -> Callable[[str], str]:
    return lambda words: f"{reverse(page)}?{urlencode({'q': words})}"


FINDERS = (
    Finder(_("企业"), _firms, _more("desk:firms")),
    Finder(_("排放口"), _outlets, _more("desk:outlets")),
    Finder(_("站点"), _stations, _more("desk:stations")),
)
