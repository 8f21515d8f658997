"""What a clue of detection says: title, reason with its numbers, evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ecobureau.clock import beijing
from ecobureau.domain.detection.types import Clue, Finding
from ecobureau.web.clues.services import Piece
from ecobureau.web.detection import accounting, process, totals
from ecobureau.web.sources import selectors as sources
from ecobureau.web.sources.selectors import Watched
from ecobureau.words import say, templates


def reason_code(finding: Finding) -> str:
    """Return the message code of a finding's reason; one pattern may have several ways to show."""
    kind = finding.numbers.get("kind")
    return f"detection.{finding.pattern}.reason" + (f".{kind}" if kind else "")


def params(finding: Finding, watched: Watched) -> dict[str, Any]:
    """Return the values of title and reason, as JSON."""
    said: dict[str, Any] = {
        key: value if isinstance(value, str) else float(value) for key, value in finding.numbers.items()
    }
    return said | {
        "start": _clock(finding.start),
        "end": _clock(finding.end),
        "hours": round((finding.end - finding.start) / 3600, 1),
        "factors": "、".join(name(code) for code in finding.factors),
        "place": _place(watched),
        "pattern": say(f"detection.{finding.pattern}.title", "zh"),
    }


def title(finding: Finding, watched: Watched, lang: str) -> str:
    """Return the title of a clue: which plant, what it looks like, which factors."""
    return say("detection.clue.title", lang, **params(finding, watched))


def name(code: str) -> str:
    """Return the short name of a factor, of a power, or the code itself."""
    key = f"detection.factor.{code}"
    if key in templates():
        return say(key, "zh")
    return sources.factor_label(sources.factors([code]).get(code), code)


def pieces(found: Clue, watched: Watched, rules: str) -> list[Piece]:
    """Return what the clue rests on: each member with its numbers, the window of data, what speaks for the plant."""
    at = _time(found.raised_at)
    out = [
        Piece(
            "rule",
            at,
            "detection.evidence.member",
            {
                "pattern": member.pattern,
                "name": say(f"detection.{member.pattern}.title", "zh"),
                "statistic": round(float(member.statistic), 6),
                "threshold": round(float(member.threshold), 6),
                "score": round(float(member.score), 4),
                "start": _clock(member.start),
                "end": _clock(member.end),
                "factors": list(member.factors),
                "rules": rules,
            },
        )
        for member in found.members
    ]
    out.append(
        Piece(
            "series",
            at,
            "detection.evidence.window",
            {
                "start": _clock(found.start),
                "end": _clock(found.end),
                "station": watched.station_id,
                "factors": list(found.factors),
                "fused": round(found.confidence, 4),
            },
        )
    )
    against = dict.fromkeys(code for member in found.members for code in member.counter)
    out += [Piece("favour", at, code, {"result": "for"}) for code in against]
    return out


def permit_pieces(found: Clue, watched: Watched, until: datetime) -> list[Piece]:
    """Return what stands behind a clue of over-total: the permit, and what the month or year came to, by its days."""
    if found.pattern not in OVER_TOTAL or watched.outlet_id is None or not found.factors:
        return []
    factor, day = found.factors[0], beijing(_time(found.end) - timedelta(seconds=1)).date()
    permit = process.permit_of(watched.outlet_id, factor, day)
    if permit is None:
        return []
    totals.refresh([watched.outlet_id], until)
    days = totals.days(watched.outlet_id, factor, *accounting.span_of(permit.period, day))
    if not days:
        return []
    total = accounting.sum_of(days, permit.period)
    said = {
        "factor": name(factor),
        "period": {"month": "每月", "year": "每年"}[permit.period],
        "kg": f"{permit.kg.normalize():f}",
        "source": permit.source,
        "name": total.name,
        "used": f"{float(total.total_kg):.1f}",
        "measured": f"{float(total.measured_kg):.1f}",
        "substituted": f"{float(total.substituted_kg):.1f}",
        "lost": total.lost,
    }
    return [Piece("total", _time(found.raised_at), "detection.evidence.permit", said)]


OVER_TOTAL = frozenset({"P29"})
"""Patterns whose evidence is a total against a permit."""


def _place(watched: Watched) -> str:
    return " ".join(filter(None, (watched.enterprise_name, watched.outlet_code))) or watched.name


def _time(epoch: float) -> datetime:
    return datetime.fromtimestamp(float(epoch), UTC)


def _clock(epoch: float) -> str:
    return f"{beijing(_time(epoch)):%Y-%m-%d %H:%M}"
