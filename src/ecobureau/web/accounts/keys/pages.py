"""Pages of keys: one's own, those of a service account, and the list of all."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau.web.accounts import selectors as people
from ecobureau.web.accounts.keys import selectors, services
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import Refused


class KeyForm(forms.Form):
    """What a key is for, how long it lasts, what it may."""

    name = forms.CharField(
        label=_("用途"), max_length=60, help_text=_("哪个系统、做什么，例如“市大数据平台 每日取任务”")
    )
    days = forms.IntegerField(label=_("有效天数"), min_value=1, max_value=services.MOST_DAYS, initial=90)
    per_minute = forms.IntegerField(
        label=_("每分钟最多请求"), min_value=1, max_value=services.MOST_PER_MINUTE, initial=120
    )
    may_write = forms.BooleanField(label=_("可以办理（不勾选则只能读取）"), required=False)


@require_http_methods(["GET", "POST"])
@signed_in
def keys_page(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The keys of an account (one's own without `pk`); a new one's text is shown once, on this very answer."""
    viewer = viewer_in(request)
    account = selectors.account(viewer, pk if pk is not None else viewer.id)
    form = KeyForm(request.POST if request.method == "POST" else None)
    text = ""
    if request.method == "POST" and form.is_valid():
        try:
            _key, text = services.make(viewer, account, **form.cleaned_data)
            form = KeyForm()
        except Refused as refused:
            if refused.code == "accounts.key.not_yours":
                raise
            form.add_error(None, refused.text())
    context = {
        "account": account,
        "own": account.pk == viewer.user_id,
        "rows": selectors.keys_of(account.pk),
        "form": form,
        "text": text,
        "may_make": people.may_make_key(viewer, account),
        "may_revoke": account.pk == viewer.user_id or people.may_administer(viewer),
        "host": request.build_absolute_uri("/api/tasks/"),
    }
    status = 422 if request.method == "POST" and not text else 200
    response = render(request, "accounts/keys.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


@require_GET
@signed_in
def all_page(request: HttpRequest) -> HttpResponse:
    """Every key of the house with its last use, for administrators and auditors."""
    viewer = viewer_in(request)
    rows = selectors.all_keys(viewer)
    return render(request, "accounts/all_keys.html", {"rows": rows, "may_revoke": people.may_administer(viewer)})


@require_POST
@signed_in
def revoke_page(request: HttpRequest, pk: int) -> HttpResponse:
    """End a key now."""
    viewer = viewer_in(request)
    key = selectors.key(viewer, pk)
    services.revoke(viewer, key)
    if key.user_id == viewer.user_id:
        return redirect("accounts:my_keys")
    return redirect("accounts:keys", key.user_id)
