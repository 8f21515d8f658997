"""Forms of the clue's verbs, beside the kernel's reason and note."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.rulepacks import load
from ecobureau.web.clues import selectors
from ecobureau.web.clues.models import Clue
from ecobureau.web.core.access import Viewer
from ecobureau.web.core.models.record import LEVELS
from ecobureau.web.places import selectors as places
from ecobureau.words import say


class MergeForm(forms.Form):
    """Which clue to fold this one into: the candidates that the machine proposes; a person confirms."""

    takes = ("record", "viewer")
    into = forms.ChoiceField(label=_("并入"), help_text=_("按同一对象、同类且距离和时间相近列出，由人决定"))

    def __init__(self, *args: Any, record: Clue, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = selectors.merge_candidates(viewer, record)
        self.fields["into"].choices = [(each.number, f"{each.number} {each.heading}") for each in found]  # type: ignore[attr-defined]


class RegisterForm(forms.Form):
    """A clue that a person registers."""

    takes = ("viewer",)
    title = forms.CharField(label=_("事情"), max_length=200, help_text=_("一句话：什么、在哪里、多久了"))
    level = forms.ChoiceField(label=_("等级"), choices=LEVELS, initial="yellow")
    scenario = forms.ChoiceField(label=_("情形"), required=False, help_text=_("决定派给谁、带回什么"))
    org_path = forms.ChoiceField(label=_("区域"))
    lon = forms.FloatField(label=_("经度"), required=False, min_value=-180, max_value=180)
    lat = forms.FloatField(label=_("纬度"), required=False, min_value=-90, max_value=90)
    note = forms.CharField(label=_("说明"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    client_uuid = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = sorted(key.removeprefix("scenario.") for key in load("scenario_kinds").keys("scenario."))
        named = [(each, f"{each} {say(f'scenario.{each}')}") for each in kinds]
        self.fields["scenario"].choices = [("", "—"), *named]  # type: ignore[attr-defined]
        units = [
            unit for grant in viewer.grants for unit in places.tree(grant.org_path, levels=("city", "district", "grid"))
        ]
        self.fields["org_path"].choices = list(dict.fromkeys((unit.path, unit.name) for unit in units))  # type: ignore[attr-defined]
