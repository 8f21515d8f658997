"""Forms of the administration of people."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.web.accounts.models import ROLES, User
from ecobureau.web.core import placenames
from ecobureau.web.core.forms import set_choices


class UserForm(forms.Form):
    """Name, phone and certificate of a person."""

    name = forms.CharField(label=_("姓名"), max_length=40)
    phone = forms.CharField(label=_("手机"), max_length=20, required=False)
    certificate = forms.CharField(label=_("执法证号"), max_length=40, required=False)


class NewUserForm(UserForm):
    """A new person: the sign-in name comes first."""

    username = forms.CharField(label=_("登录名"), max_length=150)
    service = forms.BooleanField(label=_("服务账号：只供别的系统用密钥读写接口，不能登录"), required=False)
    field_order = ["username"]


def _places() -> list[tuple[str, str]]:
    names = placenames.all_names()
    return [(path, f"{'　' * (path.count('/') - 2)}{name}") for path, name in sorted(names.items())]


class AssignForm(forms.Form):
    """A role at a place, from a time to a time."""

    role = forms.ChoiceField(label=_("岗位"), choices=ROLES)
    org_path = forms.ChoiceField(label=_("机构"))
    grid_ids = forms.MultipleChoiceField(label=_("网格（网格员）"), required=False)
    valid_from = forms.DateTimeField(
        label=_("起"), required=False, widget=forms.DateTimeInput({"type": "datetime-local"})
    )
    valid_to = forms.DateTimeField(
        label=_("止"), required=False, widget=forms.DateTimeInput({"type": "datetime-local"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = _places()
        set_choices(self, "org_path", places)
        set_choices(self, "grid_ids", [each for each in places if each[0].count("/") >= 4])


class DelegateForm(forms.Form):
    """To whom, from when, until when."""

    to = forms.ModelChoiceField(label=_("代理人"), queryset=User.objects.filter(is_active=True).order_by("name_sort"))
    valid_from = forms.DateTimeField(label=_("起"), widget=forms.DateTimeInput({"type": "datetime-local"}))
    valid_to = forms.DateTimeField(label=_("止"), widget=forms.DateTimeInput({"type": "datetime-local"}))
