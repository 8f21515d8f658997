"""Replay of a pattern on history before it is switched on: which clues it would have opened. Nothing is opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction

from ecobureau.clock import beijing, now
from ecobureau.domain.detection.registry import load_all
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.refusals import refuse
from ecobureau.web.detection import door, reading, rules, services, telling
from ecobureau.web.detection.looking import Task, look
from ecobureau.web.detection.models import Pass
from ecobureau.web.detection.passes import outlet_ids
from ecobureau.web.sources import selectors as sources

LONGEST_DAYS = 92
HISTORY_DAYS = 30
"""What the pattern may learn from before the first day that is replayed."""
MOST = 500


@transaction.atomic
def ask(actor: Viewer, pattern: str, days: int, *, params: Mapping[str, float] | None = None) -> Pass:
    """Ask for a replay of one pattern over the last days; it runs in the worker.

    Args:
        params: the pattern's own parameters in place of what the city has set for it; None = as they stand.

    Raises:
        Refused: not an administrator; unknown pattern; days not within 1..92.
    """
    from ecobureau.web.detection import jobs

    door.must_set(actor)
    if pattern not in load_all():
        refuse(Refusal("detection.no_pattern", {"pattern": pattern}), actor=actor.user_id, what=pattern)
    if not 1 <= days <= LONGEST_DAYS:
        refuse(Refusal("detection.replay_days", {"most": LONGEST_DAYS}), actor=actor.user_id, what=pattern)
    until = now().replace(minute=0, second=0, microsecond=0)
    one = Pass.objects.create(
        kind=Pass.Kind.REPLAY,
        started_at=now(),
        until=until,
        patterns=[pattern],
        params={} if params is None else {"own": dict(params)},
        by=actor.user_id,
    )
    audit.write(actor, "detection.replay", kind="pattern", number=pattern, days=days)
    jobs.run_replay.defer(pass_id=one.pk, days=days)
    return one


def run(pass_id: int, days: int) -> Pass:
    """Run a replay that was asked for; `outlets` counts up while it runs. Running it twice does no harm."""
    one = Pass.objects.get(pk=pass_id)
    if one.ended_at is not None:
        return one
    first = one.until - timedelta(days=days)
    own = {one.patterns[0]: one.params["own"]} if "own" in one.params else {}
    params = rules.params(beijing(one.until).date(), own)
    told: list[dict[str, object]] = []
    failed: dict[str, str] = {}
    ids = outlet_ids()
    for begin in range(0, len(ids), services.CHUNK):
        chunk = ids[begin : begin + services.CHUNK]
        for series, facts, declared in reading.inputs(chunk, first - timedelta(days=HISTORY_DAYS), one.until):
            result = look(Task((series, facts, declared), tuple(one.patterns)), params).result
            failed |= {f"{result.outlet_id}:{key}": text for key, text in result.failed.items()}
            watched = next(iter(sources.watched_at(None, int(result.outlet_id))), None)
            for clue in result.clues:
                if watched is None or clue.raised_at < first.timestamp():
                    continue
                said = telling.params(clue.members[0], watched)
                told.append(
                    {
                        "outlet": int(result.outlet_id),
                        "name": said["place"],
                        "start": said["start"],
                        "end": said["end"],
                        "confidence": round(clue.confidence, 2),
                        "code": telling.reason_code(clue.members[0]),
                        "params": said,
                    }
                )
        Pass.objects.filter(pk=one.pk).update(outlets=min(begin + services.CHUNK, len(ids)))
    one.outlets, one.clues, one.failed, one.result = len(ids), len(told), failed, told[:MOST]
    one.ended_at = now()
    one.save()
    return one
