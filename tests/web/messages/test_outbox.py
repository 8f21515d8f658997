"""Messages on their way: sent, held, folded, tried again, failed; on real local servers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection

from ecobureau.clock import BEIJING, ManualClock
from ecobureau.secret import unseal
from ecobureau.web.core.access import SYSTEM, Viewer, viewer_of
from ecobureau.web.core.models import Notice
from ecobureau.web.messages import outbox, selectors, services
from ecobureau.web.messages.models import Channel, Delivery
from ecobureau.web.messages.rules import rules
from ecobureau.web.places import services as places
from web.messages.conftest import NOON, PLACE
from web.messages.servers import Bot, Mailbox

pytestmark = pytest.mark.django_db
GIVEN = rules(date(2026, 11, 23))


def work(at: datetime) -> None:
    """Do what the worker does: sweep, and the jobs of what is due."""
    outbox.sweep(at)
    for pk in Delivery.objects.filter(state="queued", due_at__lte=at).order_by("pk").values_list("pk", flat=True):
        outbox.send_one(pk)


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_a_notice_goes_out_as_a_mail_in_the_readers_language(
    mail: Channel, reader: Any, tell: Any, mailbox: Mailbox
) -> None:
    task = tell("orange")
    work(NOON)
    reader.language = "en"
    reader.save()
    tell()
    work(NOON)
    first, second = mailbox.mails
    assert first["To"] == "reader@bureau.example" and first["From"] == "eb@bureau.example"
    assert first["Subject"].strip() == f"[线上生态环境局] 新任务 {task.number}：河边异味"
    assert f"https://bureau.example/tasks/{task.number}/" in first.get_content() and "橙色" in first.get_content()
    assert "New task" in second["Subject"]
    assert states() == ["sent", "sent"] and Notice.objects.filter(user=reader).count() == 2


def test_without_channels_nothing_but_the_inbox(tell: Any, reader: Any) -> None:
    tell()
    assert Notice.objects.filter(user=reader).count() == 1 and not Delivery.objects.exists()


def test_nothing_is_sent_of_what_is_rolled_back(mail: Channel, tell: Any, mailbox: Mailbox) -> None:
    from django.db import transaction

    with transaction.atomic():
        tell()
        transaction.set_rollback(True)
    work(NOON)
    assert not Delivery.objects.exists() and not mailbox.mails


def test_in_quiet_hours_only_what_is_urgent_goes_out(
    mail: Channel, tell: Any, mailbox: Mailbox, clock: ManualClock
) -> None:
    night = datetime(2026, 11, 23, 23, 0, tzinfo=BEIJING)
    clock.set(night)
    tell("yellow")
    tell("red")
    tell("yellow", code="core.notice.clock", clock="签收", percent=GIVEN.urgent_percent)
    tell("yellow", code="core.notice.clock", clock="签收", percent=80)
    work(clock.now())
    assert states() == ["held", "sent", "sent", "held"] and len(mailbox.mails) == 2
    assert mailbox.mails[0]["Subject"].strip().startswith("[线上生态环境局] 紧急：")
    clock.set(datetime(2026, 11, 24, 7, 0, tzinfo=BEIJING))
    work(clock.now())
    assert len(mailbox.mails) == 3 and "2 条提醒" in mailbox.mails[2]["Subject"]
    assert sorted(states()) == ["folded", "folded", "sent", "sent", "sent"]


def test_ones_own_quiet_hours_and_wishes_count(
    mail: Channel, reader: Any, tell: Any, clock: ManualClock, mailbox: Mailbox
) -> None:
    me = viewer_of(reader)
    services.save_preference(
        me, by_email=True, by_sms=False, email="own@bureau.example", quiet_from=time(12), quiet_to=time(13)
    )
    tell()
    assert Delivery.objects.get().due_at == datetime(2026, 11, 23, 13, tzinfo=BEIJING)
    services.save_preference(
        me, by_email=True, by_sms=False, email="own@bureau.example", quiet_from=time(1), quiet_to=time(2)
    )
    tell()
    work(clock.now())
    assert mailbox.mails[-1]["To"] == "own@bureau.example"
    services.save_preference(me, by_email=False, by_sms=False)
    tell()
    assert Delivery.objects.count() == 2


def test_who_wants_so_is_told_on_duty(mail: Channel, reader: Any, city: Any, tell: Any, clock: ManualClock) -> None:
    services.save_preference(viewer_of(reader), by_email=True, by_sms=False, on_duty_only=True)
    tell()
    tell("red")
    roster = places.make_roster(SYSTEM, city, "夜班")
    starts = NOON + timedelta(hours=4)
    places.add_shift(SYSTEM, roster, reader, starts=starts, ends=starts + timedelta(hours=2))
    tell()
    clock.set(starts)
    tell()
    assert [(one.state, one.due_at) for one in Delivery.objects.order_by("pk")] == [
        ("dropped", NOON),
        ("queued", NOON),
        ("held", starts),
        ("queued", starts),
    ]


def test_a_storm_becomes_one_digest_and_the_storm_after_it_another(
    mail: Channel, tell: Any, mailbox: Mailbox, clock: ManualClock
) -> None:
    many = GIVEN.fold_count + 12
    for _ in range(many):
        tell()
    tell(code="dispatch.notice.withdrawn")
    work(clock.now())
    assert len(mailbox.mails) == GIVEN.fold_count + 1
    clock.advance(GIVEN.fold_span - timedelta(seconds=1))
    tell()
    work(clock.now())
    assert len(mailbox.mails) == GIVEN.fold_count + 1
    clock.advance(timedelta(seconds=1))
    work(clock.now())
    work(clock.now())
    assert len(mailbox.mails) == GIVEN.fold_count + 2
    text = mailbox.mails[-1].get_content()
    assert "13 条提醒合并成这一条" in text and "另有 3 条" in text and text.count("· 新任务") == 10
    assert "https://bureau.example/inbox/" in text
    clock.advance(GIVEN.fold_span * 2)
    tell()
    work(clock.now())
    assert len(mailbox.mails) == GIVEN.fold_count + 3


def test_a_server_that_is_away_is_tried_again_with_growing_waits(
    mail: Channel, tell: Any, mailbox: Mailbox, clock: ManualClock
) -> None:
    mailbox.verdict = "451 later"
    tell()
    one = Delivery.objects.get()
    waits = []
    while one.state == "queued":
        before = clock.now()
        clock.set(one.due_at)
        work(clock.now())
        work(clock.now())
        waits.append(clock.now() - before)
        one.refresh_from_db()
    assert (one.state, one.tries) == ("failed", GIVEN.tries) and "451" in one.why
    assert waits[1:] == [GIVEN.wait_first * 2**n for n in range(GIVEN.tries - 1)]
    mailbox.verdict = "250 ok"
    clock.advance(timedelta(days=1))
    work(clock.now())
    assert not mailbox.mails


def test_what_failed_is_shown_and_sent_again_by_hand(
    client: Any, mail: Channel, admin: Viewer, tell: Any, mailbox: Mailbox, clock: ManualClock
) -> None:
    mailbox.verdict = "550 nobody here"
    tell()
    work(clock.now())
    one = Delivery.objects.get()
    assert (one.state, one.tries) == ("failed", 1)
    client.force_login(_user(admin))
    page = client.get("/channels/log/?state=failed").content.decode()
    assert "550 nobody here" in page and "再发" in page
    assert f"state=failed&amp;channel={mail.pk}" in client.get("/channels/").content.decode()
    mailbox.verdict = "250 ok"
    assert client.post(f"/channels/log/{one.pk}/again/").status_code == 302
    work(clock.now())
    assert states() == ["sent"] and len(mailbox.mails) == 1
    assert client.post(f"/channels/log/{one.pk}/again/", headers={"Accept": "application/json"}).status_code == 422


def _user(viewer: Viewer) -> Any:
    from ecobureau.web.accounts.models import User

    return User.objects.get(pk=viewer.user_id)


def a_bot(admin: Viewer, bot: Bot, kind: str, *, place: str = PLACE, url: str = "", **secrets: str) -> Channel:
    secrets["url"] = url or f"{bot.origin}/cgi-bin/webhook/send?key=abc"
    return services.save_channel(
        admin, None, kind=kind, name=f"{kind} {place}", org_path=place, levels=["orange", "red"], secrets=secrets
    )


def test_a_group_hears_of_its_place_and_levels_once(admin: Viewer, bot: Bot, tell: Any, clock: ManualClock) -> None:
    a_bot(admin, bot, "wecom")
    a_bot(admin, bot, "wecom", place="/wuhan/qingshan/")
    tell("yellow")
    task = tell("orange")
    work(clock.now())
    ((path, body),) = bot.sent
    assert path == "/cgi-bin/webhook/send?key=abc" and body["msgtype"] == "text"
    assert task.number in body["text"]["content"] and states() == ["sent"]


def test_a_dingtalk_bot_is_signed(admin: Viewer, bot: Bot, tell: Any, clock: ManualClock) -> None:
    a_bot(admin, bot, "dingtalk", secret="SECabc")
    tell("red")
    work(clock.now())
    ((path, _body),) = bot.sent
    given = {key: values[0] for key, values in parse_qs(urlsplit(path).query).items()}
    stamp = str(int(clock.now().timestamp() * 1000))
    want = hmac.new(b"SECabc", f"{stamp}\nSECabc".encode(), hashlib.sha256).digest()
    assert (given["key"], given["timestamp"], base64.b64decode(given["sign"])) == ("abc", stamp, want)


@pytest.mark.parametrize(
    ("status", "reply", "state", "why"),
    [
        (200, b'{"errcode": 45009, "errmsg": "api freq out of limit"}', "queued", "45009"),
        (200, b'{"errcode": 93000, "errmsg": "invalid webhook url"}', "failed", "93000"),
        (200, b"<html>login</html>", "failed", "看不懂"),
        (200, b"[]", "failed", "看不懂"),
        (200, b" " * 70_000, "queued", "too large"),
        (503, b"", "queued", "503"),
        (429, b"", "queued", "429"),
        (404, b"", "failed", "404"),
        (302, b"", "failed", "302"),
    ],
)
def test_what_a_bot_may_answer(
    admin: Viewer, bot: Bot, tell: Any, clock: ManualClock, status: int, reply: bytes, state: str, why: str
) -> None:
    a_bot(admin, bot, "wecom")
    bot.status, bot.reply, bot.headers = status, reply, {"Location": f"{bot.origin}/other"}
    tell("red")
    work(clock.now())
    one = Delivery.objects.get()
    assert (one.state, one.tries) == (state, 1) and why in one.why and len(bot.sent) == 1


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1/hook", "没有允许发往 127.0.0.1"),
        ("https://evil.example/hook", "没有允许发往 evil.example"),
        ("http://127.0.0.1.evil.example/hook", "没有允许"),
        ("ftp://127.0.0.1/x", "地址不完整"),
        ("file:///etc/passwd", "地址不完整"),
        ("http://user:pw@127.0.0.1/x", "地址不完整"),
        ("http://[::1", "地址不完整"),
    ],
)
def test_nothing_is_called_that_is_not_named(
    admin: Viewer, bot: Bot, tell: Any, clock: ManualClock, url: str, why: str
) -> None:
    a_bot(admin, bot, "wecom", url=url)
    tell("red")
    work(clock.now())
    one = Delivery.objects.get()
    assert one.state == "failed" and why in one.why and not bot.sent


def test_a_server_that_is_gone_is_no_answer(
    admin: Viewer, bot: Bot, tell: Any, clock: ManualClock, settings: Any
) -> None:
    settings.MESSAGE_HOSTS = ["http://127.0.0.1:1"]
    a_bot(admin, bot, "wecom", url="http://127.0.0.1:1/hook")
    tell("red")
    work(clock.now())
    one = Delivery.objects.get()
    assert one.state == "queued" and "没有应答" in one.why and one.due_at == clock.now() + GIVEN.wait_first


def test_sms_goes_to_the_file_that_a_gateway_reads(
    admin: Viewer, reader: Any, tell: Any, clock: ManualClock, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.save_channel(admin, None, kind="sms", name="短信")
    services.save_preference(viewer_of(reader), by_email=False, by_sms=True)
    task = tell("red")
    monkeypatch.setattr("ecobureau.web.messages.channels.sms.data_dir", lambda: tmp_path)
    work(clock.now())
    file = tmp_path / "sms" / "outbox.jsonl"
    (line,) = [json.loads(row) for row in file.read_text(encoding="utf-8").splitlines()]
    assert line["to"] == "13900000001" and task.number in line["text"] and file.stat().st_mode & 0o077 == 0


def test_a_sealed_address_never_comes_back_out(client: Any, admin: Viewer, bot: Bot) -> None:
    channel = a_bot(admin, bot, "dingtalk", secret="SECabc")
    blob = bytes(channel.secret_sealed)
    assert b"SECabc" not in blob and json.loads(unseal(blob))["secret"] == "SECabc"
    client.force_login(_user(admin))
    page = client.get(f"/channels/{channel.pk}/").content.decode()
    assert "SECabc" not in page and "key=abc" not in page
    form = {"name": "改名", "active": "on", "org_path": PLACE, "levels": ["red"], "language": "en"}
    assert client.post(f"/channels/{channel.pk}/", form).status_code == 302
    channel.refresh_from_db()
    assert channel.name == "改名" and json.loads(unseal(bytes(channel.secret_sealed)))["secret"] == "SECabc"


def test_a_channel_is_tried_from_its_page(
    client: Any, mail: Channel, admin: Viewer, bot: Bot, mailbox: Mailbox
) -> None:
    client.force_login(_user(admin))
    page = client.post(f"/channels/{mail.pk}/test/", {"to": "me@bureau.example"}, follow=True).content.decode()
    assert "已发出" in page and mailbox.mails[0]["To"] == "me@bureau.example"
    broken = client.post(f"/channels/{mail.pk}/test/", {"to": "me@b.example\nBcc: all@b.example"}, follow=True)
    assert "邮箱写得不对" in broken.content.decode() and len(mailbox.mails) == 1
    assert "请填试发" in client.post(f"/channels/{mail.pk}/test/", follow=True).content.decode()
    bot.status = 404
    channel = a_bot(admin, bot, "wecom")
    page = client.post(f"/channels/{channel.pk}/test/", follow=True).content.decode()
    assert "没有发出" in page and "404" in page and not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("kind", "form", "word"),
    [
        ("wecom", {"name": "群", "org_path": PLACE, "levels": ["red"], "language": "zh-hans"}, "请填机器人地址"),
        ("email", {"name": "邮件", "host": "x", "port": "99999", "safety": "tls", "sender": "无"}, "65535"),
    ],
)
def test_a_channel_that_is_half_filled_is_not_made(
    client: Any, admin: Viewer, kind: str, form: dict[str, Any], word: str
) -> None:
    client.force_login(_user(admin))
    answer = client.post(f"/channels/new/{kind}/", form)
    assert answer.status_code == 422 and word in answer.content.decode() and not Channel.objects.exists()


def test_who_may_set_up_and_read(client: Any, mail: Channel, admin: Viewer, bot: Bot, reader: Any) -> None:
    from web.people import person

    here, quick = a_bot(admin, bot, "wecom"), {"headers": {"Accept": "application/json"}}
    table = {
        ("administrator", "/wuhan/"): (200, 200, 200),
        ("administrator", PLACE): (200, 404, 200),
        ("administrator", "/wuhan/qingshan/"): (200, 404, 404),
        ("auditor", "/wuhan/"): (200, 403, 403),
        ("dispatcher", PLACE): (403, 404, 404),
        ("leader", "/wuhan/"): (403, 404, 404),
    }
    for n, ((role, place), expected) in enumerate(table.items()):
        client.force_login(person(f"p{n}", (role, place)))
        got = tuple(
            client.get(address, **quick).status_code
            for address in ("/channels/log/", f"/channels/{mail.pk}/", f"/channels/{here.pk}/")
        )
        assert tuple(404 if code == 422 else code for code in got) == expected, (role, place, got)
    client.force_login(reader)
    before = (Channel.objects.count(), Delivery.objects.count())
    for address in ("/channels/new/sms/", f"/channels/{mail.pk}/", f"/channels/{mail.pk}/test/"):
        assert client.post(address, {"name": "x"}, **quick).status_code in (403, 404, 422)
    assert before == (Channel.objects.count(), Delivery.objects.count())


def test_a_district_hears_nothing_of_anothers_log(admin: Viewer, bot: Bot, tell: Any, clock: ManualClock) -> None:
    from web.people import person

    a_bot(admin, bot, "wecom")
    tell("red")
    other = viewer_of(person("o", ("administrator", "/wuhan/qingshan/")))
    assert selectors.log(other) == [] and len(selectors.log(admin)) == 1 and list(selectors.channels(other)) == []


def test_the_log_asks_as_often_for_many_lines_as_for_few(
    mail: Channel, admin: Viewer, tell: Any, django_assert_num_queries: Callable[..., Any]
) -> None:
    for many in (2, 10):
        for _ in range(many):
            tell("red", code=f"dispatch.notice.{'new_task' if many == 2 else 'returned'}")
        with django_assert_num_queries(1):
            selectors.log(admin)


def test_old_lines_are_forgotten_and_open_ones_kept(mail: Channel, tell: Any, clock: ManualClock) -> None:
    tell()
    work(clock.now())
    tell()
    assert outbox.clear(clock.now() + GIVEN.keep + timedelta(seconds=1)) == 1
    assert states() == ["queued"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_one_message_once(mail: Channel, tell: Any, mailbox: Mailbox) -> None:
    tell("red")
    pk, gate = Delivery.objects.get().pk, Barrier(3)

    def run(_: int) -> bool:
        gate.wait()
        try:
            return outbox.send_one(pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(run, range(3))) == [False, False, True]
    assert len(mailbox.mails) == 1 and states() == ["sent"]
