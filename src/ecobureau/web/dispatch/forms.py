"""Forms of dispatching and of the task's verbs, beside the kernel's reason and note."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.clock import beijing, now
from ecobureau.web.core.forms import PositionForm, set_choices
from ecobureau.web.core.models.record import LEVELS
from ecobureau.web.dispatch import checklists, handing
from ecobureau.web.dispatch.models import Task
from ecobureau.web.places import selectors as places
from ecobureau.web.places.models import Organisation


def _split(value: str) -> tuple[str, int | None]:
    unit, _bar, person = value.partition("|")
    return unit, int(person) if person.isdigit() else None


class TargetField(forms.CharField):
    """`unit path` or `unit path|person id`; cleans to (unit, person)."""

    def clean(self, value: Any) -> Any:
        return _split(super().clean(value))


class SendForm(forms.Form):
    """What the dispatch sheet sends."""

    unit = TargetField(max_length=240)
    task_kind = forms.ChoiceField(choices=Task.TaskKind.choices)
    note = forms.CharField(required=False, max_length=200)
    override = forms.CharField(required=False, max_length=200)
    secure_first = forms.BooleanField(required=False)
    version = forms.IntegerField(required=False)
    client_uuid = forms.UUIDField(required=False)


class RouteForm(forms.Form):
    """To whom a task goes instead."""

    takes = ("record",)
    target = forms.ChoiceField(label=_("改派给"))

    def __init__(self, *args: Any, record: Task, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "target", choices(record))

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if "target" in found:
            found["unit"], found["person"] = _split(found.pop("target"))
        return found


def choices(task: Task) -> list[tuple[str, str]]:
    """Return the units that answer for the task's place, each with its people, and the other grids of the district."""
    at = now()
    district = "/" + "/".join(task.org_path.strip("/").split("/")[:2]) + "/"
    made: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    for unit in places.tree():
        if places.answers_for(unit, task.org_path):
            made.append((unit.path, unit.name))
            made += [(f"{unit.path}|{person}", f"{unit.name} · {name}") for person, name in _people(unit, at)]
        elif unit.level == "grid" and unit.path.startswith(district):
            others.append((unit.path, unit.name))
    return made + others


def _people(unit: Organisation, at: datetime) -> list[tuple[int, str]]:
    """Return who is on duty in a unit, else its first members."""
    on_duty = [(duty.person_id, duty.name) for duty in places.on_duty(unit, at)]
    return on_duty or [(each.person_id, str(each.person)) for each in places.members(unit.path, beijing(at).date())[:5]]


class SubmitForm(forms.Form):
    """The result of a visit."""

    takes = ("record",)
    result = forms.CharField(label=_("现场结果"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, record: Task, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if record.task_kind == Task.TaskKind.ENFORCEMENT_VISIT:
            for place in (1, 2):
                self.fields[f"officer_{place}"] = forms.CharField(
                    label=_("执法人员 {n}（姓名和证号）").format(n=place), max_length=80
                )
        for asked in checklists.of(record):
            self.fields[f"check_{asked.code}"] = forms.ChoiceField(
                label=checklists.ask(asked),
                choices=[(choice.code, checklists.said(choice)) for choice in asked.choices],
                widget=forms.RadioSelect,
                required=False,
            )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        found["officers"] = [found.pop(name) for name in ("officer_1", "officer_2") if name in found]
        asked = [name for name in self.fields if name.startswith("check_")]
        found["checks"] = {name.removeprefix("check_"): found.pop(name) for name in asked if name in found}
        return found


class HandOverForm(forms.Form):
    """To whom of the unit."""

    takes = ("record",)
    person = forms.TypedChoiceField(label=_("转交给"), coerce=int)

    def __init__(self, *args: Any, record: Task, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = handing.colleagues(record.owner_unit)
        others.pop(record.owner_person_id or 0, None)
        set_choices(self, "person", sorted(others.items(), key=lambda each: each[1]))


class CallInForm(forms.Form):
    """Who assists, and with what."""

    takes = ("record",)
    units = forms.MultipleChoiceField(label=_("配合单位"), widget=forms.CheckboxSelectMultiple)
    demand = forms.CharField(label=_("请配合做什么"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, record: Task, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        near = [unit for unit in places.tree() if places.answers_for(unit, record.org_path)]
        units = [(unit.path, unit.name) for unit in near if unit.path != record.owner_unit]
        set_choices(self, "units", units)


class SuperviseForm(forms.Form):
    """How pressing, and what is asked."""

    grade = forms.ChoiceField(label=_("督办等级"), choices=LEVELS, initial="orange")
    demand = forms.CharField(label=_("督办要求"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class TransferForm(forms.Form):
    """Which department or sub-centre is asked to take it."""

    takes = ("record",)
    unit = forms.ChoiceField(label=_("移交给"))

    def __init__(self, *args: Any, record: Task, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = places.tree(levels=handing.RECEIVERS)
        choices = [(unit.path, unit.name) for unit in units if unit.path != record.owner_unit]
        set_choices(self, "unit", choices)


class HelpAnswerForm(forms.Form):
    """What the assisting unit did."""

    result = forms.CharField(label=_("配合结果"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class OrderAnswerForm(forms.Form):
    """The answer to a supervision order."""

    answer = forms.CharField(label=_("反馈"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class ArriveForm(PositionForm):
    """Where the phone says it is."""
