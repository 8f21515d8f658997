from ecobureau.words import _

CODES = {
    "statistics.review.reason": _("请写明理由"),
    "statistics.review.span": _("结束须晚于开始，且不超过一年"),
    "statistics.review.state": _("这条审核已经处理过"),
    "statistics.review.same_person": _("须由另一人复核"),
    "statistics.take.help": _("把空气站已存的小时数据计入统计（载入历史之后用）"),
    "statistics.take.start": _("第一天，例如 2025-01-01"),
    "statistics.take.end": _("最后一天"),
    "statistics.take.order": _("最后一天不能早于第一天"),
    "statistics.take.day": _("“{text}”不是日期，例如 2025-01-01"),
    "statistics.take.done": _("新增或改变 {days} 个“项目·日”，统计值已算出"),
}
