from ecobureau.words import _

CODES = {
    "remote_stop.not_noise": _("线索 {number} 不是施工噪声，不能远程喊停"),
    "remote_stop.clue_done": _("线索 {number} 已经办结，不能再远程喊停"),
    "remote_stop.already": _("这条线索已有进行中的远程喊停 {number}"),
    "remote_stop.no_channel": _("没有配置语音通道，不能自动呼叫；请人工呼叫并记录结果"),
    "remote_stop.no_phone": _("没有登记工地电话，请填写要呼叫的电话"),
    "remote_stop.no_voice_url": _("没有设置语音网关的地址，请设置 ECOBUREAU_VOICE_URL"),
    "remote_stop.bad_voice_answer": _("语音网关的答复无法识别：{outcome}"),
    "remote_stop.not_reached": _("还没有接通工地，不能下停工令；联系不上请按“联系不上”办理"),
    "remote_stop.no_station": _("没有噪声站点或没有停工令，不能按数据核实；请人工核实"),
    "remote_stop.too_early": _("停工令后满 {minutes} 分钟才能按数据核实"),
    "remote_stop.too_few": _("停工令后的数据只覆盖 {share}%，不足以判断；请等数据或人工核实"),
    "remote_stop.no_clue": _("没有对应的线索，不能转执法"),
    "remote_stop.no_unit": _("没有找到可派的执法单位，请选择承办单位"),
    "remote_stop.no_subject": _("没有这个站点或企业：{code}；请填登记过的站点编号或统一社会信用代码"),
    "remote_stop.ends_before": _("止要晚于起"),
    "remote_stop.bad_address": _("视频地址要是 http:// 或 https:// 开头的网页地址：{address}"),
    "remote_stop.not_handed": _("{number} 没有转执法，没有移送单"),
    "remote_stop.answer.going": _("{at} 收到夜间施工噪声情况，正在远程喊停和核实"),
    "remote_stop.answer.quiet": _(
        "{at} 夜间施工噪声超过限值，已喊停；{when} 核实，噪声由 {before} 降到 {after} dB(A)，限值 {limit}"
    ),
    "remote_stop.answer.stopped": _("{at} 夜间施工噪声超过限值，已喊停；{when} 核实已停工"),
    "remote_stop.answer.unreached": _("{at} 夜间施工噪声超过限值，工地联系不上，已交执法人员到场处理"),
    "remote_stop.answer.enforced": _("{at} 夜间施工噪声超过限值，喊停后没有停工，已交执法人员到场处理"),
    "remote_stop.answer.permitted": _("{at} 的夜间施工有证明 {reference}（{issuer}，到 {until}），公告：{notice}"),
    "remote_stop.public.permit": _("{reference}，{issuer}，到 {until}；公告：{notice}"),
    "remote_stop.notice.opened": _("夜间施工噪声超限，请远程喊停 {number}：{title}"),
    "remote_stop.notice.running": _("{number} 未停工，请转执法：{title}"),
}
