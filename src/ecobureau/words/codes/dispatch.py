from ecobureau.words import _

CODES = {
    "routing.covers": _("位置在其责任区内"),
    "routing.duty": _("属其职责"),
    "routing.on_shift": _("在班"),
    "routing.stand_in": _("替班在岗"),
    "routing.free": _("手上没有未办任务"),
    "routing.load": _("手上 {n} 件"),
    "routing.distance": _("距现场 {km} km"),
    "dispatch.sent": _("已派发：任务 {number} 交 {unit}"),
    "dispatch.bad_form": _("派发单不完整，请回到线索重新派发"),
    "dispatch.limit.accept": _("{span} 内签收"),
    "dispatch.limit.arrive": _("{span} 内到场"),
    "dispatch.limit.first_result": _("{span} 内有初步结果"),
    "dispatch.two_officers": _("执法检查须有两名执法人员，请填写两人的姓名和执法证号"),
    "dispatch.somebody_elses": _("这件任务已经派给别人，请刷新后再看"),
    "dispatch.leader_must_sign": _("已退回 {returns} 次，须由局领导签字销号"),
    "dispatch.no_such_unit": _("没有这个单位，或它已停用：{unit}"),
    "dispatch.person_not_of_unit": _("{person} 不属于 {unit}，请另选人员"),
    "dispatch.notice.new_task": _("新任务 {number}：{title}"),
    "dispatch.notice.to_review": _("任务 {number} 已交上来，待审核：{title}"),
    "dispatch.notice.returned": _("任务 {number} 被退回，请补充：{title}"),
}
