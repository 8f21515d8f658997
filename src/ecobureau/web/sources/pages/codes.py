"""Pages of the public codes: what a scan shows, typing one in, issuing and revoking, and the labels to print."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.rulepacks import load
from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.forms import set_choices
from ecobureau.web.core.middleware import client_ip
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.paper import download, qr
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.web.places import selectors as places
from ecobureau.web.sources import codes, labels
from ecobureau.web.sources.models import PublicCode
from ecobureau.words import say

SCANS_A_MINUTE = 60
MISSES_AN_HOUR = 30
KEEP_SECONDS = 60
MOST_LABELS = 500


def _rule(key: str) -> Any:
    return load("public_codes").at(key, beijing(now()).date()).value


def address(request: HttpRequest, code: str) -> str:
    """Return the whole address that a label carries: of the office's public address where one is set."""
    path = reverse("sources:scan", args=[codes.spaced(code)])
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


# --- anybody ----------------------------------------------------------------------------------------------------------


def _too_many(key: str, most: int, seconds: int, *, count: bool = True) -> bool:
    """Say whether this key has been used up in its span; counted for each web process."""
    name = f"public-code:{key}"
    if not count:
        return int(cache.get(name, 0)) >= most
    cache.add(name, 0, seconds)
    try:
        return int(cache.incr(name)) > most
    except ValueError:
        return False


