"""Words of the simulator and of the demonstration city."""

from ecobureau.words import _

CODES = {
    "simulate.help": _("模拟数采仪：按 HJ 212 通过 TCP 向网关上报数据"),
    "simulate.host": _("网关地址"),
    "simulate.port": _("网关端口"),
    "simulate.stations": _("站点文件（JSON）"),
    "simulate.count": _("按种子生成的站点数量"),
    "simulate.seed": _("随机种子；种子相同，数据相同"),
    "simulate.speed": _("模拟时间的倍速；大于 1 时请用 --start 从过去开始"),
    "simulate.start": _("模拟时间的起点，如 -24h 或 20260101000000；默认为现在"),
    "simulate.incidents": _("事件脚本（TOML）"),
    "simulate.duration": _("运行多久，如 10m；默认直到停止"),
    "simulate.deviations": _("不合规帧所占的比例，0 到 1"),
    "simulate.deviation": _("只用这一种不合规（可多次给出）"),
    "simulate.journal": _("日记文件：每个已获应答的帧一行 JSON"),
    "simulate.state": _("状态文件：记住已采集和未获应答的时段，供下次补传"),
    "simulate.cuts": _("每台数采仪每天断线的平均次数"),
    "simulate.rtd_interval": _("实时数据间隔（秒），用于 --count"),
    "simulate.minute_interval": _("分钟数据间隔（分），用于 --count"),
    "simulate.over_time": _("等待应答的秒数"),
    "simulate.no_lag": _("到点立即发送，不错开"),
    "simulate.list": _("只打印生成的站点（JSON）并退出"),
    "simulate.report": _("每隔多少秒打印一次计数"),
    "simulate.bad": _("参数有误：{why}"),
    "simulate.started": _("{count} 台数采仪开始向 {host}:{port} 上报，事件 {incidents} 起。"),
    "simulate.tally": _(
        "已发 {sent}，已应答 {answered}，重发 {resent}，补传 {backfilled}，"
        "不合规 {deviated}，断线 {cut}，命令 {commands}"
    ),
    "demo.help": _("启动一座虚构的演示城市：建库、装入历史、持续上报"),
    "demo.data": _("演示城市的数据目录；默认为 ECOBUREAU_DATA，否则 data/demo"),
    "demo.reset": _("先删除已有的演示城市，从头建立"),
    "demo.small": _("只建约 N 个站点的小城市"),
    "demo.not_a_demo": _("{where} 中不是演示城市，没有改动任何内容。请用 --data 另选一个目录，或清除 DATABASE_URL。"),
    "demo.build_failed": _("演示城市没有建成，原因见上面的 build 行。修正后再次启动即可接着建立。"),
    "demo.city": _("正在建立演示城市：机构、人员、企业、站点……"),
    "demo.history": _("正在装入 {stations} 个站点的历史数据……"),
    "demo.built": _(
        "演示城市已建成：{enterprises} 家企业，{stations} 个站点，{people} 名人员，{frames} 帧历史数据。"
        "用时（秒）：{seconds}"
    ),
    "demo.ready": _("演示城市已就绪：{url}　登录页上可以一键选用各岗位的演示账号。全部名称和数据均为虚构。"),
}
