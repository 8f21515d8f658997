"""A city with an administrator, somebody who is told things, a mail server and a bot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ecobureau.clock import ManualClock, use_clock
from ecobureau.web.core import notices
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import SYSTEM, Viewer, viewer_of
from ecobureau.web.messages import services
from ecobureau.web.messages.models import Channel
from ecobureau.web.places import services as places
from web.messages.servers import Bot, Mailbox, running
from web.people import person

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PLACE = "/wuhan/jiangan/"


@pytest.fixture
def clock() -> Iterator[ManualClock]:
    """A clock that stands at 2026-11-23 (a Monday) 12:00 in Asia/Shanghai."""
    manual = ManualClock(NOON)
    with use_clock(manual):
        yield manual


@pytest.fixture(scope="session")
def _mailbox() -> Iterator[Mailbox]:
    with running(Mailbox()) as server:
        yield server


@pytest.fixture(scope="session")
def _bot() -> Iterator[Bot]:
    with running(Bot()) as server:
        yield server


@pytest.fixture
def mailbox(_mailbox: Mailbox) -> Mailbox:
    _mailbox.mails.clear()
    _mailbox.verdict = "250 ok"
    return _mailbox


@pytest.fixture
def bot(_bot: Bot) -> Bot:
    _bot.sent.clear()
    _bot.status, _bot.reply, _bot.headers = 200, b'{"errcode": 0, "errmsg": "ok"}', {}
    return _bot


@pytest.fixture
def city(db: None, clock: ManualClock, settings: Any, mailbox: Mailbox, bot: Bot) -> Any:
    settings.MESSAGE_HOSTS = [f"smtp://127.0.0.1:{mailbox.port}", bot.origin]
    settings.PUBLIC_URL = "https://bureau.example"
    top = places.make_organisation(SYSTEM, parent=None, code="wuhan", level="city", name="市级中心")
    return places.make_organisation(SYSTEM, parent=top, code="jiangan", level="district", name="江岸分中心")


@pytest.fixture
def admin(city: Any) -> Viewer:
    return viewer_of(person("admin", ("administrator", "/wuhan/")))


@pytest.fixture
def reader(city: Any) -> Any:
    """Somebody with a mail address."""
    user = person("reader", ("dispatcher", PLACE))
    user.email, user.phone = "reader@bureau.example", "13900000001"
    user.save()
    return user


@pytest.fixture
def mail(admin: Viewer, mailbox: Mailbox) -> Channel:
    given = {"host": "127.0.0.1", "port": mailbox.port, "safety": "plain", "sender": "eb@bureau.example", "user": ""}
    return services.save_channel(admin, None, kind="email", name="邮件", settings=given)


@pytest.fixture
def tell(reader: Any) -> Callable[..., Any]:
    """Write a notice to `reader` about a new task of a level, as any duty does."""

    def tell(level: str = "yellow", code: str = "dispatch.notice.new_task", **params: Any) -> Any:
        task = kernel.create("task", SYSTEM, title="河边异味", level=level, org_path=PLACE, owner_unit=PLACE)
        notices.send([reader.pk], task, code, {"title": task.title, **params}, NOON)
        return task

    return tell
