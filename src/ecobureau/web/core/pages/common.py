"""What the kernel's pages share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase

from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import registry
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.middleware import wants_json
from ecobureau.web.core.refusals import refuse
from ecobureau.web.core.registry import Kind

View = Callable[..., HttpResponseBase]


def viewer_in(request: HttpRequest) -> Viewer:
    """Return the viewer of the request."""
    return cast(Viewer, request.viewer)  # type: ignore[attr-defined]


def signed_in(view: View) -> View:
    """Send those who have not signed in to the sign-in page (or refuse, where JSON is asked for)."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            if wants_json(request):
                refuse(Refusal("core.sign_in"), what=request.path)
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return checked


def kind_at(plural: str) -> Kind:
    """Return the kind at `/<plural>/` (the address converter has made sure that there is one)."""
    kind = registry.by_plural(plural)
    assert kind is not None
    return kind


def template(kind: Kind, page: str) -> str:
    """Return the kind's own template of a page, or the kernel's."""
    return kind.templates.get(page, f"core/{page}.html")
