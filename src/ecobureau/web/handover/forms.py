"""What the outgoing person writes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.clock import BEIJING


class SignForm(forms.Form):
    """Words for the next shift, and what it has to keep an eye on."""

    takes: tuple[str, ...] = ("record",)
    notes = forms.CharField(
        label=_("交班说明"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    watch = forms.CharField(
        label=_("下一班要盯的事项"),
        required=False,
        max_length=600,
        help_text=_("线索、任务等的编号，用空格或逗号分开"),
    )

    def __init__(self, *args: Any, record: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if record is not None:
            self.fields["notes"].initial = record.notes


class ShiftForm(SignForm):
    """The same with the shift it is about."""

    takes = ()
    unit = forms.CharField(max_length=200, widget=forms.HiddenInput)
    since = forms.DateTimeField(widget=forms.HiddenInput)
    until = forms.DateTimeField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name in ("since", "until"):
            if name in found and found[name].tzinfo is None:
                found[name] = found[name].replace(tzinfo=BEIJING)
        if "since" in found and "until" in found and found["since"] >= found["until"]:
            self.add_error("until", _("班次结束要晚于开始"))
        return found
