"""What the pages of detection share: language, crumbs, one page for every small form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ecobureau.web.core import parts
from ecobureau.web.places.problems import Invalid
from ecobureau.web.sources.forms import add_problems
from ecobureau.web.sources.models import Outlet


def lang() -> str:
    """Return the language of the page, `zh` or `en`."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def crumbs(outlet: Outlet, *last: parts.Tab) -> list[parts.Tab]:
    """Return the way to a page of an outlet."""
    return [
        parts.Tab(_("排口"), reverse("desk:outlets")),
        parts.Tab(f"{outlet.name} {outlet.code}", reverse("desk:outlet", args=[outlet.pk])),
        *last,
    ]


def edit(request: HttpRequest, form: Any, write: Callable[[], Any], back: str, context: dict[str, Any]) -> HttpResponse:
    """Show a form, write what it holds, go back; what the service refuses stands beside its field."""
    if request.method == "POST" and form.is_valid():
        try:
            write()
        except Invalid as error:
            add_problems(form, error)
        else:
            messages.success(request, _("已保存"))
            return redirect(back)
    context |= {"form": form, "back": back}
    return render(request, "detection/edit.html", context, status=422 if request.method == "POST" else 200)
