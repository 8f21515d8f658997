"""Pages of the administration of people, and of one's own delegations."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecobureau.domain.workflow import Refusal
from ecobureau.web.accounts import selectors, services
from ecobureau.web.accounts.forms import AssignForm, DelegateForm, NewUserForm, UserForm
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.refusals import Refused, refuse
from ecobureau.words import say


@require_GET
def forgotten_page(request: HttpRequest) -> HttpResponse:
    """What to do about a forgotten password: nobody resets one by mail here."""
    return render(request, "accounts/forgotten.html")


@require_GET
@signed_in
def users_page(request: HttpRequest) -> HttpResponse:
    """The list of people with their roles."""
    viewer, text = viewer_in(request), request.GET.get("q", "").strip()[:60]
    rows = selectors.users(viewer, text)
    context = {"rows": rows, "text": text, "may_administer": selectors.may_administer(viewer)}
    return render(request, "accounts/users.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def new_user_page(request: HttpRequest) -> HttpResponse:
    """Make a person; the temporary password is shown once, on this very answer."""
    viewer = viewer_in(request)
    if not selectors.may_administer(viewer):
        refuse(Refusal("core.no_access"), actor=viewer.user_id, what="new user")
    form = NewUserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            given = dict(form.cleaned_data)
            signs_in = not given.pop("service")
            user, secret = services.create_user(viewer, **given, signs_in=signs_in, must_change_password=signs_in)
        except Refused as refused:
            form.add_error(None, refused.text())
        else:
            return _secret(request, user, secret) if signs_in else redirect("accounts:user", user.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/new_user.html", {"form": form}, status=status)


def _secret(request: HttpRequest, user: object, secret: str) -> HttpResponse:
    response = render(request, "accounts/secret.html", {"person": user, "secret": secret})
    response.headers["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "POST"])
@signed_in
def user_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: data, roles in force and ended."""
    viewer = viewer_in(request)
    user, roles = selectors.user(viewer, pk)
    initial = {"name": user.name, "phone": user.phone, "certificate": user.certificate}
    posted = request.method == "POST"
    form = UserForm(request.POST if posted else None, initial=initial)
    if posted and form.is_valid():
        services.change_user(viewer, user, **form.cleaned_data)
        messages.success(request, say("accounts.saved"))
        return redirect("accounts:user", pk)
    context = {"person": user, "roles": roles, "form": form, "assign_form": AssignForm()}
    context |= {"may_administer": selectors.may_administer(viewer)}
    return render(request, "accounts/user.html", context, status=422 if posted else 200)


@require_POST
@signed_in
def assign_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a role."""
    viewer = viewer_in(request)
    user, roles = selectors.user(viewer, pk)
    form = AssignForm(request.POST)
    if form.is_valid():
        try:
            services.assign(viewer, user, **form.cleaned_data)
            return redirect("accounts:user", pk)
        except Refused as refused:
            if refused.code == "core.no_access":
                raise
            form.add_error(None, refused.text())
    own = UserForm(initial={"name": user.name, "phone": user.phone, "certificate": user.certificate})
    context = {"person": user, "roles": roles, "form": own, "assign_form": form, "may_administer": True}
    return render(request, "accounts/user.html", context, status=422)


@require_POST
@signed_in
def end_role_page(request: HttpRequest, pk: int, role: int) -> HttpResponse:
    """End a role."""
    viewer = viewer_in(request)
    _, roles = selectors.user(viewer, pk)
    found = next((each for each in roles if each.pk == role), None)
    if found is None:
        refuse(Refusal("core.not_found", {"number": str(role)}), actor=viewer.user_id, what="role")
    services.end_assignment(viewer, found)
    return redirect("accounts:user", pk)


@require_POST
@signed_in
def active_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Disable or enable a person (`active` = 0 or 1)."""
    viewer = viewer_in(request)
    user, _ = selectors.user(viewer, pk)
    services.set_active(viewer, user, request.POST.get("active") == "1")
    return redirect("accounts:user", pk)


@require_POST
@signed_in
def reset_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a temporary password; it is shown once, on this very answer."""
    viewer = viewer_in(request)
    user, _ = selectors.user(viewer, pk)
    return _secret(request, user, services.reset_password(viewer, user))


@require_http_methods(["GET", "POST"])
@signed_in
def delegate_page(request: HttpRequest, role: int) -> HttpResponse:
    """Hand one of one's own roles on for a time."""
    viewer = viewer_in(request)
    assignment = selectors.own_assignment(viewer, role)
    form = DelegateForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.delegate(viewer, assignment, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, refused.text())
        else:
            messages.success(request, say("accounts.saved"))
            return redirect("accounts:me")
    status = 422 if request.method == "POST" else 200
    return render(request, "accounts/delegate.html", {"form": form, "assignment": assignment}, status=status)


@require_GET
@signed_in
def me_page(request: HttpRequest) -> HttpResponse:
    """One's own roles, what was handed on, password and second factor."""
    return render(request, "accounts/me.html", selectors.own_roles(viewer_in(request)))
