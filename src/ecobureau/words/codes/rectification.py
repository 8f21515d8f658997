from ecobureau.words import _

CODES = {
    "rectification.not_owner": _("要由责任单位的人来办"),
    "rectification.not_acceptor": _("要由验收单位的人来办"),
    "rectification.not_done": _("已报进度 {progress}%，报到 100% 后才能提交自查"),
    "rectification.publicity_runs": _("公示期还没有满（{until}），期满后再申请销号"),
    "rectification.due_past": _("新的时限要晚于今天"),
    "rectification.due_before": _("完成时限要晚于起始日期"),
    "rectification.no_unit": _("没有这个单位，或它已停用：{unit}"),
    "rectification.same_unit": _("责任单位不能验收自己，请选另一个验收单位"),
    "rectification.no_record": _("没有编号为 {number} 的事项，请核对后再填"),
    "rectification.notice.entered": _("督察整改 {number} 由您单位承办，{due} 前完成：{title}"),
    "rectification.notice.back": _("{number} 被退回，请继续整改：{title}（{reason}）"),
    "rectification.notice.rebound": _("{number} 反弹，重新整改：{title}（{reason}）"),
    "rectification.notice.urged": _("收到督办函，{number}：{title}（{reason}）"),
    "rectification.notice.hung": _("挂账督办 {number}，{due} 前举证销账：{title}"),
}
