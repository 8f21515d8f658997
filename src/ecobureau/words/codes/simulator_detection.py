"""Words of `ecobureau simulate-detection`."""

from ecobureau.words import _

CODES = {
    "simulate_detection.help": _("生成带标注的排口数据文件，用于试用和检验 ecobureau detect"),
    "simulate_detection.out": _("输出目录：values.csv、outlets.csv、declarations.csv、labels.csv"),
    "simulate_detection.outlets": _("排口数量（六成废气、四成废水）"),
    "simulate_detection.days": _("天数，至少 10"),
    "simulate_detection.step": _("时间步长（分钟），能整除 60"),
    "simulate_detection.events": _("每个排口每 60 天的异常事件数"),
    "simulate_detection.harmless": _("每个排口每 60 天的无害干扰数"),
    "simulate_detection.bad": _("没有生成：{why}"),
    "simulate_detection.done": _(
        "已写入 {folder}：{values} 行数据，{outlets} 行排口，{declarations} 行申报，{labels} 行标注。"
    ),
}
