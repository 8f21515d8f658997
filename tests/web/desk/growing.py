"""A district that grows, and a count of the questions a page asks the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from ecobureau.clock import now
from ecobureau.web.clues import services as clues
from ecobureau.web.clues.models import Clue
from ecobureau.web.desk import feeds
from ecobureau.web.dispatch import services as tasks
from ecobureau.web.dispatch.models import Task
from ecobureau.web.sources.models import Enterprise, Logger, Outlet, Station

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
DISTRICT, GRID = "/wuhan/jiangan/", "/wuhan/jiangan/g1/"


def an_outlet(n: int) -> Outlet:
    made = {"created_at": now(), "updated_at": now(), "org_path": GRID, "lon": 114.3, "lat": 30.6}
    firm = Enterprise.objects.create(
        name=f"企业{n}", name_sort=f"{n:04d}", initials="q", code=f"91420100MA4K{n:05d}X", **made
    )
    outlet = Outlet.objects.create(
        enterprise=firm, name=f"排口{n}", name_sort=f"{n:04d}", initials="p", code=f"DA{n:03d}", medium="air", **made
    )
    station = Station.objects.create(
        name=f"站{n}", name_sort=f"{n:04d}", initials="z", code=f"S{n}", st="31", outlet=outlet, **made
    )
    times = {"created_at": now(), "updated_at": now(), "accept_from": now() - timedelta(days=1)}
    Logger.objects.create(station=station, mn=f"MN{n:08d}", st="31", password_sealed=b"x", **times)
    return outlet


def a_clue(n: int, outlet: Outlet) -> Clue:
    clue, _new = clues.open_or_extend(
        clues.Report(
            subject=f"outlet:{outlet.pk}",
            factor=f"a{n}",
            rule="R",
            title=f"线索{n}",
            title_code="",
            reason_code="",
            params={},
            level="orange",
            first_at=AT,
            last_at=AT,
            outlet_id=outlet.pk,
            org_path=GRID,
            grid=GRID,
            lon=114.3,
            lat=30.6,
            pieces=[clues.Piece("number", AT)],
        )
    )
    return clue


def a_child(n: int, outlet: Outlet, who: Any) -> None:
    """Fold a second clue into a first one and send a third one out, so that folds and tasks grow too."""
    first, second, third = a_clue(n, outlet), a_clue(1000 + n, outlet), a_clue(2000 + n, outlet)
    Clue.objects.filter(pk=second.pk).update(state="merged", merged_into=first)
    task = tasks.send(third, who, unit=GRID)
    wanted = ("dispatched", "submitted")[n % 2]
    Task.objects.filter(pk=task.pk).update(state=wanted, submitted_at=AT if wanted == "submitted" else None)


def grow(upto: int, who: Any) -> None:
    for n in range(Outlet.objects.count(), upto):
        a_child(n, an_outlet(n), who)


def count(client: Any, address: str) -> tuple[int, list[str]]:
    feeds._kept = None
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert answer.status_code == 200, (address, answer.status_code, body[:300])
    return len(seen), [each["sql"][:160] for each in seen.captured_queries]
