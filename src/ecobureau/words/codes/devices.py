"""Words of the commands to devices (反控)."""

from ecobureau.words import _

CODES = {
    "device.station.unknown": _("没有这个站点，或无权查看。"),
    "device.logger.none": _("该站点没有启用的数采仪。"),
    "device.command.unknown": _("不提供命令 {cn}。"),
    "device.command.not_allowed": _("您在该站点所在地没有下发命令 {cn} 的权限。"),
    "device.command.not_in_edition": _("命令 {cn} 不在该数采仪使用的 {year} 版标准之内。"),
    "device.param.missing": _("缺少参数 {key}。"),
    "device.param.unknown": _("这个命令没有参数 {key}。"),
    "device.param.bad": _("参数 {key} 不能这样写：{text}"),
    "device.param.range": _("{key} 应为 {low} 到 {high} 的整数，而不是 {text}。"),
    "device.param.choice": _("{key} 只能是 {choices}，而不是 {text}。"),
    "device.param.time": _("{key} 应为 14 位时间（年月日时分秒），而不是 {text}。"),
    "device.window.reversed": _("结束时间早于开始时间。"),
    "device.window.long": _("一次最多补取 {days} 天的数据，请分几次。"),
    "no_answer": _("设备没有应答"),
    "no_result": _("设备已应答，但没有执行结果"),
    "no_9012": _("数据已收到，设备没有发执行结果"),
    "connection_lost": _("连接中断"),
    "newer_connection": _("设备已建立新的连接"),
}
