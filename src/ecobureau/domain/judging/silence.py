"""R-OFFLINE and R-NODATA: a device that says nothing at all, and one that speaks but sends no data. Two states.

Both are judged by the clock, not by a frame: call them from a tick. A device that is offline is not also without data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from ecobureau.domain.judging import favour
from ecobureau.domain.judging.params import Params, Rating
from ecobureau.domain.judging.rating import rate, scenario_of
from ecobureau.domain.judging.types import Context, Evidence, Finding, Phase, Where, instant_text

OFFLINE, NODATA = "R-OFFLINE", "R-NODATA"
Silence = Literal["fine", "offline", "nodata"]


@dataclass(frozen=True, slots=True)
class SilenceFacts:
    """What was heard of a station's device.

    Attributes:
        last_seen: newest frame of any kind (heartbeats too), None = never.
        last_data: receipt of the newest frame with live data, None = never.
        due_since: nothing was due before (registration, `accept_from`, being switched on again).
        interval_s: interval of its most frequent data in seconds.
        active: switched off stations owe nothing.
        open_socket: whether its connection stands now; None = not known.
        listening_since: since when the bureau itself listens without a break; its own silence is nobody's fault.
            None = always.
    """

    where: Where
    last_seen: datetime | None
    last_data: datetime | None
    due_since: datetime
    interval_s: int
    active: bool = True
    open_socket: bool | None = None
    listening_since: datetime | None = None
    context: Context = field(default_factory=Context)


@dataclass(frozen=True, slots=True)
class SilenceState:
    """In which of the three states the device is, since when, and whether the long silence was told."""

    state: Silence = "fine"
    since: datetime | None = None
    long_told: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "state": self.state,
            "since": self.since.isoformat() if self.since else None,
            "long_told": self.long_told,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> SilenceState:
        """Read what `to_json` wrote; empty or None is a fresh state."""
        if not data:
            return cls()
        since = data.get("since")
        return cls(data["state"], datetime.fromisoformat(since) if since else None, bool(data.get("long_told")))


def silence_of(facts: SilenceFacts, params: Params, now: datetime) -> tuple[Silence, datetime | None]:
    """Return the state of a device at `now`, and since when it has said nothing (or sent no data)."""
    if not facts.active:
        return "fine", None
    due = max(facts.due_since, facts.listening_since or facts.due_since)
    seen = max(facts.last_seen or due, due)
    offline_after = max(params.offline_after_s, params.offline_intervals * facts.interval_s)
    if now - seen > timedelta(seconds=offline_after) and facts.open_socket is not True:
        return "offline", seen
    data = max(facts.last_data or due, due)
    nodata_after = max(params.nodata_at_least_s, params.nodata_intervals * facts.interval_s)
    if now - data > timedelta(seconds=nodata_after):
        return "nodata", data
    return "fine", None


def step_silence(
    state: SilenceState, facts: SilenceFacts, params: Params, now: datetime
) -> tuple[SilenceState, list[Finding]]:
    """Take what is known at `now` and say what follows: open, end, and once extend when the silence grows long.

    Going from no data to offline (or back) ends the one matter and opens the other.

    Args:
        state: of this station.
        now: aware instant.
    """
    found, since = silence_of(facts, params, now)
    if found == state.state:
        return _same(state, facts, params, now)
    findings = []
    if state.state != "fine" and state.since is not None:
        findings.append(_finding(state.state, "end", state.since, facts, params, now))
    if found == "fine" or since is None:
        return SilenceState(), findings
    findings.append(_finding(found, "open", since, facts, params, now))
    return SilenceState(found, since), findings


def _same(
    state: SilenceState, facts: SilenceFacts, params: Params, now: datetime
) -> tuple[SilenceState, list[Finding]]:
    if state.state == "fine" or state.since is None or state.long_told:
        return state, []
    rating = params.offline if state.state == "offline" else params.nodata
    if not rating.long_s or (now - state.since).total_seconds() < rating.long_s:
        return state, []
    told = SilenceState(state.state, state.since, long_told=True)
    return told, [_finding(state.state, "extend", state.since, facts, params, now, long=True)]


def _severity(rating: Rating, *, long: bool) -> int:
    return rating.long_severity if long and rating.long_severity else rating.severity


def _finding(
    found: Silence,
    phase: Phase,
    since: datetime,
    facts: SilenceFacts,
    params: Params,
    now: datetime,
    *,
    long: bool = False,
) -> Finding:
    rule, rating = (OFFLINE, params.offline) if found == "offline" else (NODATA, params.nodata)
    minutes = int((now - since).total_seconds() // 60)
    words = {
        "place": facts.where.station_name,
        "since": instant_text(since),
        "now": instant_text(now),
        "minutes": minutes,
        "seen": instant_text(facts.last_seen) if facts.last_seen else "judging.never",
        "data": instant_text(facts.last_data) if facts.last_data else "judging.never",
    }
    severity = _severity(rating, long=long)
    risk, level = rate(severity, rating.confidence, params)
    evidence: tuple[Evidence, ...] = ()
    if phase == "open":
        checks = favour.checks(facts.context, (), since, now, params)
        evidence = (
            Evidence("rule", f"judging.{found}.rule", now, {"rule": rule, "version": params.version, **words}),
            Evidence("number", f"judging.{found}.reason", now, words),
            *(piece for piece in checks if piece.code.startswith("judging.favour.declared")),
        )
    return Finding(
        rule=rule,
        phase=phase,
        where=facts.where,
        factor="",
        stream=None,
        first_at=since,
        last_at=now,
        title_code=f"judging.{found}.title",
        reason_code=f"judging.{found}.end" if phase == "end" else f"judging.{found}.reason",
        params=words,
        severity=severity,
        confidence=rating.confidence,
        risk=risk,
        level=level,
        scenario=scenario_of(rule, facts.where.st, params),
        value=float(minutes),
        evidence=evidence,
    )
