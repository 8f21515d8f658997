from ecobureau.words import _

CODES = {
    "figures.title": _("办理指标"),
    "figures.total": _("合计"),
    "figures.definitions": _("定义"),
    "figures.span": _("登记日期 {since} 至 {until}"),
    "figures.filter.of": _("{name}：分母"),
    "figures.filter.counted": _("{name}：分子"),
    "figures.hours": _("{h} 小时 {m} 分"),
    "figures.minutes": _("{m} 分"),
    "figures.unit.min": _("分钟"),
    "figures.head.slice": _("分类"),
    "figures.head.figure": _("指标"),
    "figures.head.value": _("数值"),
    "figures.head.unit": _("单位"),
    "figures.head.counted": _("分子"),
    "figures.head.of": _("分母"),
    "figures.head.list": _("清单"),
}
