"""What the rules remember between two frames, read and written once a batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from ecobureau.web.clues.models import RuleState

Key = tuple[int, str, str, str]


class Memory:
    """States by (station, stream, factor, rule); only changed ones are written."""

    def __init__(self, station_ids: Collection[int]) -> None:
        rows = RuleState.objects.filter(station_id__in=list(station_ids))
        self._known: dict[Key, Mapping[str, Any]] = {
            (row.station_id, row.stream, row.factor, row.rule): row.state for row in rows
        }
        self._changed: dict[Key, Mapping[str, Any]] = {}

    def get(self, key: Key) -> Mapping[str, Any] | None:
        return self._changed.get(key) or self._known.get(key)

    def put(self, key: Key, state: Mapping[str, Any]) -> None:
        if state != self._known.get(key):
            self._changed[key] = state

    def write(self, at: datetime) -> None:
        """Write what changed, in one statement."""
        rows = [
            RuleState(station_id=key[0], stream=key[1], factor=key[2], rule=key[3], state=dict(state), updated_at=at)
            for key, state in sorted(self._changed.items())
        ]
        RuleState.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["station", "stream", "factor", "rule"],
            update_fields=["state", "updated_at"],
            batch_size=500,
        )
        self._changed.clear()
