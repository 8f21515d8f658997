"""Joint handling: who else may see or handle a record, and letting them in or out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from ecobureau.clock import now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import access, addresses, people, placenames, selectors, services
from ecobureau.web.core.forms import set_choices
from ecobureau.web.core.pages.common import kind_at, signed_in, viewer_in
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.words import say

MOST_DAYS = 366


class ShareForm(forms.Form):
    """With whom, why, for how long."""

    unit = forms.ChoiceField(label=_("单位"), required=False, help_text=_("单位或个人选一个"))
    person = forms.TypedChoiceField(label=_("个人"), required=False, coerce=int, empty_value=None)
    why = forms.CharField(label=_("理由"), max_length=200)
    may_act = forms.BooleanField(label=_("可以办理（不勾选则只能查看和上传材料）"), required=False)
    days = forms.IntegerField(
        label=_("几天后自动取消"), required=False, min_value=1, max_value=MOST_DAYS, help_text=_("不填则不自动取消")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = sorted(placenames.all_names().items())
        set_choices(self, "unit", [("", "—"), *names])
        set_choices(self, "person", [("", "—"), *people.colleagues()])

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if bool(found.get("unit")) == bool(found.get("person")):
            raise forms.ValidationError(_("单位和个人请选一个，也只选一个。"))
        return found


@require_http_methods(["GET", "POST"])
@signed_in
def shares_page(request: HttpRequest, plural: str, number: str) -> HttpResponse:
    """Whom a record is shared with; a form to share it with more."""
    kind, viewer = kind_at(plural), viewer_in(request)
    record = selectors.get(viewer, kind, number)
    if not access.may_share(viewer, record):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what=f"shares of {number}")
    form = ShareForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            services.share(
                record,
                viewer,
                why=given["why"],
                user_id=given["person"],
                org_path=given["unit"],
                may_act=given["may_act"],
                ends_at=now() + timedelta(days=given["days"]) if given["days"] else None,
            )
        except Refused as refused:
            form.add_error(None, refused.text())
        else:
            messages.success(request, say("core.shared", None, number=number))
            return redirect("core:shares", plural, number)
    context = {
        "kind": kind,
        "record": record,
        "name": say(kind.name_plural),
        "rows": selectors.shares(record),
        "form": form,
        "back": addresses.of(record),
        "list_url": addresses.of_list(kind),
    }
    return render(request, "core/shares.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@signed_in
def end_page(request: HttpRequest, plural: str, number: str, pk: int) -> HttpResponse:
    """End a share now."""
    kind, viewer = kind_at(plural), viewer_in(request)
    record = selectors.get(viewer, kind, number)
    found = next((row.share for row in selectors.shares(record) if row.share.pk == pk), None)
    if found is None:
        refuse(Refusal("core.not_found", {"number": str(pk)}), actor=viewer.user_id, what=f"share of {number}")
    services.unshare(record, viewer, found)
    return redirect("core:shares", plural, number)
