from ecobureau.words import _

CODES = {
    "handover.span": _("班次的时间不对：结束要晚于开始，最长 {hours} 小时，不能在以后"),
    "handover.early": _("班次还没有开始，不能交班"),
    "handover.twice": _("这一班已经交过：{title}"),
    "handover.unit": _("没有这个中心：{unit}"),
    "handover.unknown": _("没有找到编号 {number}，或者您看不到它"),
    "handover.notice.waiting": _("{title} 已交班（{number}），等您接班"),
    "handover.notice.refused": _("{title} 没有人接班（{number}）：{reason}"),
}
