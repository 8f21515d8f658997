"""What the templates of clues ask: `{% load clues %}`."""

from __future__ import annotations

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from ecobureau.web.clues import pool
from ecobureau.web.clues.services import answers, rule_changes
from ecobureau.web.core import parts
from ecobureau.web.core.access import Viewer
from ecobureau.web.places import door

register = template.Library()
_FIGURES = "figures:home"
"""The page of a higher room; it is offered where that room is installed and the person reads it."""


@register.simple_tag
def pool_links(viewer: Viewer) -> list[parts.Tab]:
    """Return the other pages of the clue pool that the viewer may open."""
    made: list[parts.Tab] = []
    if viewer.has(*answers.HANDLERS):
        made.append(parts.Tab(_("待答复"), reverse("clues:answers"), count=pool.owed(viewer).count()))
    if viewer.has(*pool.SEES_SOURCES):
        made += _offices()
    if rule_changes.may_read(viewer):
        made.append(parts.Tab(_("情形与事项"), reverse("clues:kinds")))
    if door.sees_registry(viewer):
        made.append(parts.Tab(_("敏感目标"), reverse("clues:sensitive")))
    return made


def _offices() -> list[parts.Tab]:
    made = [parts.Tab(_("线索来源"), reverse("clues:sources"))]
    try:
        made.append(parts.Tab(_("办理指标"), reverse(_FIGURES)))
    except NoReverseMatch:
        pass
    return made
