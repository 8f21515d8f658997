from ecobureau.words import _

CODES = {
    "clues.other_needs_words": _("选了“其他”，请在说明里写明理由"),
    "clues.reopen_too_late": _("销号已 {days} 天，超过可重开的 {limit} 天，请登记新线索"),
    "clues.merge_into_itself": _("不能把线索并入它自己"),
    "clues.merge_target_closed": _("要并入的线索 {number} 已办结，请选一条未办结的"),
    "clues.point_elsewhere": _("经纬度不在 {place}，而在 {found}，请改经纬度或区域"),
    "clues.twin_is_open": _("同一对象、同一规则已有未办结的线索 {number}，请在那一条上办理，或把它并入"),
    "clues.no_sample": _("排除须附数据样本，系统未能取得数据，请稍后再试"),
    "clues.evidence.sample": _("排除时的数据样本，共 {count} 行"),
    "clues.evidence.frozen": _("派发时固定的数据副本，共 {count} 行"),
}