def _plain(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    context = {"title": title, "text": text, "phone": _rule("public.report_phone")}
    answer = render(request, "sources/code_words.html", context, status=status)
    answer.headers["Cache-Control"] = "no-store"
    if status == 429:
        answer.headers["Retry-After"] = "60"
    return answer


@require_GET
def scan_page(request: HttpRequest, code: str) -> HttpResponseBase:
    """What a scanned code leads to: the public view, or for people of the office who may see it, its file.

    Answers 404 in words for unknown and revoked codes, 429 for too many looks or too many wrong codes from one address.
    """
    ip = client_ip(request) or ""
    if _too_many(f"look:{ip}", SCANS_A_MINUTE, 60) or _too_many(f"miss:{ip}", MISSES_AN_HOUR, 3600, count=False):
        return _plain(request, 429, _("看得太快了"), _("请过一分钟再试。"))
    found = codes.find(code)
    if found is None:
        _too_many(f"miss:{ip}", MISSES_AN_HOUR, 3600)
        return _plain(request, 404, _("没有这个码"), _("请核对标牌上的码，字母和数字都要对。"))
    if found.ended_at is not None:
        return _plain(request, 404, _("这个码已停用"), _ended_words(found))
    subject = codes.subject(found.what)
    viewer = viewer_in(request)
    if subject is None:
        return _plain(request, 404, _("没有这个码"), _("请核对标牌上的码，字母和数字都要对。"))
    if "public" not in request.GET and viewer.user_id is not None and subject.visible(viewer, found.object_id):
        return redirect(subject.staff(found.object_id))
    view = _view(subject, found)
    if view is None:
        return _plain(request, 404, _("这个码已停用"), _("它所指的对象已注销或停用。"))
    context = {
        "view": view,
        "code": codes.spaced(found.code),
        "phone": _rule("public.report_phone"),
        "how": _rule("public.report_how_en" if _english() else "public.report_how"),
        "login": f"{settings.LOGIN_URL}?next={reverse('sources:scan', args=[codes.spaced(found.code)])}",
        "signed_in": viewer.user_id is not None,
    }
    answer = render(request, "sources/code_public.html", context)
    answer.headers["Cache-Control"] = f"private, max-age={KEEP_SECONDS}"
    answer.headers["X-Robots-Tag"] = "noindex"
    patch_vary_headers(answer, ("Cookie", "Accept-Language"))
    return answer


def _english() -> bool:
    return (get_language() or "").startswith("en")


def _ended_words(found: PublicCode) -> str:
    assert found.ended_at is not None
    day = f"{beijing(found.ended_at):%Y-%m-%d}"
    if found.ending == PublicCode.Ending.REPLACED:
        return _("它在 {day} 换成了新码。请扫新的标牌；如果标牌没有换，请打电话告诉我们。").format(day=day)
    if found.ending == PublicCode.Ending.CLOSED:
        return _("它所指的对象在 {day} 注销了。").format(day=day)
    return _("它在 {day} 停用了。如果标牌还在，请打电话告诉我们。").format(day=day)


def _view(subject: codes.Subject, found: PublicCode) -> codes.PublicView | None:
    """Return the public view, kept for a minute; whether the code is in force was asked before."""
    key = f"public-view:{found.what}:{found.object_id}:{get_language()}"
    view = cache.get(key)
    if view is None:
        view = subject.public(found.object_id)
        if view is not None:
            cache.set(key, view, KEEP_SECONDS)
    return view


@require_GET
def type_page(request: HttpRequest) -> HttpResponseBase:
    """Scan inside the browser where it can, or type the code in."""
    given = request.GET.get("code", "")
    code = codes.tidy(given)
    if code:
        return redirect("sources:scan", codes.spaced(code))
    wrong = bool(given.strip())
    context = {"wrong": wrong, "given": given[:80], "length": codes.LENGTH}
    return render(request, "sources/code_type.html", context, status=422 if wrong else 200)


# --- the office -------------------------------------------------------------------------------------------------------


def _must_see(viewer: Viewer, what: str, object_id: int) -> codes.Subject:
    subject = codes.subject(what)
    if subject is None or not subject.visible(viewer, object_id):
        refuse(Refusal("core.not_found", {"number": str(object_id)}), actor=viewer.user_id, what=f"code {what}")
    return subject


@require_GET
@signed_in
def code_page(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """The code of one thing, its picture, what it was before, and for who administers it: new one, no more."""
    return _code(request, what, pk)


def _code(request: HttpRequest, what: str, pk: int, refused: str = "") -> HttpResponse:
    viewer = viewer_in(request)
    subject = _must_see(viewer, what, pk)
    present = codes.of(what, pk)
    public = subject.public(pk)
    context = {
        "subject": subject,
        "name": say(subject.name),
        "title": public.title if public else str(pk),
        "code": codes.spaced(present.code) if present else "",
        "address": address(request, present.code) if present else "",
        "picture": mark_safe(qr.svg(address(request, present.code))) if present else "",
        "history": [(each, codes.spaced(each.code)) for each in codes.history(what, pk) if each.ended_at],
        "may": subject.administers(viewer, pk),
        "back": subject.staff(pk),
        "what": what,
        "pk": pk,
        "refused": refused,
    }
    return render(request, "sources/code.html", context, status=422 if refused else 200)


@require_POST
@signed_in
def act_page(request: HttpRequest, what: str, pk: int, act: str) -> HttpResponse:
    """Issue, re-issue or revoke a code."""
    viewer = viewer_in(request)
    _must_see(viewer, what, pk)
    why = request.POST.get("why", "")
    try:
        if act == "issue":
            codes.issue(viewer, what, pk)
        elif act == "reissue":
            codes.reissue(viewer, what, pk, why=why)
        else:
            codes.revoke(viewer, what, pk, why=why)
    except Refused as refused:
        if refused.code not in ("code.why", "code.none"):
            raise
        return _code(request, what, pk, refused.text())
    return redirect("sources:code", what, pk)


class SheetForm(forms.Form):
    """Which labels to print."""

    what = forms.ChoiceField(label=lazy("对象"))
    place = forms.ChoiceField(label=lazy("区域"), required=False)
    q = forms.CharField(label=lazy("名称或编号"), required=False, max_length=60)
    purpose = forms.CharField(label=lazy("用途"), min_length=2, max_length=100, help_text=lazy("写进审计"))

    def __init__(self, *args: Any, viewer: Viewer, **more: Any) -> None:
        super().__init__(*args, **more)
        known = [each for each in codes.subjects() if each.administers(viewer, None)]
        set_choices(self, "what", [(each.what, say(each.name)) for each in known])
        units = [unit for grant in viewer.grants for unit in places.tree(grant.org_path, levels=("district", "grid"))]
        named = dict.fromkeys((unit.path, unit.name) for unit in units)
        set_choices(self, "place", [("", _("全部")), *named])


@require_http_methods(["GET", "POST"])
@signed_in
def sheet_page(request: HttpRequest) -> HttpResponseBase:
    """Choose what to print, then the labels as PDF: several on an A4 page. What has no code yet gets one."""
    viewer = viewer_in(request)
    if not any(each.administers(viewer, None) for each in codes.subjects()):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="code sheet")
    posted = request.method == "POST"
    form = SheetForm(request.POST if posted else None, viewer=viewer, initial=request.GET.dict())
    if posted and form.is_valid():
        given = form.cleaned_data
        subject = codes.must_administer(viewer, given["what"], None)
        rows = list(subject.rows(viewer, given["q"].strip(), given["place"])[: MOST_LABELS + 1])
        rows = [row for row in rows if subject.administers(viewer, row.pk)] if len(rows) <= MOST_LABELS else rows
        if not rows:
            form.add_error(None, _("没有符合条件的对象。请放宽条件。"))
        elif len(rows) > MOST_LABELS:
            form.add_error(None, _("超过 {most} 张。请按区域或名称分批打印。").format(most=MOST_LABELS))
        else:
            return _sheet(request, viewer, subject, rows, given["purpose"])
    context = {"form": form, "most": MOST_LABELS, "on_page": labels.ON_PAGE}
    return render(request, "sources/code_sheet.html", context, status=422 if posted else 200)


def _sheet(request: HttpRequest, viewer: Viewer, subject: codes.Subject, rows: list[Any], purpose: str) -> HttpResponse:
    codes.issue_all(subject.what, [row.pk for row in rows], viewer)
    known = codes.many(subject.what, [row.pk for row in rows])
    printed = [
        labels.Label(title, below, codes.spaced(known[key]), address(request, known[key]))
        for key, title, below in subject.label(rows)
    ]
    audit.write(viewer, "code.sheet", kind=subject.what, purpose=purpose, rows=len(printed))
    at = now()
    name = _("公开码标签")
    data = labels.sheet(printed, phone=str(_rule("public.report_phone")), author=viewer.name, at=at)
    return download(data, f"{name}-{beijing(at):%Y%m%d-%H%M}", "pdf")
