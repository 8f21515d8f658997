"""What people call the duties of units. Kinds of scene and matters carry their names in their rule packs."""

from ecobureau.words import _

CODES = {
    "duty.command": _("指挥"),
    "duty.dispatch": _("派发"),
    "duty.enforcement": _("执法"),
    "duty.monitoring": _("监测"),
    "duty.water": _("水"),
    "duty.air": _("大气"),
    "duty.soil": _("土壤"),
    "duty.solid_waste": _("固体废物"),
    "duty.radiation": _("辐射"),
    "duty.vehicle": _("机动车"),
    "duty.law": _("法制"),
    "duty.petition": _("信访"),
    "duty.housing": _("住建"),
    "duty.city_management": _("城管"),
    "duty.agriculture": _("农业农村"),
    "duty.police": _("公安"),
    "duty.town": _("街道（乡镇）"),
}
