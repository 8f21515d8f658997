"""Words of the pages of detection: what the chain and the permitted amounts refuse, what a page cannot show."""

from ecobureau.words import _

CODES = {
    "detection.chain.station": _("没有编号为“{value}”的站点，或您看不到它。请核对站点编号。"),
    "detection.chain.twice": _("这个站点和因子已经是该排口的同一环节，不必再登记。"),
    "detection.chain.factor": _("用电环节要填写因子编码，即电表上报时用的编码。"),
    "detection.chain.own": _("这是本排口自己的站点，进口环节要用另一个站点。"),
    "detection.chain.kw": _("额定功率要大于 0。"),
    "detection.permit.kg": _("许可排放量要大于 0，单位为千克。"),
    "detection.permit.twice": _("该因子从 {first} 起的许可排放量已经登记。请换一个生效日。"),
    "detection.group.shape": _("数值形态"),
    "detection.group.physics": _("物理关系"),
    "detection.group.power": _("用电工况"),
    "detection.group.flags": _("标记与参数"),
    "detection.group.outside": _("外部对照"),
}
