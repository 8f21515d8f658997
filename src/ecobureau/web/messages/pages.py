"""Pages: what I want to be told and how, the channels of a place, and the log of what was sent."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import refuse
from ecobureau.web.messages import door, selectors, services
from ecobureau.web.messages.forms import FORMS, PreferenceForm, TestForm
from ecobureau.web.messages.models import BOTS, Channel, ChannelKind, Delivery
from ecobureau.web.messages.rules import rules
from ecobureau.words import say


@require_http_methods(["GET", "POST"])
@signed_in
def preference_page(request: HttpRequest) -> HttpResponse:
    """My own settings, and what was sent to me."""
    viewer = viewer_in(request)
    mine = selectors.preference(viewer)
    names = ("by_email", "email", "by_sms", "quiet_from", "quiet_to", "on_duty_only")
    form = PreferenceForm(request.POST or None, initial={name: getattr(mine, name) for name in names})
    if request.method == "POST" and form.is_valid():
        services.save_preference(viewer, **form.cleaned_data)
        messages.success(request, _("已保存"))
        return redirect("messages:preferences")
    given = rules(beijing(now()).date())
    context = {
        "form": form,
        "lines": selectors.own_log(viewer),
        "quiet_from": given.quiet[0],
        "quiet_to": given.quiet[1],
        "urgent": [say(f"messages.level.{level}") for level in sorted(given.urgent_levels)],
        "fold_count": given.fold_count,
        "fold_minutes": int(given.fold_span.total_seconds() // 60),
        "channels": door.readable(viewer),
    }
    return render(request, "messages/preferences.html", context, status=422 if form.errors else 200)


@require_GET
@signed_in
def channels_page(request: HttpRequest) -> HttpResponse:
    """The channels of my places."""
    viewer = viewer_in(request)
    door.must_read(viewer)
    rows = [{"channel": row, "may": door.may_change(viewer, row.org_path)} for row in selectors.channels(viewer)]
    may_make = bool(door.places(viewer, "administrator"))
    return render(request, "messages/channels.html", {"rows": rows, "kinds": ChannelKind.choices, "may_make": may_make})


def _channel(request: HttpRequest, pk: int) -> Channel:
    viewer = viewer_in(request)
    channel = selectors.channel(viewer, pk)
    if channel is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="channel")
    return channel


@require_http_methods(["GET", "POST"])
@signed_in
def new_channel_page(request: HttpRequest, kind: str) -> HttpResponse:
    """A new channel of a kind."""
    viewer = viewer_in(request)
    if kind not in FORMS:
        refuse(Refusal("core.not_found", {"number": kind}), actor=viewer.user_id, what="channel")
    if not door.places(viewer, "administrator"):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="channel")
    form = FORMS[kind](request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = services.save_channel(viewer, None, kind=kind, **form.wanted())
        messages.success(request, _("已保存，请试发一条"))
        return redirect("messages:channel", made.pk)
    return _form(request, form, ChannelKind(kind).label, None)


def _form(request: HttpRequest, form: Any, name: Any, channel: Channel | None) -> HttpResponse:
    context = {
        "form": form,
        "kind_name": name,
        "channel": channel,
        "test": TestForm() if channel is not None and channel.kind not in BOTS else None,
    }
    return render(request, "messages/channel.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def channel_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a channel; secrets stay where they are unless new ones are given."""
    viewer = viewer_in(request)
    channel = _channel(request, pk)
    door.must_change(viewer, channel.org_path)
    plain = {name: getattr(channel, name) for name in ("pk", "name", "active", "org_path", "levels", "language")}
    form = FORMS[channel.kind](request.POST or None, initial={**plain, **channel.settings})
    if request.method == "POST" and form.is_valid():
        services.save_channel(viewer, channel, kind=channel.kind, **form.wanted())
        messages.success(request, _("已保存"))
        return redirect("messages:channel", pk)
    return _form(request, form, channel.get_kind_display(), channel)


@require_POST
@signed_in
def test_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test message now and say what came of it."""
    viewer = viewer_in(request)
    channel = _channel(request, pk)
    door.must_change(viewer, channel.org_path)
    to = ""
    if not channel.is_bot:
        form = TestForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("请填试发的邮箱或手机"))
            return redirect("messages:channel", pk)
        to = form.cleaned_data["to"]
    wrong = services.try_channel(viewer, channel, to)
    if wrong:
        messages.error(request, _("没有发出：{why}").format(why=wrong))
    else:
        messages.success(request, _("已发出，请到对方处查看"))
    return redirect("messages:channel", pk)


@require_GET
@signed_in
def log_page(request: HttpRequest) -> HttpResponse:
    """What was sent, failed, held or folded."""
    viewer = viewer_in(request)
    door.must_read(viewer)
    state, channel, before = (request.GET.get(key, "") for key in ("state", "channel", "before"))
    lines = selectors.log(
        viewer,
        state=state,
        channel_id=int(channel) if channel.isdigit() else None,
        before=int(before) if before.isdigit() else None,
    )
    context = {
        "lines": lines[: selectors.PAGE],
        "more": lines[selectors.PAGE - 1].delivery.pk if len(lines) > selectors.PAGE else None,
        "states": Delivery.State.choices,
        "state": state,
        "channel": channel,
        "channels": selectors.channels(viewer),
        "may_again": bool(door.places(viewer, "administrator")),
    }
    return render(request, "messages/log.html", context)


@require_POST
@signed_in
def again_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a failed message again."""
    viewer = viewer_in(request)
    delivery = selectors.delivery(viewer, pk)
    if delivery is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what="delivery")
    services.send_again(viewer, delivery)
    messages.success(request, _("已重新排队"))
    return redirect("messages:log")
