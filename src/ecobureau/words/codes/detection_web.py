"""Words of detection in the running system: clues, evidence, pages."""

from ecobureau.words import _

CODES = {
    "detection.clue.title": _("{place} 疑似{pattern}：{factors}"),
    "detection.evidence.member": _(
        "{pattern} {name}：统计量 {statistic}，阈值 {threshold}，可信度 {score}（{start} 至 {end}）"
    ),
    "detection.evidence.window": _("可疑时段 {start} 至 {end}"),
}
