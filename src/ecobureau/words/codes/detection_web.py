"""Words of detection in the running system: clues, evidence, pages."""

from ecobureau.words import _

CODES = {
    "detection.clue.title": _("{place} 疑似{pattern}：{factors}"),
    "detection.evidence.member": _(
        "{pattern} {name}：统计量 {statistic}，阈值 {threshold}，可信度 {score}（{start} 至 {end}）"
    ),
    "detection.not_administrator": _("只有管理员可以设置检测模式"),
    "detection.not_office": _("您的岗位不能查看检测模式"),
    "detection.not_judge": _("只有值班员、执法人员和科室负责人可以填写核实结论"),
    "detection.not_of_detection": _("{number} 不是数据甄别产生的线索，不用填写核实结论"),
    "detection.no_outcome": _("请选择核实结论：属实、误报或有正当原因"),
    "detection.needs_reason": _("误报或有正当原因时，请写明原因"),
    "detection.no_pattern": _("没有检测模式 {pattern}"),
    "detection.no_parameter": _("检测参数 {key} 不存在，或不是一个数"),
    "detection.no_number": _("{key} 应为一个数，现为“{value}”"),
    "detection.no_change": _("{pattern} 的设置没有变化，不用提交"),
    "detection.needs_note": _("请写明原因，批准的人和审计都要看"),
    "detection.proposal_waits": _("{pattern} 已有一份待批准的设置，先处理它"),
    "detection.proposal_decided": _("这份设置已经处理过了，请刷新页面"),
    "detection.own_proposal": _("自己提交的设置要由另一个人批准"),
    "detection.not_approver": _("只有管理员或市级科室负责人可以批准检测模式的设置"),
    "detection.not_own_proposal": _("只有提交人可以撤回"),
    "detection.replay_first": _("{pattern} 的回放还没有成功完成，看到结果后再批准"),
    "detection.replay_days": _("回放天数应在 1 到 {most} 之间"),
    "detection.no_values": _("{number} 的可疑时段前后没有小时数据，无法生成证据包"),
    "detection.pack.reproduce": _(
        "用下面的命令可以不依赖本系统重新得到这一发现；parameters.json 是当时生效的参数，"
        "frames.csv 是每个小时值所依据的原始报文及其 SHA-256。"
    ),
    "detection.pack.suspected": _("这是线索，不是结论：是否违法由执法人员调查认定。"),
    "detection.evidence.permit": _(
        "许可量：{factor} {period} {kg} kg（{source}）；{name} 已排放 {used} kg，其中实测 {measured} kg、"
        "替代 {substituted} kg，"
        "未计入 {lost} 小时。每日、每小时及其原始报文见总量页和证据包的 days.csv、hours.csv"
    ),
    "detection.of_pack": _("参数包：{value} {unit}"),
    "detection.model.inlet": _("进口{name}"),
    "detection.model.inlet_day": _("进口{name}近一日均值"),
    "detection.model.hour": _("时刻"),
    "detection.evidence.window": _("可疑时段 {start} 至 {end}"),
}
