"""The pages of patterns and passes: settings with four eyes, replay, records, reliability, model cards, what ran."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau.clock import now
from ecobureau.domain.workflow import Role
from ecobureau.web.core import parts
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import Refused
from ecobureau.web.detection import door, pattern_selectors, replay, selectors, settings
from ecobureau.web.detection.forms import DecisionForm, PatternForm, ReplayForm
from ecobureau.web.detection.page_parts import crumbs, lang
from ecobureau.words import say


@require_GET
@signed_in
def patterns_page(request: HttpRequest) -> HttpResponse:
    """Every pattern with its record."""
    door.must_see(viewer_in(request))
    context = {
        "rows": pattern_selectors.patterns(),
        "night": pattern_selectors.last_night(),
        "waiting": pattern_selectors.open_proposals(),
        "reliability": pattern_selectors.reliability(),
        "score": pattern_selectors.score(),
        "least": pattern_selectors.least_verdicts(),
    }
    return render(request, "detection/patterns.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def pattern_page(request: HttpRequest, pattern: str) -> HttpResponse:
    """One pattern: parameters with their sources, the city's own values, replay."""
    viewer = viewer_in(request)
    door.must_see(viewer)
    found = next(iter(pattern_selectors.patterns(pattern)), None)
    if found is None:
        raise Http404
    initial = {"enabled": found.enabled}
    form = PatternForm(found.parameters, request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST":
        door.must_set(viewer)
        if form.is_valid():
            data = form.cleaned_data
            try:
                settings.propose(viewer, pattern, enabled=data["enabled"], params=form.params, note=data["note"])
            except Refused as error:
                form.add_error("note" if error.code == "detection.needs_note" else None, error.text(lang()))
            else:
                messages.success(request, _("已提交，回放完成后由另一个人批准"))
                return redirect("detection:pattern", pattern=pattern)
    waiting = pattern_selectors.open_proposal(pattern)
    context = {
        "row": found,
        "form": form,
        "replay_form": ReplayForm(),
        "replays": selectors.replays(pattern),
        "waiting": waiting,
        "changes": pattern_selectors.changes_of(found, waiting) if waiting else [],
        "may_decide": waiting is not None and door.may_approve(viewer, waiting),
        "own": waiting is not None and waiting.proposed_by == viewer.user_id,
        "decision_form": DecisionForm(auto_id="decision-%s"),
        "earlier": pattern_selectors.decided_proposals(pattern),
        "bins": pattern_selectors.reliability(pattern),
        "least": pattern_selectors.least_verdicts(),
        "may_set": viewer.has(Role.ADMINISTRATOR),
        "crumbs": [parts.Tab(_("检测模式"), reverse("detection:patterns")), parts.Tab(pattern, current=True)],
    }
    return render(request, "detection/pattern.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@signed_in
def decide_view(request: HttpRequest, pattern: str) -> HttpResponse:
    """Approve, send back or withdraw the proposal that waits."""
    viewer = viewer_in(request)
    door.must_see(viewer)
    waiting = pattern_selectors.open_proposal(pattern)
    verb = request.POST.get("verb", "")
    if waiting is None or verb not in ("approve", "reject", "withdraw"):
        messages.error(request, say("detection.proposal_decided", lang()))
        return redirect("detection:pattern", pattern=pattern)
    words = request.POST.get("words", "")[:200]
    try:
        if verb == "withdraw":
            settings.withdraw(viewer, waiting)
        else:
            settings.decide(viewer, waiting, approve=verb == "approve", words=words)
    except Refused as error:
        if error.code not in ("detection.needs_note", "detection.replay_first"):
            raise
        messages.error(request, error.text(lang()))
    else:
        done = {"approve": _("已批准，设置生效"), "reject": _("已退回"), "withdraw": _("已撤回")}
        messages.success(request, done[verb])
    return redirect("detection:pattern", pattern=pattern)


@require_POST
@signed_in
def replay_view(request: HttpRequest, pattern: str) -> HttpResponse:
    """Ask for a replay and go to where its progress is seen."""
    form = ReplayForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(one) for problems in form.errors.values() for one in problems))
        return redirect("detection:pattern", pattern=pattern)
    one = replay.ask(viewer_in(request), pattern, form.cleaned_data["days"])
    return redirect("detection:pass", pk=one.pk)


@require_GET
@signed_in
def passes_page(request: HttpRequest) -> HttpResponse:
    """What ran when, how long, over how many outlets, and what failed."""
    door.must_see(viewer_in(request))
    rows = [{"row": one, "took": _took(one)} for one in selectors.passes()]
    return render(request, "detection/passes.html", {"rows": rows})


@require_GET
@signed_in
def pass_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One pass: progress, failures, and what a replay would have opened."""
    viewer = viewer_in(request)
    door.must_see(viewer)
    one = selectors.one_pass(pk)
    if one is None:
        raise Http404
    seen = selectors.outlets_of(
        viewer, [*(row["outlet"] for row in one.result), *(_outlet_id(key) for key in one.failed)]
    )
    result = [row | {"reason": say(row["code"], **row["params"])} for row in one.result if row["outlet"] in seen]
    context = {
        "row": one,
        "took": _took(one),
        "result": result,
        "hidden": len(one.result) - len(result),
        "failed": [(seen.get(int(_outlet_id(key) or 0)), key, text) for key, text in sorted(one.failed.items())],
        "title": say(f"detection.{one.patterns[0]}.title") if one.kind == "replay" and one.patterns else "",
        "here": request.path,
        "crumbs": [
            parts.Tab(_("检测模式"), reverse("detection:patterns")),
            parts.Tab(_("运行记录"), reverse("detection:passes")),
            parts.Tab(str(pk), current=True),
        ],
    }
    part = request.GET.get("part") == "body"
    return render(request, "detection/_pass.html" if part else "detection/pass.html", context)


def _outlet_id(key: str) -> str:
    return key.split(":", 1)[0]


def _took(one: Any) -> str:
    if one.ended_at is None:
        return ""
    return _("{seconds} 秒").format(seconds=f"{(one.ended_at - one.started_at).total_seconds():.1f}")


# --- model cards ------------------------------------------------------------------------------------------------------


@require_GET
@signed_in
def models_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The data model of an outlet: inputs, period, fit, last refit and hold-off of each pollutant."""
    viewer = viewer_in(request)
    outlet = selectors.outlet(viewer, pk)
    chain_tab = parts.Tab(_("全流程"), reverse("detection:chain", args=[pk]))
    context = {
        "outlet": outlet,
        "cards": selectors.cards(outlet, lang()),
        "weekday": selectors.refit_day(outlet),
        "night": pattern_selectors.last_night(),
        "at": now(),
        "crumbs": crumbs(outlet, chain_tab, parts.Tab(_("数据模型"), current=True)),
    }
    return render(request, "detection/models.html", context)
