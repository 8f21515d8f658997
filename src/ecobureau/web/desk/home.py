"""Where a person starts: the work of their role."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET

from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.shell.navigation import leading_role

_HOME = {
    "duty_officer": ("desk:duty",),
    "dispatcher": ("dispatch:board",),
    "unit_head": ("desk:today",),
    "enforcement_officer": ("desk:today",),
    "leader": ("desk:today",),
    "grid_worker": ("dispatch:phone",),
    "auditor": ("core:audit",),
    "administrator": ("desk:feeds", "accounts:users"),
}


@require_GET
@signed_in
def home_page(request: HttpRequest) -> HttpResponse:
    """Send a person to the home of their role."""
    role = leading_role(viewer_in(request).roles)
    for name in _HOME.get(role or "", ("core:inbox",)):
        try:
            return redirect(reverse(name))
        except NoReverseMatch:
            continue
    return redirect("core:inbox")
