"""Findings of one outlet become clues: one event, one clue, with the id of its strongest member.

Rule score r and data-model score m make p = 1 - (1 - r)^a (1 - m)^b. Findings of one pattern that lie close together
are one. A pattern that explains another takes it in as a member (a table in the pack, no ifs here).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ecobureau.domain.detection.types import Clue, Finding, Params

HOUR_S = 3600
GRAVE = 5
"""Severity of a likely crime: such a finding is told even where its pattern otherwise only supports."""


def fuse(
    outlet_id: str,
    findings: Iterable[Finding],
    params: Params,
    model: Callable[[Finding], float] = lambda finding: 0.0,
) -> list[Clue]:
    """Return the clues of one outlet that are worth a visit, by start.

    Args:
        findings: of all patterns; params: part `fusion` of the packs.
        model: score 0..1 of the data model for a finding's window and factors.
    """
    events = merged(findings, params["merge_gap_h"] * HOUR_S, params["open_at"])
    clusters = _cluster(events, params)
    clues = [_clue(outlet_id, members, params, model) for members in clusters]
    worth = [clue for clue in clues if _worth(clue, params)]
    return sorted(worth, key=lambda clue: (clue.start, clue.pattern))


def merged(findings: Iterable[Finding], gap_s: float, open_at: float) -> list[Finding]:
    """Return findings where those of one pattern less than `gap_s` apart have become one."""
    out: list[Finding] = []
    by_pattern: dict[str, list[Finding]] = {}
    for finding in sorted(findings, key=lambda one: (one.start, one.end)):
        by_pattern.setdefault(finding.pattern, []).append(finding)
    for group in by_pattern.values():
        whole = group[0]
        for one in group[1:]:
            if one.start - whole.end < gap_s:
                whole = _join(whole, one, open_at)
            else:
                out.append(whole)
                whole = one
        out.append(whole)
    return out


def _join(a: Finding, b: Finding, open_at: float) -> Finding:
    best, other = (a, b) if a.score >= b.score else (b, a)
    # What would not open a clue alone does not date the one that does.
    raised = best.raised_at if other.score < open_at <= best.score else min(a.raised_at, b.raised_at)
    factors = a.factors + tuple(code for code in b.factors if code not in a.factors)
    counter = a.counter + tuple(code for code in b.counter if code not in a.counter)
    return replace(
        best,
        start=min(a.start, b.start),
        end=max(a.end, b.end),
        raised_at=raised,
        factors=factors,
        counter=counter,
        severity=max(a.severity, b.severity),
    )


def _overlap(a: Finding, b: Finding, slack_s: float) -> float:
    """Share of `b` that lies inside `a` widened by `slack_s`."""
    inside = min(a.end + slack_s, b.end) - max(a.start - slack_s, b.start)
    return max(0.0, inside) / max(1.0, b.end - b.start)


def _cluster(events: Sequence[Finding], params: Params) -> list[list[Finding]]:
    """Put every event under the strongest pattern that explains it; chains end at their top."""
    explains = {tuple(pair.split(">")) for pair in params.texts("explains")}
    slack, least, open_at = params["explain_slack_h"] * HOUR_S, params["explain_share"], params["open_at"]
    top: dict[int, int] = {}
    for index, event in enumerate(events):
        best, score = -1, 0.0
        for other, candidate in enumerate(events):
            if (candidate.pattern, event.pattern) not in explains or candidate.score < open_at:
                continue
            if _overlap(candidate, event, slack) >= least and candidate.score > score:
                best, score = other, candidate.score
        if best >= 0:
            top[index] = best
    clusters: dict[int, list[Finding]] = {}
    for index, event in enumerate(events):
        root, seen = index, {index}
        while root in top and top[root] not in seen:
            root = top[root]
            seen.add(root)
        if root == index:
            clusters.setdefault(root, []).insert(0, event)
        else:
            clusters.setdefault(root, []).append(event)
    return list(clusters.values())


def _clue(outlet_id: str, members: Sequence[Finding], params: Params, model: Callable[[Finding], float]) -> Clue:
    head = members[0]
    a, b = params["rule_power"], params["model_power"]
    doubt = 1.0 - head.score
    for other in members[1:]:
        weight = params["other_group_weight"] if other.group != head.group else params["same_group_weight"]
        doubt *= 1.0 - weight * other.score
    rule = 1.0 - doubt
    # The model sees that values are unusual, not why: it does not outweigh what was found in the plant's favour.
    second = 0.0 if head.counter else min(params["model_most"], max(0.0, model(head)))
    confidence = min(params["most_certain"], 1.0 - (1.0 - rule) ** a * (1.0 - second) ** b)
    groups = tuple(sorted({one.group for one in members if one.score >= params["open_at"]} | {head.group}))
    severity = head.severity
    if len(groups) >= 2:
        severity = min(5, max(severity, *(one.severity for one in members)))
    ready = [one.raised_at for one in members if one.score >= params["open_at"]]
    factors = head.factors + tuple(sorted({code for one in members[1:] for code in one.factors} - set(head.factors)))
    return Clue(
        outlet_id=outlet_id,
        start=head.start,
        end=head.end,
        pattern=head.pattern,
        confidence=round(confidence, 4),
        severity=severity,
        raised_at=min(ready) if ready else head.raised_at,
        factors=factors,
        groups=groups,
        members=tuple(members),
    )


def _worth(clue: Clue, params: Params) -> bool:
    if clue.confidence < params["open_at"]:
        return False
    if clue.pattern in params.texts("never_alone") and len(clue.groups) < 2 and clue.severity < GRAVE:
        return False
    return clue.severity >= params["least_severity"] or clue.pattern in params.texts("malfunctions")
