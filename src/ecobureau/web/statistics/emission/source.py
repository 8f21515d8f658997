"""Where the hours of outlets come from: whoever keeps their accounts says so once, and is asked from here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OutletHour:
    """One hour of a factor of an outlet.

    Attributes:
        start: aware; concentration: mg/m3 or mg/L; converted: at the reference oxygen; flow: m3 of the hour.
        mark: as sent; state: code `emission.state.…`; cause: code `emission.mark.…` of what spoilt the hour, or empty.
        kg: mass as measured; substitute: mass by the standard's substitution; way: code `emission.way.…` or empty;
            run: hours of the gap; there: valid hours the substitute is made from; capture: share of the quarter.
        raw_id, flow_raw_id: raw frames that the concentration and the flow stand in, None where nothing came.
    """

    start: datetime
    concentration: float | None
    converted: float | None
    flow: float | None
    mark: str
    state: str
    cause: str
    kg: float | None
    substitute: float | None
    way: str
    run: int
    there: int
    capture: float | None
    raw_id: int | None
    flow_raw_id: int | None


class Accounts(Protocol):
    """Who keeps the accounts of outlets."""

    def refresh(self, outlet_ids: Collection[int] | None, since: date) -> int:
        """Compute the days of outlets (None: all) from `since` on that are out of date, and hand them in.

        Returns:
            How many days were new or changed.
        """
        ...

    def hours(self, outlet_id: int, factor: str, day: date) -> list[OutletHour]:
        """Return the hours of a day as its figures were made from them, empty where nothing is known."""
        ...

    def span(self, outlet_id: int, factor: str, start: date, end: date) -> list[OutletHour]:
        """Return the hours of the days [start, end), without the frames behind them; hours to come are left out."""
        ...


_kept: list[Accounts] = []


def register(accounts: Accounts) -> None:
    """Say who keeps the accounts; the last one who said so does."""
    _kept[:] = [accounts]


def accounts() -> Accounts | None:
    """Return who keeps the accounts, None as long as nobody does."""
    return _kept[0] if _kept else None
