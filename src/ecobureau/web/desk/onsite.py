"""From a scanned code or a file: report a clue about this very thing, or start a check of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from ecobureau.domain.workflow import Refusal
from ecobureau.rulepacks import load
from ecobureau.web.clues import services as clues
from ecobureau.web.core import addresses
from ecobureau.web.core import services as kernel
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.forms import set_choices
from ecobureau.web.core.models.record import LEVELS
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.web.outfalls import selectors as outfalls
from ecobureau.web.outfalls.models import Outfall
from ecobureau.web.sources import codes
from ecobureau.web.sources import selectors as sources
from ecobureau.words import say

_READERS: dict[str, Callable[[Viewer, int], Any]] = {
    "enterprise": sources.enterprise,
    "outlet": lambda viewer, pk: getattr(sources.outlet_file(viewer, pk), "outlet", None),
    "station": sources.station,
    "outfall": lambda viewer, pk: outfalls.outfalls(viewer).filter(pk=pk).first(),
}


class ReportForm(forms.Form):
    """A clue about one thing: where and what it is are known."""

    title = forms.CharField(label=lazy("事情"), max_length=200, help_text=lazy("一句话：什么、在哪里、多久了"))
    level = forms.ChoiceField(label=lazy("等级"), choices=LEVELS, initial="yellow")
    scenario = forms.ChoiceField(label=lazy("情形"), required=False)
    note = forms.CharField(
        label=lazy("说明"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    client_uuid = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = sorted(key.removeprefix("scenario.") for key in load("scenario_kinds").keys("scenario."))
        named = [(each, f"{each} {say(f'scenario.{each}')}") for each in known]
        set_choices(self, "scenario", [("", "—"), *named])


def thing_of(viewer: Viewer, what: str, pk: int) -> Any:
    """Return the thing a code stands for, as far as the viewer may see it.

    Raises:
        Refused: there is none, or not for this viewer.
    """
    reader = _READERS.get(what)
    thing = reader(viewer, pk) if reader else None
    if thing is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what=f"{what} {pk}")
    return thing


def _name(thing: Any) -> str:
    return thing.title if isinstance(thing, Outfall) else str(thing.name)


def _about(what: str, thing: Any) -> dict[str, Any]:
    made = {"org_path": thing.org_path, "lon": thing.lon, "lat": thing.lat}
    if what == "outlet":
        made["outlet_id"] = thing.pk
    elif what == "station":
        made |= {"station_id": thing.pk, "outlet_id": thing.outlet_id}
    elif what == "outfall" and thing.outlet_id:
        made["outlet_id"] = thing.outlet_id
    return made


def _register(viewer: Viewer, what: str, thing: Any, given: dict[str, Any]) -> Any:
    clue = clues.register(viewer, **_about(what, thing), **given)
    if isinstance(thing, Outfall):
        kernel.link(clue, "about", thing, viewer)
    return clue


@require_http_methods(["GET", "POST"])
@signed_in
def report_page(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Register a clue about the thing."""
    viewer = viewer_in(request)
    thing = thing_of(viewer, what, pk)
    _must_report(viewer, thing)
    posted = request.method == "POST"
    form = ReportForm(request.POST if posted else None)
    if posted and form.is_valid():
        try:
            clue = _register(viewer, what, thing, form.cleaned_data)
        except Refused as refused:
            form.add_error(None, refused.text())
        else:
            return redirect(addresses.of(clue))
    return _form(request, what, thing, form, _("在此报线索"), posted)


@require_http_methods(["GET", "POST"])
@signed_in
def check_page(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Start a check of the thing: a clue of its own, then the page that sends somebody.

    A check goes the one way of every matter, so that its clocks, evidence and close are the same.
    """
    viewer = viewer_in(request)
    thing = thing_of(viewer, what, pk)
    _must_report(viewer, thing)
    posted = request.method == "POST"
    title = _("现场检查：{name}").format(name=_name(thing))
    form = ReportForm(request.POST if posted else None, initial={"title": title[:200], "level": "blue"})
    if posted and form.is_valid():
        try:
            clue = _register(viewer, what, thing, form.cleaned_data)
        except Refused as refused:
            form.add_error(None, refused.text())
        else:
            return redirect(reverse("dispatch:send", args=[clue.number]))
    return _form(request, what, thing, form, _("发起检查"), posted)


def _must_report(viewer: Viewer, thing: Any) -> None:
    if not outfalls.may_report(viewer, thing.org_path):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="report here")


def _form(request: HttpRequest, what: str, thing: Any, form: forms.Form, words: str, posted: bool) -> HttpResponse:
    subject = codes.subject(what)
    back = subject.staff(thing.pk) if subject else "/"
    context = {"form": form, "words": words, "name": _name(thing), "back": back}
    return render(request, "desk/onsite.html", context, status=422 if posted else 200)
