from ecobureau.words import _

CODES = {
    "statistics.review.reason": _("请写明理由"),
    "statistics.review.span": _("结束须晚于开始，且不超过一年"),
    "statistics.review.state": _("这条审核已经处理过"),
    "statistics.review.same_person": _("须由另一人复核"),
}
