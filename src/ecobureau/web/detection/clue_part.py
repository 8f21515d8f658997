"""What detection adds to the page of its clues: members, what speaks for the plant, evidence pack, verdict."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import get_language

from ecobureau.clock import beijing
from ecobureau.domain.detection.registry import load_all
from ecobureau.web.clues.extra import Part
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import Viewer
from ecobureau.web.detection import door, selectors
from ecobureau.web.detection.forms import VerdictForm
from ecobureau.web.detection.telling import OVER_TOTAL
from ecobureau.web.sources import selectors as sources
from ecobureau.words import say, templates


def part(viewer: Viewer, clue: Clue) -> Part | None:
    """Return the part of a clue that a pattern opened, None for any other clue."""
    if clue.rule not in load_all():
        return None
    rows = selectors.members(clue)
    names = sources.factors({str(code) for row in rows for code in row.factors})
    lang = "en" if (get_language() or "").startswith("en") else "zh"

    def name(code: str) -> str:
        key = f"detection.factor.{code}"
        return say(key) if key in templates() else sources.factor_label(names.get(code), code, lang)

    found = selectors.verdict(clue)
    initial = {"outcome": found.outcome, "reason": found.reason} if found else {}
    return Part(
        "detection/_clue.html",
        {
            "members": [
                {
                    "row": row,
                    "name": say(f"detection.{row.pattern}.title"),
                    "group": say(f"detection.group.{row.group}"),
                    "factors": " ".join(name(str(code)) for code in row.factors),
                }
                for row in rows
            ],
            "favour": selectors.favour(clue),
            "verdict": found,
            "form": VerdictForm(initial=initial, auto_id="verdict-%s") if door.may_judge(viewer, clue) else None,
            "total_url": _total_url(clue),
            "chain_url": reverse("detection:chain", args=[clue.outlet_id]) + "?days=30" if clue.outlet_id else "",
        },
    )


def _total_url(clue: Clue) -> str:
    if clue.rule not in OVER_TOTAL or not clue.outlet_id or not clue.factor:
        return ""
    day = beijing(clue.last_at - timedelta(seconds=1)).date()
    return reverse("detection:total", args=[clue.outlet_id, clue.factor]) + f"?period=month&day={day.isoformat()}"
