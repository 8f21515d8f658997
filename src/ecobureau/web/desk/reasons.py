"""Why the gateway refused a frame or kept it apart, in words, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ecobureau.words import say, templates

_MEND = {
    "frame": lambda: _("看是否每次都这样：偶尔一帧是线路干扰；一直如此，请运维单位查数采仪的程序和接线。"),
    "station.unknown": lambda: _("核对 MN；确是本市的设备，请在登记里新建站点和数采仪。"),
    "station.password": lambda: _("与运维单位核对密码 PW，在登记里改这台数采仪的密码，或请对方改设备。"),
    "station.secret_unreadable": lambda: _("放回封存时的密钥文件，或在登记里重新填写这台数采仪的密码。"),
    "station.inactive": lambda: _("要重新接收，请在登记里启用这台数采仪。"),
    "data_time": lambda: _("请运维单位校准数采仪的时间；也可在设备页下发设置时间。"),
    "cp": lambda: _("请运维单位查数采仪上传的内容。"),
    "poison": lambda: _("内容已原样保留。请把编号交给系统维护人员。"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason in words, and what mends it; both in the reader's language, `mend` may be empty."""

    text: str
    mend: str


def reason_of(code: str) -> Reason:
    """Return the words of a reason that the gateway kept (`frame.crc`, `station.unknown`, `poison.DataError` …).

    A code without words of its own is told as it is: better than nothing.
    """
    room = code.split(".", 1)[0]
    mend = _MEND.get(code) or _MEND.get(room)
    if room == "poison":
        text = _("内容无法写入（%(code)s）") % {"code": code.partition(".")[2]}
    else:
        text = say(code) if code in templates() else code
    return Reason(text, mend() if mend else "")
