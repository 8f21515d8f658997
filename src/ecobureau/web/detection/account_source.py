"""The accounts of outlets as the statistics ask for them: bring days up to date, show the hours behind one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from ecobureau.clock import now
from ecobureau.web.detection import accounting, passes, totals
from ecobureau.web.sources.models import Outlet
from ecobureau.web.statistics.emission.source import OutletHour


class OutletAccounts:
    """The daily totals and the hours they are made of (`statistics.emission.source.Accounts`)."""

    def refresh(self, outlet_ids: Collection[int] | None, since: date) -> int:
        """Bring the days of outlets (None: all with a station in use) from `since` on up to date."""
        hour = now().replace(minute=0, second=0, microsecond=0)
        return totals.refresh(passes.outlet_ids() if outlet_ids is None else outlet_ids, hour, since=since)

    def hours(self, outlet_id: int, factor: str, day: date) -> list[OutletHour]:
        """Return the hours of a day, computed as the daily totals are: with the quarter before."""
        outlet = Outlet.objects.filter(pk=outlet_id).first()
        if outlet is None:
            return []
        quarter = accounting.quarter_begin(day)
        since = accounting.quarter_begin(quarter - timedelta(days=1))
        hour = now().replace(minute=0, second=0, microsecond=0)
        end = min(hour, accounting.first_moment(accounting.span_of("quarter", day)[1]))
        if end <= accounting.first_moment(since):
            return []
        found = accounting.account(outlet, factor, since, end)
        begin = accounting.first_moment(day)
        return [] if found is None else found.listed(begin, begin + timedelta(days=1))

    def span(self, outlet_id: int, factor: str, start: date, end: date) -> list[OutletHour]:
        """Return the hours of the days [start, end), read once and without frames: for looking at many days."""
        outlet = Outlet.objects.filter(pk=outlet_id).first()
        hour = now().replace(minute=0, second=0, microsecond=0)
        until = min(hour, accounting.first_moment(end))
        if outlet is None or until <= accounting.first_moment(start):
            return []
        found = accounting.accounts(outlet, [factor], start, until, frames=False).get(factor)
        return [] if found is None else found.listed(accounting.first_moment(start), until)
