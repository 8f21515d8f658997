"""Forms of commands to devices: one field a parameter, in the words and units of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ecobureau.clock import BEIJING, beijing, now
from ecobureau.domain.hj212 import parse_time
from ecobureau.rulepacks import load
from ecobureau.web.telemetry.commands import Offer

_STAMP = "%Y%m%d%H%M%S"
_INSTANTS = ("SystemTime", "BeginTime", "EndTime")
SET_TIME = "1012"
LABELS = {
    "SystemTime": _("设备时间（留空用下发时的平台时间）"),
    "OverTime": _("超时时间（秒）"),
    "ReCount": _("重发次数"),
    "RtdInterval": _("实时数据间隔（秒）"),
    "MinInterval": _("分钟数据间隔（分钟）"),
    "BeginTime": _("起"),
    "EndTime": _("止"),
    "PolId": _("监测因子"),
    "InfoId": _("信息编码"),
}


class Instant(forms.DateTimeField):
    """A moment in Beijing time; cleans to the protocol's 14 digits."""

    def __init__(self, **more: Any) -> None:
        picker = forms.DateTimeInput(format="%Y-%m-%dT%H:%M:%S")
        picker.input_type = "datetime-local"
        picker.attrs["step"] = "1"
        super().__init__(widget=picker, **more)

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        return found.astimezone(BEIJING).strftime(_STAMP) if isinstance(found, datetime) else ""


def read_stamp(text: str) -> datetime | None:
    """Return the moment that 14 digits of an address mean, in Beijing time; None where they mean none."""
    moment, odd = parse_time(text) if text else (None, [])
    return None if moment is None or odd else beijing(moment)


class CommandForm(forms.Form):
    """The parameters of one command; `params` holds them as the protocol wants them."""

    def __init__(self, offer: Offer, factors: Sequence[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        for key in (*offer.params, *offer.optional):
            self.fields[key] = _field(key, key in offer.params, factors)

    @property
    def params(self) -> dict[str, str]:
        """The filled-in parameters, key → text."""
        return {key: str(value) for key, value in self.cleaned_data.items() if value not in (None, "")}

    def told(self) -> list[tuple[str, str]]:
        """Return (label, text) of each filled-in parameter, for the page that asks for confirmation."""
        return self.words_of(self.offer.cn, self.params)

    @staticmethod
    def words_of(cn: str, params: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return (label, text) of a command's parameters as they are kept, in the order of the forms."""
        order = list(LABELS)
        keys = sorted(params, key=lambda key: order.index(key) if key in order else len(order))
        told = [(_name(key), _shown(key, params[key])) for key in keys]
        if cn == SET_TIME and "SystemTime" not in params:
            told.append((_name("SystemTime"), str(_("下发时的平台时间"))))
        return told


def _name(key: str) -> str:
    return str(_("设备时间") if key == "SystemTime" else LABELS.get(key, key))


def _shown(key: str, text: str) -> str:
    moment = read_stamp(text) if key in _INSTANTS else None
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment is not None else text


def _field(key: str, required: bool, factors: Sequence[tuple[str, str]]) -> forms.Field:
    label = LABELS.get(key, key)
    if key in _INSTANTS:
        return Instant(label=label, required=required)
    if key == "MinInterval":
        choices = load("hj212_commands").at("MinInterval.choices", beijing(now()).date()).value
        assert isinstance(choices, list)
        return forms.ChoiceField(label=label, required=required, choices=[(str(each), str(each)) for each in choices])
    if key in ("RtdInterval", "OverTime", "ReCount"):
        return _whole_number(key, required)
    if key == "PolId" and factors:
        blank = [] if required else [("", "—")]
        return forms.ChoiceField(label=label, required=required, choices=[*blank, *factors])
    return forms.CharField(label=label, required=required, max_length=20)


def _whole_number(key: str, required: bool) -> forms.Field:
    value = load("hj212_commands").at(f"{key}.range", beijing(now()).date()).value
    assert isinstance(value, list)
    return forms.IntegerField(label=LABELS[key], required=required, min_value=value[0], max_value=value[1])


def initial_of(asked: Mapping[str, str]) -> dict[str, Any]:
    """Return what an address fills in: moments from 14 digits, the rest as it stands."""
    found: dict[str, Any] = {}
    for key in LABELS:
        text = asked.get(key, "")
        if text:
            found[key] = read_stamp(text) if key in _INSTANTS else text[:20]
    return found
