"""How allauth signs people in here: nobody signs up by themselves, and every sign-in and failure is audited."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from ecobureau.web.core import audit
from ecobureau.web.core.access import Viewer, viewer_of
from ecobureau.web.core.middleware import client_ip, language_of


def _viewer(request: HttpRequest, user: Any = None) -> Viewer:
    return viewer_of(
        user, lang=language_of(request), ip=client_ip(request), request_id=getattr(request, "request_id", "")
    )


class Adapter(DefaultAccountAdapter):
    """Accounts are made by an administrator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        audit.write(_viewer(request, user), "login")

    def logout(self, request: HttpRequest) -> None:
        viewer = _viewer(request, request.user)
        super().logout(request)
        if viewer.user_id is not None:
            audit.write(viewer, "logout")

    def set_password(self, user: Any, password: str) -> None:
        user.must_change_password = False
        super().set_password(user, password)
        audit.write(viewer_of(user), "password_change", object_id=user.pk, number=user.username)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        super().authentication_failed(request, **credentials)
        audit.write(_viewer(request), "login_failed", username=str(credentials.get("username", ""))[:150])
