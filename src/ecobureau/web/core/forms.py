"""Forms of the kernel's pages. A kind may bring its own for a verb; the fields of `VerbForm` are added to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.domain.workflow import Transition
from ecobureau.web.core import positions
from ecobureau.web.core.models.record import LEVELS
from ecobureau.web.core.registry import Kind
from ecobureau.words import say


def set_choices(form: forms.Form, name: str, choices: Iterable[tuple[Any, Any]]) -> None:
    """Give a choice field of a bound form its choices, which are known only now (`(value, words)`).

    Raises:
        TypeError: the field takes no choices.
    """
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(f"{type(form).__name__}.{name} takes no choices")
    field.choices = list(choices)


class VerbForm(forms.Form):
    """Reason, note, the version that was seen and the id of the submission."""

    note = forms.CharField(label=_("说明"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    client_uuid = forms.UUIDField(widget=forms.HiddenInput, required=False)
    at_device = forms.DateTimeField(widget=forms.HiddenInput, required=False)


KERNEL_FIELDS = frozenset({"reason", "note", "version", "client_uuid", "at_device"})


def verb_form(
    kind: Kind, move: Transition, version: int, data: Any = None, files: Any = None, **more: Any
) -> forms.Form:
    """Return the form of a verb: the kind's own fields, then reason (where the flow asks for one) and note.

    Args:
        version: of the record as shown. data, files: of the request. more: to the kind's own form (`record`, `viewer`),
            if it takes them (`takes = ("record", "viewer")`).
    """
    own = kind.forms.get(move.verb)
    bases = (own, VerbForm) if own is not None and not issubclass(own, VerbForm) else (own or VerbForm,)
    made: type[forms.Form] = type("VerbFormOfKind", bases, {})
    taken = {name: more[name] for name in getattr(own, "takes", ()) if name in more}
    form = made(data, files, initial={"version": version, "client_uuid": uuid4()}, **taken)
    closed = move.reasons or (kind.flow.pause_reasons if move.pauses else ())
    if closed:
        choices = [("", say("core.choose")), *((reason.code, say(reason.name)) for reason in closed)]
        form.fields["reason"] = forms.ChoiceField(label=_("理由"), choices=choices, required=move.reason_required)
    elif move.reason_required:
        form.fields["reason"] = forms.CharField(label=_("理由"), max_length=200)
    order = [name for name in form.fields if name not in KERNEL_FIELDS]
    form.order_fields(["reason", *order, "note"])
    _focus_first(form)
    return form


def _focus_first(form: forms.Form) -> None:
    """Let the page of a verb open with the cursor in its first field: one key fewer for whoever works by keyboard."""
    for bound in form.visible_fields():
        bound.field.widget.attrs["autofocus"] = True
        return


class PositionForm(forms.Form):
    """Where the phone says it is, or why it does not say; cleans to one `position` as the history keeps it."""

    lon = forms.FloatField(required=False, widget=forms.HiddenInput, min_value=-180, max_value=180)
    lat = forms.FloatField(required=False, widget=forms.HiddenInput, min_value=-90, max_value=90)
    accuracy = forms.FloatField(required=False, widget=forms.HiddenInput, min_value=0)
    located_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    no_position = forms.CharField(required=False, widget=forms.HiddenInput, max_length=20)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        lon, lat, accuracy, at = (found.pop(name, None) for name in ("lon", "lat", "accuracy", "located_at"))
        found["position"] = positions.position(lon, lat, accuracy, at, found.pop("no_position", ""))
        return found


class CreateForm(forms.Form):
    """The common columns of a new record, for a kind without a form of its own."""

    title = forms.CharField(label=_("标题"), max_length=200)
    level = forms.ChoiceField(label=_("等级"), choices=LEVELS, initial="yellow")
    org_path = forms.CharField(label=_("区域"), max_length=200)
    note = forms.CharField(label=_("说明"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    client_uuid = forms.UUIDField(widget=forms.HiddenInput, required=False)


def create_form(kind: Kind, data: Any = None, files: Any = None, **more: Any) -> forms.Form:
    """Return the form for a new record of a kind."""
    own = kind.forms.get("create", CreateForm)
    taken = {name: more[name] for name in getattr(own, "takes", ()) if name in more}
    form: forms.Form = own(data, files, initial={"client_uuid": uuid4()}, **taken)
    return form


class FileForm(forms.Form):
    """A file with what the phone knows about it."""

    file = forms.FileField(label=_("文件"), allow_empty_file=True)  # an empty one is refused by its name
    paper = forms.CharField(max_length=24)
    uuid = forms.UUIDField(required=False)
    sha256 = forms.RegexField(r"^[0-9a-fA-F]{64}$", required=False)
    shot_at = forms.DateTimeField(required=False)
    lon = forms.FloatField(required=False, min_value=-180, max_value=180)
    lat = forms.FloatField(required=False, min_value=-90, max_value=90)


class SavedViewForm(forms.Form):
    """A name for the filters in force."""

    name = forms.CharField(label=_("名称"), max_length=40)
    query = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
